# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""A preset and what was asked of it as an ephemeral container, the same for equal requests. Pure, but for the clock that callers read."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import typing as t

#: Beyond a window's end, for clocks of nodes that are not the controller's.
CLOCK_SKEW = 180
#: Where no target is matched: busybox is an image of root, which runAsNonRoot does not start.
NOBODY = {"runAsUser": 65532, "runAsGroup": 65532}
_TARGET = ("none", "optional", "required")
#: The least and most of each number that may be given. The most keep a container's time, a list and a file within what a pod can be asked for.
NUMBERS = {
    "debug_approved_class": (0, 3),
    "debug_window": (1, 604800),
    "debug_max_pods": (1, 100000),
    "debug_concurrency": (1, 1000),
    "debug_patience": (0, 86400),
    "debug_shell_ttl": (1, 604800),
    "debug_connect_timeout": (1, 3600),
    "debug_process_limit": (1, 100000),
    "debug_filesystem_since": (0, 1000000000),
    "debug_filesystem_lines": (1, 1000000),
    "debug_filesystem_archive_mib": (1, 1048576),
    "debug_jvm_heap_mib": (1, 1048576),
    "debug_python_seconds": (1, 600),
    "debug_tls_timeout": (1, 3600),
    "debug_tls_days": (0, 36500),
    "debug_capture_seconds": (1, 3600),
    "debug_capture_packets": (1, 10000000),
    "debug_capture_bytes": (0, 262144),
    "debug_capture_mib": (1, 1048576),
    "debug_trace_seconds": (1, 600),
    "debug_trace_processes": (1, 10000),
    "debug_trace_max_pods": (1, 100000),
    "debug_go_port": (0, 65535),
    "debug_go_seconds": (1, 600),
    "debug_node_port": (1, 65535),
    "debug_node_seconds": (1, 600),
    "debug_node_snapshot_mib": (1, 1048576),
    "debug_forensic_core_mib": (1, 1048576),
    "debug_db_timeout": (1, 600),
    "debug_log_lines": (0, 10000000),
    "debug_log_bytes": (1, 4194304),
    "debug_guard_pods": (1, 100000),
    "debug_guard_percent": (1, 100),
    "debug_guard_containers": (0, 100000),
    "debug_guard_running": (0, 100000),
    "debug_guard_hourly": (0, 100000),
    "debug_guard_failures": (1, 100000),
    "debug_guard_replicas": (1, 100000),
}


#: What a preset does to its target at most, by its class.
CLASSES = (
    "reads, and changes nothing",
    "sends the target a signal or attaches to it; the target answers and goes on",
    "stops the target for a while, or takes much of its memory or disk",
    "has rights that an application has not",
)


class BadRequest(Exception):
    """What was asked for cannot be; the message is for a person."""


class NotApproved(BadRequest):
    """It is of a class (``value``) above the one that is approved (``limit``)."""

    def __init__(self, message: str, value: int, limit: int) -> None:
        super().__init__(message)
        self.value, self.limit = value, limit


def escape(text: str) -> str:
    """``text`` so that the kubelet's expansion of command, args and env gives it back: ``$(`` as ``$$(``, ``$$`` as ``$$$$``.

    Source: k8s.io/kubernetes third_party/forked/golang/expansion: ``$$`` becomes ``$``, and any other ``$`` that no ``(`` follows stays.
    """
    return re.sub(r"\$(?=[$(])", "$$", text)


def bare(script: str) -> str:
    """A shell script without the lines that are only a comment: it is stored with the pod."""
    return re.sub(r"^[ \t]*#.*\n|^\n", "", script, flags=re.MULTILINE)


def image(name: str, registry: str, digest: str) -> str:
    """The image under another registry, pinned to a digest where one is given."""
    if digest and not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise BadRequest(f"The digest {digest!r} of the image {name} is not sha256: and 64 hexadecimal digits.")
    whole = f"{registry.rstrip('/')}/{name}" if registry else name
    return f"{whole.partition('@')[0]}@{digest}" if digest else whole


