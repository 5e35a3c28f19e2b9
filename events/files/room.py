"""Whether the rows of a file can fit into memory, asked before they are read: one of some MB may say billions."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl
import polars.selectors as cs

from events.files.reading import FileNotUsable

LEAST_BYTES_A_ROW = 450
"""At the peak, of rows in which almost everything is empty."""
COPIES = 2
"""Of each text at the peak: as it was read, and as an event."""
MACHINE = Path("/proc/meminfo")
LIMIT, USED = (Path(f"/sys/fs/cgroup/memory.{name}") for name in ("max", "current"))


def require_room(path: Path, rows: int) -> None:
    """Raises FileNotUsable for more rows than this process can hold."""
    free = free_memory()
    if free is not None and rows * LEAST_BYTES_A_ROW > free:
        raise FileNotUsable(
            f"{path}: its {rows:,} rows take more than {rows * LEAST_BYTES_A_ROW / 1e9:,.0f} GB of memory, of which "
            f"{free / 1e9:,.0f} are free here; import it in parts, the oldest events first"
        )


def with_room(path: Path, blocks: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same, one after another. Raises FileNotUsable once the texts of all do not fit into this process."""
    took, free = 0, free_memory()
    for block in blocks:
        took += COPIES * int(block.select(cs.string()).estimated_size())
        if free is not None and took > free:
            raise FileNotUsable(
                f"{path}: its texts take more than {took / 1e9:,.0f} GB of memory, of which {free / 1e9:,.0f} "
                "were free here; is each in the column where it belongs? Else import the file in parts"
            )
        yield block


def free_memory() -> int | None:
    """Bytes that this machine, or the container, can still give; None where it does not say."""
    if not MACHINE.is_file():
        return None
    found = re.search(r"^MemAvailable:\s+(\d+) kB", MACHINE.read_text(), re.MULTILINE)
    free = None if found is None else int(found[1]) * 1024
    if not LIMIT.is_file() or (limit := LIMIT.read_text().strip()) == "max":
        return free
    left = int(limit) - int(USED.read_text())
    return left if free is None else min(free, left)
