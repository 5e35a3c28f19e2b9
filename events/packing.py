"""One customer's history as bytes: column by column, each number as narrow as keeps it exact, each string once."""

import math
import struct
from collections.abc import Sequence

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


def packed(histories: Histories, place: int) -> bytes:
    """The rows of the customer at this place."""
    own = slice(int(histories.offsets[place]), int(histories.offsets[place + 1]))
    parts = [HEAD.pack(FORMAT, own.stop - own.start)]
    parts += [histories.time[own].astype("<f8").tobytes(), histories.event_type[own].tobytes()]
    parts += [_numbers(getattr(histories, name)[own]) for name in NUMBERS]
    parts += [_strings(getattr(histories, name)[own]) for name in STRINGS]
    return b"".join(parts)


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
    if not contents:
        return Histories.from_frame(EVENT_SCHEMA.to_frame(), [])
    return Histories.joined([_history(*each) for each in zip(contents, customer_ids, strict=True)])


def _history(content: bytes, customer_id: str) -> Histories:
    if not is_ours(content):
        raise ValueError(f"the history of {customer_id} was packed by another release")
    count = rows(content)
    reader = _Reader(content, count)
    return Histories(
        customer_ids=np.array([customer_id], dtype=object),
        offsets=np.array([0, count]),
        time=reader.column("<f8").astype(np.float64, copy=False),
        event_type=reader.column("<i1").astype(np.int8, copy=False),
        quantity=reader.numbers(),
        unit_price=reader.numbers(),
        rating=reader.numbers(),
        dwell_seconds=reader.numbers(),
        order_id=reader.strings(),
        item_id=reader.strings(),
        channel=reader.strings(),
        text=reader.strings(),
    )


def _numbers(column: Floats) -> bytes:
    """The width of a number, 0 where none is known, and all of them."""
    if np.isnan(column).all():
        return b"\0"
    with np.errstate(over="ignore"):
        narrow = next(each for each in map(column.astype, WIDTHS) if np.array_equal(each, column, equal_nan=True))
    return bytes([narrow.itemsize]) + narrow.tobytes()


def _strings(column: Strings) -> bytes:
    """The different strings, and for each row the number of its own; 0 is None."""
    seen: dict[str | None, int] = {None: 0}
    numbers = [seen.setdefault(value, len(seen)) for value in column.tolist()]
    different = len(seen) - 1
    text = BETWEEN.join(string for string in seen if string is not None).encode()
    head = STRINGS_HEAD.pack(different, len(text)) + text
    return head + np.array(numbers, dtype=_width(different)).tobytes() if different else head


def _width(different: int) -> str:
    return "<u1" if different < 0x100 else "<u2"  # noqa: PLR2004 - what one byte tells apart


class _Reader:
    """Goes through the columns in the order in which they were packed."""

    def __init__(self, content: bytes, rows: int) -> None:
        self._content = content
        self._rows = rows
        self._at = HEAD.size

    def column(self, kind: str) -> npt.NDArray[np.generic]:
        column = np.frombuffer(self._content, kind, self._rows, self._at)
        self._at += column.nbytes
        return column

    def numbers(self) -> Floats:
        width = self._content[self._at]
        self._at += 1
        return self.column(f"<f{width}").astype(np.float64) if width else np.full(self._rows, np.nan)

    def strings(self) -> Strings:
        different, size = STRINGS_HEAD.unpack_from(self._content, self._at)
        begin = self._at + STRINGS_HEAD.size
        self._at = begin + size
        strings: list[str | None] = [None]
        if different:
            strings += self._content[begin : self._at].decode().split(BETWEEN)
        known = np.array(strings, dtype=object)
        return known[self.column(_width(different))] if different else np.full(self._rows, None, dtype=object)