def plan(request: t.Mapping[str, t.Any], now: float) -> dict[str, t.Any]:
    """What the role works by: ``candidates`` are the container of this time window and of the one before, each with ``name`` and ``definition``.

    ``request``: preset (its name), data (vars/presets/NAME.yml), wrapper and script (texts), image, registry, digest, target, profile,
    security_context, incident, reason, window and patience (seconds), and numbers: the role's variables that are in NUMBERS, by their names.

    Everything in the container goes into its name's hash: two requests share a name only if they are equal.
    """
    wrong = wrong_numbers(request["numbers"])
    if wrong:
        raise BadRequest(" ".join(wrong))
    # Templates of ansible-core up to 2.18 make a list of text that looks like one.
    request = {**request, **{key: str(request[key]) for key in ("image", "registry", "digest", "target", "profile", "incident", "reason")}}
    name, data = request["preset"], request["data"]
    _check_class(name, data, int(request["numbers"].get("debug_approved_class", 1)))
    if not request["image"]:
        raise BadRequest(
            f"There is no image for the preset {name}: debug_preset_images has to say the last part of a variable's name, as toolkit of debug_image_toolkit."
        )
    target = _target(name, data["target"], request["target"])
    profile = request["profile"] or data.get("profile") or ("match_target" if target else "restricted")
    seconds = int(request["window"])
    window = int(now // seconds)
    candidates = [_container(request, target, profile, index) for index in (window, window - 1)]
    return {
        "preset": name,
        "now": now,
        "window": seconds,
        "arguments": _words(name, data["arguments"]),
        "target": target or None,
        "profile": profile,
        "class": int(data["class"]),
        "hold": int(data["hold"]),
        "artifacts": list(data.get("artifacts") or ()),
        "sensitive": str(data.get("sensitive", False)) == "True",
        "writes_to_target": bool(data.get("writes_to_target", False)),
        **_max_pods(data, int(request["numbers"].get("debug_max_pods", NUMBERS["debug_max_pods"][1]))),
        "file_kib": int(data.get("file_kib") or 0),
        "file_limit": data.get("file_limit"),
        "on_finished": data.get("on_finished", "keep"),
        "wait_for": "running" if int(data["hold"]) else "completed",
        "wait_timeout": int(data["timeout"]) + int(request["patience"]),
        "candidates": candidates,
    }


def choose(planned: t.Mapping[str, t.Any], found: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """What to ensure: each has ``definition``, and where it is for one pod only, ``namespace``, ``pod`` and ``pod_uid``.

    A pod that has the container of the window before, younger than a window, keeps it, so that requests around a boundary are one; of a preset whose
    containers are followed by others once they have ended, one that has not ended. ``found``: what ephemeral_container_info returned of the pods. More of
    them than the preset is for are the module's to refuse.
    """
    current, previous = planned["candidates"]
    earliest = planned["now"] - planned["window"]
    follows = planned["on_finished"] == "next"
    name = re.compile(re.escape(previous["name"]) + (r"(-[1-9][0-9]*)?" if follows else ""))
    keep = {
        entry["uid"]
        for entry in found.get("containers") or ()
        if name.fullmatch(entry["name"]) and _added(entry, planned["now"]) > earliest and not (follows and entry["state"] == "terminated")
    }
    pods = found.get("pods") or ()
    if all(pod["uid"] in keep for pod in pods) or not keep or len(pods) > planned["max_pods"]:
        return [{"definition": (previous if keep else current)["definition"]}]
    return [
        {
            "namespace": pod["namespace"],
            "pod": pod["pod"],
            "pod_uid": pod["uid"],
            "definition": (previous if pod["uid"] in keep else current)["definition"],
        }
        for pod in pods
    ]


def words(given: str | t.Sequence[t.Any]) -> list[str]:
    """A list, or words between commas, without blanks around them and without those that are empty."""
    listed = (str(word).strip() for word in (given.split(",") if isinstance(given, str) else given))
    return [word for word in listed if word]


def wrong_numbers(given: t.Mapping[str, t.Any]) -> list[str]:
    """What is wrong with the role's variables that are numbers, each by its name in NUMBERS."""
    wrong = []
    for name, value in given.items():
        least, most = NUMBERS[name]
        try:
            fits = not isinstance(value, (bool, float)) and least <= int(value) <= most
        except (TypeError, ValueError):
            fits = False
        if not fits:
            wrong.append(f"{name} is {value!r}. It has to be an integer from {least} to {most}.")
    return wrong


def _check_class(preset: str, data: t.Mapping[str, t.Any], approved: int) -> None:
    """``class`` is an index of CLASSES, ``effect`` what that means for this preset: data that may depend on what was asked for."""
    level = int(data["class"])
    if level > approved:
        effect = str(data.get("effect") or CLASSES[level])
        raise NotApproved(
            f"The preset {preset}, as it was asked for, is of class {level}: it {effect}. Approved is class {approved} ({CLASSES[approved]}). "
            f"Set debug_approved_class to {level} to approve it, or ask for less.",
            level,
            approved,
        )


def _target(preset: str, needs: str, given: str) -> str:
    if needs not in _TARGET:
        raise BadRequest(f"The preset {preset} has target {needs!r}. It has to be one of {', '.join(_TARGET)}.")
    if needs == "required" and not given:
        raise BadRequest(
            f"The preset {preset} looks into one container of the pod, and debug_target does not say which. Set debug_target to the container's name."
        )
    return "" if needs == "none" else given


def _max_pods(data: t.Mapping[str, t.Any], of_all: int) -> dict[str, t.Any]:
    """The most pods of a preset that is for fewer than others, and ``pods_limit``, the role's variables that would have to be raised for more."""
    of_preset = int(data.get("max_pods") or NUMBERS["debug_max_pods"][1])
    limits = {str(data.get("pods_limit")): of_preset, "debug_max_pods": of_all}
    return {"max_pods": of_preset, "pods_limit": " and ".join(name for name, most in limits.items() if most == min(of_preset, of_all) and name != "None")}


def _words(preset: str, arguments: t.Any) -> list[str]:
    if not isinstance(arguments, list) or not all(isinstance(word, (str, int)) and not isinstance(word, bool) for word in arguments):
        raise BadRequest(f"The arguments of the preset {preset} are {arguments!r}. They have to be a list of strings and integers.")
    words = [str(word) for word in arguments]
    if any("\0" in word for word in words):
        raise BadRequest(f"An argument of the preset {preset} holds the character NUL, which no program can be given.")
    return words


def _container(request: t.Mapping[str, t.Any], target: str, profile: str, window: int) -> dict[str, t.Any]:
    name, data = request["preset"], request["data"]
    words = ["sh", "-c", bare(request["script"]), f"kd-{request['preset']}", *_words(request["preset"], data["arguments"])]
    environment = {
        "KD_SCHEMA": "1",
        "KD_PRESET": request["preset"],
        "KD_INCIDENT": request["incident"],
        "KD_REASON": request["reason"],
        "KD_TARGET": target,
        "KD_TIMEOUT": str(data["timeout"]),
        "KD_HOLD": str(data["hold"]),
        "KD_NOT_AFTER": str((window + 2) * int(request["window"]) + CLOCK_SKEW),
        "KD_FILE_KIB": str(data["file_kib"]) if "file_kib" in data else "",
        **{entry["name"]: str(entry["value"]) for entry in data.get("environment") or ()},
    }
    definition: dict[str, t.Any] = {
        "image": image(request["image"], request["registry"], request["digest"]),
        "command": [escape(word) for word in ("sh", "-c", bare(request["wrapper"]), "kd")],
        "args": [escape(word) for word in words],
        "env": [{"name": key, "value": escape(value)} for key, value in environment.items() if value] + _secrets(name, data.get("secrets") or ()),
    }
    context = {**(NOBODY if profile == "restricted" else {}), **(data.get("security_context") or {}), **request["security_context"]}
    if context:
        definition["securityContext"] = context
    if target:
        definition["targetContainerName"] = target
    told = json.dumps([definition, profile], sort_keys=True, ensure_ascii=True)
    name = f"kd-{name}-{hashlib.sha256(told.encode()).hexdigest()[:10]}"
    definition["env"].append({"name": "KD_NAME", "value": name})
    return {"name": name, "definition": {"name": name, **definition}}


def _secrets(preset: str, wanted: t.Any) -> list[dict[str, t.Any]]:
    """Variables KD_SECRET_INDEX, whose values the kubelet takes out of Secrets: they are neither in the pod nor in anything that is returned.

    ``optional``: with a Secret that is not there the container starts all the same, and can say so.
    """
    found = []
    for index, one in enumerate(wanted):
        if not one:
            continue
        if not isinstance(one, t.Mapping) or set(one) != {"secret", "key"} or not all(isinstance(part, str) and part for part in one.values()):
            raise BadRequest(f"A password of the preset {preset} has to say the Secret that holds it, as a dictionary of secret and key, and nothing else.")
        found.append({"name": f"KD_SECRET_{index}", "valueFrom": {"secretKeyRef": {"name": one["secret"], "key": one["key"], "optional": True}}})
    return found


def _added(entry: t.Mapping[str, t.Any], now: float) -> float:
    """When a container was added, in seconds since 1970; now, where nobody knows any more."""
    for key in ("added_at", "started_at"):
        if entry.get(key):
            return datetime.datetime.fromisoformat(str(entry[key]).replace("Z", "+00:00")).timestamp()
    return now
