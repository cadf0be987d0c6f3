# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens the inspector of a Node process, asks it, and closes it again: PID PORT SECONDS FOLDER FREE_BYTES CAUGHT MODE... with
CAUGHT 1 where Node handles SIGUSR1, which ends it where not, and the modes cpu, heap, snapshot.

What it finds are lines of JSON, each with ``what``; the last one, ``inspector``, says what is left of it. Runs in the debug container: Python and its
module websocket (python3-websocket of Debian) are all that it has.
"""

import collections
import contextlib
import itertools
import json
import os
import re
import signal
import sys
import time
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

import websocket

#: Seconds that Node may take to open its inspector, and to answer.
PATIENCE = 10
#: How many functions are told.
MOST = 30
#: Closing waits for the connections to end, and the event loop with it: so it is done a moment later, when this one has ended. Where the loop does not get
#: to it, because something computes for ever, it is done at once.
CLOSE = ("{const i = require('inspector'); setTimeout(() => i.close(), 300)}; 1", "require('inspector').close(); 1")
FACTS = """(() => {
  const v8 = require('v8'), own = {};
  const take = (name, get) => { try { own[name] = get(); } catch (error) { own[name] = null; } };
  take('version', () => process.version);
  take('uptime', () => process.uptime());
  take('memory', () => process.memoryUsage());
  take('heap', () => v8.getHeapStatistics());
  take('resources', () => process.getActiveResourcesInfo().reduce((sum, name) => ({...sum, [name]: (sum[name] || 0) + 1}), {}));
  take('loop', () => performance.eventLoopUtilization());
  return JSON.stringify(own);
})()"""


class Failed(Exception):
    """Something that keeps from going on; the words are for a person."""


class Stopped(Exception):
    """The preset is over before its time."""


def tell(what: str, **more: t.Any) -> None:
    """Print a finding."""
    print(json.dumps({"what": what, **more}), flush=True)


def listening(pid: int) -> dict[int, str]:
    """The ports that a process listens on, and the address to reach each at."""
    inodes = set()
    for path in Path(f"/proc/{pid}/fd").glob("*"):
        with contextlib.suppress(OSError):
            found = re.fullmatch(r"socket:\[(\d+)\]", str(path.readlink()))
            inodes.add(found and found.group(1))
    ports = {}
    for name, loopback in (("tcp", "127.0.0.1"), ("tcp6", "[::1]")):
        with contextlib.suppress(OSError), Path(f"/proc/{pid}/net/{name}").open(encoding="ascii") as table:
            for words in (line.split() for line in table):
                if len(words) > 9 and words[3] == "0A" and words[9] in inodes:
                    address, port = words[1].split(":")
                    ports[int(port, 16)] = own_address(address) or loopback
    return ports


def own_address(packed: str) -> str:
    """An IPv4 address that is neither all nor loopback; empty for others."""
    parts = [str(int(packed[place : place + 2], 16)) for place in (6, 4, 2, 0)] if len(packed) == 8 else ["0"]
    return "" if parts[0] in ("0", "127") else ".".join(parts)


def page(address: str, port: int) -> list[dict[str, t.Any]]:
    """What the inspector offers to connect to; nothing where that is not one."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{address}:{port}/json/list", timeout=3) as reply:
            read = json.loads(reply.read(65536))
    except (OSError, ValueError, urllib.error.URLError):
        return []
    return [one for one in read if isinstance(one, dict) and one.get("type") == "node"] if isinstance(read, list) else []


def find(pid: int, ports: t.Iterable[int]) -> tuple[str, int] | None:
    """Where the inspector is, among ports of a process."""
    there = listening(pid)
    return next(((there[port], port) for port in ports if port in there and page(there[port], port)), None)


def find_or_open(pid: int, port: int, *, caught: bool) -> tuple[tuple[str, int], bool]:
    """Where the inspector is, and whether it was there before."""
    try:
        next(Path(f"/proc/{pid}/fd").iterdir(), None)
    except PermissionError as exc:
        raise Failed(f"cannot see which ports the process listens on: /proc/{pid}/fd: Permission denied") from exc
    before = listening(pid)
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    named = [int(number) for number in re.findall(rb"--inspect[a-z-]*=(?:[^\0]*:)?(\d{1,5})(?=\0|$)", command)]
    found = find(pid, [port, *named])
    if found:
        return found, True
    if not caught:
        raise Failed("the process does not catch SIGUSR1, so the signal would end it: nothing was sent (it runs with --disable-sigusr1, or is not Node)")
    os.kill(pid, signal.SIGUSR1)
    tell("signal", signal="SIGUSR1")
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        opened = find(pid, set(listening(pid)) - set(before))
        if opened:
            return opened, False
        time.sleep(0.2)
    # One that was open all the time, at a port that only the environment names, has not opened another.
    found = find(pid, before)
    if found:
        return found, True
    raise Failed(
        f"the inspector did not open within {PATIENCE} s of SIGUSR1: the application handles this signal itself, or another process of the pod has the port "
        "(the application's log then says: Starting inspector on 127.0.0.1:9229 failed: address already in use)"
    )


