# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Whether an evidence bundle is as it was sealed. Reads, and writes nothing; what a bundle says is data, and may be hostile."""

from __future__ import annotations

import os
import typing as t

from ._errors import Failure, escaped, printable
from ._manifest import CUSTODY, MANIFEST, MARK, ROOTS, SEALS, SIGNATURE, SUMS, Chain, is_sha256, loads, manifest_error, read_custody, read_sums, sha256
from ._tree import MOST_FILES, NotAFile, Tree

if t.TYPE_CHECKING:
    from ._manifest import Document
    from ._tree import Content, Seen

#: Bytes of what is read as a whole. A line of SHA256SUMS and an entry of a manifest have some hundred.
MOST_BYTES = 128 * 1024 * 1024
_MOST_SIGNATURE = 64 * 1024
#: How many problems are told one by one.
MOST_PROBLEMS = 1000
NAMESPACE = "kubedebug.pods"
_SSH_SECONDS = 60

Problem = dict[str, str]


class Signature(t.NamedTuple):
    """``valid`` is None where it was not looked at, since it was not said whose it should be."""

    present: bool
    valid: bool | None = None
    signer: str | None = None
    msg: str | None = None

    def to_dict(self) -> dict[str, t.Any]:
        return self._asdict()


class Verdict(t.NamedTuple):
    """``digest`` is None where there are no sums, ``manifest`` where there is none that can be read. ``contents`` has the files that are there."""

    problems: list[Problem]
    digest: str | None
    manifest: Document | None
    chain: bytes
    contents: dict[str, Content]
    sums: bytes
    signature: bytes | None


def problem(path: str, kind: str, msg: str) -> Problem:
    return {"path": escaped(path), "problem": kind, "msg": f"{printable(path, 300)} {escaped(msg)}."}


class _Verification:
    """One look at a bundle. ``passing`` is the run whose opening of the bundle may have been cut off, with what that leaves."""

    def __init__(self, tree: Tree, passing: str | None) -> None:
        self._tree = tree
        self.problems: list[Problem] = []
        self._passing = f"{SEALS}/{passing}/" if passing else None
        self.seen = tree.walk()
        self.contents: dict[str, Content] = {}
        if len(self.seen) > MOST_FILES:
            self.say(".", "unreadable", f"has more than {MOST_FILES} files, and was not read to its end")
        for path, seen in sorted(self.seen.items()):
            self._hash(path, seen)

    def say(self, path: str, kind: str, msg: str) -> None:
        self.problems.append(problem(path, kind, msg))

    def _hash(self, path: str, seen: Seen) -> None:
        if seen.kind != "file":
            link = f"is a symbolic link to {printable(seen.target, 200)}, which is not followed"
            self.say(path, "not_a_file", {"link": link, "folder": "cannot be read, or is too deep"}.get(seen.kind, "is no plain file"))
            return
        try:
            self.contents[path] = self._tree.content(path)
        except NotAFile:
            self.say(path, "not_a_file", "is no plain file any more")
        except OSError as exc:
            self.say(path, "unreadable", f"cannot be read: {exc.strerror}")

    def read(self, path: str, most: int = MOST_BYTES) -> bytes | None:
        """A file's bytes, None where there is none or it cannot be read, which is said."""
        try:
            return self._tree.read_if_there(path, most)
        except ValueError as exc:
            self.say(path, "unreadable", f"is too large: {exc}")
        except (OSError, NotAFile):
            if path not in {each["path"] for each in self.problems}:
                self.say(path, "unreadable", "cannot be read")
        return None

    def sums(self, data: bytes) -> None:
        """All files against SHA256SUMS."""
        listed, error = read_sums(data)
        if error:
            self.say(SUMS, "sums_invalid", error)
        names = {os.fsdecode(name): digest for name, digest in listed.items()}
        for name, digest in names.items():
            if name not in self.seen:
                self.say(name, "missing", "is in SHA256SUMS and not there")
            elif name in self.contents and self.contents[name].sha256 != digest:
                self.say(name, "changed", "is not what it was when it was sealed: its SHA-256 is another one")
        for name in sorted(self.contents):
            if name not in names and name not in (SUMS, SIGNATURE, MARK) and not (self._passing and name.startswith(self._passing)):
                self.say(name, "added", "is there and not in SHA256SUMS")

    def manifest(self, data: bytes | None, whole: bool) -> Document | None:
        """The manifest against the files; with ``whole`` the files against the manifest too."""
        if data is None:
            if MANIFEST not in self.seen:
                self.say(MANIFEST, "missing", "is not there")
            return None
        try:
            document = loads(data)
            error = manifest_error(document)
        except ValueError as exc:
            document, error = None, f"is no JSON: {printable(exc, 200)}"
        if error:
            self.say(MANIFEST, "manifest_invalid", error)
            return None
        entered = set()
        for entry in document["files"]:
            path = entry["path"]
            if path in entered:
                self.say(path, "manifest_mismatch", "is in the manifest twice")
            entered.add(path)
            if path not in self.seen:
                self.say(path, "missing", "is in the manifest and not there")
            elif path in self.contents and (self.contents[path].sha256, self.contents[path].size) != (entry["sha256"], entry["bytes"]):
                self.say(path, "manifest_mismatch", "is not what the manifest says: its SHA-256 or its size is another one")
        for path in sorted(self.contents) if whole else ():
            if path.startswith(tuple(f"{root}/" for root in ROOTS)) and path not in entered:
                self.say(path, "manifest_mismatch", "is there and not in the manifest")
        return t.cast("Document", document)

    def custody(self, data: bytes | None, sealed: bool) -> None:
        """The chain itself, and what it says of files that never change."""
        if data is None:
            if CUSTODY not in self.seen:
                self.say(CUSTODY, "missing", "is not there")
            return
        chain = read_custody(data)
        if chain.error:
            self.say(CUSTODY, "custody_broken", chain.error)
        latest = {link["object"]: link for link in chain.links if link["action"] in ("stored", "recovered", "sealed") and link["object"]}
        if sealed and chain.links and chain.links[-1]["action"] != "sealed":
            self.say(CUSTODY, "custody_broken", "does not end with the sealing")
        for path, link in latest.items():
            there = self.contents.get(path)
            if path == MANIFEST and not sealed:
                continue
            if there is None and path not in self.seen:
                self.say(path, "missing", "is in custody.jsonl and not there")
            elif there is not None and there.sha256 != link["sha256"]:
                self.say(path, "custody_broken", "is not what custody.jsonl says: its SHA-256 is another one")
        self._seals(chain)

    def _seals(self, chain: Chain) -> None:
        """The sums of earlier runs: each was verified before it was put away, and evidence and custody that were in it are still the same."""
        verified = {link["run"]: link["sha256"] for link in chain.links if link["action"] == "verified"}
        for run, digest in verified.items():
            path = f"{SEALS}/{run}/{SUMS}"
            data = self.read(path)
            if data is None:
                self.say(path, "missing", "is not there, though custody.jsonl says that run went on from it")
                continue
            if sha256(data) != digest:
                self.say(path, "changed", "is not the one that custody.jsonl says was verified")
            for name, known in read_sums(data)[0].items():
                self._still(os.fsdecode(name), known, path, chain)

    def _still(self, name: str, digest: str, seal: str, chain: Chain) -> None:
        if name == CUSTODY:
            if digest not in chain.prefixes:
                self.say(CUSTODY, "custody_broken", f"does not begin with what it was by {seal}")
        elif name.startswith(tuple(f"{root}/" for root in (*ROOTS, SEALS))):
            there = self.contents.get(name)
            if (there is None and name not in self.seen) or (there is not None and there.sha256 != digest):
                self.say(name, "changed" if there else "missing", f"is not as it was by {seal}")


