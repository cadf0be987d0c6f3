# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What a task on ephemeral containers returned, as the answers of a preset: one result a pod, whatever became of it. Pure."""

from __future__ import annotations

import json
import re
import shlex
import typing as t

from ansible_collections.kubedebug.pods.plugins.module_utils._errors import printable

from . import _debug_frames as framing
from ._debug_answers import TITLES, answer

#: What changes of a container while it holds.
_LATER = ("state", "started_at", "exit_code", "reason", "message", "finished_at", "log")
#: The end of the name of a file that a preset could not make whole.
PARTIAL = ".partial"
#: Why one pod of a selection takes no container, as ephemeral_container says it of a pod that is named.
_UNFIT = ("static_pod", "pod_terminating", "pod_finished", "pod_not_found", "pod_replaced")
#: Why a file cannot be fetched for good: with its container it is gone.
_LOST = ("pod_not_found", "pod_replaced", "container_not_found", "not_running")
#: Verdicts of the wrapper that say that the preset did not run.
_NOT_RUN = {
    "expired": "it was not run: the container started after its time window was over, as the kubelet does when an image could be had only then",
    "no_folder": "it was not run: the debug container has no folder that it can write to, neither /tmp nor /dev/shm",
    "no_room": "it was not run: there is no room left in /tmp and /dev/shm, as far as the debug container can write to them. "
    "/dev/shm is one for all containers of a pod, 64 MiB unless something else is mounted there",
}


def _nothing() -> dict[str, t.Any]:
    """Every result has all of these keys."""
    return {
        **dict.fromkeys(("summary", "pod", "preset", "state", "ok")),
        "problems": [],
        "data": {},
        "stdout": "",
        "stderr": "",
        **dict.fromkeys(("log", "sha256", "code", "timed_out", "seconds", "folder")),
        "files": [],
        "sensitive": False,
        "artifacts": [],
        **dict.fromkeys(("exec_command", "failure", "namespace", "uid", "node", "container")),
        "changed": False,
        **dict.fromkeys(("image", "started_at", "finished_at", "exit_code", "dest")),
    }


def results(
    ensured: t.Sequence[t.Mapping[str, t.Any]],
    planned: t.Mapping[str, t.Any],
    pod: str = "",
    looks: t.Sequence[t.Mapping[str, t.Any]] = (),
    kept: t.Sequence[t.Mapping[str, t.Any]] = (),
    fetched: t.Sequence[t.Mapping[str, t.Any]] = (),
) -> dict[str, dict[str, t.Any]]:
    """Pod name: result. ``ensured`` is what the module ephemeral_container returned in a loop over what ``_debug_plan.choose`` gave, ``pod`` the one that was
    asked for, ``looks`` what ephemeral_container_info returned of the same containers since, ``kept`` and ``fetched`` what ansible.builtin.stat and
    ephemeral_container_fetch returned in loops over ``artifacts``.

    Each result begins with ``summary``, and has ``state``: ``complete``; ``partial``, where something of it is missing; ``running``, of one that
    holds; ``planned`` in check mode; ``skipped``, of a pod that cannot take a container; ``failed``.
    """
    found: dict[str, dict[str, t.Any]] = {}
    ensured = [_in_own_words(one, planned) for one in ensured]
    for one in ensured:
        run = one.get("_debug_run") or {}
        entries = _since(one.get("containers") or (), looks)
        for entry in entries:
            failure = entry.get("failure") or (one.get("failure") if len(entries) == 1 else None)
            found[entry["pod"]] = _result(entry, planned, failure)
        failure = one.get("failure")
        if "msg" in one and not entries:
            name, namespace = run.get("pod") or pod, run.get("namespace") or (failure or {}).get("namespace")
            found[name] = {**_bare(planned, "failed", _sentence(str(one["msg"]))), "namespace": namespace, "failure": failure}
        if run.get("pod") and (failure or {}).get("code") in _UNFIT and not one.get("changed"):
            found[run["pod"]] = _left_out(planned, run["namespace"], one.get("msg"))
    for one in ensured:
        for skipped in one.get("skipped_pods") or ():
            found.setdefault(skipped["pod"], _left_out(planned, skipped.get("namespace"), skipped.get("message") or skipped.get("reason")))
    for name, result in found.items():
        result.update(pod=name, dest=_dest(name, result))
        _take_artifacts(result, planned, kept, fetched)
    return found


