"""One customer's history as bytes: column by column, each number as narrow as keeps it exact, each string once.

Many customers are packed and unpacked together: a step of numpy takes as long for one of them as for hundreds.
"""

import math
import struct
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import count, pairwise, repeat
from operator import mul
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from events.event import EVENT_SCHEMA
from events.history import Histories

FORMAT = 1
"""First byte; bytes of another format are not read."""
HEAD = struct.Struct("<BI")
"""Format, and how many rows."""
TIME = struct.Struct("<d")
"""Times come first."""
STRINGS_HEAD = struct.Struct("<HI")
"""How many different strings, and how many bytes they take."""
WIDTHS = ("<f2", "<f4", "<f8")
NUMBERS = ("quantity", "unit_price", "rating", "dwell_seconds")
STRINGS = ("order_id", "item_id", "channel", "text")
BETWEEN = "\0"
"""Between strings: the one character that PostgreSQL cannot store."""

Floats = npt.NDArray[np.float64]
Strings = npt.NDArray[np.object_]
Number = TypeVar("Number", bound=np.generic)


def packed(histories: Histories) -> list[bytes]:
    """Each customer's rows."""
    rows = _Rows(histories.offsets)
    columns = [
        [HEAD.pack(FORMAT, size) for size in np.diff(histories.offsets).tolist()],
        rows.slices(histories.time.astype("<f8")),
        rows.slices(histories.event_type),
        *(rows.numbers(getattr(histories, name)) for name in NUMBERS),
        *(rows.strings(getattr(histories, name)) for name in STRINGS),
    ]
    return [b"".join(parts) for parts in zip(*columns, strict=True)]


@cache
def nothing() -> bytes:
    """Of a customer without any event. Not made before it is needed: polars starts threads, and importers may fork."""
    return packed(Histories.from_frame(EVENT_SCHEMA.to_frame(), [""]))[0]


def is_ours(content: bytes) -> bool:
    """Whether this release can read it."""
    return content[:1] == bytes([FORMAT])


def rows(content: bytes) -> int:
    """How many events it holds."""
    return int(HEAD.unpack_from(content)[1])


def latest(content: bytes) -> float:
    """The time of the newest event, seconds since the epoch; minus infinity where there is none."""
    count = rows(content)
    return float(TIME.unpack_from(content, HEAD.size + (count - 1) * TIME.size)[0]) if count else -math.inf


def unpacked(contents: Sequence[bytes], customer_ids: Sequence[str]) -> Histories:
    """Side by side, as these customers'. Raises ValueError for one that another release packed."""
    for content, customer_id in zip(contents, customer_ids, strict=True):
        if not is_ours(content):
            raise ValueError(f"the history of {customer_id} was packed by another release")
    reader = _Reader(contents)
    times, kinds = reader.column("<f8"), reader.column("<i1")
    columns: dict[str, Any] = {name: reader.numbers() for name in NUMBERS}
    columns |= {name: reader.strings() for name in STRINGS}
    return Histories(
        customer_ids=np.array(customer_ids, dtype=object),
        offsets=np.cumsum([0, *reader.counts]),
        time=times.astype(np.float64, copy=False),
        event_type=kinds.astype(np.int8, copy=False),
        **columns,
    )


