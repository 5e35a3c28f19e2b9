"""Events of many customers side by side, as arrays: what the database answers and the network reads."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

MICROSECONDS = 1_000_000
ROW_FIELDS = (
    "time", "event_type", "order_id", "item_id", "quantity", "unit_price", "channel", "rating", "dwell_seconds", "text",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """Ragged histories: customer c owns rows `offsets[c]:offsets[c + 1]`, ascending by time. N rows, C customers.

    A customer without events has an empty slice. What is not known is NaN (numbers) or None (strings).
    """

    customer_ids: npt.NDArray[np.object_]
    """[C]"""
    offsets: npt.NDArray[np.int64]
    """[C + 1]"""
    time: npt.NDArray[np.float64]
    """[N] seconds since the epoch, UTC."""
    event_type: npt.NDArray[np.int8]
    """[N] EventType."""
    order_id: npt.NDArray[np.object_]
    item_id: npt.NDArray[np.object_]
    quantity: npt.NDArray[np.float64]
    unit_price: npt.NDArray[np.float64]
    """[N] minor units."""
    channel: npt.NDArray[np.object_]
    rating: npt.NDArray[np.float64]
    dwell_seconds: npt.NDArray[np.float64]
    text: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def customer_of_row(self) -> npt.NDArray[np.int64]:
        """[N] index of the customer that owns each row."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.offsets))

    def ends(self, otherwise: float) -> npt.NDArray[np.float64]:
        """[C] seconds, directly after each customer's last row; `otherwise` where there is none."""
        rows = np.where(np.diff(self.offsets) > 0, self.offsets[1:] - 1, len(self.time))
        ends: npt.NDArray[np.float64] = np.nextafter(np.append(self.time, otherwise)[rows], np.inf)
        return ends

    def some(self, start: int, stop: int) -> Self:
        """The customers from `start` to before `stop`, with their rows."""
        rows = slice(int(self.offsets[start]), int(self.offsets[stop]))
        return type(self)(
            customer_ids=self.customer_ids[start:stop],
            offsets=self.offsets[start : stop + 1] - self.offsets[start],
            **{name: getattr(self, name)[rows] for name in ROW_FIELDS},
        )

    def kept(self, rows: npt.NDArray[np.bool_]) -> Self:
        """All customers, with those of their rows [N] that are marked."""
        before = np.concatenate(([0], np.cumsum(rows)))
        return replace(self, offsets=before[self.offsets], **{name: getattr(self, name)[rows] for name in ROW_FIELDS})

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Side by side, in this order; there is at least one."""
        if len(parts) == 1:
            return parts[0]
        begins = np.cumsum([0, *(part.offsets[-1] for part in parts)])
        return cls(
            customer_ids=np.concatenate([part.customer_ids for part in parts]),
            offsets=np.concatenate(
                [begins[:1], *(part.offsets[1:] + begin for part, begin in zip(parts, begins[:-1], strict=True))]
            ),
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in ROW_FIELDS},
        )

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, customer_ids: list[str] | None = None) -> Self:
        """From a frame in EVENT_SCHEMA, in any order.

        `customer_ids` fixes which customers and in which order (others are left out, unknown ones get an empty
        history); without it every customer of the frame, sorted.
        """
        if customer_ids is None:
            customer_ids = frame["customer_id"].unique().sort().to_list()
        places = pl.DataFrame(
            {"customer_id": pl.Series(customer_ids, dtype=pl.String), "place": np.arange(len(customer_ids))}
        )
        rows = frame.join(places, on="customer_id").sort("place", "time", "event_id", maintain_order=True)
        counts = np.bincount(rows["place"].to_numpy(), minlength=len(customer_ids))
        return cls(
            customer_ids=np.array(customer_ids, dtype=object),
            offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            time=rows["time"].dt.epoch("us").to_numpy() / MICROSECONDS,
            event_type=rows["event_type"].to_numpy().astype(np.int8),
            order_id=_strings(rows["order_id"]),
            item_id=_strings(rows["item_id"]),
            quantity=_numbers(rows["quantity"]),
            unit_price=_numbers(rows["unit_price_minor"]),
            channel=_strings(rows["channel"]),
            rating=_numbers(rows["rating"]),
            dwell_seconds=_numbers(rows["dwell_seconds"]),
            text=_strings(rows["text"]),
        )


def _strings(column: pl.Series) -> npt.NDArray[np.object_]:
    return np.array(column.to_list(), dtype=object)


def _numbers(column: pl.Series) -> npt.NDArray[np.float64]:
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
