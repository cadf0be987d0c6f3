# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions of the presets' scripts under real shells."""

from __future__ import annotations

import http.server
import os
import re
import subprocess
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.kubedebug.pods.plugins.plugin_utils import _debug_proc as proc
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_answers import answer
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_frames import parts
from tests import collection

FILES = collection.ROOT / "roles" / "debug" / "files"


def function(script: str, name: str) -> str:
    found = re.search(rf"^{name}\(\) \{{(?: .*|\n(?:.*\n)*?)\}}$", (FILES / script).read_text(), re.MULTILINE)
    assert found, name
    return found.group()


@pytest.mark.parametrize("shell", [["dash"], ["busybox", "sh"]], ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", ""),
        ("//tmp/./own/", "/tmp/own"),
        ("/tmp/..", ""),
        ("/../../tmp", "/tmp"),
        ("/tmp/last", "/etc/passwd"),
        ("/tmp/middle/passwd", "/etc/passwd"),
        ("/tmp/out/passwd", "/etc/passwd"),
        ("/tmp/near/a b\n", "/tmp/own/a b\n"),
        ("/tmp/end", "/tmp/own/a b\n"),
        ("/tmp/chain", "/etc/passwd"),
        ("/tmp/loop", None),
        ("/tmp/loop/x", None),
        ("/tmp/dangling", None),
        ("/none", None),
    ],
)
def test_links_of_the_target_lead_within_the_target(shell: list[str], path: str, expected: str | None, tmp_path: Path) -> None:
    for folder in ("etc", "tmp/own"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("etc/passwd", "tmp/own/a b\n"):
        (tmp_path / file).write_text("the target's")
    links = {"last": "/etc/passwd", "middle": "/etc", "out": "../../../../../../../../../../etc", "near": "own", "end": "/tmp/own/a b\n"}
    for name, leads in {**links, "chain": "/tmp/last", "loop": "/tmp/loop", "dangling": "/usr"}.items():
        (tmp_path / "tmp" / name).symlink_to(leads)
    script = f'{function("filesystem.sh", "resolve")}\nresolve "$1" && printf \'%s\' "$resolved"'
    ran = subprocess.run(
        [*shell, "-c", script, "sh", path], env={"PATH": "/usr/bin:/bin", "KD_ROOT": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert (ran.stdout if ran.returncode == 0 else None) == expected


@pytest.mark.parametrize("shell", [["dash"], ["busybox", "sh"]], ids=lambda words: words[0])
def test_files_that_change_while_they_are_packed(shell: list[str], tmp_path: Path) -> None:
    root, own, now = tmp_path / "root", tmp_path / "out.own", time.time()
    for folder in (root / "etc", own):
        folder.mkdir(parents=True)
    for path, age in ((root / "etc/old", 20), (own / "packing", 10), (root / "etc/changed\n", 5), (root / "etc/of-the-future", -1000)):
        path.touch()
        os.utime(path, (now - age, now - age))
    script = f'{function("filesystem.sh", "lined")}\n{function("filesystem.sh", "changing")}\nlist() {{ cat "$KD_OUT.own/found"; }}\nchanging "$@"'
    told = subprocess.run(
        [*shell, "-c", script, "sh", "./etc"],
        env={"PATH": "/usr/bin:/bin", "KD_OUT": str(tmp_path / "out"), "KD_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.split("\n") == [f"{root}/./etc/changed\x01", ""]


@pytest.mark.parametrize("shell", [["dash"], ["busybox", "sh"]], ids=lambda words: words[0])
@pytest.mark.parametrize(("limit", "names"), [("unlimited", ["taken"]), ("8", ["taken.partial"])])
def test_a_file_that_is_left_has_its_name_only_once_it_is_whole(shell: list[str], limit: str, names: list[str], tmp_path: Path) -> None:
    out, made = tmp_path / "out", tmp_path / "made"
    out.mkdir()
    made.write_bytes(bytes(100000))
    script = f'{function("parts.sh", "leave")}\nulimit -f {limit}\nleave "$1" taken'
    ran = subprocess.run([*shell, "-c", script, "sh", str(made)], env={"PATH": "/usr/bin:/bin", "KD_OUT": str(out)}, capture_output=True, check=False)
    assert [path.name for path in out.iterdir()] == names
    assert (ran.returncode == 0) is (names == ["taken"])


@pytest.mark.parametrize("shell", [["dash"], ["busybox", "sh"]], ids=lambda words: words[0])
def test_of_an_environment_only_names_are_told(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / "environ").write_bytes(b"PATH=/bin\0KEY=one\ntwo=three\0topsecret\0=hidden\0_a1=\0")
    script = function("process.sh", "environment_names").replace("/proc/$1/environ", "$1") + '\nenvironment_names "$1"'
    (tmp_path / "out.own").mkdir()
    told = subprocess.run(
        [*shell, "-c", script, "sh", str(tmp_path / "environ")],
        env={"PATH": "/usr/bin:/bin", "KD_OUT": str(tmp_path / "out")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.split() == ["PATH", "KEY", "_a1"]


@pytest.mark.parametrize("shell", [["dash"], ["busybox", "sh"]], ids=lambda words: words[0])
@pytest.mark.parametrize(("trap", "signal", "caught"), [("QUIT", 3, True), ("QUIT", 10, False), ("USR1", 10, True), ("HUP", 1, True), ("HUP", 3, False)])
def test_whether_a_process_handles_a_signal(shell: list[str], trap: str, signal: int, caught: bool) -> None:
    script = f"{function('target.sh', 'catches')}\ntrap : {trap}\ncatches $$ {signal}"
    # A shell cannot catch what was ignored when it began, as these are of a job in the background and under nohup.
    taken_back = ["env", "--default-signal=QUIT,USR1,HUP"]
    assert (subprocess.run([*taken_back, *shell, "-c", script], env={"PATH": "/usr/bin:/bin"}, check=False).returncode == 0) is caught


FORGED = "a\n1 2 0755 0 0 /forged\nl- 99 -> /forged"


def shell_with(tools: str, tmp_path: Path) -> tuple[list[str], str]:
    """A shell, and the PATH that has the tools of busybox or of GNU."""
    if tools == "GNU":
        return ["/bin/dash"], "/usr/bin:/bin"
    programs = tmp_path / "bin"
    programs.mkdir()
    subprocess.run(["busybox", "--install", "-s", str(programs)], check=True)
    return [str(programs / "sh")], str(programs)


@pytest.mark.parametrize("tools", ["busybox", "GNU"])
def test_names_of_files_make_no_entries(tools: str, tmp_path: Path) -> None:
    root, own = tmp_path / "root", tmp_path / "out.own"
    folder = root / FORGED.replace("/", "|")
    for made in (folder, own):
        made.mkdir(parents=True)
    (own / "from").touch()
    os.utime(own / "from", (1, 1))
    names = {"plain", "two words", "späth", "line's\nend", "1 2 0644 0 0 x\n\n", f"{folder.name}/within"}
    for name in names:
        (root / name).touch()
    shell, path = shell_with(tools, tmp_path)
    script = (FILES / "filesystem.sh").read_text()
    lists = script[script.index("# lined") : script.index("search() {")]
    told = subprocess.run(
        [*shell, "-c", f"{function('target.sh', 'stats')}\n{lists}\nchanged /"],
        env={"PATH": path, "KD_OUT": str(tmp_path / "out"), "KD_ROOT": str(root), "lines": "100", "from": "0"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.replace(str(root), "/proc/7/root")
    text = "@ 0 pid 7\n\n@ 0 changed\n" + "".join(f" {line}\n" for line in told.split("\n")[:-1])
    changed = answer("filesystem", parts(text), ["0", "100"]).data["changed"]
    assert {one["path"] for one in changed} == {f"/{name}" for name in names}
    assert all(("inode_changed" in one) is (tools == "GNU") for one in changed)


@pytest.mark.parametrize("tools", ["busybox", "GNU"])
def test_names_of_open_files_make_no_entries(tools: str, tmp_path: Path) -> None:
    shell, programs = shell_with(tools, tmp_path)
    target = (FILES / "target.sh").read_text()
    script = target[target.index("if ls -q") : target.index("# stats")] + '\nopen_files "$1"'
    path = tmp_path / "1 998 -> x\nlr-x------ 1 0 0 64 Jan 1 00:00 999 -> x"
    with path.open("w") as file:
        told = subprocess.run([*shell, "-c", script, "sh", str(os.getpid())], env={"PATH": programs}, capture_output=True, text=True, check=False).stdout
        found = proc.descriptors(told.split("\n"))
        assert found[file.fileno()] == str(path).replace("\n", "?")
    assert not {998, 999} & set(found)


class Secretive(http.server.BaseHTTPRequestHandler):
    """Leads elsewhere, with secrets in all that it says."""

    def do_GET(self) -> None:
        first = "topsecret" not in self.path
        self.send_response(302 if first else 200)
        self.send_header("Set-Cookie", "key=topsecret")
        if first:
            self.send_header("Location", f"http://{self.headers['Host']}/next?key=topsecret")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def secretive() -> t.Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Secretive) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("tool", ["curl", "wget"])
def test_neither_headers_nor_passwords_of_a_url_are_told(tool: str, secretive: int, tmp_path: Path) -> None:
    (tmp_path / "out.own").mkdir()
    shell, programs = shell_with("busybox", tmp_path)
    if tool == "curl":
        Path(programs, "curl").symlink_to("/usr/bin/curl")
    ends = [f"http://user:topsecret@127.0.0.1:{secretive}/", f"user:topsecret@127.0.0.1:{secretive}", "http://user:topse/cret@127.0.0.1"]
    script = (FILES / "parts.sh").read_text() + (FILES / "connect.sh").read_text()
    told = subprocess.run(
        [*shell, "-c", script, "sh", "5", *ends],
        env={"PATH": programs, "KD_OUT": str(tmp_path / "out")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = answer("connect", parts(told), ["5", *ends])
    assert found.data["endpoints"][0]["status"] == 200
    assert ("redirects" in found.data["endpoints"][0]) is (tool == "curl")
    assert [one["to"] for one in found.data["endpoints"]] == [f"http://127.0.0.1:{secretive}/", f"127.0.0.1:{secretive}", "http://127.0.0.1"]
    for secret in ("topsecret", "user", "cret@"):
        assert secret not in told + str(found)


RUNTIMES = r"""
KD_MEMBERS='1 2 3'
find_target() { :; }
part() { title=$1; shift; printf '@ %s:' "$title"; "$@" | tr '\n' ' '; echo; }
head() { echo "name"; }
names_of() { echo "$*"; }
first_of() { [ "$1" = "$FIRST" ] && echo 'is first'; }
second_of() { [ "$1" = "$SECOND" ] && echo 'is second'; }
preset_first() { echo "first [$*] $#"; }
preset_second() { echo "second [$*] $#"; }
"""


@pytest.mark.parametrize("shell", [["dash"], ["busybox", "sh"]], ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"FIRST": "1"}, ["@ runtime first 1:name is first ", "first [a b c] 2"]),
        ({"SECOND": "2"}, ["@ runtime second 2:name is second ", "second [d] 1"]),
        ({"SECOND": "2", "FIRST": "3"}, ["@ runtime second 2:name is second ", "@ other first 3:name is first ", "second [d] 1"]),
        ({"SECOND": "2", "FIRST": "2"}, ["@ runtime first 2:name is first ", "first [a b c] 2"]),
        ({}, ["@ no_runtime:1 2 3 "]),
    ],
)
def test_the_oldest_process_with_a_runtime_decides(shell: list[str], where: dict[str, str], told: list[str]) -> None:
    script = RUNTIMES + (FILES / "runtime.sh").read_text() + "\npreset_runtime first 2 'a b' c second 1 d"
    ran = subprocess.run([*shell, "-c", script], env={"PATH": "/usr/bin:/bin", "FIRST": "", "SECOND": "", **where}, capture_output=True, text=True, check=False)
    assert (ran.stdout.splitlines(), ran.stderr) == (told, "")


GOROUTINES = """goroutine 20 [chan receive, 5 minutes]:
main.leak(0xc000012345)
\t/src/main.go:4 +0x1d
created by main.main in goroutine 1
\t/src/main.go:9 +0x37

goroutine 7 [running]:
main.spin(...)
\t/src/main.go:6

goroutine 21 [chan receive, 12 minutes, locked to thread]:
main.leak(0xc000054321)
\t/src/main.go:4 +0x1d
created by main.main in goroutine 9
\t/src/main.go:9 +0x37

goroutine 22 [chan receive]:
main.leak(0xc0)
\t/src/main.go:4 +0x1d
created by main.main in goroutine 9
\t/src/main.go:9 +0x37
"""


@pytest.mark.parametrize("shell", [["dash"], ["busybox", "sh"]], ids=lambda words: words[0])
@pytest.mark.parametrize("awk", ["mawk", "busybox awk"])
def test_goroutines_that_do_the_same_are_one_group(shell: list[str], awk: str, tmp_path: Path) -> None:
    (tmp_path / "out.own").mkdir()
    (tmp_path / "out.own" / "got").write_text(GOROUTINES)
    script = function("go.sh", "go_groups").replace("awk ", f"{awk} ", 1) + "\ngo_groups"
    told = subprocess.run(
        [*shell, "-c", script], env={"PATH": "/usr/bin:/bin", "KD_OUT": str(tmp_path / "out"), "GO_BYTES": "10000"}, capture_output=True, text=True, check=True
    ).stdout
    groups = told.strip().split("\n\n")
    assert [group.split("\n")[:2] for group in groups] == [
        ["2 5", "goroutine 20 [chan receive, 5 minutes]:"],
        ["1 0", "goroutine 7 [running]:"],
        ["1 12", "goroutine 21 [chan receive, 12 minutes, locked to thread]:"],
    ]


@pytest.mark.parametrize("awk", ["mawk", "busybox awk"])
def test_a_core_dump_takes_each_mapping_whole_that_has_memory_of_its_own(awk: str, tmp_path: Path) -> None:
    (tmp_path / "smaps").write_text(
        "55d0-55d1 r--p 00000000 00:1b 12 /bin/x\nSize:   100 kB\nAnonymous:   0 kB\nSwap:   0 kB\n"
        "55d1-55d2 rw-p 00000000 00:00 0 [heap]\nSize:   2000 kB\nAnonymous:   8 kB\nSwap:   4 kB\n"
        "55d2-55d3 rw-p 00000000 00:00 0\nSize:   30 kB\nAnonymous:   0 kB\nSwap:   4 kB\n"
    )
    script = function("forensic.sh", "core_size").replace("awk ", f"{awk} ", 1).replace("/proc/$1/smaps", "$1") + '\ncore_size "$1"'
    told = subprocess.run(["dash", "-c", script, "sh", str(tmp_path / "smaps")], capture_output=True, text=True, check=True).stdout
    assert int(told) == 2030 * 1024 + 2**20


CLIENTS = {
    "psql": 'echo "$PGSSLMODE $(cat "$PGSSLROOTCERT" 2>/dev/null) password=$PGPASSWORD"; exit 2',
    "redis-cli": 'echo "$* $(cat "$CA" 2>/dev/null) password=$REDISCLI_AUTH"; exit 2',
    "openssl": 'echo "verify $*"; exit "$VERIFIED"',
}


@pytest.mark.parametrize("shell", [["dash"], ["busybox", "sh"]], ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("kind", "tls", "ca", "verified", "told"),
    [
        ("postgresql", "", "", 0, "prefer  password=topsecret"),
        ("postgresql", "tls", "", 0, "require  password=topsecret"),
        ("postgresql", "", "own CA", 0, "verify-full own CA password=topsecret"),
        ("redis", "", "", 0, "-h db -p 6379 --no-auth-warning PING  password=topsecret"),
        ("redis", "tls", "", 0, "--insecure -h db -p 6379 --no-auth-warning --tls PING  password=topsecret"),
        ("redis", "tls", "own CA", 0, "--cacert OUT.own/ca-0 -h db -p 6379 --no-auth-warning --tls PING own CA password=topsecret"),
        ("redis", "", "own CA", 1, "verify s_client -connect db:6379 -verify_hostname db -servername db -CAfile OUT.own/ca-0 -verify_return_error -brief"),
    ],
)
def test_passwords_go_to_whom_they_are_meant_for(shell: list[str], kind: str, tls: str, ca: str, verified: int, told: str, tmp_path: Path) -> None:
    """With clients that say what they were given in the place of the real ones."""
    out, programs = tmp_path / "out", tmp_path / "bin"
    for folder in (tmp_path / "out.own", programs):
        folder.mkdir()
    for name, script in CLIENTS.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    settings = {"KD_OUT": str(out), "KD_SECRET_0": "topsecret", "VERIFIED": str(verified), "CA": f"{out}.own/ca-0"}
    ran = subprocess.run(
        [
            *shell,
            "-c",
            (FILES / "parts.sh").read_text() + (FILES / "db.sh").read_text() + '\npreset_db 2 0 "$@"',
            "sh",
            kind,
            kind,
            "db",
            "",
            "",
            "",
            tls,
            "password",
            ca,
        ],
        env={"PATH": f"{programs}:/usr/bin:/bin", **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""
    assert parts(ran.stdout)[-1].lines == (told.replace("OUT", str(out)),)
