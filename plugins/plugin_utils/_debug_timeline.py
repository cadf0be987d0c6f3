# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""When what of an evidence bundle happened, as places on a drawing: percent of its width, so that it fits any page. Pure.

Times are seconds since 1970, of the cluster's clock: what a collector wrote down is moved by its ``clock_skew``. A time that cannot be drawn (null, none at
all, before 1971 or after 2999, more than a day after the last run) is None, and what depends on it is not drawn; the text beside the drawing has it as it is.
"""

from __future__ import annotations

import collections
import datetime
import re
import typing as t

#: Of lanes that are drawn.
MOST_LANES = 100
#: The phase of a pod that was gone at the last look.
GONE = "Vanished"
_DAY = 86400.0
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6})\d*)?Z")
_STEPS = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10800,
    21600,
    43200,
    86400,
    172800,
    604800,
    1209600,
    2592000,
    7776000,
    15552000,
    31536000,
)
#: Ticks of a phone's width: more would run into each other.
_MOST_TICKS = 4
#: Percent: what is shorter could not be seen.
_LEAST_WIDTH = 0.8

Json = t.Mapping[str, t.Any]


class Bar(t.NamedTuple):
    x: str
    width: str
    tone: str
    """run, good, bad, warn, wait or debug."""
    before: bool = False
    """It began before the drawing does."""
    after: bool = False
    """Nothing is known of its end."""


class Lane(t.NamedTuple):
    name: str
    kind: str
    words: list[str]
    bars: list[Bar]


class Tick(t.NamedTuple):
    x: str
    anchor: str
    label: str


class Chart(t.NamedTuple):
    title: str
    begins: str
    ends: str
    ticks: list[Tick]
    bands: list[Bar]
    """When runs were at work."""
    lanes: list[Lane]
    more: int = 0
    """Lanes that are not drawn."""


class Scale(t.NamedTuple):
    begins: float
    ends: float

    def at(self, moment: float) -> float:
        """Percent of the width."""
        return min(100.0, max(0.0, 100 * (moment - self.begins) / (self.ends - self.begins)))

    def draw(self, begins: float | None, ends: float | None, tone: str, known_until: float) -> Bar | None:
        """A bar from one time to another. What ends before it begins, as with two clocks, is drawn as short as can be."""
        if begins is None:
            begins = ends
        if begins is None or max(begins, known_until if ends is None else ends) < self.begins:
            return None
        left = self.at(begins)
        width = max(_LEAST_WIDTH, self.at(known_until if ends is None else ends) - left)
        left = min(left, 100 - width)
        return Bar(_percent(left), _percent(width), tone, begins < self.begins, ends is None)


def moment(text: t.Any, skew: float = 0) -> float | None:
    """Seconds since 1970 of a manifest's time, or None."""
    parts = _TIME.fullmatch(str(text)) if text is not None else None
    if not parts:
        return None
    year, month, day, hour, minute, second = (int(each) for each in parts.groups()[:6])
    micro = int((parts[7] or "0").ljust(6, "0"))
    try:
        found = datetime.datetime(year, month, day, hour, minute, second, micro, datetime.timezone.utc)
    except ValueError:
        return None
    return found.timestamp() + skew if 1970 < found.year < 3000 else None


def pods(runs: t.Sequence[Json]) -> tuple[list[Chart], int]:
    """One drawing a pod, all on one scale: its containers and their restarts, and when runs collected; and how many pods are not drawn."""
    looks: dict[tuple[str, str, str], list[tuple[Json, float | None]]] = {}
    for run in runs:
        for pod in run["pods"]:
            # When a pod went is not told: only that it was there when the run began to look.
            last = _run_begins(run) if pod["phase"] == GONE else _run_ends(run)
            looks.setdefault((pod["namespace"], pod["pod"], pod["uid"]), []).append((pod, last))
    latest = _latest(runs)
    times = [each for seen in looks.values() for pod, until in seen for container in pod["containers"] for each in _span(container, latest)]
    scale = _wide(_run_times(runs), times)
    if scale is None:
        return [], len(looks)
    namesakes = collections.Counter((namespace, name) for namespace, name, uid in looks)
    bands = [band for run in runs if (band := scale.draw(_run_begins(run), _run_ends(run), "band", scale.ends))]
    charts = []
    room = MOST_LANES
    for (namespace, name, uid), seen in looks.items():
        if not room:
            break
        lanes = _pod_lanes(seen, scale, latest)
        title = f"{namespace}/{name}" + (f" (uid {uid})" if namesakes[namespace, name] > 1 else "")
        charts.append(_chart(f"{title}: {seen[-1][0]['phase']}", scale, bands, lanes[:room], len(lanes) - len(lanes[:room])))
        room = max(0, room - len(lanes))
    return charts, len(looks) - len(charts)