class Inspector:
    """A connection that speaks the Chrome DevTools Protocol."""

    def __init__(self, where: tuple[str, int]) -> None:
        address, port = where
        offered = page(address, port)
        if not offered:
            raise Failed("the inspector offers nothing to connect to")
        # The address that it names itself is its own view of it.
        path = str(offered[0].get("webSocketDebuggerUrl", "")).partition("://")[2].partition("/")[2]
        self._numbers = itertools.count(1)
        self._socket = websocket.create_connection(f"ws://{address}:{port}/{path}", timeout=PATIENCE, suppress_origin=True, http_no_proxy=["*"])

    def ask(self, method: str, patience: float = PATIENCE, event: t.Callable[[dict[str, t.Any]], None] | None = None, **parameters: t.Any) -> dict[str, t.Any]:
        """The result of a method. ``event`` is given what comes in the meantime."""
        self._socket.settimeout(patience)
        number = self.send(method, **parameters)
        while True:
            reply = json.loads(self._socket.recv() or "{}")
            if not reply:
                raise Failed("the connection to the inspector ended")
            if reply.get("id") == number:
                if "error" in reply:
                    raise Failed(f"{method}: {reply['error'].get('message')}")
                return dict(reply["result"])
            if event:
                event(reply)

    def send(self, method: str, **parameters: t.Any) -> int:
        """Call a method, and return the number that its reply will have."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        return number

    def evaluate(self, expression: str) -> t.Any:
        """The value of an expression. With the API of a command line, which has ``require``."""
        result = self.ask("Runtime.evaluate", expression=expression, includeCommandLineAPI=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise Failed(f"an expression failed: {result['exceptionDetails'].get('text')}")
        return result["result"].get("value")

    def close(self) -> None:
        """End the connection, not the inspector."""
        self._socket.close(timeout=1)


def place(call: dict[str, t.Any]) -> str:
    """A function and where it is."""
    name, url = call.get("functionName") or "(anonymous)", call.get("url")
    return f"{name} ({url}:{call.get('lineNumber', 0) + 1})" if url else str(name)


@contextlib.contextmanager
def left(folder: str, name: str) -> t.Iterator[t.TextIO]:
    """A file for taking along, which has its final name only once it is whole."""
    partial = Path(folder, f"{name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        yield file
    partial.rename(Path(folder, name))


def cpu(inspector: Inspector, seconds: int, folder: str) -> None:
    """Where the time goes: samples of each function itself, in microseconds."""
    inspector.ask("Profiler.enable")
    inspector.ask("Profiler.setSamplingInterval", interval=1000)
    inspector.ask("Profiler.start")
    time.sleep(seconds)
    profile = inspector.ask("Profiler.stop", patience=60)["profile"]
    inspector.ask("Profiler.disable")
    names = {node["id"]: place(node["callFrame"]) for node in profile["nodes"]}
    spent = collections.Counter[str]()
    for node, delta in zip(profile.get("samples", ()), profile.get("timeDeltas", ()), strict=False):
        spent[names[node]] += max(0, delta)
    tell("cpu", seconds=(profile["endTime"] - profile["startTime"]) / 1e6, microseconds=sum(spent.values()), functions=spent.most_common(MOST))
    save(folder, "cpu.cpuprofile", profile)


def heap(inspector: Inspector, seconds: int, folder: str) -> None:
    """Who allocates what is still there, by a sampling profile: bytes of each function itself."""
    inspector.ask("HeapProfiler.enable")
    inspector.ask("HeapProfiler.startSampling", samplingInterval=32768)
    time.sleep(seconds)
    profile = inspector.ask("HeapProfiler.stopSampling", patience=60)["profile"]
    inspector.ask("HeapProfiler.disable")
    held, rest = collections.Counter[str](), [profile["head"]]
    while rest:
        node = rest.pop()
        held[place(node["callFrame"])] += node.get("selfSize", 0)
        rest += node.get("children", ())
    tell("allocations", seconds=seconds, bytes=sum(held.values()), functions=[one for one in held.most_common(MOST) if one[1]])
    save(folder, "heap.heapprofile", profile)


def snapshot(inspector: Inspector, free: int, folder: str) -> None:
    """All objects of the heap, as a file. The application stands still for it."""
    used = int(inspector.ask("Runtime.getHeapUsage")["usedSize"])
    # As JSON an object takes about as much again; twice is what was seen at most.
    if free < 2 * used:
        raise Failed(f"no snapshot was taken: it needs up to {2 * used} bytes for a heap of {used}, and {folder} may take {free}")
    size = 0
    with left(folder, "heap.heapsnapshot") as file:

        def take(event: dict[str, t.Any]) -> None:
            nonlocal size
            if event.get("method") == "HeapProfiler.addHeapSnapshotChunk":
                size += file.write(event["params"]["chunk"])

        inspector.ask("HeapProfiler.takeHeapSnapshot", patience=300, event=take, reportProgress=False)
    tell("snapshot", bytes=size, heap=used)


def save(folder: str, name: str, profile: dict[str, t.Any]) -> None:
    """Leave a profile for DevTools. The folder may be full."""
    try:
        with left(folder, name) as file:
            json.dump(profile, file)
    except OSError as exc:
        tell("error", mode=name, words=f"{name} could not be written: {exc.strerror}")


def close(pid: int, where: tuple[str, int]) -> bool:
    """Close the inspector by a connection of its own, and see that nothing listens there any more."""
    for expression in CLOSE:
        with contextlib.suppress(Failed, OSError, websocket.WebSocketException, ValueError):
            inspector = Inspector(where)
            inspector.send("Runtime.evaluate", expression=expression, includeCommandLineAPI=True)
            time.sleep(0.1)
            inspector.close()
        # Where the preset's time is over, there are five seconds left for all this.
        end = time.monotonic() + 2
        while time.monotonic() < end:
            if where[1] not in listening(pid):
                return Path(f"/proc/{pid}").exists()
            time.sleep(0.1)
    return False


def stop(_number: int, _frame: object) -> None:
    """What was opened is closed, also when the preset's time is over."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped


