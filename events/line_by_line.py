"""The events of a file one after the other, also those of one instant: an order as its lines were written down."""

import polars as pl


def line_by_line(events: pl.DataFrame) -> pl.DataFrame:
    """A microsecond apart where a customer's share an instant, in the order of the frame.

    What shares an instant without an order id is one order still, named by the instant.
    """
    instant = ["customer_id", "time"]
    lines = pl.int_range(pl.len()).over(instant)
    together = pl.when(pl.len().over(instant) > 1).then(pl.col("time").to_physical().cast(pl.String))
    return events.with_columns(
        (pl.col("time") + pl.duration(microseconds=lines)).alias("time"),
        pl.coalesce("order_id", together).alias("order_id"),
    ).cast({"time": events.schema["time"]})
