# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Put evidence into a bundle: make one or go on with the one that is there, store, and seal. docs/evidence.md says what a bundle is."""

from __future__ import annotations

import base64
import binascii
import contextlib
import datetime
import os
import socket
import stat
import typing as t

from . import _manifest
from ._errors import Failure, escaped, printable, type_of
from ._manifest import CUSTODY, KINDS, MANIFEST, MARK, REPORT, ROOTS, SEALS, SIGNATURE, SUMS, entry, next_stamp, numbered, step
from ._sealed import MOST_BYTES, Verdict, open_bundle, sign, verify
from ._tree import TEMPORARY, NotAFile, Tree, unwritable

if t.TYPE_CHECKING:
    from ._manifest import Document

#: How long a run of another host, or one that said no process, is taken for at work.
_PATIENCE = datetime.timedelta(hours=6)
_MOST_MARK = 256 * 1024


class Request(t.NamedTuple):
    """The options. ``files`` are mappings with the keys of a manifest's entry that the caller knows, and ``content`` and ``encoding``."""

    run: Document
    path: str | None = None
    dest: str | None = None
    incident: str | None = None
    cluster: str | None = None
    owner: Document | None = None
    actor: str | None = None
    files: t.Sequence[Document] = ()
    report: str | None = None
    seal: bool = False
    sign_key: str | None = None
    dry_run: bool = False


class _Offer(t.NamedTuple):
    """A file that is to be in the bundle; ``data`` is None for one that should be there already."""

    path: str
    data: bytes | None
    known: Document


class _Placed(t.NamedTuple):
    """Where an offer goes. ``data`` is None where nothing has to be written, ``entry`` is there where the manifest has to be told."""

    entry: Document
    data: bytes | None
    is_new: bool


def _invalid(field: str, message: str, hint: str) -> Failure:
    return Failure("invalid_options", message, field=field, hint=hint)


