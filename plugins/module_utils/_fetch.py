# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Copy files out of an ephemeral container, or out of its target through it: in chunks, resumed, and never taken for whole before they are verified."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
import threading
import time
import typing as t

from ._errors import Failure
from ._exec import Output, check_list, check_text, told_since
from ._source import BLOCK, Found, Target, found, look_words, read_words, sum_words, summed
from ._stream import STDERR, STDOUT, Broken, Late, Place, execute

if t.TYPE_CHECKING:
    from ._client import Client

#: How often a chunk is asked for without any progress, and a file that is not what was announced.
_ATTEMPTS = 4
_ROUNDS = 3
_ANSWER_LIMIT = 64 * 1024
_CHANGES = "Stop what writes to it, or have ephemeral_container_exec copy it within the container, and fetch the copy."
_PASSING = ("api_error", "api_unreachable")


class Request(t.NamedTuple):
    """What to fetch and where to: ``chunk_size`` and ``max_size`` in bytes (0: any), ``timeout`` in seconds for all."""

    paths: list[str]
    dest: str
    chunk_size: int = 128 * 1024 * 1024
    max_size: int = 0
    timeout: float = 900.0
    dry_run: bool = False


class Fetched(t.NamedTuple):
    """What came of one path: None where that is not known. ``before`` is what was at ``dest`` (size, sha256)."""

    path: str
    found: Found | None = None
    sha256: str | None = None
    dest: str | None = None
    before: tuple[int, str] | None = None
    changed: bool = False
    resumed: int = 0
    failure: Failure | None = None


class _Unlike(Exception):
    """What came is not what was announced."""


def check_paths(path: t.Any, paths: t.Any, dest: str) -> list[str]:
    """The options ``path`` and ``paths``. Raises Failure ``invalid_options`` for what cannot be the path of a file, or has no place at ``dest``."""
    wanted = check_list("path", [path], "") if path is not None else check_list("paths", paths, "another file would be fetched")
    for index, one in enumerate(wanted):
        option = "path" if path is not None else f"paths[{index}]"
        if not check_text(option, one).startswith("/"):
            raise Failure("invalid_options", f"{option} is {one!r}. It has to be absolute, from / on.", field=option, hint="Write the whole path.")
        if _name(one) in ("", ".", "..") and _is_directory(dest):
            raise Failure("invalid_options", f"{option} is {one!r}, which has no name for a file in dest.", field=option, hint="Name a file in dest.")
    if not wanted:
        raise Failure("invalid_options", "paths is an empty list.", field="paths", hint="Name at least one file or directory.")
    if len(wanted) > 1 and not _is_directory(dest):
        raise Failure("invalid_options", f"There are {len(wanted)} paths, and dest is one file, {dest}.", field="dest", hint="End dest with a slash.")
    names = [_name(one) for one in wanted]
    twice = next((name for name in names if len(wanted) > 1 and names.count(name) > 1), None)
    if twice is not None:
        raise Failure("invalid_options", f"Two paths end in {twice!r}, so one would overwrite the other in {dest}.", field="paths", hint="Use two tasks.")
    return wanted


def check_dest(dest: str) -> str:
    """The option ``dest``. Raises Failure ``invalid_options`` where nothing can be put there."""
    check_text("dest", dest)
    parent = os.path.dirname(os.path.abspath(dest))
    if not dest or (not dest.endswith("/") and not os.path.isdir(dest) and not os.path.isdir(parent)):
        message = f"dest is {dest!r}, and there is no directory {parent}."
        raise Failure("invalid_options", message, field="dest", hint="Make it with ansible.builtin.file, or end dest with a slash to have a directory made.")
    if dest.endswith("/") and os.path.lexists(dest.rstrip("/")) and not os.path.isdir(dest):
        raise Failure("invalid_options", f"dest is {dest!r}, and that is no directory.", field="dest", hint="Name another one, or a file.")
    return dest


