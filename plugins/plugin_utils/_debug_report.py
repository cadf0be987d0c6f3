# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!
"""A bundle's manifest as a page for people: report.html. Pure.

What a pod said is text and nothing else. The template is the role's own and is rendered by an environment of its own, which puts every value
through ``shown``. No script, nothing from elsewhere, and a policy in the page that would forbid both.
"""

from __future__ import annotations

import base64
import collections
import hashlib
import json
import re
import typing as t
import unicodedata
import urllib.parse

import jinja2
from markupsafe import Markup, escape

from . import _debug_timeline as timeline

#: Characters of one text that are shown.
LONGEST = 500
#: Of each list, what is shown; what is wrong or missing comes first. All of it is in manifest.json.
MOST = {"findings": 200, "gaps": 300, "runs": 20, "answers": 100, "files": 1000}
_BRIEF = 160
_MOST_PROBLEMS = 20
_MOST_WORDS = 50
#: Printable as Python has it, and yet not to be seen: blanks, and what Unicode's DerivedCoreProperties.txt calls Default_Ignorable_Code_Point.
_UNSEEN = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
#: Marks on one letter; more would be painted over other lines.
_MOST_MARKS = 2
#: Ends of names of files that no browser runs. Others, a page or a picture made by the pod, are named but not linked.
_INERT = (
    *(".txt", ".log", ".json", ".jsonl", ".yaml", ".yml", ".csv", ".pcap", ".pcapng", ".tar", ".gz", ".tgz", ".zst", ".xz", ".zip"),
    *(".hprof", ".jfr", ".pprof", ".pb", ".cpuprofile", ".heapprofile", ".heapsnapshot"),
)
_LONGEST_LINK = 4096
_UNBROKEN = re.compile(r"(\b\d{4}-\d\d-\d\d\b|\b\d\d:\d\d:\d\d\b)", re.ASCII)
_TOKEN = re.compile(r"[\w.:%-]+", re.ASCII)
#: Of what is missing, the gravest first.
_STATES = ("interrupted", "failed", "refused", "partial", "skipped", "running")
#: Why a container waits when nothing is wrong.
_USUAL = ("ContainerCreating", "PodInitializing")

Json = t.Mapping[str, t.Any]
Thing = t.TypeVar("Thing")


class Place(t.NamedTuple):
    namespace: str | None = None
    pod: str | None = None


class Finding(t.NamedTuple):
    where: Place
    source: str
    words: str
    runs: list[str]


class Gap(t.NamedTuple):
    state: str
    where: Place
    what: tuple[str, ...]
    words: str
    run: str


class Folder(t.NamedTuple):
    path: str
    of: list[tuple[str, str]]
    files: list[Json]


