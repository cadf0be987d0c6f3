# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The rules of an evidence bundle, pure: names, the manifest, the chain of custody and the sums, as docs/evidence.md has them."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import typing as t

from ._errors import type_of

SCHEMA = "kubedebug.pods/manifest/1"
MANIFEST, REPORT, CUSTODY, SUMS, SIGNATURE, MARK = "manifest.json", "report.html", "custody.jsonl", "SHA256SUMS", "SHA256SUMS.sig", ".run"
SEALS = "seals"
#: Where evidence is, and nowhere else.
ROOTS = ("context", "artifacts")
#: What ``previous`` of the first line of the chain of custody is.
NOTHING = "0" * 64
KINDS = ("context", "answer", "output", "fetched", "recovered")
#: Bytes of a name, which leaves room for a number in it, and of a whole path; folders on the way.
LONGEST_NAME, LONGEST_PATH, DEEPEST = 200, 1024, 16
_LONGEST_PART = 64

_STAMP = re.compile(r"(\d{8}T\d{6}Z)(?:-([1-9]\d{0,8}))?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ENTRY = {
    **dict.fromkeys(("path", "kind", "run", "sha256"), (str,)),
    "bytes": (int,),
    **dict.fromkeys(("sha256_source", "sha256_received", "problem"), (str, type(None))),
    "redactions": (dict,),
    **dict.fromkeys(("sensitive", "truncated"), (bool,)),
}
_RUN: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("id", "started_at"), (str,)),
    "finished_at": (str, type(None)),
    **dict.fromkeys(("tool", "asked"), (dict,)),
    "changed": (bool,),
    "clock_skew": (int, type(None)),
    **dict.fromkeys(("pods", "answers", "refusals", "steps"), (list,)),
}
_MANIFEST: dict[str, tuple[type, ...]] = {**dict.fromkeys(("schema", "incident", "cluster", "created_at"), (str,)), "runs": (list,), "files": (list,)}
_CUSTODY: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("at", "actor", "action", "run", "previous"), (str,)),
    **dict.fromkeys(("object", "sha256"), (str, type(None))),
}

Document = dict[str, t.Any]


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def time_text(moment: datetime.datetime) -> str:
    """As the API writes it: ``2026-11-25T10:11:12Z``."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def stamp(moment: datetime.datetime) -> str:
    """As names have it: ``20261125T101112Z``."""
    return moment.strftime("%Y%m%dT%H%M%SZ")


def stamp_key(text: str) -> tuple[str, int] | None:
    """What stamps are ordered by: the second, and the number among those of one second. None where it is no stamp."""
    found = _STAMP.fullmatch(text)
    return (found[1], int(found[2] or 1)) if found else None


def next_stamp(wanted: str, taken: t.Iterable[str]) -> str:
    """``wanted``, or the first after the newest that is taken where it is not newer than that: also a clock that was set back makes nothing older."""
    newest = max((key for key in map(stamp_key, taken) if key), default=None)
    asked = stamp_key(wanted)
    if newest is None or (asked and asked > newest):
        return wanted
    return f"{newest[0]}-{newest[1] + 1}"


def safe(text: str, longest: int = _LONGEST_PART) -> str:
    """A text as part of a name: letters, digits, dots and dashes. What is replaced or cut has part of its SHA-256 at the end, so two texts stay two names."""
    plain = re.sub(r"[^A-Za-z0-9.-]", "-", text)
    if text and plain == text and len(text) <= longest:
        return text
    return f"{plain[: longest - 9]}-{sha256(text.encode(errors='surrogatepass'))[:8]}"


def bundle_name(incident: str, moment: str, cluster: str) -> str:
    """The name of a bundle's folder; ``moment`` is a stamp."""
    return f"{safe(incident)}_{moment}_{safe(cluster)}"


def stamp_of(name: str, incident: str, cluster: str) -> str | None:
    """The stamp in a folder's name where that is a bundle's of this incident and cluster."""
    before, after = f"{safe(incident)}_", f"_{safe(cluster)}"
    middle = name[len(before) : -len(after)]
    return middle if name == f"{before}{middle}{after}" and stamp_key(middle) else None


