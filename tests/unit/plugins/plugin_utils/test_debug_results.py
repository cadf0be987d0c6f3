# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
import re
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_results import artifacts, results, stored
from tests.unit.plugins.plugin_utils.test_debug_frames import frame

OUTPUT = b"@ 0 identity\n uid=1000 gid=1000\n\n"
SHA256 = hashlib.sha256(OUTPUT).hexdigest()
FILE = b"f" * 64 + b" 5 files.tar\n"
LOG = frame("stdout", OUTPUT) + frame("files", FILE)
PLANNED: dict[str, t.Any] = {"preset": "own", "arguments": [], "hold": 0, "artifacts": []}


def verdict(state: str = "done", **more: t.Any) -> str:
    return json.dumps(
        {"kd": 1, "state": state, "code": 0, "timed_out": False, "seconds": 2, "bytes": len(OUTPUT), "sha256": SHA256, "out": "/tmp/kd-own", **more}
    )


def entry(pod: str = "cart", **more: t.Any) -> dict[str, t.Any]:
    return {
        "namespace": "shop",
        "pod": pod,
        "uid": "0123456789",
        "node": "n",
        "name": "kd-own-1",
        "changed": True,
        "spec": {"image": "busybox:1.37"},
        "status": {},
        "state": "terminated",
        "exit_code": 0,
        "reason": "Completed",
        "message": verdict(),
        "started_at": "a",
        "finished_at": "b",
        "log": LOG,
        "failure": None,
        "attach_command": "kubectl attach -n shop cart -c kd-own-1 --context 'my context'",
        **more,
    }


def only(planned: dict[str, t.Any] | None = None, **more: t.Any) -> dict[str, t.Any]:
    return next(iter(results([{"containers": [entry(**more)]}], planned or PLANNED).values()))


def test_complete() -> None:
    found = only()
    assert next(iter(found)) == "summary"
    assert found["summary"] == "Own: its output is in stdout"
    assert (found["state"], found["ok"], found["problems"], found["stdout"], found["log"]) == ("complete", True, [], OUTPUT.decode(), None)
    assert (found["container"], found["changed"], found["image"], found["sha256"]) == ("kd-own-1", True, "busybox:1.37", SHA256)
    assert found["files"] == [{"name": "files.tar", "size": 5, "sha256": "f" * 64}]


@pytest.mark.parametrize(("target", "code", "explained"), [("cart", 137, True), (None, 137, False), ("cart", 1, False)])
def test_a_target_that_ends_takes_the_debug_container_with_it(target: str | None, code: int, explained: bool) -> None:
    found = only({**PLANNED, "target": target}, message=verdict("running"), log="", reason="Error", exit_code=code)
    assert found["state"] == "partial"
    assert ("as it is when its target ends" in found["summary"]) is explained


def test_what_stays_only_until_its_files_are_fetched_is_not_said_to_stay() -> None:
    holding = {"message": None, "log": f"-----KD {verdict()}-----\n{LOG}", "state": "running"}
    assert only({**PLANNED, "hold": 300}, **holding)["state"] == "running"
    assert only({**PLANNED, "hold": 300, "artifacts": ["files.tar"]}, **holding)["state"] == "complete"


