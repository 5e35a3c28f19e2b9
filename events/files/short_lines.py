"""Lines of a CSV with fewer fields than its header: spreadsheets leave out empty ones at the end, and files are cut."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from events.files.reading import CSV, USUAL, Layout, separator_of

AT_ONCE = 1 << 22
QUOTE, LINE_END = ord('"'), ord("\n")
Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]
Short = tuple[Counts, Counts]
"""Numbers of rows, and how many fields each has."""
NONE: Short = (np.empty(0, np.int64), np.empty(0, np.int64))
SHORT = pl.Schema({"row_number": pl.UInt32(), "fields": pl.UInt32()})


def short_lines(path: Path, layout: Layout = USUAL) -> pl.DataFrame:
    """Their `row_number`, as `batches` counts them, and how many `fields` each has; none in other kinds of files.

    Of a line that has no end it is not known whether its last field is whole, so it has none. Polars fills short lines
    with nulls, which it also reads from fields that are empty.
    """
    found: list[Short] = []
    if path.suffix.lower() in CSV:
        lines = _Lines(ord(separator_of(path, layout)))
        with path.open("rb") as file:
            while block := file.read(AT_ONCE):
                found.append(lines.short_in(np.frombuffer(block, np.uint8)))
        found.append(lines.short_at_the_end())
    blocks = (pl.DataFrame(dict(zip(SHORT, each, strict=True)), SHORT) for each in found)
    return pl.concat([SHORT.to_frame(), *blocks])


class _Lines:
    """Counts separators line by line, those between quotation marks left out; the lines of a file come in blocks."""

    def __init__(self, separator: int) -> None:
        self._separator = separator
        self._quoted = False
        self._separators = 0
        """In the line at hand."""
        self._bytes = 0
        """The same."""
        self._rows = 0
        self._wanted: int | None = None
        """Separators of the header, once it is read."""

    def short_in(self, block: Bytes) -> Short:
        """The short lines that end in a block."""
        marks = np.flatnonzero((block == self._separator) | (block == LINE_END) | (block == QUOTE))
        kinds = block[marks]
        within = (np.cumsum(kinds == QUOTE) + self._quoted) % 2 == 1
        ends = np.flatnonzero((kinds == LINE_END) & ~within)
        before = np.cumsum((kinds == self._separator) & ~within) + self._separators
        places = marks[ends]
        counts = np.diff(before[ends], prepend=0)
        lengths = np.diff(places, prepend=-1 - self._bytes) - 1
        self._quoted = bool(within[-1]) if marks.size else self._quoted
        self._separators = int((before[-1] if marks.size else self._separators) - counts.sum())
        self._bytes = block.size + self._bytes - int((lengths + 1).sum())
        return self._short(counts, lengths)

    def short_at_the_end(self) -> Short:
        """The same of a last line that has no end."""
        if not self._bytes:
            return NONE
        last, _fields = self._short(np.array([self._separators], np.int64), np.array([self._bytes], np.int64))
        return last, np.zeros_like(last)

    def _short(self, counts: Counts, lengths: Counts) -> Short:
        if self._wanted is None:
            # Empty lines before the header are none of the file's rows.
            header = np.flatnonzero(lengths)
            if not header.size:
                return NONE
            self._wanted = int(counts[header[0]])
            counts = counts[header[0] + 1 :]
        short = np.flatnonzero(counts < self._wanted)
        rows = self._rows + 1 + short
        self._rows += counts.size
        return rows, counts[short] + 1
