# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is measured, with its goal, and the table that shows it."""

from __future__ import annotations

import dataclasses
import statistics
import typing as t


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure as a person reads it. ``met`` is None where there is no goal."""

    name: str
    value: str
    n: int
    spread: str
    goal: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        """The word for the table."""
        return {None: "", True: "ok", False: "MISSED"}[self.met]


def ratio(name: str, over: t.Sequence[float], under: t.Sequence[float], *, at_most: float | None = None, at_least: float | None = None) -> Figure:
    """The ratio of two medians, with the middle half of the ratios of the single rounds as its spread."""
    value = statistics.median(over) / statistics.median(under)
    spread = middle_half([one / other for one, other in zip(over, under, strict=True)], "")
    goal, met = ("", None) if at_most is None else (f"<= {at_most:.2f}", value <= at_most)
    if at_least is not None:
        goal, met = f">= {at_least:.2f}", value >= at_least
    return Figure(name, f"{value:.2f}", len(over), spread, goal, met)


def seconds(name: str, samples: t.Sequence[float], *, at_most: float | None = None) -> Figure:
    """The median of some times."""
    value = statistics.median(samples)
    goal, met = ("", None) if at_most is None else (f"<= {at_most:.2f} s", value <= at_most)
    return Figure(name, f"{value:.3f} s", len(samples), middle_half(samples, " s"), goal, met)


def megabytes(name: str, samples: t.Sequence[float], *, at_most: float) -> Figure:
    """The largest of some amounts of bytes."""
    value = max(samples) / 1e6
    return Figure(name, f"{value:.1f} MB", len(samples), middle_half([sample / 1e6 for sample in samples], " MB"), f"<= {at_most:.0f} MB", value <= at_most)


def middle_half(samples: t.Sequence[float], unit: str) -> str:
    """The quartiles, and the largest sample."""
    if len(samples) < 2:
        return ""
    low, _median, high = statistics.quantiles(samples, n=4, method="inclusive")
    return f"{low:.3f} .. {high:.3f}{unit}, max {max(samples):.3f}{unit}"


def table(figures: t.Sequence[Figure]) -> str:
    """The figures in columns."""
    rows = [("figure", "value", "goal", "", "n", "middle half, max")]
    rows += [(figure.name, figure.value, figure.goal, figure.verdict, str(figure.n), figure.spread) for figure in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])