class _Rows:
    """Which rows are whose, and what is written of each customer's."""

    def __init__(self, offsets: npt.NDArray[np.int64]) -> None:
        self._offsets = offsets
        self._ends = list(pairwise(offsets.tolist()))

    def slices(self, column: npt.NDArray[np.generic]) -> list[bytes]:
        """The bytes of the numbers as they are."""
        whole, width = column.tobytes(), column.itemsize
        return [whole[begin * width : end * width] for begin, end in self._ends]

    def numbers(self, column: Floats) -> list[bytes]:
        """The width of a number, 0 where none is known, and all of them."""
        unknown = np.isnan(column)
        written = [b"\0" if all_unknown else b"" for all_unknown in self._all(unknown)]
        for width in WIDTHS:
            if all(written):
                break
            with np.errstate(over="ignore"):
                narrow = column.astype(width)
            head, fits = bytes([narrow.itemsize]), self._all(unknown | (narrow == column))
            written = [
                done or (head + part if exact else b"")
                for done, part, exact in zip(written, self.slices(narrow), fits, strict=True)
            ]
        return written

    def strings(self, column: Strings) -> list[bytes]:
        """The different strings, and for each row the number of its own; 0 is None."""
        values = column.tolist()
        return [_strings(values[begin:end]) for begin, end in self._ends]

    def _all(self, true: npt.NDArray[np.bool_]) -> list[bool]:
        """Whether it is for all rows of a customer."""
        false = np.zeros(len(true) + 1, dtype=np.int64)
        np.cumsum(~true, out=false[1:])
        false = false[self._offsets]
        found: list[bool] = (false[1:] == false[:-1]).tolist()
        return found


def _strings(values: Sequence[str | None]) -> bytes:
    different = [value for value in dict.fromkeys(values) if value is not None]
    text = BETWEEN.join(different).encode()
    head = STRINGS_HEAD.pack(len(different), len(text)) + text
    if not different:
        return head
    numbers: dict[str | None, int] = {None: 0, **dict(zip(different, count(1), strict=False))}
    return head + np.fromiter(map(numbers.__getitem__, values), f"<u{_width(len(different))}", len(values)).tobytes()


def _width(different: int) -> int:
    """Bytes of the number of a string."""
    return min(different, 1) if different < 0x100 else 2  # noqa: PLR2004 - what one byte tells apart


class _Reader:
    """Goes through the columns of all customers in the order in which they were packed."""

    def __init__(self, contents: Sequence[bytes]) -> None:
        self.counts = [rows(content) for content in contents]
        self._rows = sum(self.counts)
        self._contents = contents
        self._at = [HEAD.size] * len(contents)

    def column(self, kind: str) -> npt.NDArray[np.generic]:
        """One that has this kind of number everywhere."""
        width = np.dtype(kind).itemsize
        return np.frombuffer(b"".join(self._taken(size * width for size in self.counts)), kind)

    def numbers(self) -> Floats:
        widths = [head[0] for head in self._taken(repeat(1))]
        return self._spread(np.full(self._rows, np.nan), "f", widths)

    def strings(self) -> Strings:
        heads = [STRINGS_HEAD.unpack(head) for head in self._taken(repeat(STRINGS_HEAD.size))]
        texts = self._taken(size for _, size in heads)
        widths = [_width(different) for different, _ in heads]
        if not any(widths):
            return np.full(self._rows, None, dtype=object)
        numbers = self._spread(np.zeros(self._rows, dtype=np.int64), "u", widths)
        if len(heads) > 1:
            before = np.cumsum([0, *(different for different, _ in heads[:-1])])
            numbers[numbers > 0] += np.repeat(before, self.counts)[numbers > 0]
        whole = BETWEEN.encode().join(text for text, width in zip(texts, widths, strict=True) if width)
        return np.array([None, *whole.decode().split(BETWEEN)], dtype=object)[numbers]

    def _spread(self, values: npt.NDArray[Number], kind: str, widths: Sequence[int]) -> npt.NDArray[Number]:
        """Numbers that have a width for each customer; where that is 0, `values` stay."""
        parts = self._taken(map(mul, self.counts, widths))
        several = set(widths)
        of_rows = np.repeat(widths, self.counts) if len(several) > 1 else None
        for width in several - {0}:
            own = b"".join(part for part, each in zip(parts, widths, strict=True) if each == width)
            values[... if of_rows is None else of_rows == width] = np.frombuffer(own, f"<{kind}{width}")
        return values

    def _taken(self, sizes: Iterable[int]) -> list[bytes]:
        """So many bytes of each customer."""
        ends = [at + size for at, size in zip(self._at, sizes, strict=False)]
        parts = [content[at:end] for content, at, end in zip(self._contents, self._at, ends, strict=True)]
        self._at = ends
        return parts