def report(manifest: Json, template: str) -> str:
    """The page of a manifest (docs/manifest.schema.json), by the text of roles/debug/templates/report.html.j2. The same for the same manifest."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, finalize=shown, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(policy_hash=_policy_hash, link=link, token=token, stamp=stamp, amount=amount, counted=counted, brief=brief, as_json=_as_json)
    runs = list(manifest["runs"])
    files = list(manifest["files"])
    findings = _findings(runs)
    gaps = _gaps(runs, files)
    answers = [(number, answer) for number, run in enumerate(runs) for answer in run["answers"]]
    kept_answers = _worst(answers, MOST["answers"], _answer_rank)
    kept_files = _worst(files, MOST["files"], _file_rank)
    charts, not_drawn = timeline.pods(runs)
    return environment.from_string(template).render(
        manifest=manifest,
        verdict=_verdict(runs, findings, files, gaps),
        completeness=_completeness(runs, files, gaps),
        pods=_pods(runs),
        since=_since(runs),
        findings=findings[: MOST["findings"]],
        fine=[(answer, runs[number]["id"]) for number, answer in kept_answers if answer["state"] == "complete" and answer["ok"]],
        gaps=gaps[: MOST["gaps"]],
        charts=charts,
        runs=[_run(runs[number], [a for of, a in kept_answers if of == number]) for number in reversed(range(max(0, len(runs) - MOST["runs"]), len(runs)))],
        folders=_folders(kept_files),
        care=_care(files),
        most_problems=_MOST_PROBLEMS,
        most_words=_MOST_WORDS,
        total={
            "findings": len(findings),
            "gaps": len(gaps),
            "runs": len(runs),
            "answers": len(answers),
            "files": len(files),
            "bytes": sum(file["bytes"] for file in files),
        },
        more_of={
            "findings": max(0, len(findings) - MOST["findings"]),
            "gaps": max(0, len(gaps) - MOST["gaps"]),
            "runs": max(0, len(runs) - MOST["runs"]),
            "answers": len(answers) - len(kept_answers),
            "files": len(files) - len(kept_files),
            "charts": not_drawn,
        },
    )


def shown(value: t.Any) -> Markup:
    """A value as text of the page: isolated, so that its direction is its own, cut, and what cannot be seen as its escape.

    Braces are references, so that the page is no template either for whoever would make one of it.
    """
    if isinstance(value, Markup):
        return value
    if value is None:
        return Markup("<em>not known</em>")
    if isinstance(value, bool):
        return Markup("yes") if value else Markup("no")
    if isinstance(value, (int, float)):
        return Markup("{}").format(value)
    text = str(value)
    pieces = _UNBROKEN.split(text[:LONGEST])
    html = Markup("").join(Markup("<time>{}</time>").format(piece) if number % 2 else _visible(piece) for number, piece in enumerate(pieces))
    more = Markup(" <em>… and {:,} more characters</em>").format(len(text) - LONGEST) if len(text) > LONGEST else ""
    return Markup("<bdi>{}</bdi>{}").format(html, more)


def _visible(text: str) -> Markup:
    html = escape(text) if text.isascii() and text.isprintable() else Markup("").join(_each_visible(text))
    return html.replace("{", Markup("&#123;")).replace("}", Markup("&#125;"))


def _each_visible(text: str) -> t.Iterator[Markup]:
    marks = 0
    for each in text:
        marks = marks + 1 if unicodedata.category(each) in ("Mn", "Me") else 0
        if each.isprintable() and each not in _UNSEEN and marks <= _MOST_MARKS:
            yield escape(each)
        else:
            yield Markup("<i>{}</i>").format(each.encode("unicode_escape").decode())


def brief(text: str) -> Markup:
    """A text for the head of the page, where none may push down what stands below it. It is there at more length elsewhere."""
    return shown(text) if len(text) <= _BRIEF else Markup("{} <em>…</em>").format(shown(text[:_BRIEF]))


def link(path: str) -> Markup | None:
    """The reference to a file of the bundle, percent-encoded, or None: for what is outside of it, and for what a browser could run."""
    parts = path.split("/")
    if len(path) > _LONGEST_LINK or parts[0] not in ("context", "artifacts") or {"", ".", ".."} & set(parts) or "\0" in path or "\\" in path:
        return None
    if not path.lower().endswith(_INERT):
        return None
    try:
        return Markup("/").join(urllib.parse.quote(part, safe="", errors="surrogateescape") for part in parts)
    except UnicodeEncodeError:
        return None


def token(value: str) -> Markup:
    """One of this collection's own words, for an attribute or a drawing, where a text's isolation has no place."""
    return Markup("{}").format(value if _TOKEN.fullmatch(value) else "unknown")


def stamp(time: str | None) -> str | None:
    """A time for people; the page says once that it is UTC."""
    return time and time.replace("T", " ", 1).removesuffix("Z")


def amount(size: int) -> str:
    """Bytes, exactly, and from a KiB on also in round numbers."""
    exact = f"{size:,} B"
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{exact} ({size / unit:.1f} {name})"
    return exact


def counted(count: int, what: str) -> Markup:
    return Markup("{:,} {}{}").format(count, what, "" if count == 1 else "s")


def _as_json(value: t.Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _policy_hash(style: str) -> Markup:
    """As Content-Security-Policy wants it of the text between the tags: https://www.w3.org/TR/CSP3/#grammardef-hash-source."""
    return Markup("sha256-{}").format(base64.b64encode(hashlib.sha256(str(style).encode()).digest()).decode())