def artifacts(
    found: t.Mapping[str, t.Mapping[str, t.Mapping[str, t.Any]]], preset: str, kept: t.Sequence[t.Mapping[str, t.Any]] = ()
) -> list[dict[str, t.Any]]:
    """The files of a preset that are to be taken along, out of what ``results`` gave: where from (``namespace``, ``pod``, ``uid``, ``container``, ``source``),
    where to (``folder`` and ``dest``, below ``debug_dest``), ``name`` and ``sha256``.

    With ``kept``, what ansible.builtin.stat returned in a loop over them: those that are not there yet, and whose container still runs.
    """
    there = {(one["item"]["dest"], (one.get("stat") or {}).get("checksum")) for one in kept}
    listed = [
        {
            **{key: result[key] for key in ("namespace", "pod", "uid", "container")},
            "source": f"{result['folder']}/{one['name']}",
            "folder": result["dest"],
            "dest": f"{result['dest']}/{one['name']}",
            "name": one["name"],
            "sha256": one["sha256"],
        }
        for by_preset in found.values()
        for result in [by_preset.get(preset) or _nothing()]
        for one in result["artifacts"]
        if one["sha256"] and not (kept and result["finished_at"])
    ]
    return [one for one in listed if (one["dest"], one["sha256"]) not in there]


def report(found: t.Mapping[str, t.Any]) -> str:
    """A result as JSON for a file, without the output, which is a file of its own."""
    return json.dumps({key: value for key, value in found.items() if key not in ("stdout", "stderr", "log", "changed")}, indent=2, sort_keys=False) + "\n"


def stored(all_results: t.Mapping[str, t.Mapping[str, t.Mapping[str, t.Any]]]) -> list[dict[str, str]]:
    """The files for ``debug_dest``: path and content. The log as it came is among them only where the output is not all in UTF-8."""
    listed = []
    for by_preset in all_results.values():
        for found in by_preset.values():
            folder = found["dest"]
            contents = {"result.json": report(found), "stdout.txt": found.get("stdout"), "stderr.txt": found.get("stderr"), "container.log": found.get("log")}
            listed += [{"folder": folder, "path": f"{folder}/{name}", "content": content} for name, content in contents.items() if content]
    return listed