def work(pid: int, where: tuple[str, int], seconds: int, folder: str, free: int, modes: t.Sequence[str]) -> None:
    """Do what is asked for, each for itself."""
    inspector = Inspector(where)
    facts = json.loads(inspector.evaluate(FACTS))
    tell("facts", pid=pid, **facts)
    for mode in modes:
        try:
            if mode == "snapshot":
                snapshot(inspector, free, folder)
            else:
                {"cpu": cpu, "heap": heap}[mode](inspector, seconds, folder)
        except (Failed, OSError) as exc:
            tell("error", mode=mode, words=str(exc))
            if not Path(f"/proc/{pid}").exists():
                return
    inspector.close()


def main(pid: int, port: int, seconds: int, folder: str, free: int, caught: int, modes: t.Sequence[str]) -> int:
    """Exit code: 0, or 1 where it could not be asked."""
    signal.signal(signal.SIGTERM, stop)
    where, before, code = None, False, 0
    try:
        where, before = find_or_open(pid, port, caught=bool(caught))
        work(pid, where, seconds, folder, free, modes)
    except Stopped:
        tell("error", mode="", words="the preset was ended before it was through")
        code = 1
    except websocket.WebSocketTimeoutException:
        tell("error", mode="", words=f"Node did not answer within {PATIENCE} s: its main thread is in a call that does not return, which no profile can see")
        code = 1
    except websocket.WebSocketConnectionClosedException:
        tell("error", mode="", words="the connection to the inspector was lost")
        code = 1
    except (FileNotFoundError, ProcessLookupError):
        tell("error", mode="", words="the process is not there any more")
        code = 1
    except (AttributeError, LookupError, TypeError) as exc:
        tell("error", mode="", words=f"what Node answered is not of the inspector's protocol ({type(exc).__name__}: {exc})")
        code = 1
    except (Failed, OSError, websocket.WebSocketException, ValueError) as exc:
        tell("error", mode="", words=str(exc))
        code = 1
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        alive = Path(f"/proc/{pid}").exists()
        closed = where is not None and not before and alive and close(pid, where)
        tell("inspector", port=where and where[1], was_open=before, closed=closed, alive=alive)
    return code


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:4]), sys.argv[4], *map(int, sys.argv[5:7]), sys.argv[7:]))
