# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Run a command in an ephemeral container that runs."""

from __future__ import annotations

import time
import typing as t

from ._errors import Failure
from ._spec import word_errors
from ._status import check_uid, describe, spec_of, state_of, status_of
from ._stream import STDOUT, Broken, Late, Place, execute

if t.TYPE_CHECKING:
    from ._client import Client

_KILLED = 137
#: What runtimes say of a command that is no program of the image.
_COMMANDS_OWN = ("executable file not found", "permission denied", "no such file", "args must not be empty")
#: Seconds between looks at the pod: the kubelet reports the end of a container some time after the stream has ended.
_NEWS = (0, 0.5, 1, 2)
_MOST_WORDS = 100_000
_MOST_STDIN = 1024 * 1024
_ADD = 'Add one with kubedebug.pods.ephemeral_container and a command that stays, such as [sleep, "900"].'


class Command(t.NamedTuple):
    """What to run: ``timeout`` in seconds, ``output_limit_bytes`` for standard output and error each."""

    words: list[str]
    stdin: bytes | None = None
    timeout: float = 60.0
    output_limit_bytes: int = 1024 * 1024
    success_exit_codes: t.Sequence[int] = (0,)
    strip_empty_ends: bool = True


def check_words(command: t.Any) -> list[str]:
    """The option ``command``. Raises Failure ``invalid_options`` where it is no list of strings that can be sent."""
    checked = check_list("command", command, "another command would be run")
    if not checked:
        raise Failure("invalid_options", "command is an empty list.", field="command", hint="Its first word is the program to run.")
    for index, word in enumerate(checked):
        check_text(f"command[{index}]", word)
    if sum(map(len, checked)) > _MOST_WORDS:
        raise Failure(
            "invalid_options",
            f"command is longer than {_MOST_WORDS} characters, and it has to go into a URL.",
            field="command",
            hint="Give large data in stdin, or put it into the container by other ways.",
        )
    return checked


def check_list(option: str, value: t.Any, harm: str) -> list[str]:
    """An option that is a list of strings. ``harm``: what guessing one would do. Raises Failure ``invalid_options``."""
    errors = list(word_errors(option, value, harm))
    if errors:
        message = " ".join(found.message for found in errors)
        raise Failure("invalid_options", message, field=errors[0].field, details=[found.to_dict() for found in errors])
    return t.cast("list[str]", value)


def check_stdin(text: str | None, *, add_newline: bool) -> bytes | None:
    """The option ``stdin`` as bytes. Raises Failure ``invalid_options`` where it is too long."""
    if text is None:
        return None
    data = (text + "\n" * add_newline).encode("utf-8", errors="surrogateescape")
    if len(data) > _MOST_STDIN:
        raise Failure("invalid_options", f"stdin is {len(data)} bytes, at most {_MOST_STDIN} are sent.", field="stdin", hint="Send less, or use a volume.")
    return data


def check_text(option: str, text: str) -> str:
    """``text``, which goes to the container as an argument. Raises Failure ``invalid_options`` where it cannot be one."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Failure("invalid_options", f"{option} holds a character that no argument can have: NUL, or what is no Unicode.", field=option, hint="Remove it.")
    return text


class Result(t.NamedTuple):
    """What came of it. ``rc`` is None where it is not known: the command may have run."""

    rc: int | None
    stdout: Output
    stderr: Output
    failure: Failure | None


class Output:
    """The beginning of what a command printed, at most ``limit`` bytes of it, and how much it was in all."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()
        self.size = 0

    def take(self, data: memoryview) -> None:
        """Keep what there is room for."""
        self.size += len(data)
        self._kept += data[: self._limit - len(self._kept)]

    @property
    def truncated(self) -> bool:
        """Whether there was more than is kept."""
        return self.size > len(self._kept)

    def text(self, *, strip: bool) -> str:
        """What is kept, decoded with replacement; ``strip``: without the line breaks at its end, as Ansible's command does."""
        text = self._kept.decode("utf-8", errors="replace")
        return text.rstrip("\r\n") if strip else text


def find_running(client: Client, place: Place, pod_uid: str | None) -> dict[str, t.Any]:
    """The pod, in which the ephemeral container runs. Raises Failure ``pod_replaced``, ``container_not_found``, ``not_running`` and those of a GET."""
    pod = client.get_pod(place.namespace, place.pod)
    check_running(pod, place, pod_uid)
    return pod


def check_running(pod: t.Mapping[str, t.Any], place: Place, pod_uid: str | None) -> None:
    """Raise Failure unless this is the pod that is meant, and the container one of its ephemeral containers, and running."""
    where, name = f"pod {place.namespace}/{place.pod}", place.container
    check_uid(pod, pod_uid, name)
    if not spec_of(pod, name):
        raise _not_found(pod, place)
    state = state_of(status_of(pod, name))
    if state.state != "running":
        ended = state.state == "terminated"
        raise Failure(
            "not_running",
            f"The ephemeral container {name} of {where} does not run: {describe(state)}.",
            **place._asdict(),
            field="name",
            details=[state._asdict()],
            hint=f"It is never started again. {_ADD}" if ended else "Wait for it with kubedebug.pods.ephemeral_container (wait: true).",
        )