def collection(run: Json) -> Chart | None:
    """What a run did when: one lane an answer."""
    own = [each for each in (_run_begins(run), _run_ends(run)) if each is not None]
    latest = _latest([run])
    spans = [_span(answer, latest) for answer in run["answers"]]
    within = [each for span in spans for each in span if not own or each >= own[0] - 60]
    times = own + within
    if not times or not run["answers"]:
        return None
    scale = _padded(min(times), max(times), 1)
    tones = {"complete": "good", "partial": "warn", "running": "wait", "skipped": "wait", "failed": "bad"}
    lanes = []
    for answer, span in list(zip(run["answers"], spans, strict=True))[:MOST_LANES]:
        begins, ends = _ends_of(answer, span)
        tone = "bad" if answer["state"] == "complete" and not answer["ok"] else tones[answer["state"]]
        drawn = scale.draw(begins, ends, tone, max(times))
        words = [answer["state"]] + ["problems found"] * (not answer["ok"] and answer["state"] == "complete")
        words += [f"{answer['seconds']} s"] * (answer["seconds"] is not None) + _undrawn(span) * (drawn is None)
        lanes.append(Lane(answer["preset"], answer["pod"], [", ".join(words)], [drawn] if drawn else []))
    band = scale.draw(own[0], _run_ends(run), "band", max(times)) if own else None
    return _chart("", scale, [band] if band else [], lanes, max(0, len(run["answers"]) - MOST_LANES))


def _pod_lanes(seen: t.Sequence[tuple[Json, float | None]], scale: Scale, latest: float | None) -> list[Lane]:
    """A lane a container. A later look at the same run of a container replaces the earlier one."""
    lanes: dict[tuple[str, str], dict[t.Any, tuple[Json, float | None]]] = {}
    for pod, until in seen:
        for container in pod["containers"]:
            runs = lanes.setdefault((container["kind"], container["name"]), {})
            runs.pop("waiting", None)
            waits = container["state"] == "waiting"
            runs["waiting" if waits else container["container_id"] or container["started_at"]] = (container, until)
    order = ("container", "init", "ephemeral")
    return [_pod_lane(name, kind, list(runs.values()), scale, latest) for (kind, name), runs in sorted(lanes.items(), key=lambda lane: order.index(lane[0][0]))]


def _pod_lane(name: str, kind: str, runs: list[tuple[Json, float | None]], scale: Scale, latest: float | None) -> Lane:
    runs.sort(key=lambda run: (not run[0]["previous"], moment(run[0]["started_at"]) or 0))
    bars = []
    words = []
    ended: float | None = None
    for container, until in runs:
        begins, ends = _ends_of(container, _span(container, latest))
        waits = container["state"] == "waiting"
        drawn = scale.draw(ended if waits and begins is None else begins, ends, _tone(container), scale.ends if until is None else until)
        bars += [drawn] if drawn else []
        words.append(", ".join([_told(container), *_undrawn(_span(container, latest)) * (drawn is None)]))
        ended = ends
    restarts = max(container["restarts"] for container, until in runs)
    if restarts:
        words.append(f"{restarts} restart{'s' * (restarts != 1)}" + (", of which the API tells the last" if restarts > len(runs) - 1 else ""))
    return Lane(name, {"container": "", "init": "init", "ephemeral": "debug"}[kind], words, bars)