def path_error(path: object) -> str | None:
    """Why that cannot be the path of evidence in a bundle."""
    if not isinstance(path, str) or not path:
        return f"is {type_of(path) if path else 'empty'}, and has to be a path relative to the bundle"
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "has characters that no UTF-8 has"
    parts = path.split("/")
    if not path.isprintable():
        return "has characters that cannot be seen"
    if parts[0] not in ROOTS or len(parts) < 2:
        return f"is not below {' or '.join(f'{root}/' for root in ROOTS)}"
    if any(part in ("", ".", "..") for part in parts):
        return "has an empty part, . or .. in it"
    if size > LONGEST_PATH or len(parts) > DEEPEST or any(len(part.encode()) > LONGEST_NAME for part in parts):
        return f"is too long: {LONGEST_PATH} bytes, {LONGEST_NAME} for each name and {DEEPEST} names are the most"
    return None


def numbered(path: str, number: int) -> str:
    """The path under its next name: ``stem.2.ext``. What begins with a dot is all stem."""
    folder, slash, name = path.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    name = f"{stem}.{number}.{extension}" if stem and dot else f"{name}.{number}"
    return f"{folder}{slash}{name}"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def is_sha256(text: str) -> bool:
    return _SHA256.fullmatch(text) is not None


def dumps(document: object) -> bytes:
    """Lines that a person can read; plain ASCII, whatever a pod put into it."""
    return (json.dumps(document, indent=1) + "\n").encode()


def loads(data: bytes) -> t.Any:
    """Raises ValueError for what is no JSON, also where it nests too deep or counts too far."""
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _misfits(document: t.Mapping[str, t.Any], keys: t.Mapping[str, tuple[type, ...]]) -> list[str]:
    """Keys that are missing, or whose value is not of their type."""
    return [key for key, types in keys.items() if key not in document or type(document[key]) not in types]


def run_error(run: t.Mapping[str, t.Any]) -> str | None:
    """Why that is no run of the schema, as far as the module reads it."""
    wrong = _misfits(run, _RUN)
    if wrong:
        return f"lacks {', '.join(wrong)}, or has something else there than the schema says"
    unknown = [str(key) for key in run if key not in _RUN]
    if unknown:
        return f"has {', '.join(unknown)}, which the schema does not know"
    if not stamp_key(run["id"]):
        return f"has the id {run['id']!r}, which is not like 20261125T101112Z"
    wrong = [key for key in ("started_at", "finished_at") if run[key] is not None and not _TIME.fullmatch(run[key])]
    return f"has {wrong[0]} {run[wrong[0]]!r}, which is not like 2026-11-25T10:11:12Z" if wrong else None


def manifest_error(document: object) -> str | None:
    """Why that is no manifest, as far as programs here rely on it."""
    if not isinstance(document, dict):
        return f"is {type_of(document)}"
    wrong = _misfits(document, _MANIFEST)
    if wrong:
        return f"lacks {', '.join(wrong)}, or has something else there than the schema says"
    if document["schema"] != SCHEMA:
        return f"has another schema than {SCHEMA}"
    for index, run in enumerate(document["runs"]):
        found = run_error(run) if isinstance(run, dict) else f"is {type_of(run)}"
        if found:
            return f"has runs[{index}], which {found}"
    for index, entry in enumerate(document["files"]):
        wrong = _misfits(entry, _ENTRY) if isinstance(entry, dict) else ["everything"]
        if wrong or not is_sha256(entry["sha256"]):
            return f"has files[{index}], which lacks {', '.join(wrong) or 'its SHA-256'}, or has something else there than the schema says"
    return None


def new_manifest(incident: str, cluster: str, moment: datetime.datetime) -> Document:
    return {"schema": SCHEMA, "incident": incident, "cluster": cluster, "created_at": time_text(moment), "runs": [], "files": []}


def with_run(manifest: Document, run: Document, steps: t.Sequence[Document] = ()) -> Document:
    """The manifest with that run in the place of its earlier state, or at the end. ``steps`` are those that the caller does not know of."""
    run = {**run, "steps": [*run["steps"], *(step for step in steps if step not in run["steps"])]}
    runs = [run if other["id"] == run["id"] else other for other in manifest["runs"]]
    return {**manifest, "runs": runs if run in runs else [*runs, run]}


def with_entries(manifest: Document, entries: t.Sequence[Document]) -> Document:
    """The manifest with those entries, each in the place of the one of its path or at the end."""
    new = {entry["path"]: entry for entry in entries}
    files = [new.pop(entry["path"], entry) for entry in manifest["files"]]
    return {**manifest, "files": [*files, *new.values()]}


