"""What a benchmark prints and writes: a table for people, build/bench/NAME.json for comparison."""

import json
import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

FOLDER = Path("build/bench")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value; a ratio compares it with `against`, measured in the same run."""

    value: float
    unit: str
    against: str | None = None
    ratio: float | None = None


def interleaved(slices: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each measurement over several rounds, one slice of each in turn, so that noise hits all alike."""
    seen: dict[str, list[float]] = {name: [] for name in slices}
    for _ in range(rounds):
        for name, measure in slices.items():
            seen[name].append(measure())
    return {name: statistics.median(values) for name, values in seen.items()}


def publish(name: str, figures: Mapping[str, Figure], *, notes: Sequence[str] = ()) -> None:
    """Print the figures and write them to build/bench/NAME.json."""
    table = Table("figure", "value", "unit", "against", "ratio", title=f"bench: {name}")
    for label, figure in figures.items():
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        table.add_row(label, f"{figure.value:,.4g}", figure.unit, figure.against or "", ratio)
    console = Console()
    console.print(table)
    for note in notes:
        console.print(f"  {note}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    report = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "figures": {label: asdict(figure) for label, figure in figures.items()},
        "notes": list(notes),
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n")