def _tone(container: Json) -> str:
    if container["state"] == "waiting":
        return "wait"
    if container["state"] == "terminated" and container["exit_code"] != 0:
        return "bad"
    if container["kind"] == "ephemeral":
        return "debug"
    return "run" if container["state"] == "running" else "good"


def _told(container: Json) -> str:
    """One run of a container in words."""
    words = str(container["state"])
    if container["state"] == "terminated":
        words = "ended" + (f" with exit code {container['exit_code']}" if container["exit_code"] is not None else "")
    if container["reason"]:
        words += f" ({container['reason']})"
    if container["started_at"] or container["finished_at"]:
        since = f"since {_clock(container['started_at'])}"
        words += f", {_clock(container['started_at'])} to {_clock(container['finished_at'])}" if container["finished_at"] else f" {since}"
    return words + (", ends before it begins" if _backwards(container) else "")


def _undrawn(span: t.Sequence[float]) -> list[str]:
    return ["before what is drawn"] if span else ["not drawn: no time is known"]


def _backwards(what: Json) -> bool:
    begins, ends = moment(what["started_at"]), moment(what["finished_at"])
    return begins is not None and ends is not None and ends < begins


def _span(what: Json, latest: float | None) -> list[float]:
    """Its beginning and its end, those that can be drawn."""
    return [each for each in (moment(what["started_at"]), moment(what["finished_at"])) if each is not None and (latest is None or each <= latest)]


def _ends_of(what: Json, span: t.Sequence[float]) -> tuple[float | None, float | None]:
    begins, ends = moment(what["started_at"]), moment(what["finished_at"])
    return begins if begins in span else None, ends if ends in span else None


def _latest(runs: t.Sequence[Json]) -> float | None:
    times = _run_times(runs)
    return max(times) + _DAY if times else None


def _run_times(runs: t.Sequence[Json]) -> list[float]:
    return [each for run in runs for each in (_run_begins(run), _run_ends(run)) if each is not None]


def _run_begins(run: Json) -> float | None:
    return moment(run["started_at"], run["clock_skew"] or 0)


def _run_ends(run: Json) -> float | None:
    """Of one that was interrupted, the last that is known of it."""
    if run["finished_at"]:
        return moment(run["finished_at"], run["clock_skew"] or 0)
    begins = _run_begins(run)
    latest = None if begins is None else begins + _DAY
    times = [each for answer in run["answers"] for each in _span(answer, latest)]
    return max([*times, *([begins] if begins is not None else [])], default=None)


def _wide(runs: t.Sequence[float], others: t.Sequence[float]) -> Scale | None:
    """From the day before the first run, or what happened in it, so that a pod's age of months does not hide a minute."""
    times = [*runs, *(each for each in others if not runs or each >= min(runs) - _DAY)]
    return _padded(min(times), max(times), 60) if times else None


def _padded(begins: float, ends: float, least: float) -> Scale:
    span = max(least, abs(ends - begins))
    return Scale(begins - 0.03 * span, max(begins, ends, begins + span) + 0.03 * span)


def _chart(title: str, scale: Scale, bands: list[Bar], lanes: list[Lane], more: int) -> Chart:
    return Chart(title, _stamp(scale.begins), _stamp(scale.ends), _ticks(scale), bands, lanes, more)


def _ticks(scale: Scale) -> list[Tick]:
    span = scale.ends - scale.begins
    step = next((each for each in _STEPS if span / each <= _MOST_TICKS), _STEPS[-1] * (1 + int(span // (_MOST_TICKS * _STEPS[-1]))))
    form = "%H:%M:%S" if step < 60 else "%H:%M" if step < _DAY else "%Y-%m-%d"
    ticks = []
    each = step * (1 + int(scale.begins // step))
    while each <= scale.ends:
        x = scale.at(each)
        anchor = "start" if x < 8 else "end" if x > 92 else "middle"
        ticks.append(Tick(_percent(x), anchor, datetime.datetime.fromtimestamp(each, datetime.timezone.utc).strftime(form)))
        each += step
    return ticks


def _stamp(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def _clock(text: t.Any) -> str:
    return str(text).replace("T", " ").replace("Z", "") if text else "?"


def _percent(number: float) -> str:
    return f"{number:.2f}%"
