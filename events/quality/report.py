"""A quality report as tables: what each step did, and the data before and after."""

from collections.abc import Mapping
from typing import Any


def summary(report: Mapping[str, Any]) -> list[dict[str, object]]:
    """What each step did, a row for each, for a table on a terminal."""
    return [
        {
            "step": step["step"],
            "rows in": step["rows_in"],
            "rejected": step["rows_in"] - step["rows_out"],
            "repaired": step["repaired"],
            "rows out": step["rows_out"],
            "what": "; ".join(f"{what} {shown(count)}" for what, count in _told(step)),
        }
        for step in report["steps"]
    ]


def _told(step: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Reasons of rejections with their counts, then the step's notes."""
    notes = [(name, note) for name, note in sorted(step["notes"].items()) if not isinstance(note, list)]
    return [*sorted(step["rejected"].items()), *notes]


def quality(report: Mapping[str, Any]) -> list[dict[str, object]]:
    """The data before and after, a row for each measure."""
    before, after = report["before"], report["after"]
    names = ("rows", "duplicates", "cancellations", "customers", "items", "first_time", "last_time")
    measures: list[dict[str, object]] = [
        {"measure": name.replace("_", " "), "before": before[name], "after": after[name]} for name in names
    ]
    missing = [
        {"measure": f"missing {field}", "before": count, "after": after["missing"][field]}
        for field, count in sorted(before["missing"].items(), key=descending)
    ]
    return measures + missing


def descending(entry: tuple[str, int]) -> int:
    """For sorting: the largest count first."""
    return -entry[1]


def shown(content: object) -> str:
    """As people read it."""
    return f"{content:,}" if isinstance(content, int | float) else str(content)
