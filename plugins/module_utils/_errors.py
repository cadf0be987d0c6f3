# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The one exception of the collection and its closed set of failure codes."""

from __future__ import annotations

import typing as t

CODES = frozenset(
    (
        "invalid_options",
        "missing_library",
        "unauthorized",
        "forbidden_rbac",
        "forbidden_pod_security",
        "forbidden_admission",
        "api_unreachable",
        "api_error",
        "dry_run_unsupported",
        "outcome_unknown",
        "pod_not_found",
        "workload_not_found",
        "no_pods_matched",
        "too_many_pods",
        "pod_replaced",
        "pod_terminating",
        "pod_finished",
        "static_pod",
        "subresource_missing",
        "invalid_spec",
        "different",
        "removal_refused",
        "finished",
        "dropped_by_server",
        "image_error",
        "start_error",
        "exited",
        "timed_out",
        "container_not_found",
        "not_running",
        "exec_failed",
        "transfer_failed",
        "bundle_unwritable",
        "bundle_altered",
        "bundle_invalid",
        "signing_failed",
    )
)

#: What a message about a missing right goes on with in check mode.
DRY_RUN_NEEDS = " Check mode asks the server for a dry run, which needs the same right as the write."
#: Characters of what others say, in a message.
LONGEST_WORDS = 1500


def escaped(text: str) -> str:
    """``text`` with what would steer a terminal, or cannot be seen, as its escape: ``\\x1b``, ``\\n``, ``\\u202e``."""
    return text if text.isprintable() else "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def printable(text: object, longest: int = LONGEST_WORDS) -> str:
    """What a pod, a server or anything else outside says, fit for a message: on one line, nothing in it that would steer a terminal, and bounded."""
    words = escaped(" ".join(str(text).split()))
    return words if len(words) <= longest else words[: longest - 4] + " ..."


#: And in one that may hold what has to be hidden.
_LONGEST_BEGINNING = 500


def without(hidden: t.Iterable[str], text: str) -> str:
    """The beginning of a text, without what must not be shown."""
    for secret in sorted(filter(None, hidden), key=len, reverse=True):
        text = text.replace(secret, "********")
    return printable(text, _LONGEST_BEGINNING).rstrip(".")


_TYPES = {
    bool: "a boolean",
    int: "an integer",
    float: "a floating-point number",
    str: "a string",
    list: "a list",
    dict: "a mapping",
    type(None): "null",
}


def type_of(value: object) -> str:
    """What a value of JSON or YAML is, with its article: ``an integer``."""
    return _TYPES.get(type(value), type(value).__name__)


def is_kubeconfig_text(kubeconfig: object) -> bool:
    """Whether that is a kubeconfig's text, where a file's name or a mapping should be: its secrets must not be taken for a file's name and shown."""
    return isinstance(kubeconfig, str) and (len(kubeconfig.splitlines()) > 1 or kubeconfig.lstrip().startswith(("{", "apiVersion")))


class FieldError(t.NamedTuple):
    """One finding: the option or the API's field path, the reason as in ``status.details.causes[].reason``, and the words."""

    field: str
    reason: str
    message: str

    def to_dict(self) -> dict[str, str]:
        return {"field": self.field, "reason": self.reason, "message": self.message}


class Failure(Exception):
    """What happened, to which pod and field, why Kubernetes cannot do it, and what to do instead.

    ``code`` is one of CODES. ``message`` says what happened and why, ``hint`` what to do instead: together they are the task's
    ``msg``. ``details`` is a list of dictionaries of JSON values, one for each single finding (a field error, a difference with what was wanted and what is
    stored, the server's status).
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        namespace: str | None = None,
        pod: str | None = None,
        container: str | None = None,
        field: str | None = None,
        details: t.Sequence[t.Mapping[str, t.Any]] = (),
    ) -> None:
        if code not in CODES:
            raise ValueError(f"{code} is not a failure code")
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.namespace = namespace
        self.pod = pod
        self.container = container
        self.field = field
        self.details = [dict(detail) for detail in details]

    def about(self, *, namespace: str | None = None, pod: str | None = None, container: str | None = None) -> Failure:
        """Fill in what the place that raised the failure did not know. Returns itself."""
        self.namespace = self.namespace or namespace
        self.pod = self.pod or pod
        self.container = self.container or container
        return self

    def copy(self) -> Failure:
        """The same failure once more, to be completed for another pod."""
        return Failure(
            self.code,
            self.message,
            hint=self.hint,
            namespace=self.namespace,
            pod=self.pod,
            container=self.container,
            field=self.field,
            details=self.details,
        )

    @property
    def msg(self) -> str:
        """The sentence for a person."""
        return escaped(f"{self.message} {self.hint}" if self.hint else self.message)

    def to_dict(self) -> dict[str, t.Any]:
        """The ``failure`` that a task returns for programs: always the same keys."""
        return {
            "code": self.code,
            "namespace": self.namespace,
            "pod": self.pod,
            "container": self.container,
            "field": self.field,
            "details": self.details,
            "hint": self.hint,
        }
