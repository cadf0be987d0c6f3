# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules ``evidence_bundle`` and ``evidence_bundle_info`` on real file systems, with the real sha256sum and ssh-keygen."""

from __future__ import annotations

import base64
import contextlib
import datetime
import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import jsonschema
import pytest
import yaml

from ansible_collections.kubedebug.pods.plugins.module_utils import _bundle, _manifest, _tree
from ansible_collections.kubedebug.pods.plugins.modules import evidence_bundle, evidence_bundle_info
from tests.collection import ROOT
from tests.invoke import invoke

Result = dict[str, t.Any]
SCHEMA = json.loads((ROOT / "docs" / "manifest.schema.json").read_text())
FILE = "artifacts/shop/cart/dns/kd-dns/stdout.txt"
ASKED: dict[str, t.Any] = {
    "by": "alice",
    "reason": "",
    "alert_sha256": None,
    "namespace": "shop",
    "which": "pod cart",
    "target": "",
    "presets": [],
    "approved_class": 1,
    "window": 900,
}


def a_run(moment: str = "20261125T101112Z", **more: t.Any) -> Result:
    lists: Result = {key: [] for key in ("pods", "answers", "refusals", "steps")}
    started = f"{moment[:4]}-{moment[4:6]}-{moment[6:11]}:{moment[11:13]}:{moment[13:15]}Z"
    return {"id": moment, "started_at": started, "finished_at": None, "tool": {}, "asked": ASKED, "changed": False, "clock_skew": None, **lists, **more}


def put(check: bool = False, **options: t.Any) -> Result:
    options.setdefault("owner", {"pid": os.getpid()})
    options.setdefault("run", a_run())
    return invoke(evidence_bundle, options, check=check)


def fine(**options: t.Any) -> Result:
    result = put(**options)
    assert not result.get("failed"), result
    jsonschema.validate(result["manifest"], SCHEMA)
    return result


def into(dest: Path, *files: Result, **options: t.Any) -> Result:
    return fine(dest=str(dest), incident="cart-5xx", cluster="prod", files=list(files), **options)


def text(content: str = "hello\n", path: str = FILE, **more: t.Any) -> Result:
    return {"path": path, "content": content, **more}


def look(path: str | Path, **options: t.Any) -> Result:
    return invoke(evidence_bundle_info, {"path": str(path), **options})


def problems(path: str | Path) -> list[tuple[str, str]]:
    result = look(path)
    assert not result.get("failed"), result
    assert result["intact"] == (not result["problems"])
    return [(each["path"], each["problem"]) for each in result["problems"]]


@contextlib.contextmanager
def someone() -> t.Iterator[Result]:
    """A process that collects, and is killed."""
    process = subprocess.Popen(["sleep", "600"])
    try:
        yield {"pid": process.pid}
    finally:
        process.kill()
        process.wait()


def interrupted(dest: Path, *files: Result) -> Path:
    with someone() as owner:
        return Path(into(dest, *files, owner=owner)["path"])


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
def sealed(dest: Path) -> Path:
    return Path(into(dest, text(), text("<b>", "context/shop/cart/20261125T101112Z/pod.yaml"), report="<html>", seal=True)["path"])


