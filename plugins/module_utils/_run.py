# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What every module is, with or without a cluster: failures and results out. With ``_module`` the only util that knows AnsibleModule."""

from __future__ import annotations

import atexit
import gc
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ._errors import Failure, without

if t.TYPE_CHECKING:
    from ._argspec import ArgumentSpec

# The process ends with its task: Python need not search all that was loaded for circular garbage before, which is a tenth of the time of a short task.
atexit.register(gc.freeze)


class BareModule(AnsibleModule):
    """An AnsibleModule that supports check mode, and whose own complaints about its options carry a ``failure``."""

    def __init__(self, spec: ArgumentSpec) -> None:
        super().__init__(supports_check_mode=True, **spec.to_kwargs())  # type: ignore[no-untyped-call]  # Ansible has no type hints

    def fail_json(self, msg: str, **result: t.Any) -> t.NoReturn:
        result.setdefault("failure", Failure("invalid_options", msg).to_dict())
        super().fail_json(msg, **result)


_UNKNOWN = (
    "The module came upon an error that it does not know, {words}: it is the module's, or a Python package is broken. Nothing is known about what was "
    "written. Run it with -vvv, from ansible-core 2.19 on with ANSIBLE_DISPLAY_TRACEBACK=error, to see the traceback, and report it."
)


def run(module: BareModule, work: t.Callable[[t.Any], dict[str, t.Any]]) -> t.NoReturn:
    """Do ``work`` and end the module with its result. A result with a ``failure`` fails the task; a Failure that is raised does too."""
    try:
        result = work(module)
    except Failure as failure:
        result = {"changed": False, "msg": failure.msg, "failure": failure.to_dict()}
    except Exception as exc:  # noqa: BLE001 - whatever it is, Python would print its words as they are, and they may hold a secret
        words = without(module.no_log_values, f"{type(exc).__name__}: {exc}")
        result = {"changed": False, "msg": _UNKNOWN.format(words=words), "failure": None, "exception": traceback.format_exc()}
    for text in result.pop("warnings", ()):
        module.warn(text)
    if "failure" in result:
        module.fail_json(**result)
    module.exit_json(**result)
