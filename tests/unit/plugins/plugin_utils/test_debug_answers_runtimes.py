# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What jattach and py-spy print, recorded from a real JVM and a real Python, and what they say where they fail."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_answers import answer
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_answers_jvm import deadlocks, threads
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_frames import parts
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_parts import Answer

RECORDED = Path(__file__).parent / "recorded"
JVM = (RECORDED / "jvm.txt").read_text()
PYTHON = (RECORDED / "python.txt").read_text()


def ask(preset: str, text: str, *arguments: str) -> Answer:
    return answer(preset, parts(text), arguments)


def test_a_jvm_that_is_deadlocked() -> None:
    found = ask("jvm", JVM, "threads", "histogram", "flags")
    assert re.match(r"JVM: OpenJDK 17\.0\.21\S*, 11\.7 MiB of heap used, 7 threads, most of the heap is \d+ byte\[\] \(10\.\d MiB\), ", found.summary)
    (deadlock,) = found.problems
    assert deadlock == (
        "2 threads deadlocked: ships-orders waits for a java.lang.Object that books-orders holds; "
        "books-orders waits for a java.lang.Object that ships-orders holds"
    )
    assert [one["held_by"] for one in found.data["deadlocks"][0]] == ["books-orders", "ships-orders"]
    by_name = {one["name"]: one for one in found.data["threads"]}
    assert by_name["ships-orders"]["state"] == "BLOCKED"
    assert by_name["ships-orders"]["frames"][0] == "at Sick.hold(Sick.java:42)"
    assert by_name["computes"]["daemon"]
    assert by_name["computes"]["cpu_percent"] in range(1, 10)
    assert by_name["VM Thread"]["state"] is None
    assert found.data["heap"] == {"committed": 65536 * 1024, "used": 12023 * 1024}
    assert found.data["flags"]["MaxHeapSize"] == "67108864"
    assert found.data["flags"]["UseG1GC"] is True
    assert {"name": "Sick$Order", "instances": 10000, "bytes": 240000} in found.data["classes"]
    assert found.data["uptime_seconds"] > 40
    assert (found.data["left"], found.data["removed"]) == ([], ["/tmp/.java_pid6"])


def test_a_thread_that_computes_is_named_with_its_place() -> None:
    busy = re.sub(r'(@ 0 threads\n(?:.*\n)*? "computes" .* cpu=)[\d.]+ms', r"\g<1>1781.00ms", JVM)
    assert [text for text in ask("jvm", busy).problems if "computes" in text] == [
        "thread computes uses 98 % of a CPU, in java.lang.Thread.sleep(java.base@17.0.21.1/Native Method)"
    ]


def test_a_dump_of_java_8_tells_no_cpu() -> None:
    lines = [
        '"http-1 "x"" #12 daemon prio=5 os_prio=0 tid=0x00007f1c nid=0x1b waiting for monitor entry [0x00007f]',
        "   java.lang.Thread.State: BLOCKED (on object monitor)",
        "\tat shop.Cart.add(Cart.java:7)",
        "\t- waiting to lock <0x01> (a shop.Cart)",
        "",
        '"VM Thread" os_prio=0 tid=0x00007f nid=0xd runnable ',
        "",
        "JNI global references: 5",
    ]
    first, second = threads(lines)
    assert first == {
        "name": 'http-1 "x"',
        "daemon": True,
        "state": "BLOCKED",
        "cpu_ms": None,
        "elapsed_s": None,
        "cpu_percent": None,
        "frames": ["at shop.Cart.add(Cart.java:7)", "- waiting to lock <0x01> (a shop.Cart)"],
    }
    assert (second["name"], second["state"]) == ("VM Thread", None)


def test_threads_that_are_blocked_without_a_deadlock() -> None:
    text = "@ 0 jvm 1\n 1 java\n\n@ 0 threads\n" + "".join(
        f' "http-{number}" #1{number} prio=5 tid=0x1 nid=0x2 waiting for monitor entry\n    java.lang.Thread.State: BLOCKED (on object monitor)\n'
        for number in range(5)
    )
    assert ask("jvm", text).problems == ["5 threads blocked by a monitor that another holds: http-0, http-1, http-2 and 2 more"]