def test_a_bundle_is_whole(sealed: Path) -> None:
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=sealed, check=True)
    assert problems(sealed) == []
    manifest = json.loads((sealed / "manifest.json").read_text())
    jsonschema.validate(manifest, SCHEMA)
    assert manifest["runs"][0]["finished_at"]
    assert [entry["kind"] for entry in manifest["files"]] == ["output", "context"]
    links = [json.loads(line) for line in (sealed / "custody.jsonl").read_text().splitlines()]
    assert [link["action"] for link in links] == ["opened", "stored", "stored", "sealed"]
    assert {link["actor"] for link in links} == {"alice"}
    assert not (sealed / ".run").exists()


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_modes_do_not_depend_on_the_umask(dest: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        bundle = Path(into(dest, text(), seal=True)["path"])
    finally:
        os.umask(before)
    modes = (
        {path.stat().st_mode & 0o7777 for path in bundle.rglob("*") if path.is_file()},
        {path.stat().st_mode & 0o7777 for path in [bundle, *bundle.rglob("*")] if path.is_dir()},
    )
    assert modes == ({0o600}, {0o700})


def test_the_documented_returns(dest: Path) -> None:
    result = into(dest, text(), seal=True)
    assert set(yaml.safe_load(evidence_bundle.RETURN)) - {"failure"} <= set(result)
    assert set(yaml.safe_load(evidence_bundle_info.RETURN)) - {"failure"} <= set(look(result["path"]))
    assert "hello" not in json.dumps(result["invocation"])


def test_several_tasks_of_one_run(dest: Path) -> None:
    first = into(dest, text())
    assert first["digest"] is None
    assert problems(first["path"])[0] == ("SHA256SUMS", "unsealed")
    again = fine(path=first["path"], files=[text()])
    assert (again["changed"], again["stored"]) == (False, first["stored"])
    steps = [{"step": "preset", "state": "failed", "msg": "x", "namespace": None, "pod": None}]
    last = fine(path=first["path"], files=[text("other\n")], run=a_run(steps=steps), seal=True)
    assert [entry["path"] for entry in last["manifest"]["files"]] == [FILE, FILE.replace(".txt", ".2.txt")]
    assert (Path(first["path"]) / FILE).read_text() == "hello\n"
    assert [run["steps"] for run in last["manifest"]["runs"]] == [steps]
    same = fine(path=first["path"], files=[text(), text("other\n")], run=a_run(steps=steps), seal=True)
    assert (same["changed"], same["digest"], len(same["stored"])) == (False, last["digest"], 2)


def test_a_sealed_bundle_is_continued_and_its_seals_are_kept(sealed: Path, dest: Path) -> None:
    before = (sealed / "SHA256SUMS").read_bytes()
    result = into(dest, text("more", FILE + ".more"), run=a_run("20261125T111112Z"), seal=True)
    assert (result["path"], result["continued"]) == (str(sealed), True)
    assert (sealed / "seals" / "20261125T111112Z" / "SHA256SUMS").read_bytes() == before
    assert problems(sealed) == []
    third = into(dest, run=a_run("20261125T091112Z"), seal=True)
    assert third["run"] == "20261125T111112Z-2"
    assert "clock" in json.dumps(third["warnings"])
    assert problems(sealed) == []
    (sealed / "seals" / "20261125T111112Z" / "SHA256SUMS").write_bytes(before.replace(b"0", b"1"))
    assert ("seals/20261125T111112Z/SHA256SUMS", "changed") in problems(sealed)


def test_a_clock_that_was_set_back_makes_no_older_bundle(sealed: Path, dest: Path) -> None:
    future = sealed.rename(sealed.with_name("cart-5xx_20991231T235959Z_prod"))
    (future / FILE).write_text("x")
    result = into(dest)
    assert Path(result["path"]).name == "cart-5xx_20991231T235959Z-2_prod"


def append(path: Path) -> None:
    with path.open("a") as file:
        file.write("x")


def instead(path: Path, make: t.Callable[[Path], None]) -> None:
    """Put something else in the place of a file or folder."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    make(path)


TAMPERED: dict[str, tuple[t.Callable[[Path], object], tuple[str, str]]] = {
    "changed": (lambda root: (root / FILE).write_text("HELLO\n"), (FILE, "changed")),
    "removed": (lambda root: (root / FILE).unlink(), (FILE, "missing")),
    "added": (lambda root: (root / "context" / "new").write_text(""), ("context/new", "added")),
    "added at the top": (lambda root: (root / "new\n\x1b").write_text(""), ("new\\n\\x1b", "added")),
    "report": (lambda root: append(root / "report.html"), ("report.html", "changed")),
    "manifest": (lambda root: append(root / "manifest.json"), ("manifest.json", "changed")),
    "no manifest": (lambda root: (root / "manifest.json").unlink(), ("manifest.json", "missing")),
    "custody": (lambda root: append(root / "custody.jsonl"), ("custody.jsonl", "custody_broken")),
    "no custody": (lambda root: (root / "custody.jsonl").unlink(), ("custody.jsonl", "missing")),
    "link": (lambda root: instead(root / FILE, lambda path: path.symlink_to("/etc/passwd")), (FILE, "not_a_file")),
    "folder of links": (lambda root: instead(root / "artifacts", lambda path: path.symlink_to("/")), ("artifacts", "not_a_file")),
    "pipe": (lambda root: instead(root / FILE, os.mkfifo), (FILE, "not_a_file")),
    "sums": (lambda root: (root / "SHA256SUMS").unlink(), ("SHA256SUMS", "unsealed")),
    "sums as a pipe": (lambda root: instead(root / "SHA256SUMS", os.mkfifo), ("SHA256SUMS", "not_a_file")),
    "sums of elsewhere": (lambda root: (root / "SHA256SUMS").write_text(f"{'0' * 64}  ../../etc/passwd\n"), ("SHA256SUMS", "sums_invalid")),
    "garbage": (lambda root: (root / "SHA256SUMS").write_bytes(b"\0\xff" * 99), ("SHA256SUMS", "sums_invalid")),
    "deep manifest": (lambda root: (root / "manifest.json").write_text("[" * 200_000), ("manifest.json", "manifest_invalid")),
    "odd manifest": (lambda root: (root / "manifest.json").write_text('{"files": [{"path": 3}], "runs": 7}'), ("manifest.json", "manifest_invalid")),
    "number": (lambda root: (root / "manifest.json").write_text("9" * 9999), ("manifest.json", "manifest_invalid")),
    "deep custody": (lambda root: (root / "custody.jsonl").write_text("[" * 200_000 + "\n"), ("custody.jsonl", "custody_broken")),
}


@pytest.mark.parametrize(("tamper", "found"), TAMPERED.values(), ids=TAMPERED)
def test_any_change_is_found_and_the_bundle_not_continued(sealed: Path, dest: Path, tamper: t.Callable[[Path], object], found: tuple[str, str]) -> None:
    tamper(sealed)
    assert found in problems(sealed)
    refused = put(path=str(sealed), run=a_run("20261125T111112Z"))
    unsealed = found == ("SHA256SUMS", "unsealed")
    if unsealed:
        return
    assert refused["failure"]["code"] == "bundle_altered"
    other = into(dest, run=a_run("20261125T111112Z"), seal=True)
    assert other["path"] != str(sealed)
    assert other["altered"]["path"] == str(sealed)
    assert other["manifest"]["runs"][0]["steps"][0]["state"] == "refused"
    assert problems(other["path"]) == []


def reseal(root: Path) -> None:
    """What one does who wants to hide a change, without the digest or the key."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    (root / "SHA256SUMS").write_text("".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(root)}\n" for path in files))