def _not_found(pod: t.Mapping[str, t.Any], place: Place) -> Failure:
    spec, name = pod.get("spec") or {}, place.container
    there = [container["name"] for container in spec.get("ephemeralContainers") or ()]
    own = [container["name"] for key in ("containers", "initContainers") for container in spec.get(key) or ()]
    if name in own:
        message = f"{name} is a container of pod {place.namespace}/{place.pod} itself and no ephemeral one."
        hint = (
            "This module keeps to ephemeral containers, so that a debugging task cannot run things in the application. Use kubernetes.core.k8s_exec for that."
        )
    else:
        names = f"those that there are: {', '.join(there)}" if there else "it has none"
        message, hint = f"Pod {place.namespace}/{place.pod} has no ephemeral container {name} ({names}).", _ADD
    return Failure("container_not_found", message, **place._asdict(), field="name", hint=hint)


def run_command(client: Client, place: Place, command: Command, pod_uid: str) -> Result:
    """Run the command. ``pod_uid``: of the pod that was found. Raises Failure where it was not started; what happened to one that was is in the result."""
    outputs = Output(command.output_limit_bytes), Output(command.output_limit_bytes)
    start = time.monotonic()
    rc, failure = None, None
    try:
        rc = execute(
            client,
            place,
            command.words,
            lambda channel, data: outputs[channel != STDOUT].take(data),
            deadline=start + command.timeout,
            stdin=command.stdin,
        )
        if rc not in command.success_exit_codes:
            failure = _exited(client, place, rc, pod_uid)
    except Failure as refusal:
        raise told_since(client, place, pod_uid, refusal) from None
    except Late:
        failure = Failure(
            "timed_out",
            f"The command had not ended after {command.timeout} seconds, and the connection was closed. The process may run on in the container.",
            **place._asdict(),
            field="timeout",
            hint=f'Set timeout, or bound the command itself: [timeout, "{max(1, int(command.timeout) - 5)}", ...] ends it in the container too.',
        )
    except Broken as broken:
        failure = Failure(
            "outcome_unknown",
            f"The connection to the command was lost after {time.monotonic() - start:.0f} seconds: {broken.words}.{_since(client, place, pod_uid)} "
            "Whether and how the command ended is not known.",
            **place._asdict(),
            hint="Look at what it was to do before it is run again.",
        )
    return Result(rc, *outputs, failure)


def exec_result(place: Place, pod_uid: str, command: Command, result: Result) -> dict[str, t.Any]:
    """What the task returns, but for its warnings."""
    failure, strip = result.failure, command.strip_empty_ends
    returned = {
        "changed": True,
        "rc": result.rc,
        "stdout": result.stdout.text(strip=strip),
        "stderr": result.stderr.text(strip=strip),
        "stdout_bytes": result.stdout.size,
        "stderr_bytes": result.stderr.size,
        "stdout_truncated": result.stdout.truncated,
        "stderr_truncated": result.stderr.truncated,
        "timed_out": bool(failure and failure.code == "timed_out"),
        "command": command.words,
        "namespace": place.namespace,
        "pod": place.pod,
        "pod_uid": pod_uid,
        "name": place.container,
    }
    if failure:
        return {**returned, "msg": failure.msg, "failure": failure.to_dict()}
    # Without a word about it, Ansible takes every rc but 0 for a failure.
    return {**returned, "failed": False}


def _exited(client: Client, place: Place, rc: int, pod_uid: str) -> Failure:
    since = _since(client, place, pod_uid) if rc == _KILLED else ""
    hint = "Its own words are in stderr and stdout. List exit codes that are fine in success_exit_codes."
    message = f"The command ended with exit code {rc}.{since}"
    return Failure("exited", message, **place._asdict(), details=[{"exit_code": rc}], hint=hint)


def told_since(client: Client, place: Place, pod_uid: str, failure: Failure) -> Failure:
    """``failure``, or where a runtime cannot start a command because the container is ending, one that says so."""
    said = " ".join(str(detail.get("message")) for detail in failure.details)
    if failure.code != "exec_failed" or "runtime" not in said or any(words in said for words in _COMMANDS_OWN):
        return failure
    since = _since(client, place, pod_uid)
    return Failure("not_running", failure.message + since, **place._asdict(), details=failure.details, hint=_ADD) if since else failure


def _since(client: Client, place: Place, pod_uid: str) -> str:
    """What has become of the container meanwhile, as a sentence with a space before it, or nothing where it still runs after a while."""
    for pause in _NEWS:
        time.sleep(pause)
        try:
            pod = client.get_pod(place.namespace, place.pod, patience=0)
            if pod["metadata"].get("deletionTimestamp"):
                return " The pod is being deleted."
            check_running(pod, place, pod_uid)
        except Failure as failure:
            return f" {failure.message}" if failure.code in ("pod_not_found", "pod_replaced", "not_running") else ""
    return ""