def test_a_deadlock_of_locks_and_two_deadlocks_at_once() -> None:
    one = [
        "Found one Java-level deadlock:",
        "=============================",
        '"a":',
        "  waiting for ownable synchronizer 0x00000000fc600148, (a java.util.concurrent.locks.ReentrantLock$NonfairSync),",
        '  which is held by "b"',
        '"b":',
        "  waiting to lock monitor 0x00007f1c780021e0 (object 0x00000000fc600148, a shop.Cart),",
        '  which is held by "a"',
        "",
        "Java stack information for the threads listed above:",
        '"a":',
        "\tat x.Y.z(Y.java:1)",
    ]
    found = deadlocks([*one, *one])
    assert len(found) == 2
    assert found[0] == found[1]
    assert [tuple(each.values()) for each in found[0]] == [("a", "java.util.concurrent.locks.ReentrantLock$NonfairSync", "b"), ("b", "shop.Cart", "a")]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Could not start attach mechanism: Read-only file system", "attaching needs a /tmp that the JVM can write to, .* emptyDir .* debug_jvm_modes: .quit"),
        ("Could not start attach mechanism: No space left on device", "there is no room left"),
        ("Failed to change credentials to match the target process: Operation not permitted", "has to have the JVM's user and group, .*match_target"),
        ("Process 9 not found", "the JVM has ended meanwhile"),
        ("Could not connect to socket: Connection refused", "takes no connection"),
        ("something new", "debug_jvm_modes: .quit. needs no file"),
    ],
)
def test_a_jvm_that_cannot_be_attached_to(said: str, told: str) -> None:
    found = ask("jvm", f"@ 0 jvm 1\n 1 java\n\n@ 1 version\n {said}\n\n")
    (problem,) = found.problems
    assert re.search(rf"^process 1 could not be attached to \({said}\): .*{told}", problem)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("unsafe sigquit", "does not handle SIGQUIT (-Xrs)"),
        ("unsafe disabled", "-XX:+DisableAttachMechanism"),
        ("unsafe link", "symbolic link"),
        ("unsafe openj9", "OpenJ9"),
        ("heap no_room 204800 1024", "it takes about 200.0 MiB, and the JVM's /tmp has room for 1.0 MiB"),
        ("heap no_file", "the heap dump failed: nothing was said"),
        ("heap unknown_size", "does not say how much of its heap is used"),
        ("heap packed", "it is larger than debug_jvm_heap_mib"),
        (
            "unfinished /tmp/kd.hprof",
            "still at work on the heap dump /tmp/kd.hprof when the time was over. What there was of it was removed; if it had not begun",
        ),
        ("left /tmp/.java_pid1", "left behind in the target: /tmp/.java_pid1"),
    ],
)
def test_what_was_not_done_or_stayed_is_told(part: str, told: str) -> None:
    (problem,) = ask("jvm", f"@ 0 jvm 1\n 1 java\n\n@ 1 {part}\n\n").problems
    assert told in problem


def test_a_heap_dump_that_failed_says_what_the_jvm_said() -> None:
    text = (
        "@ 0 jvm 1\n 1 java\n\n@ 0 dumped\n JVM response code = 0\n Dumping heap to /tmp/x ...\n Unable to create /tmp/x: No space left\n\n@ 1 heap no_file\n\n"
    )
    assert ask("jvm", text, "heap").problems == ["the heap dump failed: Unable to create /tmp/x: No space left"]


def test_a_heap_dump() -> None:
    found = ask("jvm", f"@ 0 jvm 1\n 1 java\n\n@ 0 heap size 14029526\n {'ab' * 32}  x\n\n@ 0 removed /tmp/x\n\n", "heap")
    assert found.problems == []
    assert found.data["heap_dump"] == {"bytes": 14029526, "sha256": "ab" * 32}
    assert "secrets too" in found.summary


def test_a_python_that_computes_while_another_thread_waits() -> None:
    found = ask("python", PYTHON, "2", "dump", "record")
    assert found.problems == []
    assert found.summary == (
        "Python: 1 process, the first is 1 (python3), 2 threads; MainThread computes in 2 of 3 samples (match_prices.<locals>.<genexpr> (busy.py:19)); "
        "process 1 spends 87 % of 85 samples in match_prices.<locals>.<genexpr> (busy.py)"
    )
    by_name = {one["name"]: one for one in found.data["processes"][0]["threads"]}
    assert by_name["stock"]["places"] == {"wait_for_stock (busy.py:14)": 3}
    assert (by_name["stock"]["active"], by_name["MainThread"]["active"], by_name["MainThread"]["holds_gil"]) == (0, 2, 2)
    assert {one["name"]: one["total_percent"] for one in found.data["recordings"][0]["functions"]}["match_prices (busy.py)"] == 94