def test_sums_that_were_made_anew_do_not_hide_a_change(sealed: Path) -> None:
    kept = look(sealed)["digest"]
    (sealed / FILE).write_text("HELLO\n")
    reseal(sealed)
    assert {kind for _path, kind in problems(sealed)} == {"manifest_mismatch", "custody_broken"}
    assert "digest_mismatch" in [each["problem"] for each in look(sealed, digest=kept)["problems"]]


@pytest.mark.parametrize("line", [0, 1, 3])
def test_a_chain_with_a_changed_line_is_broken(sealed: Path, line: int) -> None:
    custody = sealed / "custody.jsonl"
    lines = custody.read_text().splitlines(keepends=True)
    lines[line] = lines[line].replace("alice", "mallory")
    custody.write_text("".join(lines))
    found = problems(sealed)
    assert ("custody.jsonl", "changed") in found
    assert (("custody.jsonl", "custody_broken") in found) == (line < 3)


@pytest.mark.parametrize(
    "path",
    [
        *("/etc/passwd", "../x", "artifacts/../../x", "artifacts/./x", "artifacts//x", "artifacts", "artifacts/", "x", "manifest.json", "seals/x", "", None, 3),
        *(
            "artifacts/a\nb",
            "artifacts/a\0b",
            "artifacts/\x1b[31m",
            "artifacts/\u202ex",
            "artifacts/\udc80",
            "artifacts/" + "x" * 201,
            "artifacts/" + "x/" * 20 + "x",
        ),
        "artifacts/" + "/".join(["y" * 190] * 6),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused_before_anything_is_written(dest: Path, path: t.Any) -> None:
    result = put(dest=str(dest), incident="i", cluster="c", files=[text(), text("x", path)])
    assert result["failure"]["code"] == "invalid_options"
    assert "Traceback" not in json.dumps(result)
    assert not dest.exists()


def test_a_symbolic_link_on_the_way_is_not_followed(dest: Path, tmp_path: Path) -> None:
    bundle = Path(into(dest)["path"])
    (tmp_path / "outside").mkdir()
    (bundle / "artifacts").symlink_to(tmp_path / "outside")
    assert put(path=str(bundle), files=[text()])["failure"]["code"] == "bundle_invalid"
    (bundle / "context").mkdir()
    (bundle / "context" / "x").symlink_to("/etc/passwd")
    os.mkfifo(bundle / "context" / "pipe")
    for name in ("x", "pipe"):
        for content in ({}, {"content": "y"}):
            assert put(path=str(bundle), files=[{"path": f"context/{name}", **content}])["failure"]["code"] == "bundle_invalid"
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize("name", ["a'b", 'q"', "back\\slash", "ünï", " blank ", "-rf", "a%00b", "x.tar.gz", ".hidden"])
def test_odd_names_are_stored_and_summed_as_sha256sum_does(dest: Path, name: str) -> None:
    bundle = into(dest, text("x", f"artifacts/{name}"), text("y", f"artifacts/{name}"), seal=True)["path"]
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=bundle, check=True)
    assert problems(bundle) == []


@pytest.mark.parametrize("incident", ["../../etc", "a/b", "a b", "ä", "x" * 300, "..", "a_b_c", "$(id)"])
def test_an_incident_becomes_a_name(dest: Path, incident: str) -> None:
    one = fine(dest=str(dest), incident=incident, cluster=incident, seal=True)
    assert Path(one["path"]).parent == dest
    assert one["manifest"]["incident"] == incident
    two = fine(dest=str(dest), incident=incident, cluster=incident, run=a_run("20261125T111112Z"), seal=True)
    assert (two["path"], two["continued"]) == (one["path"], True)
    assert fine(dest=str(dest), incident=incident + "x", cluster=incident)["path"] != one["path"]


def test_a_fetched_file_is_compared_with_where_it_was_made(dest: Path) -> None:
    bundle = Path(into(dest)["path"])
    (bundle / "artifacts").mkdir(mode=0o755)
    good, bad, linked = (bundle / "artifacts" / name for name in ("good", "bad", "linked"))
    for path in (good, bad, linked):
        path.write_bytes(b"x" * 3_000_000)
        path.chmod(0o644)
    os.link(linked, bundle.parent / "other-name")
    digest = hashlib.sha256(b"x" * 3_000_000).hexdigest()
    files = [{"path": "artifacts/good", "sha256_source": digest}, {"path": "artifacts/bad", "sha256_source": "0" * 64}, {"path": "artifacts/linked"}]
    result = fine(path=str(bundle), files=files, seal=True)
    assert [entry["problem"] and entry["problem"][:13] for entry in result["stored"]] == [None, "It did not ar", "It has 2 name"]
    assert [entry["sha256_received"] for entry in result["stored"]] == [digest] * 3
    assert [path.stat().st_mode & 0o777 for path in (good, linked, bundle / "artifacts")] == [0o600, 0o644, 0o700]
    missing = put(path=str(bundle), run=a_run("20261125T111112Z"), files=[{"path": "artifacts/none"}])
    assert missing["failure"]["code"] == "invalid_options"


def test_base64_and_what_is_neither(dest: Path) -> None:
    data = bytes(range(256))
    bundle = into(dest, text(base64.b64encode(data).decode(), encoding="base64"))["path"]
    assert (Path(bundle) / FILE).read_bytes() == data
    for file in (text("no base64!", encoding="base64"), {"path": FILE, "content": {"a": 1}}, {"path": FILE, "content": 3}):
        assert put(path=bundle, files=[file])["failure"]["code"] == "invalid_options"


@pytest.mark.parametrize("run", [{}, {"id": "x"}, a_run(id="yesterday"), a_run(started_at="now"), a_run(more=1), {**a_run(), "pods": {}}])
def test_a_run_that_is_none_is_refused(dest: Path, run: Result) -> None:
    assert put(dest=str(dest), incident="i", cluster="c", run=run)["failure"]["code"] == "invalid_options"
    assert not dest.exists()


def test_a_run_at_work_is_left_alone_and_a_dead_one_is_taken_up(dest: Path) -> None:
    other = subprocess.Popen(["sleep", "60"])
    try:
        first = into(dest, text(), owner={"pid": other.pid})
        (Path(first["path"]) / "artifacts" / "left").write_text("by a fetch")
        second = into(dest, run=a_run("20261125T111112Z"))
        assert second["path"] != first["path"]
        assert put(path=first["path"], run=a_run("20261125T111112Z"))["failure"]["code"] == "bundle_unwritable"
        shutil.rmtree(second["path"])
    finally:
        other.kill()
        other.wait()
    third = into(dest, run=a_run("20261125T121112Z"), seal=True)
    assert (third["path"], third["continued"], third["recovered"]) == (first["path"], True, ["artifacts/left"])
    runs = third["manifest"]["runs"]
    assert [run["finished_at"] is None for run in runs] == [True, False]
    assert [step["state"] for step in runs[0]["steps"]] == ["interrupted"]
    [entry] = [entry for entry in third["manifest"]["files"] if entry["kind"] == "recovered"]
    assert (entry["run"], entry["sensitive"]) == ("20261125T101112Z", True)
    assert problems(third["path"]) == []


@pytest.mark.parametrize(("age", "is_at_work"), [(0, True), (5 * 3600, True), (7 * 3600, False), (-7 * 3600, False)])
def test_a_run_of_another_host_is_at_work_for_six_hours(dest: Path, age: int, is_at_work: bool) -> None:
    first = into(dest, owner={"pid": 1, "host": "elsewhere"})
    mark = Path(first["path"]) / ".run"
    moment = _manifest.time_text(_manifest.now() - datetime.timedelta(seconds=age))
    mark.write_text(json.dumps({**json.loads(mark.read_text()), "at": moment}))
    assert (into(dest, run=a_run("20261125T111112Z"))["path"] != first["path"]) == is_at_work


@pytest.mark.parametrize("mark", ["", "[]", "{", '{"pid": "x", "host": 3, "at": []}', '{"pid": 99999999999999999999}', "[" * 100_000])
def test_a_mark_that_says_nothing_is_of_an_interrupted_run(dest: Path, mark: str) -> None:
    first = interrupted(dest, text())
    (first / ".run").write_text(mark)
    second = into(dest, run=a_run("20261125T111112Z"), seal=True)
    assert (second["path"], second["continued"]) == (str(first), True)
    assert problems(first) == []


def test_what_an_interrupted_run_left_is_taken_up_whatever_it_is(dest: Path, tmp_path: Path) -> None:
    bundle = interrupted(dest, text())
    folder = bundle / "artifacts" / "left"
    folder.mkdir()
    (bundle / ".tmp-0011").write_text("half")
    (folder / "a\nb").write_text("x")
    (folder / os.fsdecode(b"\xff")).write_text("y")
    os.link(bundle / "manifest.json", folder / "linked")
    result = into(dest, run=a_run("20261125T111112Z"), seal=True)
    assert len(result["recovered"]) == 3
    assert not (bundle / ".tmp-0011").exists()
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=bundle, check=True)
    assert problems(bundle) == []