INVALID = b"\xff{{ 1 }}"
CASES: dict[str, tuple[dict[str, t.Any], str, str]] = {
    "the verdict is only in the log": ({"message": None, "log": f"-----KD {verdict()}-----\n{LOG}"}, "complete", "in stdout"),
    "timed out": ({"message": verdict(timed_out=True, code=143)}, "partial", "ended after 2 s"),
    "told to end": ({"message": verdict("stopped", code=143)}, "partial", "told to end"),
    "killed": (
        {"message": verdict("running"), "log": "", "reason": "OOMKilled", "exit_code": 137},
        "partial",
        "killed while the preset ran .OOMKilled, exit code 137",
    ),
    "still at work": ({"message": None, "log": f"-----KD {verdict('running')}-----\n", "state": "running"}, "partial", "still at work"),
    "a file too large": ({"message": verdict(code=153)}, "partial", "larger than it may"),
    "rotated log": ({"log": LOG[150:]}, "partial", "rotated"),
    "cut log": ({"log": LOG[:150]}, "partial", "damaged: the log ends within it"),
    "no right to the log": ({"log": None, "failure": {"code": "forbidden_rbac", "msg": "no right."}}, "partial", "right to get pods/log"),
    "output cut": ({"log": frame("stdout", OUTPUT, 10_000_000)}, "partial", "10000000 bytes long, and the first 33 of them"),
    "another output": ({"message": verdict(sha256="0" * 64)}, "partial", "not the one that the verdict is about"),
    "expired": ({"message": verdict("expired"), "exit_code": 75}, "failed", "after its time window was over|time window was over"),
    "no folder": ({"message": verdict("no_folder"), "exit_code": 73}, "failed", "neither /tmp nor /dev/shm"),
    "no wrapper": ({"message": None, "log": "", "exit_code": 127, "reason": "Error"}, "failed", "exit code 127 .Error.. The image has to have sh"),
    "another's message": ({"message": "{{ 1 }}", "log": "x", "exit_code": 1}, "failed", "exit code 1 .{{ 1 }}."),
    "failure of the module": (
        {"message": None, "log": None, "failure": {"code": "start_error", "msg": "It did not start."}},
        "failed",
        "^Own: It did not start$",
    ),
    "waiting": ({"message": None, "log": None, "state": "waiting", "reason": "ImagePullBackOff"}, "failed", "waiting .ImagePullBackOff."),
    "check mode": ({"message": None, "log": None, "state": "unknown", "status": None}, "planned", "would be run in the container kd-own-1"),
    "invalid UTF-8": ({"message": verdict(sha256=hashlib.sha256(INVALID).hexdigest()), "log": frame("stdout", INVALID)}, "complete", "in stdout"),
}


@pytest.mark.parametrize(("more", "state", "words"), CASES.values(), ids=CASES.keys())
def test_states(more: dict[str, t.Any], state: str, words: str) -> None:
    found = only(**more)
    assert found["state"] == state, found["summary"]
    assert re.search(words, found["summary"]), found["summary"]
    assert (found["ok"] is True) == (state == "complete")


def test_output_that_is_no_text_keeps_its_log() -> None:
    more = CASES["invalid UTF-8"][0]
    found = only(**more)
    assert found["stdout"] == "�{{ 1 }}"
    assert found["log"] == more["log"]


def test_a_shell_that_holds() -> None:
    found = only({**PLANNED, "preset": "shell", "hold": 60}, message=None, log=f"-----KD {verdict()}-----\n{LOG}", state="running")
    assert found["state"] == "running"
    assert found["exec_command"] == "kubectl exec -it -n shop cart -c kd-own-1 --context 'my context' -- sh"
    assert found["summary"].endswith(f"at most 60 s: {found['exec_command']}")
    assert found["ok"] is True


HOLDS = {**PLANNED, "hold": 9}
SAID = f"-----KD {verdict()}-----\n{LOG}"


def seen(*entries: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"changed": False, "containers": list(entries)}