def test_a_thread_that_never_pauses_is_a_problem_and_one_that_waits_is_not() -> None:
    always = PYTHON.replace('"active": false', '"active": true')
    assert "process 1: thread stock computes without a pause (in 3 of 3 samples), in wait_for_stock (busy.py:14)" in ask("python", always).problems
    never = PYTHON.replace('"active": true', '"active": false').partition("@ 0 recorded")[0]
    found = ask("python", never)
    assert found.problems == []
    assert "no thread of 1 computes, MainThread waits in match_prices.<locals>.<genexpr> (busy.py:19)" in found.summary


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Permission Denied: Try running again with elevated permissions", "the kernel did not let py-spy look into it (Permission Denied"),
        ("Error: No such process (os error 3)", "it has ended meanwhile"),
        ("Error: Failed to find python version from target process", "this py-spy does not know its Python"),
        ("", "nothing was said"),
    ],
)
def test_a_python_that_cannot_be_read(said: str, told: str) -> None:
    (problem,) = ask("python", f"@ 0 pythons\n 7 gunicorn\n\n@ 1 dump 7\n {said}\n\n").problems
    assert problem.startswith("process 7 (gunicorn) could not be read: ")
    assert told in problem


def test_a_recording_without_a_sample() -> None:
    text = "@ 0 pythons\n 7 python3\n\n@ 0 recorded 7\n py-spy> Wrote raw flamegraph data to 'x'. Samples: 0 Errors: 0\n\n"
    assert ask("python", text).problems == ["process 7 was not at work while it was recorded"]


def test_what_py_spy_warns_of_does_not_hide_the_dump() -> None:
    noisy = PYTHON.replace("@ 0 dump 1\n", "@ 0 dump 1\n [2026-11-25 WARN py_spy] something\n", 1)
    assert ask("python", noisy).problems == []


ARGUMENTS = ("jvm", "2", "threads", "flags", "python", "2", "10", "dump")


def test_the_runtime_is_named_and_asked() -> None:
    seen = "@ 0 runtime jvm 6\n java\n has /usr/lib/libjvm.so mapped\n\n@ 0 other python 9\n python3\n has /usr/bin/python3.11 mapped\n\n"
    found = ask("runtime", seen + JVM, *ARGUMENTS)
    assert found.summary.startswith("Runtime: jvm, for process 6 (java) has /usr/lib/libjvm.so mapped, and process 9 (python3) is python; OpenJDK 17.0.21")
    assert len(found.problems) == 1
    assert found.data["runtimes"][1] == {"runtime": "python", "pid": 9, "name": "python3", "why": "has /usr/bin/python3.11 mapped"}
    assert len(found.data["deadlocks"]) == 1


@pytest.mark.parametrize(
    ("preset", "text", "told"),
    [
        ("runtime", "@ 0 no_runtime\n 1 app\n\n", "none of the target's processes (1 app) is of a runtime that a preset knows: it would have one of its marks"),
        ("jvm", "@ 0 no_jvm\n 1 app\n\n", "none of the target's processes (1 app) is a JVM: it would have libjvm.so mapped"),
        ("python", "@ 0 no_python\n 1 app\n\n", "none of the target's processes (1 app) is Python: it would have python3 or libpython3 mapped"),
        ("jvm", "@ 1 no_tool jattach\n\n", "the image has no jattach"),
        ("python", "", "(none can be seen) is Python"),
        ("runtime", "", "(none can be seen) is of a runtime that a preset knows"),
        ("jvm", "@ 1 access\n ls: /proc/1/root: Permission denied\n\n@ 0 no_jvm\n 1 app\n\n", "(1 app) is a JVM could not be seen"),
    ],
)
def test_what_is_not_there_is_said(preset: str, text: str, told: str) -> None:
    (problem,) = ask(preset, text, *ARGUMENTS).problems
    assert told in problem


def test_a_signal_that_would_end_the_jvm_is_told_of_once() -> None:
    assert len(ask("jvm", "@ 0 jvm 1\n 1 java\n\n@ 1 unsafe sigquit\n\n@ 1 unsafe sigquit\n\n", "threads", "quit").problems) == 1


@pytest.mark.parametrize("preset", ["jvm", "python", "runtime"])
def test_an_output_that_a_pod_has_made_up_is_told_and_never_a_traceback(preset: str) -> None:
    bad: list[t.Any] = ["@ 0 jvm\n\n", "@ 0 jvm x\n\n", "@ 0 pythons\n \n\n@ 0 dump x\n [{}]\n\n", "@ 0 runtime perl 1\n a\n b\n\n", "@ 0 runtime jvm x\n\n"]
    for text in bad:
        found = ask(preset, text, *ARGUMENTS)
        assert found.problems
