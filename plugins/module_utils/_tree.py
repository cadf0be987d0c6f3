# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The files below one folder, reached name by name from there: no symbolic link is followed, no pipe waited for, nothing overwritten unawares."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import stat
import time
import typing as t

from ._errors import Failure, escaped

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
#: What a file is called until it is whole, at the top of the tree.
TEMPORARY = ".tmp-"
_PIECE = 1 << 20
_DEEPEST = 64
#: More than any bundle has; what is made to be endless has an end here.
MOST_FILES = 200_000
_LOCK_SECONDS = 120.0


class NotAFile(Exception):
    """There is something else under that name than a file that is reached through folders: a symbolic link, a pipe, a device."""


class Seen(t.NamedTuple):
    """``kind`` is ``file``, ``link`` (``target``: where it says it leads), ``folder`` (which is too deep, or cannot be read) or ``special``."""

    kind: str
    size: int = 0
    target: str = ""


class Content(t.NamedTuple):
    """What is in a file. ``names`` is how many names (hard links) it has."""

    size: int
    sha256: str
    names: int


class Tree:
    """A folder that is there. Paths are relative to it, with ``/``. Raises OSError where it is none."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._fd = os.open(path, _FOLDER)

    def close(self) -> None:
        os.close(self._fd)

    def __enter__(self) -> Tree:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @contextlib.contextmanager
    def locked(self) -> t.Iterator[str | None]:
        """Alone among those who lock. Yields why it cannot be had on such a file system, if so. Raises TimeoutError where another one keeps it."""
        deadline = time.monotonic() + _LOCK_SECONDS
        why = None
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as exc:
                if exc.errno not in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES):
                    why = exc.strerror
                    break
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(0.05)
        try:
            yield why
        finally:
            with contextlib.suppress(OSError):
                fcntl.flock(self._fd, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def _folder(self, path: str, make: bool = False) -> t.Iterator[tuple[int, str]]:
        """(a handle of the folder that a path is in, the path's last name)."""
        *folders, name = path.split("/")
        fd = os.dup(self._fd)
        try:
            for folder in folders:
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(folder, 0o700, dir_fd=fd)
                try:
                    inner = os.open(folder, _FOLDER, dir_fd=fd)
                except OSError as exc:
                    if exc.errno in (errno.ELOOP, errno.ENOTDIR):
                        raise NotAFile(path) from None
                    raise
                os.close(fd)
                fd = inner
                if make and stat.S_IMODE(os.fstat(fd).st_mode) != 0o700:
                    os.fchmod(fd, 0o700)
            yield fd, name
        finally:
            os.close(fd)

    def look(self, path: str) -> os.stat_result | None:
        """What is there under that name itself, None where nothing is. Raises NotAFile where a name on the way is no folder."""
        try:
            with self._folder(path) as (fd, name):
                return os.stat(name, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    @contextlib.contextmanager
    def _open(self, path: str) -> t.Iterator[int]:
        with self._folder(path) as (folder, name):
            try:
                fd = os.open(name, _READ, dir_fd=folder)
            except OSError as exc:
                if exc.errno in (errno.ELOOP, errno.ENXIO, errno.EMLINK, errno.ENODEV):
                    raise NotAFile(path) from None
                raise
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise NotAFile(path)
            yield fd
        finally:
            os.close(fd)

    def content(self, path: str) -> Content:
        """Size and SHA-256 of a file. Raises NotAFile and OSError."""
        digest, size = hashlib.sha256(), 0
        with self._open(path) as fd:
            while piece := os.read(fd, _PIECE):
                digest.update(piece)
                size += len(piece)
            return Content(size, digest.hexdigest(), os.fstat(fd).st_nlink)

    def read(self, path: str, most: int) -> bytes:
        """All of a file. Raises NotAFile, OSError (ENOENT), and ValueError where it is larger than ``most`` bytes."""
        pieces, size = [], 0
        with self._open(path) as fd:
            while piece := os.read(fd, _PIECE):
                pieces.append(piece)
                size += len(piece)
                if size > most:
                    raise ValueError(f"it has more than {most} bytes")
        return b"".join(pieces)

    def read_if_there(self, path: str, most: int) -> bytes | None:
        try:
            return self.read(path, most)
        except FileNotFoundError:
            return None

    def restrict(self, path: str) -> None:
        """Give a file and its folders the modes 0600 and 0700. Not a file with other names, for what is not in the bundle is not ours."""
        with self._folder(path, make=True) as (folder, name):
            fd = os.open(name, _READ, dir_fd=folder)
            try:
                found = os.fstat(fd)
                if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and stat.S_IMODE(found.st_mode) != 0o600:
                    os.fchmod(fd, 0o600)
            finally:
                os.close(fd)

    def write(self, path: str, data: bytes) -> None:
        """A file of mode 0600, which has its name only once it is whole and on the disk. Raises NotAFile and OSError with ``filename``, and leaves nothing."""
        temporary = TEMPORARY + secrets.token_hex(8)
        try:
            fd = os.open(temporary, _WRITE, 0o600, dir_fd=self._fd)
            try:
                os.fchmod(fd, 0o600)
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(fd, rest) :]
                os.fsync(fd)
            finally:
                os.close(fd)
            with self._folder(path, make=True) as (folder, name):
                os.rename(temporary, name, src_dir_fd=self._fd, dst_dir_fd=folder)
        except OSError as exc:
            exc.filename = path
            raise
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=self._fd)

    def settle(self) -> None:
        """Have names that were given last."""
        with contextlib.suppress(OSError):
            os.fsync(self._fd)

    def move(self, path: str, to: str) -> None:
        with self._folder(path) as (source, old), self._folder(to, make=True) as (folder, new):
            os.rename(old, new, src_dir_fd=source, dst_dir_fd=folder)

    def remove(self, path: str) -> None:
        """Remove a name, if it is there."""
        with contextlib.suppress(FileNotFoundError), self._folder(path) as (fd, name):
            os.unlink(name, dir_fd=fd)

    def room(self) -> int:
        """Bytes that may still be written."""
        found = os.fstatvfs(self._fd)
        return found.f_bavail * found.f_frsize

    def walk(self) -> dict[str, Seen]:
        """All that is there but folders that can be read, by their paths. A byte that is no UTF-8 is a surrogate, as everywhere in Python."""
        seen: dict[str, Seen] = {}
        waiting = [""]
        while waiting and len(seen) <= MOST_FILES:
            prefix = waiting.pop()
            try:
                with self._folder(prefix + "x") as (fd, _name):
                    self._list(fd, prefix, seen, waiting)
            except (OSError, NotAFile):
                seen[prefix.rstrip("/") or "."] = Seen("folder")
        return seen

    def _list(self, fd: int, prefix: str, seen: dict[str, Seen], waiting: list[str]) -> None:
        with os.scandir(fd) as found:
            for each in found:
                path = prefix + each.name
                if each.is_dir(follow_symlinks=False) and path.count("/") < _DEEPEST:
                    waiting.append(path + "/")
                else:
                    seen[path] = self._seen(fd, each)

    @staticmethod
    def _seen(fd: int, each: os.DirEntry[str]) -> Seen:
        found = os.stat(each.name, dir_fd=fd, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            return Seen("link", target=os.readlink(each.name, dir_fd=fd))
        if stat.S_ISREG(found.st_mode):
            return Seen("file", found.st_size)
        return Seen("folder" if stat.S_ISDIR(found.st_mode) else "special")


def unwritable(exc: OSError, root: str, size: int | None = None, room: int | None = None) -> Failure:
    """What it means that a file of a bundle could not be written: ``size`` bytes, of which ``room`` were there."""
    where = escaped(f"{root}/{exc.filename}" if exc.filename and not str(exc.filename).startswith("/") else str(exc.filename or root))
    message, hint = f"{where} cannot be written: {exc.strerror or exc}.", "Look at dest and its rights."
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        missing = f" It has {size} bytes, and there is room for {room}: {max(size - room, 1)} are missing." if size is not None and room is not None else ""
        message, hint = f"{message}{missing}", "Make room."
    elif exc.errno == errno.EROFS:
        hint = "Set dest to a folder on a file system that can be written to."
    elif exc.errno in (errno.EACCES, errno.EPERM):
        hint = "Give the account that runs the module the right to write there, or set dest to another folder."
    return Failure("bundle_unwritable", message, field="dest", hint=f"{hint} What is there stays, and the next run of the incident seals it.")
