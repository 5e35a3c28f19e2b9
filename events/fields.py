"""The fields that a column of an events file can be mapped to."""

from enum import StrEnum

import polars as pl

from events.event import TIME, EventType


class Field(StrEnum):
    """A canonical event's fields, and those of its item and customer that shops write beside them."""

    EVENT_ID = "event_id"
    CUSTOMER_ID = "customer_id"
    TIME = "time"
    EVENT_TYPE = "event_type"
    ORDER_ID = "order_id"
    ITEM_ID = "item_id"
    QUANTITY = "quantity"
    UNIT_PRICE = "unit_price"
    """In major units: 2.55 pounds."""
    UNIT_PRICE_MINOR = "unit_price_minor"
    """In minor units: 255 pence."""
    CURRENCY = "currency"
    CHANNEL = "channel"
    RATING = "rating"
    DWELL_SECONDS = "dwell_seconds"
    TEXT = "text"
    ATTRIBUTION_TOKEN = "attribution_token"  # noqa: S105 - a field's name
    TITLE = "title"
    CATEGORY = "category"
    BRAND = "brand"
    COUNTRY = "country"


NUMBERS = (Field.QUANTITY, Field.UNIT_PRICE, Field.UNIT_PRICE_MINOR, Field.RATING, Field.DWELL_SECONDS)
STRINGS = tuple(field for field in Field if field not in {*NUMBERS, Field.TIME, Field.EVENT_TYPE})
GOODS = (EventType.CART, EventType.PURCHASE, EventType.RETURN)
BELONGS_TO: dict[Field, tuple[EventType, ...]] = {
    Field.ORDER_ID: (EventType.PURCHASE, EventType.RETURN),
    Field.ITEM_ID: (EventType.VIEW, *GOODS, EventType.REVIEW),
    Field.QUANTITY: GOODS,
    Field.UNIT_PRICE: GOODS,
    Field.RATING: (EventType.REVIEW,),
    Field.DWELL_SECONDS: (EventType.VIEW,),
}
"""Event types in which a field can be missing; fields that do not stand here belong to every type."""

WHAT = (Field.ITEM_ID, Field.QUANTITY, Field.UNIT_PRICE, Field.UNIT_PRICE_MINOR)
"""What an event is about, and how much of it: a line that ends before them was cut off."""

IDS: dict[Field, str] = {
    Field.CUSTOMER_ID: "^[^/[:cntrl:]]{1,128}$",
    Field.EVENT_ID: "^[^/[:cntrl:]]{1,128}$",
    Field.ITEM_ID: "^[^[:cntrl:]]{1,128}$",
    Field.ORDER_ID: "^[^[:cntrl:]]{1,128}$",
}
"""What ids look like, in files as on the wire; the first two are parts of resource names."""

LONGEST: dict[Field, int] = {
    Field.TEXT: 10_000,
    Field.TITLE: 10_000,
    Field.CATEGORY: 500,
    Field.BRAND: 500,
    Field.ATTRIBUTION_TOKEN: 512,
    Field.CHANNEL: 64,
    Field.COUNTRY: 64,
}
"""Symbols, as on the wire. Where one quotation mark is missing, thousands of lines are one value, and still CSV."""

ROW_SCHEMA = pl.Schema(
    {
        "row_number": pl.UInt32(),
        "key_a": pl.UInt64(),
        "key_b": pl.UInt64(),
        "unreadable": pl.String(),
        "time_problem": pl.String(),
        "repaired_time": pl.Boolean(),
        "cancellation": pl.Boolean(),
        "time": TIME,
        "event_type": pl.Int16(),
        "quantity": pl.Float64(),
        "unit_price": pl.Float64(),
        "rating": pl.Float64(),
        "dwell_seconds": pl.Float64(),
    }
    | dict.fromkeys(STRINGS, pl.String())
)
"""Columns of the rows of a file while they are cleaned.

`row_number` counts from 1, the first row after the header. `key_a` and `key_b` are 128 bits of hash over the mapped
columns as they stood in the file. `time_problem` is a reason to reject, `unreadable` names the first other field that
could not be read. `unit_price` is in major units.
"""


def belongs(field: str) -> pl.Expr:
    """Whether a row's event type has this field."""
    types = BELONGS_TO.get(Field.UNIT_PRICE if field == Field.UNIT_PRICE_MINOR else Field(field))
    return pl.lit(value=True) if types is None else pl.col("event_type").is_in([int(kind) for kind in types])