def _findings(runs: t.Sequence[Json]) -> list[Finding]:
    """What is wrong, once each however often it was found; what the last run found comes first, and in it what the pods' status says."""
    found: dict[tuple[Place, str, str], Finding] = {}

    def add(where: Place, source: str, words: str, run: Json) -> None:
        seen = found.setdefault((where, source, words), Finding(where, source, words, []))
        if run["id"] not in seen.runs[-1:]:
            seen.runs.append(run["id"])

    for run in runs:
        for pod in run["pods"]:
            for words in _trouble(pod):
                add(_place(pod), "status", words, run)
        for answer in run["answers"]:
            if answer["state"] in ("complete", "partial", "running") and not answer["ok"]:
                for words in answer["problems"] or ([answer["summary"]] if answer["state"] == "complete" else []):
                    add(_place(answer), answer["preset"], words, run)
    order = {run["id"]: number for number, run in enumerate(runs)}
    return sorted(found.values(), key=lambda finding: (-order[finding.runs[-1]], finding.source != "status"))


def _trouble(pod: Json) -> list[str]:
    """What a pod's status says is wrong, a line each container. Debug containers may end as they like."""
    words = {"Vanished": ["the pod was gone at the last look"], "Failed": ["the pod has failed"]}.get(pod["phase"], [])
    told: dict[str, list[str]] = {}
    for container in pod["containers"]:
        if container["kind"] == "ephemeral":
            continue
        reason = f" ({container['reason']})" if container["reason"] else ""
        if container["state"] == "waiting" and container["reason"] and container["reason"] not in _USUAL:
            told.setdefault(container["name"], []).insert(0, f"waits: {container['reason']}")
        elif container["state"] == "terminated" and (container["exit_code"] or container["previous"]):
            code = "" if container["exit_code"] is None else f" with exit code {container['exit_code']}"
            ended = f" at {stamp(container['finished_at'])}" if container["finished_at"] else ""
            again = f", {counted(container['restarts'], 'restart')} so far" if container["previous"] else ""
            told.setdefault(container["name"], []).append(f"ended{code}{reason}{ended}{again}")
    return words + [f"container {name} {'; it '.join(each)}" for name, each in told.items()]


def _since(runs: t.Sequence[Json]) -> tuple[str, str] | None:
    """The first end of a container in trouble that is known: its time and in words. The API tells of the last two runs only, so it may have begun before."""
    ends = [
        (container["finished_at"], f"{container['name']} of {pod['pod']} ended" + (f": {container['reason']}" if container["reason"] else ""))
        for run in runs
        for pod in run["pods"]
        for container in pod["containers"]
        if container["kind"] != "ephemeral"
        and container["state"] == "terminated"
        and (container["exit_code"] or container["previous"])
        and timeline.moment(container["finished_at"])
    ]
    return min(ends, default=None)


def _gaps(runs: t.Sequence[Json], files: t.Sequence[Json]) -> list[Gap]:
    """What is missing, or is not what it should be. An answer that a step tells of in the same words is one gap."""
    gaps: dict[Gap, None] = {}
    for run in runs:
        if run["finished_at"] is None:
            gaps[Gap("interrupted", Place(), ("collect",), "the run did not finish: what it collected is here as far as it got", run["id"])] = None
        for step in run["steps"]:
            gaps[Gap(step["state"], _place(step), (step["step"], *([step["preset"]] if "preset" in step else [])), step["msg"], run["id"])] = None
        for refusal in run["refusals"]:
            gaps[Gap("refused", _place(refusal), ("guard", refusal["guard"]), refusal["msg"], run["id"])] = None
        for answer in run["answers"]:
            if answer["state"] != "complete" or answer["timed_out"]:
                words = answer["summary"] + (" (its time was up)" if answer["timed_out"] else "")
                gaps[Gap("partial" if answer["state"] == "complete" else answer["state"], _place(answer), ("preset", answer["preset"]), words, run["id"])] = (
                    None
                )
    for file in files:
        words = [file["problem"]] if file["problem"] else []
        if not words and _altered(file):
            words = ["what came here is not what was sent: the checksums differ"]
        if file["truncated"]:
            words.append("cut: there was more than is here")
        if words:
            gaps[Gap("partial", Place(), (file["path"],), "; ".join(words), file["run"])] = None
    return sorted(gaps, key=lambda gap: _STATES.index(gap.state))


