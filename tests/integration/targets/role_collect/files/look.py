# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""look.py BUNDLE SCHEMA SECRET...: what is wrong with a bundle, by other means than the collection's own. Prints JSON."""

from __future__ import annotations

import hashlib
import json
import stat
import subprocess
import sys
from pathlib import Path

import jsonschema

bundle = Path(sys.argv[1])
manifest = json.loads((bundle / "manifest.json").read_text())
wrong = [error.message for error in jsonschema.Draft202012Validator(json.loads(Path(sys.argv[2]).read_text())).iter_errors(manifest)]
checked = subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=bundle, capture_output=True, text=True, check=False)
wrong += [checked.stdout + checked.stderr] if checked.returncode else []

files = {path.relative_to(bundle).as_posix(): path for path in bundle.rglob("*") if not path.is_dir()}
wrong += [f"{name} has mode {path.stat().st_mode:o}" for name, path in files.items() if stat.S_IMODE(path.stat().st_mode) != 0o600]
wrong += [f"{path} has mode {path.stat().st_mode:o}" for path in [bundle, *bundle.rglob("*")] if path.is_dir() and stat.S_IMODE(path.stat().st_mode) != 0o700]
for entry in manifest["files"]:
    content = files[entry["path"]].read_bytes()
    if (hashlib.sha256(content).hexdigest(), len(content)) != (entry["sha256"], entry["bytes"]):
        wrong.append(f"the manifest has another {entry['path']}")
    if entry["sha256_source"] and entry["sha256_received"] != entry["sha256_source"] and not entry["problem"]:
        wrong.append(f"{entry['path']} is not as it was made, and nothing says so")
kept = {entry["path"] for entry in manifest["files"]}
wrong += [f"{name} is in no manifest" for name in files if name.startswith(("context/", "artifacts/")) and name not in kept]
for secret in sys.argv[3:]:
    wrong += [f"{name} has the secret {secret}" for name, path in files.items() if secret.encode() in path.read_bytes()]

previous = "0" * 64
for line in (bundle / "custody.jsonl").read_bytes().splitlines():
    if json.loads(line)["previous"] != previous:
        wrong.append(f"custody is broken at {line!r}")
    previous = hashlib.sha256(line).hexdigest()

sums = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items() if name.startswith(("context/", "artifacts/"))}
print(json.dumps({"wrong": wrong, "manifest": manifest, "sums": sums}))