def _in_own_words(returned: t.Mapping[str, t.Any], planned: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the module returned, with the role's variable where it names an option of the module that whoever uses the role never sees."""
    failure = returned.get("failure")
    if not failure or failure.get("code") != "too_many_pods":
        return dict(returned)
    named = {key: value.replace("max_pods", planned["pods_limit"]) if isinstance(value, str) and key != "code" else value for key, value in failure.items()}
    return {**returned, "msg": str(returned["msg"]).replace("max_pods", planned["pods_limit"]), "failure": named}


def _dest(pod: str, result: t.Mapping[str, t.Any]) -> str:
    """The folder of a result below ``debug_dest``: NAMESPACE/POD/PRESET/CONTAINER-UID, with the first 8 digits of the pod's uid, without what is not known.

    Pods of a StatefulSet follow each other under one name, and equal requests give them containers of one name. A result that no container was made for
    never meets that of one: it is in the folder above.
    """
    made = f"{result['container']}-{result['uid'][:8]}" if result.get("image") else None
    return "/".join(_file_name(name) for name in (result.get("namespace"), pod, result["preset"], made) if name)


def _file_name(name: str) -> str:
    """``name``, which may be anything that was asked for, as the name of one file."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".") or "_"


def _since(entries: t.Sequence[t.Mapping[str, t.Any]], looks: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The containers as the last look saw them. ``unseen`` says of one that is not known to have ended why nobody saw it then."""
    now = [dict(entry) for entry in entries]
    for look in looks:
        if look.get("skipped"):
            continue
        seen = {(entry.get("uid"), entry.get("name")): {key: entry.get(key) for key in _LATER} for entry in look.get("containers") or ()}
        for entry in now:
            later = seen.get((entry.get("uid"), entry.get("name")))
            over = later is not None or entry.get("state") == "terminated" or entry.get("status") is None
            why = "its pod was deleted meanwhile" if "containers" in look else _sentence(str(look.get("msg", "nothing was said")))
            entry.update(later or {}, unseen=None if over else why)
    return now


def _take_artifacts(
    result: dict[str, t.Any], planned: t.Mapping[str, t.Any], kept: t.Sequence[t.Mapping[str, t.Any]], fetched: t.Sequence[t.Mapping[str, t.Any]]
) -> None:
    """Note the files that are taken along: where each is here, or why it is not, and whether it is the one that the container had when the preset ended."""
    if result["folder"] is None:
        return
    problems = []
    made = {file["name"]: file for file in result["files"]}
    for name in planned["artifacts"]:
        file = made.get(name) or made.get(name + PARTIAL)
        if file:
            problem = None if file["name"] == name else _cut(name, file, planned)
            path, trouble = _here(file, f"{result['dest']}/{file['name']}", kept, fetched)
            result["artifacts"].append(
                {"name": file["name"], "path": path, "sha256": file["sha256"], "problem": "; ".join(filter(None, (problem, trouble))) or None}
            )
            problems += [words for words in (problem, trouble) if words]
        elif not result["problems"]:
            result["artifacts"].append({"name": name, "path": None, "sha256": None, "problem": f"{name} was not made"})
            problems.append(f"{name} was not made")
    if problems:
        summary = f"{result['summary']} (not complete: {printable('; '.join(problems))})"
        result.update(state="partial", ok=False, problems=[*result["problems"], *problems], summary=summary)


def _cut(name: str, file: t.Mapping[str, t.Any], planned: t.Mapping[str, t.Any]) -> str:
    most = planned.get("file_kib")
    if most and file["size"] >= 1024 * most:
        moves = f", which {planned['file_limit']} moves" if planned.get("file_limit") else ""
        return f"{name} was cut at {most / 1024:g} MiB, the most that it may have{moves}; what there is of it is {file['name']}"
    return f"{name} is not complete; what there is of it is {file['name']}"


def _here(
    file: t.Mapping[str, t.Any], dest: str, kept: t.Sequence[t.Mapping[str, t.Any]], fetched: t.Sequence[t.Mapping[str, t.Any]]
) -> tuple[str | None, str | None]:
    """(where the file is here, what is wrong with that). None and None before anybody looked."""
    name = file["name"]
    stat = next((one.get("stat") or {} for one in kept if one["item"]["dest"] == dest), None)
    if stat is None:
        return None, None
    if stat.get("checksum") == file["sha256"]:
        return stat["path"], None
    tried = next((one for one in fetched if one["item"]["dest"] == dest and not one.get("skipped")), None)
    if tried is None:
        why = f"what is in {stat['path']} now is another file" if stat.get("exists") else f"it is not in {dest}"
        return None, f"{name} cannot be fetched any more, for the container that had it has ended, and {why}"
    got = next((one for one in tried.get("files") or () if one.get("checksum")), None)
    if got is None:
        why = _sentence(str(tried.get("msg", "nothing was said")))
        lost = (tried.get("failure") or {}).get("code") in _LOST
        again = "" if lost else ". It stays in the container until the hold is over, and a repeat tries again"
        return None, f"{name} could not be fetched: {why}{again}"
    return got.get("dest"), None if got["checksum"] == file["sha256"] else f"{name} was altered in the container after the preset had ended"


def _result(entry: t.Mapping[str, t.Any], planned: t.Mapping[str, t.Any], failure: t.Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    common = {
        "namespace": entry.get("namespace"),
        "uid": entry.get("uid"),
        "node": entry.get("node"),
        "container": entry.get("name"),
        "changed": bool(entry.get("changed")),
        "image": ((entry.get("spec") or {}).get("image")),
        "started_at": entry.get("started_at"),
        "finished_at": entry.get("finished_at"),
        "exit_code": entry.get("exit_code"),
    }
    said = framing.verdict(entry.get("message"), entry.get("log"))
    if entry.get("unseen") and said is None:
        return {**_bare(planned, "failed", f"what it says could not be read: {entry['unseen']}"), **common, "failure": failure and dict(failure)}
    if failure and said is None:
        return {
            **_bare(planned, "failed", _sentence(str(failure.get("msg") or failure.get("message") or failure.get("code")))),
            **common,
            "failure": dict(failure),
        }
    if said is None and entry.get("status") is None:
        return {**_bare(planned, "planned", f"would be run in the container {entry.get('name')}"), **common}
    if said is None:
        return {**_bare(planned, "failed", _no_verdict(entry)), **common}
    if said["state"] in _NOT_RUN:
        return {**_bare(planned, "failed", _NOT_RUN[said["state"]]), **common}
    return {**_read(entry, planned, said), **common}


def _read(entry: t.Mapping[str, t.Any], planned: t.Mapping[str, t.Any], said: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    log = entry.get("log")
    frames = framing.frames(log or "")
    gaps = _gaps(entry, planned, said, frames)
    stdout, stderr = (frames[name].content if name in frames else b"" for name in ("stdout", "stderr"))
    text = stdout.decode("utf-8", errors="replace")
    read = answer(planned["preset"], framing.parts(text), planned["arguments"])
    # Where there are files to fetch, it stays for that alone.
    running = entry.get("state") == "running" and bool(planned["hold"]) and not planned.get("artifacts") and said["state"] == "done"
    summary = read.summary if stdout or not gaps else _titled(planned["preset"], "no output came through")
    if running:
        summary += f". It stays until it is stopped, at most {planned['hold']} s"
    if planned["preset"] == "shell" and running:
        summary += f": {_exec_command(entry)}"
    if gaps:
        summary += f" (not complete: {'; '.join(gaps)})"
    files = framing.files(frames["files"].content.decode("utf-8", errors="replace")) if "files" in frames else []
    return {
        **_nothing(),
        "summary": summary,
        "preset": planned["preset"],
        "state": "partial" if gaps else "running" if running else "complete",
        "ok": not read.problems and not gaps,
        "problems": [*read.problems, *gaps],
        "data": read.data,
        "stdout": text,
        "stderr": stderr.decode("utf-8", errors="replace"),
        "log": log if stdout != text.encode() or ("stdout" in frames and frames["stdout"].fault) else None,
        "sha256": said.get("sha256"),
        "code": said.get("code"),
        "timed_out": said.get("timed_out"),
        "seconds": said.get("seconds"),
        "folder": said.get("out"),
        "files": files,
        "sensitive": bool(planned.get("sensitive")),
        "exec_command": _exec_command(entry) if running else None,
    }


def _gaps(entry: t.Mapping[str, t.Any], planned: t.Mapping[str, t.Any], said: t.Mapping[str, t.Any], frames: t.Mapping[str, framing.Frame]) -> list[str]:
    """What keeps the output from being all that there was to be."""
    gaps = [f"what became of it is not known: {entry['unseen']}"] if entry.get("unseen") else []
    if said["state"] == "running":
        if entry.get("state") == "terminated":
            as_is = ", as it is when its target ends" if planned.get("target") and entry.get("exit_code") == 137 else ""
            gaps.append(f"the container was killed while the preset ran ({entry.get('reason')}, exit code {entry.get('exit_code')}){as_is}")
        else:
            gaps.append("the preset is still at work")
    elif said["state"] == "stopped":
        gaps.append("the container was told to end while the preset ran, as it is when its pod is deleted")
    elif said.get("timed_out"):
        gaps.append(f"the preset was ended after {said.get('seconds')} s")
    elif said.get("code") == 153:
        gaps.append("the preset was ended because a file of it became larger than it may")
    if said.get("full"):
        gaps.append(f"the file system of {said.get('out')} was full in the end")
    if said["state"] in ("done", "stopped"):
        gaps += _log_gaps(entry, said, frames)
    return gaps


def _log_gaps(entry: t.Mapping[str, t.Any], said: t.Mapping[str, t.Any], frames: t.Mapping[str, framing.Frame]) -> list[str]:
    if entry.get("log") is None:
        return ["the container's log could not be read, which takes the right to get pods/log"]
    frame = frames.get("stdout")
    if frame is None:
        return ["the container's log does not hold the output any more: the kubelet has rotated it, or it is longer than could be read"]
    if frame.fault:
        return [f"the output in the log is damaged: {frame.fault}"]
    if frame.total > len(frame.content):
        return [f"the output is {frame.total} bytes long, and the first {len(frame.content)} of them are in the log"]
    if frame.sha256 != said.get("sha256"):
        return ["the output in the log is not the one that the verdict is about"]
    return []


def _no_verdict(entry: t.Mapping[str, t.Any]) -> str:
    state = entry.get("state")
    if state == "terminated":
        said = entry.get("message") or entry.get("reason") or "nothing was said"
        tools = "The image has to have sh, and sha256sum, base64, gzip and setsid"
        return f"it was not run: the container ended with exit code {entry.get('exit_code')} ({said}). {tools}"
    return f"it was not run: the container is {state}{' (' + str(entry['reason']) + ')' if entry.get('reason') else ''}"


def _exec_command(entry: t.Mapping[str, t.Any]) -> str:
    words = shlex.split(str(entry.get("attach_command") or ""))
    context = words[words.index("-c") + 2 :] if "-c" in words else []
    return shlex.join(["kubectl", "exec", "-it", "-n", str(entry["namespace"]), str(entry["pod"]), "-c", str(entry["name"]), *context, "--", "sh"])


def _bare(planned: t.Mapping[str, t.Any], state: str, why: str) -> dict[str, t.Any]:
    return {
        **_nothing(),
        "summary": _titled(planned["preset"], why),
        "preset": planned["preset"],
        "state": state,
        "problems": [why] if state == "failed" else [],
    }


def _left_out(planned: t.Mapping[str, t.Any], namespace: str | None, why: t.Any) -> dict[str, t.Any]:
    return {**_bare(planned, "skipped", f"left out: {why}"), "namespace": namespace}


def _titled(preset: str, words: str) -> str:
    return f"{TITLES.get(preset, preset.capitalize())}: {printable(words)}"


def _sentence(text: str) -> str:
    return text.rstrip(".")