def entry(path: str, kind: str, run: str, size: int, digest: str, known: t.Mapping[str, t.Any]) -> Document:
    """A file's entry. ``known`` is what the caller knows of it. A SHA-256 that is not that of the source is a problem."""
    source, received = known.get("sha256_source"), known.get("sha256_received")
    problem = known.get("problem")
    if problem is None and source and received and source != received:
        problem = f"It did not arrive as it was: its SHA-256 is {received}, and where it was made it was {source}."
    return {
        "path": path,
        "kind": kind,
        "run": run,
        **{key: known[key] for key in ("namespace", "pod", "uid", "preset", "container") if known.get(key)},
        "bytes": size,
        "sha256": digest,
        "sha256_source": source,
        "sha256_received": received,
        "redactions": {name: count for name, count in (known.get("redactions") or {}).items() if count},
        "sensitive": bool(known.get("sensitive")),
        "truncated": bool(known.get("truncated")),
        "problem": problem,
    }


def step(state: str, msg: str) -> Document:
    """A step of a run that is about the bundle itself."""
    return {"step": "bundle", "state": state, "msg": msg, "namespace": None, "pod": None}


def custody(chain: bytes, links: t.Iterable[t.Mapping[str, t.Any]], *, at: str, actor: str, run: str) -> bytes:
    """The chain with those links (``action``, ``object``, ``sha256``) at its end."""
    lines = [chain] if chain else []
    previous = sha256(chain.rstrip(b"\n").rpartition(b"\n")[2]) if chain else NOTHING
    for link in links:
        document = {"at": at, "actor": actor, "action": link["action"], "run": run, "object": link.get("object"), "sha256": link.get("sha256")}
        line = json.dumps({**document, "previous": previous}).encode()
        lines.append(line + b"\n")
        previous = sha256(line)
    return b"".join(lines)


class Chain(t.NamedTuple):
    """What custody.jsonl holds: its ``links``, what is wrong with it, and the SHA-256 of it up to each of its lines."""

    links: list[Document]
    error: str | None
    prefixes: set[str]


def read_custody(data: bytes) -> Chain:
    links: list[Document] = []
    prefixes: set[str] = set()
    previous, whole = NOTHING, hashlib.sha256()
    if data and not data.endswith(b"\n"):
        return Chain(links, "does not end with a whole line", prefixes)
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            link = loads(line)
        except ValueError:
            return Chain(links, f"has a line {number} that is no JSON", prefixes)
        if not isinstance(link, dict) or _misfits(link, _CUSTODY):
            return Chain(links, f"has a line {number} that lacks something, or has something else than it should", prefixes)
        if link["previous"] != previous:
            return Chain(links, f"is broken at line {number}: previous is not the SHA-256 of the line before", prefixes)
        links.append(link)
        previous = sha256(line)
        whole.update(line + b"\n")
        prefixes.add(whole.copy().hexdigest())
    return Chain(links, None if links else "is empty", prefixes)


def sums(digests: t.Mapping[bytes, str]) -> bytes:
    """SHA256SUMS, as sha256sum writes it: the line of a name with a backslash or a line's end in it begins with a backslash, and these are escaped."""
    lines = []
    for name, digest in sorted(digests.items()):
        escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
        lines.append(b"%s%s  %s\n" % (b"\\" if escaped != name else b"", digest.encode(), escaped))
    return b"".join(lines)


_SUM = re.compile(rb"(\\?)([0-9a-f]{64})  ([^\n\r\0]+)")
_ESCAPE = {b"\\\\": b"\\", b"\\n": b"\n", b"\\r": b"\r"}


def read_sums(data: bytes) -> tuple[dict[bytes, str], str | None]:
    """(name -> SHA-256, what is wrong with the rest). Names that lead out of the bundle, or are there twice, are wrong."""
    found: dict[bytes, str] = {}
    if not data.endswith(b"\n"):
        return found, "does not end with a whole line"
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        match = _SUM.fullmatch(line)
        if not match:
            return found, f"has a line {number} that is not as sha256sum writes it"
        name = match[3]
        if match[1]:
            if not re.fullmatch(rb"(?:[^\\]|\\[\\nr])*", name):
                return found, f"has a line {number} that is not as sha256sum writes it"
            name = re.sub(rb"\\[\\nr]", lambda escape: _ESCAPE[escape.group()], name)
        if any(part in (b"", b".", b"..") for part in name.split(b"/")):
            return found, f"has a line {number} whose name leads out of the bundle, or is not the shortest"
        if name in found:
            return found, f"has a line {number} whose name was there before"
        found[name] = match[2].decode()
    return found, None