def verify(tree: Tree, *, passing: str | None = None, interrupted: bool = False) -> Verdict:
    """Look at all of a bundle. ``interrupted``: one that has no sums, of which only what is in its manifest is known."""
    look = _Verification(tree, passing)
    sums = look.read(SUMS)
    signature = look.read(SIGNATURE, _MOST_SIGNATURE)
    if sums is not None:
        look.sums(sums)
    elif not interrupted and SUMS not in look.seen:
        look.say(SUMS, "unsealed", "is not there: a run is at work, or was interrupted, and nothing says what the files have to be")
    if MARK in look.seen and not interrupted and not passing and sums is not None:
        look.say(MARK, "unsealed", "is there: a run went on and has not sealed the bundle again")
    manifest = look.manifest(look.read(MANIFEST), whole=not interrupted)
    chain = look.read(CUSTODY)
    look.custody(chain, sealed=sums is not None)
    return Verdict(look.problems, sha256(sums) if sums is not None else None, manifest, chain or b"", look.contents, sums or b"", signature)


def _ssh_keygen(arguments: t.Sequence[str], data: bytes) -> tuple[int, bytes, str]:
    """(exit code, output, what it said). It has no terminal and no window to ask for a passphrase in. Raises Failure ``signing_failed``."""
    import subprocess

    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "SSH_ASKPASS")
    environment = {name: value for name, value in os.environ.items() if name not in hidden} | {"LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}
    try:
        done = subprocess.run(
            ["ssh-keygen", *arguments],
            input=data,
            capture_output=True,
            check=False,
            env=environment,
            start_new_session=True,
            timeout=_SSH_SECONDS,
        )
    except FileNotFoundError:
        hint = "Install OpenSSH's ssh-keygen (8.2 or newer) where the module runs."
        raise Failure("signing_failed", "There is no ssh-keygen on the host that the module runs on.", hint=hint) from None
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise Failure("signing_failed", f"ssh-keygen did not work: {printable(exc, 300)}.", hint="Run it by hand, with the same key.") from None
    return done.returncode, done.stdout, printable(done.stderr.decode(errors="replace"), 500)


def sign(sums: bytes, key: str) -> bytes:
    """The signature of SHA256SUMS. Raises Failure ``signing_failed``."""
    hint = "Give sign_key a private key in OpenSSH's form without a passphrase, which the account that runs the module may read, or one whose agent runs."
    if not os.path.isfile(key):
        raise Failure("signing_failed", f"sign_key is {escaped(key)}, and there is no such file.", field="sign_key", hint=hint)
    code, signature, said = _ssh_keygen(["-Y", "sign", "-f", key, "-n", NAMESPACE], sums)
    if code != 0 or not signature.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        raise Failure("signing_failed", f"ssh-keygen did not sign: {said or f'it ended with {code}'}.", field="sign_key", hint=hint)
    return signature


def check_signature(verdict: Verdict, allowed_signers: str | None, signer: str | None) -> tuple[Signature, list[Problem]]:
    """The signature by those who may sign. ``signer`` may be left out where any of them will do."""
    if verdict.signature is None:
        missing = [problem(SIGNATURE, "signature_missing", "is not there, so nobody has signed")] if allowed_signers else []
        return Signature(False), missing
    if not allowed_signers:
        return Signature(True, msg="Not looked at: it was not said who may sign."), []
    import tempfile

    with tempfile.NamedTemporaryFile(prefix="kubedebug-", suffix=".sig") as copy:
        copy.write(verdict.signature)
        copy.flush()
        if not signer:
            code, found, said = _ssh_keygen(["-Y", "find-principals", "-f", allowed_signers, "-s", copy.name], b"")
            signer = found.decode(errors="replace").splitlines()[0] if code == 0 and found.strip() else None
            if not signer:
                words = f"is by a key of nobody who may sign: {said or 'ssh-keygen found none'}"
                return Signature(True, False, None, words), [problem(SIGNATURE, "signature_invalid", words)]
        code, _out, said = _ssh_keygen(["-Y", "verify", "-f", allowed_signers, "-I", signer, "-n", NAMESPACE, "-s", copy.name], verdict.sums)
    if code == 0:
        return Signature(True, True, signer), []
    words = f"is not the signature of {printable(signer, 200)}: {(said or f'ssh-keygen ended with {code}').rstrip('.')}"
    return Signature(True, False, signer, words), [problem(SIGNATURE, "signature_invalid", words)]


def open_bundle(path: str) -> Tree:
    """Raises Failure ``bundle_invalid``."""
    try:
        return Tree(path)
    except OSError as exc:
        message = f"path is {escaped(path)}, which is no folder that can be opened: {exc.strerror}."
        raise Failure("bundle_invalid", message, field="path", hint="Give the path that an earlier task has returned.") from None


def look(path: str, digest: str | None = None, allowed_signers: str | None = None, signer: str | None = None) -> dict[str, t.Any]:
    """What evidence_bundle_info returns. Raises Failure for what does not concern the bundle."""
    if digest is not None and not is_sha256(digest.lower()):
        raise Failure("invalid_options", f"digest is {printable(digest, 100)!r}.", field="digest", hint="Give the 64 hexadecimal digits of a SHA-256.")
    if allowed_signers is not None and not os.path.isfile(allowed_signers):
        message = f"allowed_signers is {escaped(allowed_signers)}, and there is no such file."
        raise Failure("invalid_options", message, field="allowed_signers", hint="Give a file with a line IDENTITY KEYTYPE KEY for each who may sign.")
    if signer is not None and (not signer or not signer.isprintable() or signer.startswith("-")):
        raise Failure(
            "invalid_options", f"signer is {printable(repr(signer), 100)}.", field="signer", hint="Give an identity of allowed_signers, or leave it out."
        )
    with open_bundle(path) as tree:
        verdict = verify(tree)
    signature, wrong = check_signature(verdict, allowed_signers, signer)
    if digest is not None and verdict.digest is not None and verdict.digest != digest.lower():
        wrong.append(problem(SUMS, "digest_mismatch", f"has the SHA-256 {verdict.digest}, and not the one that was kept, {digest.lower()}"))
    problems = wrong + verdict.problems
    manifest = verdict.manifest or {}
    return {
        "intact": not problems,
        "sealed": verdict.digest is not None and not any(each["problem"] == "unsealed" for each in problems),
        "digest": verdict.digest,
        "signature": signature.to_dict(),
        "problems": problems[:MOST_PROBLEMS],
        "counts": {
            "files": len(verdict.contents),
            "bytes": sum(content.size for content in verdict.contents.values()),
            "problems": len(problems),
            "runs": len(manifest.get("runs", ())),
            "entries": len(manifest.get("files", ())),
        },
        **{key: manifest.get(key) for key in ("incident", "cluster", "created_at")},
    }
