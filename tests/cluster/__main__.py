# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m tests.cluster up|down|status|account NAMESPACE [--name NAME]."""

from __future__ import annotations

import argparse
import sys

from . import ClusterError, account, describe, down, up


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description="A real Kubernetes cluster for tests.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("up", help="start the cluster if need be, and print the path of its kubeconfig")
    commands.add_parser("down", help="leave nothing of the cluster behind")
    commands.add_parser("status", help="show what there is")
    account_parser = commands.add_parser("account", help="print the path of a service account's kubeconfig")
    account_parser.add_argument("namespace", metavar="NAMESPACE", help="made if it is missing")
    account_parser.add_argument("--name", default="kubedebug", help="the service account (default: %(default)s)")
    return parser.parse_args()


def main() -> int:
    """Run a command and return the exit code."""
    options = parse()
    match options.command:
        case "up":
            print(up().kubeconfig)
        case "down":
            down()
        case "status":
            well, rows = describe()
            width = max(len(label) for label, _value in rows)
            print("\n".join(f"{label:{width}}  {value}" for label, value in rows))
            return 0 if well else 1
        case "account":
            print(account(up(), options.namespace, options.name))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ClusterError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
