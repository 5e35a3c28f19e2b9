"""What a benchmark prints and writes: a table for people, build/bench/NAME.json for comparison."""

import json
import math
import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

FOLDER = Path("build/bench")
WHOLE_FROM = 1000

Measured = TypeVar("Measured")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value; a ratio compares it with `against`, measured in the same run."""

    value: float
    unit: str
    against: str | None = None
    ratio: float | None = None


def in_turn(slices: Mapping[str, Callable[[], Measured]], rounds: int) -> dict[str, list[Measured]]:
    """What each slice measured in each round; one slice of each in turn, so that noise hits all alike."""
    seen: dict[str, list[Measured]] = {name: [] for name in slices}
    with Console(stderr=True).status("") as status:
        for number in range(1, rounds + 1):
            for name, measure in slices.items():
                status.update(f"round {number} of {rounds}: {name}")
                seen[name].append(measure())
    return seen


def interleaved(slices: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each measurement over several rounds, taken in turn."""
    return {name: statistics.median(values) for name, values in in_turn(slices, rounds).items()}


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest of the values that this part of them does not exceed: 0.99 of a thousand is the 990th."""
    return sorted(values)[max(math.ceil(part * len(values)), 1) - 1]


def publish(name: str, figures: Mapping[str, Figure], *, notes: Sequence[str] = (), as_json: bool = False) -> None:
    """Print the figures, as a table or as JSON, and write them to build/bench/NAME.json."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    report = json.dumps(_report(figures, notes), indent=1)
    (FOLDER / f"{name}.json").write_text(f"{report}\n")
    if as_json:
        print(report)
        return
    table = Table("figure", title=f"bench: {name}")
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("against")
    table.add_column("ratio", justify="right")
    for label, figure in figures.items():
        ratio = "" if figure.ratio is None else f"{figure.ratio:.3g}"
        table.add_row(label, _shown(figure.value), figure.unit, figure.against or "", ratio)
    console = Console()
    console.print(table)
    for note in notes:
        console.print(note, highlight=False)


def _report(figures: Mapping[str, Figure], notes: Sequence[str]) -> dict[str, object]:
    return {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "load": round(os.getloadavg()[0], 2),
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "figures": {label: asdict(figure) for label, figure in figures.items()},
        "notes": list(notes),
    }


def _shown(value: float) -> str:
    """Whole numbers from a thousand on; three digits that count below."""
    return f"{value:,.0f}" if abs(value) >= WHOLE_FROM else f"{value:.3g}"