def test_links_and_pipes_in_an_interrupted_run_are_told_and_do_not_hang(dest: Path) -> None:
    bundle = interrupted(dest, text())
    (bundle / "artifacts" / "link").symlink_to("/etc/passwd")
    os.mkfifo(bundle / "artifacts" / "pipe")
    result = into(dest, run=a_run("20261125T111112Z"), seal=True)
    assert len([step for step in result["manifest"]["runs"][-1]["steps"] if step["state"] == "failed"]) == 2
    assert sorted(problems(bundle)) == [("artifacts/link", "not_a_file"), ("artifacts/pipe", "not_a_file")]


def test_evidence_that_an_interrupted_run_had_told_of_and_is_altered(dest: Path) -> None:
    bundle = interrupted(dest, text())
    (bundle / FILE).write_text("HELLO\n")
    result = into(dest, run=a_run("20261125T111112Z"))
    assert result["altered"]["path"] == str(bundle)


@pytest.mark.parametrize("after", range(1, 14))
def test_whatever_is_cut_off_the_next_run_seals(sealed: Path, dest: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """The task is killed before each of its writes in turn."""

    class Killed(BaseException):
        pass

    calls = 0

    def dying(name: str) -> t.Any:
        real = getattr(_tree.Tree, name)

        def call(*arguments: t.Any) -> t.Any:
            nonlocal calls
            calls += 1
            if calls == after:
                raise Killed
            return real(*arguments)

        return call

    with monkeypatch.context() as patch, someone() as owner:
        for name in ("write", "remove"):
            patch.setattr(_tree.Tree, name, dying(name))
        request = {"dest": str(dest), "incident": "cart-5xx", "cluster": "prod", "run": a_run("20261125T111112Z"), "owner": owner, "seal": True, "report": "2"}
        with contextlib.suppress(Killed):
            invoke(evidence_bundle, {**request, "files": [text("more", FILE + ".more"), text("most", FILE + ".most")]})
    result = into(dest, run=a_run("20261125T121112Z"), seal=True)
    assert (result["path"], result["altered"]) == (str(sealed), None)
    assert problems(sealed) == []


@pytest.mark.parametrize(
    ("number", "said"), [(errno.ENOSPC, "are missing"), (errno.EDQUOT, "are missing"), (errno.EROFS, "Read-only"), (errno.EACCES, "right"), (errno.EIO, "dest")]
)
def test_what_cannot_be_written_is_said_and_sealed_later(dest: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str) -> None:
    """Stand-in for file systems in such a state; a real full one is in the integration target."""
    real = os.fsync
    calls = iter(range(99))

    def fsync(fd: int) -> None:
        if next(calls) >= 1:
            raise OSError(number, os.strerror(number))
        real(fd)

    with monkeypatch.context() as patch, someone() as owner:
        bundle = into(dest, owner=owner)["path"]
        patch.setattr(os, "fsync", fsync)
        result = put(path=bundle, owner=owner, files=[text("one", FILE), text("two", FILE + ".two")])
    assert result["failure"]["code"] == "bundle_unwritable"
    assert said in result["msg"], result["msg"]
    assert FILE + ".two" in result["msg"]
    assert list(Path(bundle).glob(".tmp*")) == []
    assert into(dest, run=a_run("20261125T121112Z"), seal=True)["path"] == bundle
    assert problems(bundle) == []


def test_check_mode_writes_nothing(sealed: Path, dest: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in sealed.rglob("*")}
    result = into(dest, text("more", FILE + ".more"), run=a_run("20261125T111112Z"), seal=True, check=True)
    assert (result["changed"], result["path"], result["stored"][0]["path"]) == (True, str(sealed), FILE + ".more")
    assert {path: path.stat().st_mtime_ns for path in sealed.rglob("*")} == before
    new = put(check=True, dest=str(dest / "new"), incident="i", cluster="c", files=[text(), text("b")], seal=True)
    assert (new["changed"], new["path"], [entry["path"] for entry in new["stored"]]) == (True, None, [FILE, FILE.replace(".txt", ".2.txt")])
    assert not (dest / "new").exists()
    assert not put(check=True, dest=str(dest), incident="cart-5xx", cluster="prod", files=[text()], seal=True)["changed"]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    (tmp_path / "allowed").write_text(f"alice@example.com {path.with_suffix('.pub').read_text()}")
    return path


def test_a_signature_is_that_of_ssh_keygen(dest: Path, key: Path, tmp_path: Path) -> None:
    bundle = Path(into(dest, text(), seal=True, sign_key=str(key))["path"])
    allowed = str(tmp_path / "allowed")
    command = ["ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "alice@example.com", "-n", "kubedebug.pods", "-s", str(bundle / "SHA256SUMS.sig")]
    subprocess.run(command, stdin=(bundle / "SHA256SUMS").open("rb"), check=True)
    for signer in ({}, {"signer": "alice@example.com"}):
        found = look(bundle, allowed_signers=allowed, **signer)
        assert (found["intact"], found["signature"]) == (True, {"present": True, "valid": True, "signer": "alice@example.com", "msg": None})
    assert [each["problem"] for each in look(bundle, allowed_signers=allowed, signer="bob@example.com")["problems"]] == ["signature_invalid"]
    signature = (bundle / "SHA256SUMS.sig").read_bytes()
    into(dest, text("more", FILE + ".more"), run=a_run("20261125T111112Z"), seal=True)
    assert [each["problem"] for each in look(bundle, allowed_signers=allowed)["problems"]] == ["signature_missing"]
    assert problems(bundle) == []
    (bundle / "SHA256SUMS.sig").write_bytes(signature)
    assert [each["problem"] for each in look(bundle, allowed_signers=allowed, signer="alice@example.com")["problems"]] == ["signature_invalid"]


@pytest.mark.parametrize("bad", ["passphrase", "garbage", "missing", "no ssh-keygen"])
def test_what_cannot_be_signed_is_sealed_without_and_fails(dest: Path, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    other = tmp_path / "other"
    if bad == "passphrase":
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "sesame", "-f", other], check=True)
    elif bad == "garbage":
        other.write_text("no key")
        other.chmod(0o600)
    elif bad == "no ssh-keygen":
        other = key
        monkeypatch.setenv("PATH", str(tmp_path))
    result = put(dest=str(dest), incident="i", cluster="c", files=[text()], seal=True, sign_key=str(other))
    assert (result["failure"]["code"], result["changed"]) == ("signing_failed", True)
    assert look(result["path"])["digest"] == result["digest"]
    assert problems(result["path"]) == []


def test_tasks_side_by_side_lose_nothing(dest: Path, collections_path: Path) -> None:
    bundle = into(dest)["path"]
    script = (
        "import sys, json; sys.path[:0] = json.loads(sys.argv[1]); from tests.invoke import invoke;"
        "from ansible_collections.kubedebug.pods.plugins.modules import evidence_bundle as m;"
        "sys.exit(bool(invoke(m, json.loads(sys.argv[2])).get('failed')))"
    )
    paths = json.dumps([str(ROOT), str(collections_path)])
    options = [{"path": bundle, "run": a_run(), "owner": {"pid": os.getpid()}, "files": [text(str(number))]} for number in range(6)]
    tasks = [subprocess.Popen([sys.executable, "-c", script, paths, json.dumps(each)]) for each in options]
    assert [task.wait() for task in tasks] == [0] * 6
    result = fine(path=bundle, seal=True)
    assert sorted((Path(bundle) / entry["path"]).read_text() for entry in result["manifest"]["files"]) == list("012345")
    assert problems(bundle) == []


def test_what_is_no_bundle(tmp_path: Path) -> None:
    assert put(path=str(tmp_path))["failure"]["code"] == "bundle_invalid"
    assert put(path=str(tmp_path / "none"))["failure"]["code"] == "bundle_invalid"
    assert look(tmp_path / "none")["failure"]["code"] == "bundle_invalid"
    assert put(dest="/proc/none", incident="i", cluster="c")["failure"]["code"] == "bundle_unwritable"
    (tmp_path / "file").write_text("")
    assert put(dest=str(tmp_path / "file"), incident="i", cluster="c")["failure"]["code"] == "bundle_unwritable"
    assert {"SHA256SUMS", "manifest.json", "custody.jsonl"} == {path for path, _kind in problems(tmp_path) if path != "file"}


def test_a_process_that_nobody_has_waited_for_is_not_at_work() -> None:
    process = subprocess.Popen(["sleep", "60"])
    try:
        mark = _bundle._mark({"pid": process.pid, "host": None}, "20261125T101112Z", "20261125T101112Z")
        assert _bundle._is_at_work(mark)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not _bundle._is_at_work(mark)
    finally:
        process.kill()
        process.wait()