def after(*looks: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    begun = entry(**{"message": None, "log": "", "state": "running", "exit_code": None, "finished_at": None, **more})
    return next(iter(results([{"containers": [begun]}], HOLDS, "", looks).values()))


def test_what_was_seen_later_counts() -> None:
    holding = entry(message=None, log=SAID, state="running", exit_code=None, finished_at=None)
    assert after(seen(holding, entry("other", uid="v")))["state"] == "running"
    found = after(seen(holding), seen(entry(log=SAID)))
    assert (found["state"], found["exit_code"], found["finished_at"], found["summary"]) == ("complete", 0, "b", "Own: its output is in stdout")
    assert after(seen(holding), {"skipped": True, "changed": False})["state"] == "running"


def test_a_look_that_fails_says_so() -> None:
    denied = {"changed": False, "msg": "No right.", "failure": {"code": "forbidden_rbac"}}
    found = after(denied)
    assert (found["state"], found["summary"]) == ("failed", "Own: what it says could not be read: No right")
    assert found["started_at"] == "a"
    found = after(denied, log=SAID)
    assert (found["state"], found["ok"]) == ("partial", False)
    assert "what became of it is not known: No right" in found["summary"]
    assert after(denied, state="terminated", message=verdict(), log=SAID)["state"] == "complete"


def test_a_pod_is_not_read_for_another_one_of_its_name() -> None:
    found = after(seen(entry(uid="another", log=SAID)))
    assert (found["state"], found["uid"]) == ("failed", "0123456789")
    assert found["summary"].endswith("its pod was deleted meanwhile")


def test_every_result_has_the_same_keys() -> None:
    keys = set(only())
    assert keys == set(only(message=None, log="", exit_code=127)) == set(only(status=None, spec=None, message=None, log=None))
    assert keys == set(results([{"msg": "No.", "failure": None}], PLANNED, "x")["x"])
    assert only()["pod"] == "cart"


def test_many_pods_and_those_that_are_left_out() -> None:
    skipped = [{"pod": "old", "reason": "pod_finished", "message": "It has finished."}]
    failed = entry("b", message=None, log=None, failure={"code": "x", "msg": "No."})
    found = results([{"containers": [entry("a"), failed], "skipped_pods": skipped, "msg": "1 of 2"}, {"skipped_pods": skipped}], PLANNED)
    assert {pod: one["state"] for pod, one in found.items()} == {"a": "complete", "b": "failed", "old": "skipped"}


def test_pods_one_by_one() -> None:
    def run(pod: str, **returned: t.Any) -> dict[str, t.Any]:
        return {"_debug_run": {"namespace": "shop", "pod": pod, "pod_uid": "u"}, "changed": False, **returned}

    ended = {"code": "pod_finished"}
    gone = run("c", msg="There is no pod c.", failure={"code": "pod_not_found"})
    runs = [run("a", containers=[entry("a")]), run("b", containers=[entry("b", spec=None, failure=ended)], msg="It has finished.", failure=ended), gone]
    runs += [run("d", msg="No.", failure={"code": "api_error"}), {"skipped_pods": [{"namespace": "shop", "pod": "e", "message": "Static."}]}]
    found = results(runs, PLANNED, "deployment/cart")
    assert {pod: one["state"] for pod, one in found.items()} == {"a": "complete", "b": "skipped", "c": "skipped", "d": "failed", "e": "skipped"}
    assert found["c"]["summary"] == "Own: left out: There is no pod c."
    assert {one["dest"] for one in found.values()} == {"shop/a/own/kd-own-1-01234567", *(f"shop/{pod}/own" for pod in "bcde")}


def test_a_task_that_failed_for_all() -> None:
    found = results([{"changed": False, "msg": "There is no pod x.", "failure": {"code": "pod_not_found"}}], PLANNED, "x")
    assert (found["x"]["state"], found["x"]["summary"], found["x"]["failure"]) == ("failed", "Own: There is no pod x", {"code": "pod_not_found"})
    assert results([{"changed": False, "containers": []}], PLANNED, "x") == {}


TAKES = {**PLANNED, "hold": 9, "artifacts": ["files.tar"], "file_kib": 64, "file_limit": "debug_filesystem_archive_mib"}
ITEM = {"dest": "shop/cart/own/kd-own-1-01234567/files.tar"}
NOT_HERE = {"item": ITEM, "stat": {"exists": False}}
HERE = {"item": ITEM, "stat": {"exists": True, "path": "/d/files.tar", "checksum": "f" * 64}}
OTHER = {"item": ITEM, "stat": {"exists": True, "path": "/d/files.tar", "checksum": "0" * 64}}


def take(kept: dict[str, t.Any], *fetched: dict[str, t.Any], log: str = SAID) -> dict[str, t.Any]:
    got = [{"item": ITEM, **one} for one in fetched]
    return results([{"containers": [entry(log=log)]}], TAKES, "", [seen(entry(log=log))], [kept], got)["cart"]


TAKEN: dict[str, tuple[dict[str, t.Any], list[dict[str, t.Any]], str | None]] = {
    "fetched": (NOT_HERE, [{"files": [{"path": "p", "dest": "/d/files.tar", "checksum": "f" * 64}]}], None),
    "here from before": (HERE, [], None),
    "another one was here": (OTHER, [{"files": [{"path": "p", "dest": "/d/files.tar", "checksum": "f" * 64}]}], None),
    "altered": (NOT_HERE, [{"files": [{"path": "p", "dest": "/d/files.tar", "checksum": "0" * 64}]}], "altered in the container"),
    "not fetched": (NOT_HERE, [{"msg": "No way.", "files": [{"path": "p", "dest": None, "checksum": None}]}], ": No way. It stays .* a repeat tries again$"),
    "gone meanwhile": (NOT_HERE, [{"msg": "It has ended.", "failure": {"code": "not_running"}, "files": []}], "could not be fetched: It has ended$"),
    "not here any more": (NOT_HERE, [], "any more, for the container that had it has ended, and it is not in shop/cart/own/kd-own-1-01234567/files.tar$"),
    "not the one any more": (OTHER, [], "has ended, and what is in /d/files.tar now is another file$"),
}


@pytest.mark.parametrize(("kept", "fetched", "problem"), TAKEN.values(), ids=TAKEN.keys())
def test_files_that_are_taken_along(kept: dict[str, t.Any], fetched: list[dict[str, t.Any]], problem: str | None) -> None:
    found = take(kept, *fetched)
    [one] = found["artifacts"]
    assert found["state"] == ("partial" if problem else "complete")
    assert (one["name"], one["sha256"]) == ("files.tar", "f" * 64)
    assert re.search(problem, one["problem"]) if problem else one["problem"] is None
    assert found["problems"] == ([one["problem"]] if problem else [])
    if not problem:
        assert one["path"] == "/d/files.tar"
        assert found == take(HERE)


def test_which_files_to_take_along() -> None:
    holding = {"message": None, "log": SAID, "state": "running", "exit_code": None, "finished_at": None}

    def wanted(kept: list[dict[str, t.Any]], **more: t.Any) -> list[dict[str, t.Any]]:
        return artifacts({"cart": {"own": only(TAKES, **more)}, "other": {}}, "own", kept)

    [one] = wanted([], **holding)
    assert one == {
        "namespace": "shop",
        "pod": "cart",
        "uid": "0123456789",
        "container": "kd-own-1",
        "name": "files.tar",
        "sha256": "f" * 64,
        "source": "/tmp/kd-own/files.tar",
        "folder": "shop/cart/own/kd-own-1-01234567",
        "dest": "shop/cart/own/kd-own-1-01234567/files.tar",
    }
    assert wanted([NOT_HERE], **holding) == wanted([OTHER], **holding) == [one]
    assert wanted([HERE], **holding) == []
    assert wanted([]) == [one]
    assert wanted([NOT_HERE]) == []
    assert wanted([], message=None, log="", state="running", finished_at=None) == []


@pytest.mark.parametrize(
    ("size", "problem"),
    [
        (
            65536,
            "files.tar was cut at 0.0625 MiB, the most that it may have, which debug_filesystem_archive_mib moves; what there is of it is files.tar.partial",
        ),
        (65535, "files.tar is not complete; what there is of it is files.tar.partial"),
    ],
)
def test_a_file_that_is_not_whole_does_not_have_its_name(size: int, problem: str) -> None:
    log = SAID.replace(frame("files", FILE), frame("files", f"{'f' * 64} {size} files.tar.partial\n".encode()))
    item = {"dest": f"{ITEM['dest']}.partial"}
    found = take({**HERE, "item": item}, log=log)
    assert (found["state"], found["problems"], found["artifacts"][0]["problem"]) == ("partial", [problem], problem)
    assert found["artifacts"][0]["name"] == "files.tar.partial"
    assert problem in found["summary"]


def test_a_file_that_was_not_made() -> None:
    log = SAID.replace(frame("files", FILE), frame("files", b""))
    found = take(NOT_HERE, log=log)
    assert (found["state"], found["artifacts"][0]["problem"]) == ("partial", "files.tar was not made")


def all_paths(results_: dict[str, dict[str, t.Any]]) -> list[str]:
    return [one["path"] for one in stored({pod: {found["preset"]: found} for pod, found in results_.items()})]


def test_a_name_is_never_a_path() -> None:
    assert all_paths(results([{"msg": "No.", "failure": {}}], PLANNED, "../../x")) == ["_.._x/own/result.json"]


NOT_MADE: dict[str, dict[str, t.Any]] = {
    "the task failed": {"msg": "No.", "failure": {"namespace": "shop"}},
    "the pod takes no container": {
        "containers": [],
        "skipped_pods": [{"namespace": "shop", "pod": "cart", "reason": "pod_finished", "message": "It has finished."}],
    },
    "the write was refused": {"containers": [entry(spec=None, status=None, message=None, log=None, failure={"code": "x", "msg": "No."})]},
}


@pytest.mark.parametrize("ensured", NOT_MADE.values(), ids=NOT_MADE.keys())
def test_what_no_container_was_made_for_does_not_touch_what_one_has_said(ensured: dict[str, t.Any]) -> None:
    made = all_paths(results([{"containers": [entry()]}], PLANNED))
    assert made == ["shop/cart/own/kd-own-1-01234567/result.json", "shop/cart/own/kd-own-1-01234567/stdout.txt"]
    assert all_paths(results([ensured], PLANNED, "cart")) == ["shop/cart/own/result.json"]
    assert all_paths(results([{"containers": [entry(name="kd-own-2")]}], PLANNED)) == [path.replace("own-1", "own-2") for path in made]


def test_a_pod_does_not_overwrite_what_was_read_of_its_namesake() -> None:
    former, later = (all_paths(results([{"containers": [entry(uid=uid)]}], PLANNED)) for uid in ("aaaaaaaa-1", "bbbbbbbb-1"))
    assert former[0] == "shop/cart/own/kd-own-1-aaaaaaaa/result.json"
    assert not set(former) & set(later)


def test_a_failure_names_the_variable_of_the_role() -> None:
    failure = {
        "code": "too_many_pods",
        "field": "max_pods",
        "msg": "web matches 3 pods, and max_pods is 1.",
        "hint": "Set max_pods.",
        "details": [{"max_pods": 1}],
    }
    returned = {"changed": False, "msg": "web matches 3 pods, and max_pods is 1. Set max_pods.", "failure": failure}
    found = results([returned], {**PLANNED, "pods_limit": "debug_trace_max_pods"}, "web")["web"]
    assert found["summary"] == "Own: web matches 3 pods, and debug_trace_max_pods is 1. Set debug_trace_max_pods"
    assert (found["failure"]["field"], found["failure"]["hint"]) == ("debug_trace_max_pods", "Set debug_trace_max_pods.")
    other = {"changed": False, "msg": "max_pods.max_pods is no pod.", "failure": {"code": "pod_not_found"}}
    assert results([other], {**PLANNED, "pods_limit": "debug_trace_max_pods"}, "web")["web"]["summary"] == "Own: max_pods.max_pods is no pod"


def test_stored_files() -> None:
    more = CASES["invalid UTF-8"][0]
    listed = stored({"cart": {"own": only(), "raw": only({**PLANNED, "preset": "raw"}, **more)}})
    assert [one["path"] for one in listed] == [
        *("shop/cart/own/kd-own-1-01234567/result.json", "shop/cart/own/kd-own-1-01234567/stdout.txt"),
        *("shop/cart/raw/kd-own-1-01234567/result.json", "shop/cart/raw/kd-own-1-01234567/stdout.txt", "shop/cart/raw/kd-own-1-01234567/container.log"),
    ]
    assert {one["folder"] for one in listed} == {"shop/cart/own/kd-own-1-01234567", "shop/cart/raw/kd-own-1-01234567"}
    told = json.loads(listed[0]["content"])
    assert next(iter(told)) == "summary"
    assert "stdout" not in told
    assert "changed" not in told