def check_target(value: t.Any) -> bool | str:
    """The option ``target``: a container's name, or whether it is the ephemeral container's target. Raises Failure ``invalid_options``."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or not value:
        raise Failure("invalid_options", f"target is {value!r}.", field="target", hint="Set it to true, to false or to the name of a container.")
    return {"true": True, "yes": True, "false": False, "no": False}.get(value.lower(), value)


def _is_directory(dest: str) -> bool:
    return dest.endswith("/") or os.path.isdir(dest)


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def fetch(client: Client, place: Place, target: Target | None, request: Request, pod_uid: str) -> list[Fetched]:
    """Each path in turn. One that cannot be fetched does not keep the others from being fetched; what concerns all of them ends it."""
    deadline = time.monotonic() + request.timeout
    outcomes: list[Fetched] = []
    taken: set[str] = set()
    for path in request.paths:
        job = _Job(client, place, target, request, path, deadline)
        try:
            outcome = job.run(taken)
        except Failure as failure:
            outcome = Fetched(path, failure=told_since(client, place, pod_uid, failure).about(**place._asdict()))
        except Late:
            outcome = Fetched(path, failure=_late(path, place, request.timeout))
        outcomes.append(outcome)
        if outcome.failure and outcome.failure.code != "transfer_failed":
            break
    return outcomes


def _late(path: str, place: Place, timeout: float) -> Failure:
    message = f"{path!r} was not fetched when the time was over, {timeout} seconds for all paths. Nothing of it was kept."
    return Failure("timed_out", message, **place._asdict(), field="timeout", hint="Set timeout.")


class _Job:
    """One path on its way from the container to a file here."""

    def __init__(self, client: Client, place: Place, target: Target | None, request: Request, path: str, deadline: float) -> None:
        self._client = client
        self._place = place
        self._target = target
        self._request = request
        self._path = path
        self._deadline = deadline
        self._resumed = 0

    def run(self, taken: set[str]) -> Fetched:
        source = self._look()
        dest = self._landing(source.kind)
        if dest in taken:
            raise self._failed(f"{dest} was made of another path in this task", "Use two tasks.", "dest")
        taken.add(dest)
        before = _local(dest)
        outcome = Fetched(self._path, source, None, dest, before)
        if self._request.dry_run or (before and before[0] == source.size):
            outcome = outcome._replace(sha256=self._sum())
            if self._request.dry_run or before == (source.size, outcome.sha256):
                return outcome._replace(changed=before != (source.size, outcome.sha256))
        try:
            source, sha256 = self._land(source, dest)
        except OSError as exc:
            why = f"it cannot be written to {exc.filename or dest}: {exc.strerror or exc}"
            raise self._failed(why, "Look at dest: its rights, and the room there.", "dest") from None
        return outcome._replace(found=source, sha256=sha256, changed=before != (source.size, sha256), resumed=self._resumed)

    def _landing(self, kind: str) -> str:
        dest = self._request.dest
        if _is_directory(dest):
            dest = os.path.join(dest, _name(self._path) + (".tar" if kind == "directory" else ""))
        if os.path.lexists(dest) and stat.S_IFMT(os.lstat(dest).st_mode) not in (stat.S_IFREG, stat.S_IFLNK):
            raise self._failed(f"{dest} is there, and is no file", "Name another file in dest.", "dest")
        return dest

    def _land(self, source: Found, dest: str) -> tuple[Found, str]:
        """Fetch into a temporary file beside ``dest`` and rename it once it is whole. Returns what the file really was, and its SHA-256."""
        directory = os.path.dirname(os.path.abspath(dest))
        os.makedirs(directory, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=directory, prefix=".ansible_tmp_")
        try:
            with open(handle, "w+b", buffering=1 << 18) as file:
                source, sha256 = self._fetch(source, file)
            os.replace(temporary, dest)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
        return source, sha256

    def _fetch(self, source: Found, file: t.BinaryIO) -> tuple[Found, str]:
        """The file is read while its checksum is computed where it comes from: it did not change if both are of the same."""
        seen = set()
        problem = ""
        for _round in range(_ROUNDS):
            there = _Aside(self._sum)
            here, problem = self._receive(source, file)
            sha256 = there.result()
            if not problem and here == sha256:
                return source, sha256
            seen.add((source, sha256))
            problem = problem or f"its checksum is {here}, and {sha256} where it comes from"
            again = self._look()
            if again.kind != source.kind:
                raise self._failed("it changes while it is read", _CHANGES)
            source = again
        seen.add((source, self._sum()))
        if len(seen) > 1:
            raise self._failed("it changes while it is read", _CHANGES)
        raise self._failed(problem, "The file there has not changed, so something on the way loses or alters data. Look at proxies and the network.")

    def _receive(self, source: Found, file: t.BinaryIO) -> tuple[str, str]:
        """Read all of it into the file. Returns its SHA-256, and what is wrong with it, if anything."""
        digest = _restart(file, 0)
        received, idle = 0, 0
        while received < source.size:
            length = min(self._request.chunk_size // BLOCK * BLOCK, source.size - received)
            got, rc, problem = self._read_chunk(source, received, length, file, digest)
            if rc == 0 and got == length:
                received, idle = received + got, 0
                continue
            if got > length or (rc or 0) > 0:
                return "", f"what was announced as {source.size} bytes ended otherwise (exit code {rc})"
            # Broken, or short of its end: a whole number of blocks is kept, and the rest asked for again.
            kept = received + got // BLOCK * BLOCK
            idle = 0 if kept > received else idle + 1
            if idle >= _ATTEMPTS:
                return "", problem or f"only {received + got} of {source.size} bytes came"
            self._resumed += 1
            digest = _restart(file, kept)
            received = kept
            time.sleep(max(0.0, min(0.1 * 4**idle, self._deadline - time.monotonic())))
        file.flush()
        return digest.hexdigest(), ""

    def _read_chunk(self, source: Found, start: int, length: int, file: t.BinaryIO, digest: t.Any) -> tuple[int, int | None, str | None]:
        """(bytes that came, exit code if one came, what was seen instead)."""
        got = 0

        def take(channel: int, data: memoryview) -> None:
            nonlocal got
            if channel == STDOUT:
                got += len(data)
                if got > length:
                    raise _Unlike
                file.write(data)
                digest.update(data)

        command = read_words(self._path, self._target, source.kind, start, length)
        try:
            rc = execute(self._client, self._place, command, take, deadline=self._deadline)
        except Broken as broken:
            return got, None, f"the connection breaks again and again: {broken.words}"
        except _Unlike:
            return got, None, None
        except Failure as failure:
            if failure.code not in _PASSING:
                raise
            return got, None, failure.message.rstrip(".")
        return got, rc, None

    def _look(self) -> Found:
        return found(*self._ask(look_words(self._path, self._target, self._request.max_size)), self._path, self._place, self._target)

    def _sum(self) -> str:
        return summed(*self._ask(sum_words(self._path, self._target)), self._path, self._place, self._target)

    def _ask(self, command: list[str]) -> tuple[int, str, str]:
        """What the script says: exit code, standard output and error. It only reads, so after a break it is asked again."""
        problem: Failure | None = None
        for attempt in range(_ATTEMPTS):
            time.sleep(0.1 * (4**attempt - 1))
            stdout, stderr = Output(_ANSWER_LIMIT), Output(_ANSWER_LIMIT)
            outputs = {STDOUT: stdout, STDERR: stderr}
            try:
                rc = execute(self._client, self._place, command, _into(outputs), deadline=self._deadline)
                return rc, stdout.text(strip=False), stderr.text(strip=False)
            except Broken as broken:
                why = f"the connection breaks again and again: {broken.words}"
                problem = self._failed(why, "Look at proxies and the network on the way to the API server.")
            except Failure as failure:
                if failure.code == "exec_failed":
                    failure.hint = "Fetching takes an image with sh, wc, sha256sum and dd, for directories also tar, tail and head: busybox has them all."
                if failure.code not in _PASSING:
                    raise
                problem = failure
        raise problem or self._failed("it was not tried", "Try again.")

    def _failed(self, why: str, hint: str, field: str = "path") -> Failure:
        message = f"{self._path!r} of pod {self._place.namespace}/{self._place.pod} was not fetched: {why}. Nothing of it was kept."
        return Failure("transfer_failed", message, **self._place._asdict(), field=field, details=[{"path": self._path, "reason": why}], hint=hint)


class _Aside:
    """Something that is done in a thread of its own while something else is done. ``result`` waits for it, and raises what it raised."""

    def __init__(self, work: t.Callable[[], str]) -> None:
        self._work = work
        self._result = ""
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._work()
        except Exception as exc:  # noqa: BLE001 - it is raised where the result is asked for
            self._error = exc

    def result(self) -> str:
        self._thread.join()
        if self._error:
            raise self._error
        return self._result


def _into(outputs: t.Mapping[int, Output]) -> t.Callable[[int, memoryview], None]:
    return lambda channel, data: outputs[channel].take(data)


def _restart(file: t.BinaryIO, at: int) -> t.Any:
    """Go on writing at this byte. Returns the checksum of what is before it."""
    file.flush()
    file.truncate(at)
    file.seek(0)
    digest = hashlib.sha256()
    while at > file.tell():
        digest.update(file.read(min(1 << 20, at - file.tell())))
    file.seek(at)
    return digest


def _local(dest: str) -> tuple[int, str] | None:
    """(size, sha256) of a file that is there. A symbolic link counts as none: it would be replaced, not followed."""
    if not os.path.isfile(dest) or os.path.islink(dest):
        return None
    try:
        with open(dest, "rb") as file:
            size, digest = 0, hashlib.sha256()
            while piece := file.read(1 << 20):
                size += len(piece)
                digest.update(piece)
    except OSError:
        return None
    return size, digest.hexdigest()


def fetch_result(outcomes: t.Sequence[Fetched], place: Place, pod_uid: str) -> dict[str, t.Any]:
    """What the task returns, but for its diff and its warnings."""
    files = [_entry(outcome) for outcome in outcomes]
    result = {
        "changed": any(outcome.changed for outcome in outcomes),
        "files": files,
        "namespace": place.namespace,
        "pod": place.pod,
        "pod_uid": pod_uid,
        "name": place.container,
    }
    failure = next((outcome.failure for outcome in outcomes if outcome.failure), None)
    if failure:
        result.update(msg=failure.msg, failure=failure.to_dict())
    elif len(files) == 1:
        result["file"] = files[0]
    return result


def _entry(outcome: Fetched) -> dict[str, t.Any]:
    source, failure = outcome.found, outcome.failure
    return {
        "path": outcome.path,
        "dest": outcome.dest,
        "kind": source and source.kind,
        "size": source and source.size,
        "checksum": outcome.sha256,
        "changed": outcome.changed,
        "resumed": outcome.resumed,
        "failure": failure.to_dict() if failure else None,
    }


def fetch_diff(outcomes: t.Sequence[Fetched]) -> list[dict[str, t.Any]]:
    """One before and after for each file that changed: size and checksum, never content."""
    return [
        {
            "before_header": outcome.dest,
            "after_header": outcome.dest,
            "before": _shown(outcome.before),
            "after": _shown((outcome.found.size, outcome.sha256 or "")),
        }
        for outcome in outcomes
        if outcome.changed and outcome.found
    ]


def _shown(what: tuple[int, str] | None) -> str:
    return f"size: {what[0]}\nsha256: {what[1]}\n" if what else ""
