# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""An alert as Alertmanager sends it, and what follows from it. Pure, and on its own: ``extensions/eda`` loads this file where there is no Ansible.

Whoever may post an alert chooses every word of it, so nothing of it is taken over but names of a form that Kubernetes itself gives names.
The form is that of Alertmanager's webhook: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

import json
import re
import typing as t

_DNS_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
#: Label: (its form, whether an alert has to have it, its form in words). Names of Kubernetes: k8s.io/apimachinery pkg/util/validation.
LABELS: dict[str, tuple[re.Pattern[str], bool, str]] = {
    "alertname": (re.compile(r"[A-Za-z0-9_.: -]{1,128}"), True, "up to 128 letters, digits, blanks and _ . : -"),
    "namespace": (re.compile(_DNS_LABEL), True, "the name of a namespace"),
    "pod": (re.compile(rf"(?=.{{1,253}}\Z){_DNS_LABEL}(?:\.{_DNS_LABEL})*"), True, "the name of a pod"),
    "container": (re.compile(_DNS_LABEL), False, "the name of a container"),
}
STATUS = ("firing", "resolved")
_FINGERPRINT = re.compile(r"[0-9a-f]{1,64}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(?:Z|[+-][0-9]{2}:[0-9]{2})")
#: What an entry of the alert map may have.
_ENTRY = {"presets": list, "toolkit": list, "target": bool}
#: Of what an alert says, at most so many characters are repeated in a message.
_SHOWN = 60

Alert = dict[str, t.Any]


class BadAlert(Exception):
    """Nothing can be done with it; the message is one line, in which what the alert says is written as JSON."""


def read(alert: object) -> Alert:
    """Reduce an alert to ``status``, ``fingerprint``, ``startsAt`` (empty if it has none) and ``labels``, which are those of ``LABELS``, empty where missing.

    All values are strings of a checked form. Raises BadAlert.
    """
    if not isinstance(alert, dict):
        raise BadAlert(f"It is {_shown(alert)}, and no mapping.")
    status, fingerprint, starts, labels = (alert.get(key) for key in ("status", "fingerprint", "startsAt", "labels"))
    if status not in STATUS:
        raise BadAlert(f"Its status is {_shown(status)}, and has to be {' or '.join(STATUS)}.")
    if not isinstance(fingerprint, str) or not _FINGERPRINT.fullmatch(fingerprint):
        raise BadAlert(f"Its fingerprint is {_shown(fingerprint)}, and has to be hexadecimal.")
    if not isinstance(labels, dict):
        raise BadAlert(f"Its labels are {_shown(labels)}, and no mapping.")
    kept = {}
    for name, (form, needed, words) in LABELS.items():
        value = labels.get(name, "")
        if value == "" and needed:
            raise BadAlert(f"It has no label {name}.")
        if not isinstance(value, str) or (value and not form.fullmatch(value)):
            raise BadAlert(f"Its label {name} is {_shown(value)}, and has to be {words}.")
        kept[name] = value
    started = starts if isinstance(starts, str) and _TIME.fullmatch(starts) else ""
    return {"status": status, "fingerprint": fingerprint, "startsAt": started, "labels": kept}


def describe(alert: object) -> str:
    """Which alert it is, in one line, whatever it is."""
    found = alert if isinstance(alert, dict) else {}
    labels = found.get("labels")
    labels = labels if isinstance(labels, dict) else {}
    return f"{_shown(labels.get('alertname'))} {_shown(found.get('fingerprint'))}" if labels or found.get("fingerprint") else _shown(alert)


def split(event: object) -> tuple[list[Alert], list[str], list[str]]:
    """(the alerts of an event that can be worked with, a line for each of these, a line for each of the others).

    An event is what a source makes of a request: ``payload`` is Alertmanager's message with its ``alerts``, or ``alert`` is one of them.
    """
    event = event if isinstance(event, dict) else {}
    payload = event.get("payload")
    alerts = [event["alert"]] if "alert" in event else payload.get("alerts") if isinstance(payload, dict) else None
    if not isinstance(alerts, list):
        return [], [], [f"A message without alerts was left out: {_shown(event.get('payload'))}"]
    taken, said, refused = [], [], []
    for alert in alerts:
        try:
            read_alert = read(alert)
        except BadAlert as bad:
            refused.append(f"The alert {describe(alert)} was left out. {bad}")
            continue
        taken.append(read_alert)
        labels = read_alert["labels"]
        where = "/".join(filter(None, (labels["namespace"], labels["pod"], labels["container"])))
        said.append(f"The alert {labels['alertname']} {read_alert['fingerprint']} is {read_alert['status']} for {where}")
    return taken, said, refused


def plan(alert: Alert, alert_map: t.Mapping[str, t.Any], needs: t.Mapping[str, str], toolkit: bool) -> dict[str, t.Any]:
    """What to collect for an alert that ``read`` returned: ``presets``, ``target``, and ``left_out``, those presets that would need a target.

    ``alert_map`` says what is for which alert: ``presets``; ``toolkit``, presets more if ``toolkit`` is true; ``target: false`` where there is no process
    that could be looked at. ``needs`` says of each preset whether it has a target: none, optional or required. Raises BadAlert.
    """
    labels = alert["labels"]
    name = labels["alertname"]
    entry = alert_map.get(name)
    if entry is None:
        raise BadAlert("The alert map says nothing of it: debug_alert_map may say which presets are for it.")
    if not isinstance(entry, dict) or set(entry) - set(_ENTRY) or not all(isinstance(entry[key], _ENTRY[key]) for key in entry):
        raise BadAlert("Its entry in the alert map has to be a mapping of presets and toolkit, which are lists, and target, which is a boolean.")
    asked = [*entry.get("presets", ()), *(entry.get("toolkit", ()) if toolkit else ())]
    unknown = [_shown(preset) for preset in asked if not isinstance(preset, str) or preset not in needs]
    if unknown or not asked:
        words = f"presets for it that there are not: {', '.join(unknown)}" if unknown else "no presets for it"
        raise BadAlert(f"The alert map has {words}.")
    target = labels["container"] if entry.get("target", True) else ""
    presets = [preset for preset in asked if target or needs[preset] != "required"]
    left_out = [preset for preset in asked if preset not in presets]
    if not presets:
        raise BadAlert(f"There is no target for {', '.join(left_out)}, which need one: it has no label container, or target is false in its entry.")
    return {"presets": presets, "target": target, "left_out": left_out}


def _shown(value: object) -> str:
    """A value in one line of printable characters, in which there is no template."""
    if not isinstance(value, (str, int, float, type(None))):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = json.dumps(value).replace("{", "\\u007b").replace("}", "\\u007d")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