def _altered(file: Json) -> bool:
    return None not in (file["sha256_source"], file["sha256_received"]) and file["sha256_source"] != file["sha256_received"]


def _place(what: Json) -> Place:
    return Place(what.get("namespace"), what.get("pod"))


def _pods(runs: t.Sequence[Json]) -> list[Json]:
    """Each pod as it was at the last look, and those that only answers or refusals tell of."""
    found = {(pod["namespace"], pod["pod"], pod["uid"]): pod for run in runs for pod in run["pods"]}
    known = {key[:2] for key in found}
    for run in runs:
        for answer in run["answers"]:
            if (answer["namespace"], answer["pod"]) not in known:
                known.add((answer["namespace"], answer["pod"]))
                found[answer["namespace"], answer["pod"], answer["uid"]] = {**answer, "phase": None, "created_at": None}
    return list(found.values())


def _verdict(runs: t.Sequence[Json], findings: t.Sequence[Finding], files: t.Sequence[Json], gaps: t.Sequence[Gap]) -> tuple[str, str]:
    """What is wrong: a tone, and one line."""
    if findings:
        hurt = list(dict.fromkeys(finding.where for finding in findings))
        where = str(hurt[0].pod) if len(hurt) == 1 else f"{len(hurt)} pods"
        return "bad", f"{len(findings)} problem{'s' * (len(findings) != 1)} on {where}"
    if not any(run["answers"] for run in runs) and not files:
        return "warn", "Nothing was collected"
    return ("warn", "No problem found in what could be collected") if gaps else ("good", "No problem found")


def _completeness(runs: t.Sequence[Json], files: t.Sequence[Json], gaps: t.Sequence[Gap]) -> tuple[str, str]:
    """Whether all that was asked for is here: a tone, and one line."""
    if not gaps:
        return ("good", "complete") if files or any(run["answers"] for run in runs) else ("warn", "empty")
    counts = collections.Counter(gap.state for gap in gaps)
    told = ", ".join(f"{counts[state]} {state}" for state in _STATES if counts[state])
    return "bad" if counts["failed"] + counts["interrupted"] else "warn", f"not complete: {told}"


def _care(files: t.Sequence[Json]) -> dict[str, int]:
    """How much of it is for few eyes."""
    redacted = [file for file in files if file["redactions"]]
    return {
        "sensitive": sum(file["sensitive"] for file in files),
        "replaced": sum(sum(file["redactions"].values()) for file in redacted),
        "redacted": len(redacted),
    }


def _answer_rank(numbered: tuple[int, Json]) -> int:
    answer = numbered[1]
    return 0 if answer["state"] != "complete" else 2 if answer["ok"] else 1


def _file_rank(file: Json) -> int:
    return 0 if file["problem"] or file["truncated"] or _altered(file) else 1 if file["sensitive"] else 2


def _worst(things: list[Thing], most: int, rank: t.Callable[[Thing], int]) -> list[Thing]:
    """As many as are shown, in their order."""
    if len(things) <= most:
        return things
    kept = sorted(sorted(range(len(things)), key=lambda number: rank(things[number]))[:most])
    return [things[number] for number in kept]


def _run(run: Json, answers: list[Json]) -> dict[str, t.Any]:
    return {**run, "answers": answers, "chart": timeline.collection({**run, "answers": answers}), "more": len(run["answers"]) - len(answers)}


def _folders(files: t.Sequence[Json]) -> list[Folder]:
    """Files by what they have in common."""
    found: dict[tuple[t.Any, ...], Folder] = {}
    for file in files:
        folder = file["path"].rpartition("/")[0]
        of = [(key, file[key]) for key in ("namespace", "pod", "uid", "preset", "container", "run") if file.get(key)]
        found.setdefault((folder, *of), Folder(folder, of, [])).files.append({**file, "name": file["path"].rpartition("/")[2], "altered": _altered(file)})
    return list(found.values())