def _bytes(text: str) -> bytes:
    """A text as UTF-8. What Ansible could not read as text is the bytes that it was."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode(errors="replace")


def _offer(index: int, file: Document) -> _Offer:
    """One of the option ``files``. Raises Failure ``invalid_options``."""
    where, path, content = f"files[{index}]", file.get("path"), file.get("content")
    error = _manifest.path_error(path)
    if error:
        hint = "Give a path like artifacts/NAMESPACE/POD/PRESET/CONTAINER/stdout.txt."
        raise _invalid(f"{where}.path", f"{where}.path is {printable(repr(path), 300)}, which {error}. Nothing was written.", hint)
    path = t.cast(str, path)
    if content is not None and not isinstance(content, str):
        hint = "Give text, or bytes in base64 with encoding: base64."
        raise _invalid(f"{where}.content", f"{where}.content is {type_of(content)} and no string. Nothing was written.", hint)
    data = None if content is None else _bytes(content)
    if data is not None and file.get("encoding") == "base64":
        try:
            data = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            raise _invalid(f"{where}.content", f"{where}.content is no base64. Nothing was written.", "Encode it, or leave encoding out.") from None
    kind = file.get("kind") or ("context" if path.startswith(f"{ROOTS[0]}/") else "fetched" if data is None else "output")
    if kind not in KINDS:
        raise _invalid(f"{where}.kind", f"{where}.kind is {kind!r}. Nothing was written.", f"It is one of {', '.join(KINDS)}.")
    return _Offer(path, data, {**file, "kind": kind})


def check(request: Request) -> list[_Offer]:
    """What can be told from the options alone. Raises Failure ``invalid_options``."""
    error = _manifest.run_error(request.run)
    if error:
        raise _invalid("run", f"run {printable(error)}. Nothing was written.", "Give a run as docs/manifest.schema.json describes it.")
    if request.path is None and not (request.dest and request.incident and request.cluster):
        raise _invalid("path", "It is not said which bundle.", "Give path, or dest with incident and cluster, none of them empty.")
    if request.sign_key and not request.seal:
        raise _invalid("sign_key", "sign_key is given, and what is not sealed is not signed.", "Set seal to true, or leave sign_key out.")
    pid = (request.owner or {}).get("pid")
    if pid is not None and not 0 < pid < 2**31:
        raise _invalid("owner.pid", f"owner.pid is {pid}, which is no process.", "Give the id of the process that collects, or leave it out.")
    return [_offer(index, file) for index, file in enumerate(request.files)]


# Who is at work.


def _read_line(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return ""


def _here() -> tuple[str, set[str]]:
    """(what this host is called among those that number processes as it does, all of its names)."""
    boot, name = _read_line("/proc/sys/kernel/random/boot_id"), socket.gethostname()
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    full = f"{boot} {space}" if boot and space else name
    return full, {full, boot, name}


def _started(pid: int) -> str | None:
    """When a process started, in the kernel's own count, so that another one of its number is not taken for it. None where that cannot be told.

    One that has ended and that nobody has waited for yet (a zombie) has started at no time any more.
    """
    fields = _read_line(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if len(fields) <= 19:
        return None
    return "" if fields[0] in ("Z", "X") else fields[19]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _mark(owner: Document | None, run: str, asked: str) -> Document:
    """What .run says while a run is at work."""
    here, names = _here()
    pid, host = (owner or {}).get("pid"), (owner or {}).get("host")
    is_ours = not host or host in names
    if is_ours:
        host = here if pid is None or _lives(pid) else host or "elsewhere"
    started = _started(pid) if pid is not None and host == here else None
    token = (owner or {}).get("token")
    return {"run": run, "asked": asked, "pid": pid, "host": host, "started": started, "token": token, "at": _manifest.time_text(_manifest.now())}


def _is_at_work(mark: Document) -> bool:
    pid, here = mark.get("pid"), _here()[0]
    if mark.get("host") == here and isinstance(pid, int):
        return _lives(pid) and _started(pid) == mark.get("started")
    try:
        age = _manifest.now() - datetime.datetime.fromisoformat(str(mark.get("at")).replace("Z", "+00:00"))
        return abs(age) < _PATIENCE
    except (ValueError, TypeError):
        return False


def _is_same(mark: Document, other: Document) -> bool:
    """Whether the one who wrote the mark is back."""
    return all(mark.get(key) == other[key] for key in ("pid", "host", "started", "token")) and other["asked"] in (mark.get("asked"), mark.get("run"))


class _State(t.NamedTuple):
    """How a bundle was found. ``kind``: new, ours, sealed, interrupted, at_work, altered, foreign (not this incident's) or none (no bundle)."""

    kind: str
    manifest: Document | None = None
    chain: bytes = b""
    mark: Document | None = None
    """Of a run that is at work: this one, or another."""
    verdict: Verdict | None = None
    left: str | None = None
    """The run that did not come to its end."""


def _read_json(tree: Tree, path: str, most: int) -> t.Any:
    """What a file holds; None where there is none, and an empty mapping where that cannot be read."""
    try:
        data = tree.read_if_there(path, most)
        return None if data is None else _manifest.loads(data)
    except (OSError, NotAFile, ValueError):
        return {}


def _find_state(tree: Tree, request: Request) -> _State:
    """Look at a bundle that is there. Hashes all of it where another run has left it."""
    mark = _read_json(tree, MARK, _MOST_MARK)
    mark = mark if mark is None or isinstance(mark, dict) else {}
    document = _read_json(tree, MANIFEST, MOST_BYTES)
    is_sealed = tree.look(SUMS) is not None
    if mark is None and document is None and not is_sealed:
        return _State("none")
    manifest = document if _manifest.manifest_error(document) is None else None
    if manifest and request.path is None and (manifest["incident"], manifest["cluster"]) != (request.incident, request.cluster):
        return _State("foreign")
    is_ours = mark is not None and _is_same(mark, _mark(request.owner, "", request.run["id"]))
    if mark and not is_ours and _is_at_work(mark):
        return _State("at_work", manifest, mark=mark)
    if is_ours and not is_sealed and (document is None or manifest):
        return _State("ours", manifest, tree.read_if_there(CUSTODY, MOST_BYTES) or b"", mark)
    left = mark.get("run") if mark else None
    left = left if isinstance(left, str) and _manifest.stamp_key(left) else None
    verdict = verify(tree, passing=left, interrupted=not is_sealed)
    bad = [each for each in verdict.problems if is_sealed or (each["problem"] != "not_a_file" and not (document is None and each["problem"] == "missing"))]
    if bad:
        return _State("altered", manifest, mark=mark, verdict=verdict._replace(problems=bad))
    return _State("sealed" if is_sealed else "interrupted", verdict.manifest, verdict.chain, mark if is_ours else None, verdict, left)


class _Work:
    """One call on one bundle, which is locked. ``tree`` is None where there is none yet, in check mode."""

    def __init__(self, tree: Tree | None, request: Request, state: _State) -> None:
        self._tree = tree
        self._request = request
        self._state = state
        now = _manifest.now()
        self._at = _manifest.time_text(now)
        self.manifest: Document = state.manifest or _manifest.new_manifest(request.incident or "", request.cluster or "", now)
        self._links: list[Document] = []
        self.warnings: list[str] = []
        self.recovered: list[str] = []
        self.stored: list[Document] = []
        self.changed = False
        self.digest: str | None = None
        self.failure: Failure | None = None
        mark = state.mark or {}
        runs = [run["id"] for run in self.manifest["runs"]]
        self.run: str = mark["run"] if mark else next_stamp(request.run["id"], runs)
        self._steps: list[Document] = list(mark.get("steps") or ())

    def note(self, state: str, msg: str) -> None:
        """Something about the bundle that the report has to tell: it stays with the run, whatever its caller says later."""
        found = step(state, msg)
        if found not in self._steps:
            self._steps.append(found)
            self.warnings.append(msg)

    def do(self, offers: t.Sequence[_Offer]) -> None:
        placed = self._place(offers)
        if self._is_done(placed):
            self.run = self._request.run["id"]
            self.stored = [each.entry for each in placed]
            self.digest = self._state.verdict.digest if self._state.verdict else None
            return
        if self._state.kind != "ours":
            self._open()
        self._store(placed)
        if self.failure:
            # What is told now, where there is room for that, need not be recovered later.
            with contextlib.suppress(Failure):
                self._tell()
            raise self.failure
        if self._request.report is not None:
            self._write(REPORT, _bytes(self._request.report))
        if self._request.seal:
            self._seal()
        else:
            self._tell()
            self._write_mark()

    # Writing. In check mode nothing is.

    def _write(self, path: str, data: bytes) -> bool:
        """Write a file unless it is there with that content. Returns whether it was not."""
        if self._tree is None:
            self.changed = True
            return True
        try:
            if path != MARK:
                if self._is_there(path, data):
                    return False
                self.changed = True
            if not self._request.dry_run:
                self._tree.write(path, data)
        except NotAFile:
            raise self._not_a_file(path) from None
        except OSError as exc:
            room = None
            with contextlib.suppress(OSError):
                room = self._tree.room()
            raise unwritable(exc, self._tree.path, len(data), room) from None
        return True

    def _is_there(self, path: str, data: bytes) -> bool:
        if self._tree is None:
            return False
        found = self._tree.look(path)
        return found is not None and stat.S_ISREG(found.st_mode) and found.st_size == len(data) and self._tree.read(path, MOST_BYTES) == data

    def _not_a_file(self, path: str) -> Failure:
        root = self._tree.path if self._tree else ""
        message = f"{escaped(f'{root}/{path}')} is not reached through plain folders, or is no plain file: there is a symbolic link, a pipe or a device."
        return Failure("bundle_invalid", message, field="files", hint="Look at who may write in dest, remove it, and run the task again.")

    # The steps, in their order.

    def _place(self, offers: t.Sequence[_Offer]) -> list[_Placed]:
        """Where each goes, before anything is written. Raises Failure."""
        entries = {each["path"]: each for each in self.manifest["files"]}
        numbers: dict[str, int] = {}
        placed: list[_Placed] = []
        for index, offer in enumerate(offers):
            try:
                one = self._place_content(offer, offer.data, entries, numbers) if offer.data is not None else self._place_file(index, offer, entries)
            except NotAFile:
                raise self._not_a_file(offer.path) from None
            except OSError as exc:
                raise Failure(
                    "bundle_unwritable", f"{escaped(offer.path)} cannot be read: {exc.strerror}.", field=f"files[{index}].path", hint="Look at its rights."
                ) from None
            if one:
                entries[one.entry["path"]] = one.entry
                placed.append(one)
        return placed

    def _place_content(self, offer: _Offer, data: bytes, entries: dict[str, Document], numbers: dict[str, int]) -> _Placed:
        digest, size = _manifest.sha256(data), len(data)
        path, number = offer.path, numbers.get(offer.path, 1)
        while True:
            path = numbered(offer.path, number) if number > 1 else offer.path
            there = self._content(path, entries)
            if there is None:
                break
            if there == (size, digest):
                if path in entries:
                    return _Placed(entries[path], None, False)
                break
            number += 1
        numbers[offer.path] = number
        made = entry(path, offer.known["kind"], self.run, size, digest, offer.known)
        return _Placed(made, data if there is None else None, True)

    def _content(self, path: str, entries: t.Mapping[str, Document]) -> tuple[int, str] | None:
        """(size, SHA-256) of what has that name, or will have it."""
        known = entries.get(path)
        found = self._tree.look(path) if self._tree else None
        if found is None:
            return (known["bytes"], known["sha256"]) if known and known["run"] == self.run else None
        if not stat.S_ISREG(found.st_mode):
            raise NotAFile(path)
        if known and known["bytes"] == found.st_size:
            return known["bytes"], known["sha256"]
        there = self._tree.content(path)  # type: ignore[union-attr]  # found means that there is a tree
        return there.size, there.sha256

    def _place_file(self, index: int, offer: _Offer, entries: t.Mapping[str, Document]) -> _Placed | None:
        found = self._tree.look(offer.path) if self._tree else None
        if found is None:
            if self._request.dry_run:
                return None
            message = f"files[{index}].path is {escaped(offer.path)}: there is no such file in the bundle, and no content to make it of. Nothing was written."
            raise _invalid(f"files[{index}].path", message, "Fetch it there first, or give content.")
        there = self._tree.content(offer.path)  # type: ignore[union-attr]  # found means that there is a tree
        known = entries.get(offer.path)
        if known and (known["bytes"], known["sha256"]) == (there.size, there.sha256):
            return _Placed(known, None, False)
        problem = offer.known.get("problem")
        if known:
            problem = f"It took the place of another one, whose SHA-256 was {known['sha256']}."
        elif there.names > 1 and problem is None:
            problem = f"It has {there.names} names (hard links), so it can be changed from outside."
        facts = {**offer.known, "sha256_received": there.sha256, "problem": problem}
        return _Placed(entry(offer.path, offer.known["kind"], self.run, there.size, there.sha256, facts), None, True)

    def _is_done(self, placed: t.Sequence[_Placed]) -> bool:
        """Whether the bundle is sealed with all of this in it already."""
        wanted, files = self._request.run, [each for each in placed if each.is_new]
        if self._state.kind != "sealed" or not self._request.seal or files:
            return False
        run = next((run for run in self.manifest["runs"] if run["id"] == wanted["id"]), None)
        if run is None or any(each not in run["steps"] for each in wanted["steps"]):
            return False
        same = all(run[key] == wanted[key] for key in wanted if key not in ("id", "finished_at", "steps"))
        return same and (self._request.report is None or self._is_there(REPORT, _bytes(self._request.report)))

    def _open(self) -> None:
        """Begin this run in the bundle: mark it, put the sums that were away, and take up what an interrupted run left."""
        self.changed = True
        kind = self._state.kind
        self._write_mark()
        if kind == "new":
            self._links.append({"action": "opened"})
            return
        if kind == "sealed":
            self._put_away()
            digest = self._state.verdict.digest if self._state.verdict else None
            self._links.append({"action": "verified", "object": SUMS, "sha256": digest})
        self._links.append({"action": "continued"})
        latest = max((run["id"] for run in self.manifest["runs"]), key=lambda text: _manifest.stamp_key(text) or ("", 0), default="")
        if self.run != self._request.run["id"] and latest > self._request.run["id"]:
            self.warnings.append(f"The clock is behind that of run {latest}, which was before: this run is {self.run}.")
        if kind == "interrupted":
            self._interrupted(self._state.left or latest)

    def _interrupted(self, run: str) -> None:
        msg = f"Run {printable(run, 40)} was interrupted before it sealed the bundle. What it left is taken up by run {self.run}."
        self.warnings.append(msg)
        told = False
        runs = []
        for each in self.manifest["runs"]:
            if each["finished_at"] is None and not any(one.get("state") == "interrupted" and one.get("step") == "bundle" for one in each["steps"]):
                each, told = {**each, "steps": [*each["steps"], step("interrupted", msg)]}, True  # noqa: PLW2901 - the run as it is from now on
            runs.append(each)
        self.manifest = {**self.manifest, "runs": runs}
        if not told:
            self._steps.append(step("interrupted", msg))
            self._write_mark()
        self._recover(
            run if _manifest.stamp_key(run) else self.run, f"Found there after run {printable(run, 40)} was interrupted: whether it is whole is not known."
        )

    def _write_mark(self) -> None:
        mark = {**_mark(self._request.owner, self.run, self._request.run["id"]), "steps": self._steps}
        self._write(MARK, _manifest.dumps(mark))

    def _put_away(self) -> None:
        """Copies first, so whatever is cut off here is found with sums that hold."""
        verdict = self._state.verdict
        if verdict is None or self._tree is None or self._request.dry_run:
            return
        self._write(f"{SEALS}/{self.run}/{SUMS}", verdict.sums)
        if verdict.signature is not None:
            self._write(f"{SEALS}/{self.run}/{SIGNATURE}", verdict.signature)
        self._tree.settle()
        self._remove(SIGNATURE)
        self._remove(SUMS)

    def _remove(self, path: str) -> None:
        if self._tree is None or self._request.dry_run:
            return
        try:
            self._tree.remove(path)
        except OSError as exc:
            exc.filename = path
            raise unwritable(exc, self._tree.path) from None

    def _recover(self, run: str, why: str) -> None:
        """Enter what is there and in no entry. What is no file is told of, and left."""
        if self._tree is None:
            return
        known = {each["path"] for each in self.manifest["files"]}
        entries = []
        for path, seen in sorted(self._tree.walk().items()):
            if path.startswith(TEMPORARY) and seen.kind == "file":
                self._remove(path)
            if path in known or not path.startswith(tuple(f"{root}/" for root in ROOTS)):
                continue
            if seen.kind != "file":
                what = f"a symbolic link to {printable(seen.target, 200)}" if seen.kind == "link" else "no plain file"
                self.note("failed", f"{printable(path, 300)} is {what}: it was not followed and is no evidence, and the bundle will not verify with it.")
                continue
            made = self._recover_file(path, run, why)
            if made:
                entries.append(made)
        self.manifest = _manifest.with_entries(self.manifest, entries)
        self.recovered += [each["path"] for each in entries]
        self._links += [{"action": "recovered", "object": each["path"], "sha256": each["sha256"]} for each in entries]

    def _recover_file(self, path: str, run: str, why: str) -> Document | None:
        tree = t.cast(Tree, self._tree)
        try:
            there = tree.content(path)
            place = path
            if _manifest.path_error(path) and not self._request.dry_run:
                root, _slash, rest = path.partition("/")
                place = f"{root}/recovered/{_manifest.safe(rest, 120)}"
                tree.move(path, place)
                why = f"{why} It was found as {printable(path, 300)}, which cannot be a name here."
            elif not self._request.dry_run:
                tree.restrict(path)
        except (OSError, NotAFile) as exc:
            self.note("failed", f"{printable(path, 300)} was found there and cannot be taken up: {printable(exc, 200)}.")
            return None
        if there.names > 1:
            why = f"{why} It has {there.names} names (hard links), so it can be changed from outside."
        return entry(place, "recovered", run, there.size, there.sha256, {"sensitive": True, "problem": why})

    def _store(self, placed: t.Sequence[_Placed]) -> None:
        done = []
        for each in placed:
            if each.is_new:
                try:
                    self._store_one(each)
                except Failure as failure:
                    self.failure = failure
                    break
                done.append(each.entry)
            self.stored.append(each.entry)
        self.manifest = _manifest.with_entries(self.manifest, done)
        self._links += [{"action": "stored", "object": each["path"], "sha256": each["sha256"]} for each in done]

    def _store_one(self, each: _Placed) -> None:
        self.changed = True
        if each.data is not None:
            self._write(each.entry["path"], each.data)
        elif self._tree is not None and not self._request.dry_run:
            try:
                self._tree.restrict(each.entry["path"])
            except NotAFile:
                raise self._not_a_file(each.entry["path"]) from None
            except OSError as exc:
                exc.filename = each.entry["path"]
                raise unwritable(exc, self._tree.path) from None

    def _tell(self, finished: str | None = None) -> None:
        """Bring custody and manifest up to date. With ``finished`` the run has ended."""
        run = {**self._request.run, "id": self.run}
        if finished:
            run["finished_at"] = run["finished_at"] or max(finished, run["started_at"])
        self.manifest = _manifest.with_run(self.manifest, run, self._steps)
        text = _manifest.dumps(self.manifest)
        if finished:
            self._links.append({"action": "sealed", "object": MANIFEST, "sha256": _manifest.sha256(text)})
        self._write_custody()
        self._write(MANIFEST, text)

    def _write_custody(self) -> None:
        if not self._links:
            return
        actor = self._request.actor or str(self._request.run["asked"].get("by") or "")
        chain = _manifest.custody(self._state.chain, self._links, at=self._at, actor=actor, run=self.run)
        self._links = []
        self._state = self._state._replace(chain=chain)
        self._write(CUSTODY, chain)

    def _seal(self) -> None:
        self.changed = True
        self._recover(self.run, f"Found there when run {self.run} sealed the bundle; no step of it has told of it.")
        self._check_entries()
        self._at = _manifest.time_text(_manifest.now())
        self._tell(self._at)
        if self._tree is None or self._request.dry_run:
            return
        sums = _manifest.sums({os.fsencode(path): digest for path, digest in self._digests().items()})
        self._write(SUMS, sums)
        self.digest = _manifest.sha256(sums)
        if self._request.sign_key:
            try:
                self._write(SIGNATURE, sign(sums, self._request.sign_key))
            except Failure as failure:
                self.failure = failure
        self._tree.settle()
        self._remove(MARK)

    def _check_entries(self) -> None:
        """Evidence that is not any more what was stored: said, and sealed as it is."""
        if self._tree is None or self._request.dry_run:
            return
        for each in self.manifest["files"]:
            path = each["path"]
            try:
                there = self._tree.content(path)
                why = None if there.sha256 == each["sha256"] else f"its SHA-256 is {there.sha256} now"
            except (OSError, NotAFile):
                why = "it is no file that can be read any more"
            if why:
                self.note("failed", f"{path} was changed after it was stored: {why}. The bundle will not verify with it.")

    def _digests(self) -> dict[str, str]:
        tree = t.cast(Tree, self._tree)
        digests = {}
        for path, seen in tree.walk().items():
            if seen.kind != "file" or path in (SUMS, SIGNATURE, MARK):
                continue
            try:
                digests[path] = tree.content(path).sha256
            except (OSError, NotAFile) as exc:
                self.warnings.append(f"{printable(path, 300)} cannot be read and is not in SHA256SUMS: {printable(exc, 200)}.")
        return digests


# Which bundle.


def _altered(path: str, state: _State) -> Document:
    return {"path": path, "problems": state.verdict.problems[:100] if state.verdict else []}


def _words(state: _State) -> str:
    problems = state.verdict.problems if state.verdict else []
    more = f", and {len(problems) - 3} more" if len(problems) > 3 else ""
    return " ".join(each["msg"] for each in problems[:3]).rstrip(".") + more


@contextlib.contextmanager
def _locked(tree: Tree, warnings: list[str]) -> t.Iterator[None]:
    try:
        with tree.locked() as why:
            if why:
                warnings.append(f"{escaped(tree.path)} cannot be locked ({why}): see to it that no two tasks work in it at a time.")
            yield
    except TimeoutError:
        message = f"Another task works in {escaped(tree.path)}, and has not ended for two minutes."
        raise Failure("bundle_unwritable", message, field="path", hint="Wait until it has ended, or end it.") from None


def _known(dest: str, incident: str, cluster: str) -> list[tuple[tuple[str, int], str, str]]:
    """(what they are ordered by, stamp, name) of the folders in ``dest`` that are called like a bundle of the incident, newest first."""
    try:
        names = os.listdir(dest)
    except FileNotFoundError:
        return []
    except OSError as exc:
        raise unwritable(exc, dest) from None
    found = [(_manifest.stamp_key(moment), moment, name) for name in names if (moment := _manifest.stamp_of(name, incident, cluster))]
    return sorted(((key, moment, name) for key, moment, name in found if key), reverse=True)


def _make(dest: str, incident: str, cluster: str) -> str:
    """A new folder that nobody else has made. Raises Failure ``bundle_unwritable``."""
    try:
        os.makedirs(dest, mode=0o700, exist_ok=True)
        while True:
            taken = [moment for _key, moment, _name in _known(dest, incident, cluster)]
            path = os.path.join(dest, _manifest.bundle_name(incident, next_stamp(_manifest.stamp(_manifest.now()), taken), cluster))
            try:
                os.mkdir(path, 0o700)
            except FileExistsError:
                continue
            os.chmod(path, 0o700)
            return path
    except OSError as exc:
        raise unwritable(exc, dest) from None


class _Notes(t.NamedTuple):
    """What was found on the way to the bundle."""

    warnings: list[str]
    steps: list[Document]
    altered: list[Document]


def put(request: Request) -> dict[str, t.Any]:
    """Do what is asked. Returns what the task returns; with ``failure`` where it was sealed and could not be signed."""
    offers = check(request)
    notes = _Notes([], [], [])
    if request.path is not None:
        with open_bundle(request.path) as tree, _locked(tree, notes.warnings):
            return _work(tree, request, _usable(tree, request), offers, notes)
    dest = os.path.abspath(t.cast(str, request.dest))
    for _key, _moment, name in _known(dest, t.cast(str, request.incident), t.cast(str, request.cluster)):
        try:
            tree = Tree(os.path.join(dest, name))
        except OSError:
            continue
        with tree, _locked(tree, notes.warnings):
            state = _find_state(tree, request)
            if state.kind in ("ours", "sealed", "interrupted"):
                return _work(tree, request, state, offers, notes)
            if state.kind in ("none", "foreign"):
                continue
            if state.kind == "altered":
                notes.altered.append(_altered(tree.path, state))
                notes.steps.append(step("refused", f"The bundle {name} of this incident was altered, so it was not continued: {_words(state)}."))
            else:
                notes.warnings.append(f"Run {printable((state.mark or {}).get('run'), 40)} is at work in {name}, so this run has a bundle of its own.")
            break
    if request.dry_run:
        return _work(None, request, _State("new"), offers, notes)
    return _begin(dest, request, offers, notes)


def _begin(dest: str, request: Request, offers: t.Sequence[_Offer], notes: _Notes) -> dict[str, t.Any]:
    path = _make(dest, t.cast(str, request.incident), t.cast(str, request.cluster))
    with Tree(path) as tree, _locked(tree, notes.warnings):
        try:
            return _work(tree, request, _State("new"), offers, notes)
        except Failure:
            if tree.look(MANIFEST) is None and not set(tree.walk()) - {MARK}:
                # Nothing came of it: no empty folder for each attempt.
                with contextlib.suppress(OSError):
                    tree.remove(MARK)
                    os.rmdir(path)
            raise


def _usable(tree: Tree, request: Request) -> _State:
    """The state of the bundle that ``path`` names. Raises Failure where it cannot be continued."""
    state = _find_state(tree, request)
    where = escaped(tree.path)
    if state.kind == "none":
        message = f"path is {where}, and that is no bundle: it has neither manifest.json nor SHA256SUMS."
        raise Failure("bundle_invalid", message, field="path", hint="Give the path that an earlier task has returned, or dest, incident and cluster.")
    if state.kind == "at_work":
        message = f"Run {printable((state.mark or {}).get('run'), 40)} is at work in {where}."
        raise Failure("bundle_unwritable", message, field="path", hint="Wait until it has sealed the bundle, or give dest, which makes another one.")
    if state.kind == "altered":
        message = f"The bundle {where} was altered: {_words(state)}. Nothing was written."
        details = state.verdict.problems[:100] if state.verdict else []
        raise Failure("bundle_altered", message, field="path", details=details, hint="Keep it as it is, and give dest, which makes another one.")
    return state


def _work(tree: Tree | None, request: Request, state: _State, offers: t.Sequence[_Offer], notes: _Notes) -> dict[str, t.Any]:
    work = _Work(tree, request, state)
    for each in notes.steps:
        work.note(each["state"], each["msg"])
    path = tree.path if tree else None
    try:
        work.do(offers)
    except Failure as failure:
        failure.details.append({"path": path, "run": work.run, "stored": [each["path"] for each in work.stored]})
        raise
    result = {
        "changed": work.changed,
        "path": path,
        "run": work.run,
        "digest": work.digest,
        "manifest": work.manifest,
        "continued": state.kind in ("sealed", "interrupted"),
        "recovered": work.recovered,
        "altered": notes.altered[0] if notes.altered else None,
        "stored": work.stored,
        "warnings": [*notes.warnings, *work.warnings],
    }
    if work.failure:
        result.update(msg=work.failure.msg, failure=work.failure.to_dict())
    return result
