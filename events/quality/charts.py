"""Plots of a quality report as SVG text that stands inside a page."""

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

BEFORE, AFTER, REJECTED, INK, FAINT = "#b4bcc8", "#1f6fb4", "#d4722a", "#2b3440", "#e3e7ec"
STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": BEFORE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "svg.fonttype": "none",
}
WIDTH = 7.6
"""Inches; the page scales it."""


def missing_chart(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Share of rows without a value, by field."""
    fields = sorted(before["missing"], key=lambda field: before["missing"][field])
    places = range(len(fields))
    with mpl.rc_context(STYLE | {"svg.hashsalt": "missing", "axes.grid.axis": "x"}):
        figure, axes = _axes(height=0.9 + 0.3 * len(fields))
        for profile, colour, shift in ((before, BEFORE, 0.2), (after, AFTER, -0.2)):
            shares = [100 * profile["missing"][field] / max(profile["rows"], 1) for field in fields]
            bars = axes.barh([place + shift for place in places], shares, height=0.38, color=colour)
            labels = [f"{profile['missing'][field]:,}" if profile["missing"][field] else "" for field in fields]
            axes.bar_label(bars, labels, padding=3, fontsize=8.5)
        axes.set_yticks(list(places), fields)
        axes.set_xlabel("% of rows without a value")
        axes.margins(x=0.12)
        axes.set_xlim(left=0)
        _legend(axes, {"before": BEFORE, "after": AFTER})
        return _svg(figure)


def steps_chart(steps: Sequence[Mapping[str, Any]]) -> str:
    """Rows that each step kept and rejected, from the first step at the top."""
    names = [step["step"] for step in steps][::-1]
    kept = [step["rows_out"] for step in steps][::-1]
    gone = [step["rows_in"] - step["rows_out"] for step in steps][::-1]
    with mpl.rc_context(STYLE | {"svg.hashsalt": "steps", "axes.grid.axis": "x"}):
        figure, axes = _axes(height=0.9 + 0.3 * len(names))
        axes.barh(names, kept, height=0.62, color=AFTER)
        bars = axes.barh(names, gone, height=0.62, left=kept, color=REJECTED)
        axes.bar_label(bars, [f"-{count:,}" if count else "" for count in gone], padding=4, fontsize=8.5)
        axes.set_xlabel("rows")
        axes.margins(x=0.14)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        _legend(axes, {"kept": AFTER, "rejected": REJECTED})
        return _svg(figure)


def weeks_chart(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Rows in each week."""
    with mpl.rc_context(STYLE | {"svg.hashsalt": "weeks", "axes.grid.axis": "y"}):
        figure, axes = _axes(height=2.6)
        for profile, colour in ((before, BEFORE), (after, AFTER)):
            weeks = np.array(sorted(profile["weeks"]), dtype="datetime64[D]")
            counts = np.array([profile["weeks"][week] for week in sorted(profile["weeks"])])
            axes.plot(weeks, counts, color=colour, linewidth=1.8)
            axes.fill_between(weeks, counts, color=colour, alpha=0.15)
        axes.set_ylim(bottom=0)
        axes.set_ylabel("rows in a week")
        axes.yaxis.set_major_formatter("{x:,.0f}")
        figure.autofmt_xdate(rotation=0, ha="center")
        _legend(axes, {"before": BEFORE, "after": AFTER})
        return _svg(figure)


def distribution_chart(before: Mapping[str, Any], after: Mapping[str, Any], field: str, label: str) -> str:
    """Rows by value of one field on logarithmic axes."""
    with mpl.rc_context(STYLE | {"svg.hashsalt": field, "axes.grid.axis": "y"}):
        figure, axes = _axes(height=2.6)
        edges = before[field]["edges"]
        bounds = [edges[0] / 2, *edges, edges[-1] * 2]
        for profile, colour in ((before, BEFORE), (after, AFTER)):
            counts = profile[field]["counts"]
            axes.stairs(counts, bounds, fill=True, color=colour, alpha=0.55 if colour == AFTER else 1.0)
        axes.set_xscale("log")
        axes.set_yscale("symlog", linthresh=10)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(f"{label} (the first bar holds all below {edges[0]:g})")
        axes.set_ylabel("rows")
        axes.xaxis.set_major_formatter("{x:,g}")
        axes.yaxis.set_major_formatter("{x:,.0f}")
        _legend(axes, {"before": BEFORE, "after": AFTER})
        return _svg(figure)


def _axes(*, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.add_subplot()


def _legend(axes: Axes, colours: Mapping[str, str]) -> None:
    handles = [Patch(color=colour, label=name) for name, colour in colours.items()]
    axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(colours), borderaxespad=0.2)


def _svg(figure: Figure) -> str:
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    drawn = text.getvalue()
    return drawn[drawn.index("<svg") :]
