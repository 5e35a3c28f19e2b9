"""Strays from before a shop's records begin are said, so that nobody wonders why the shop is taken for a young one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from admin.shell.output import warn


def tell_strays(strays: int, records_begin: datetime) -> None:
    """A warning where there are any."""
    if words := words_of(strays, records_begin):
        warn(words)


def tell_strays_of(manifest: Mapping[str, Any]) -> None:
    """Of what a model learned from."""
    data = manifest["data"]
    tell_strays(data["strays"], datetime.fromisoformat(data["records_begin"]))


def words_of(strays: int, records_begin: datetime) -> str:
    """What is done with them, and what to do where that is wrong; empty where there are none."""
    if not strays:
        return ""
    early = f"{strays:,} events before then count as history of their customers"
    if strays == 1:
        early = "1 event before then counts as its customer's history"
    return (
        f"the records begin on {records_begin:%Y-%m-%d}. {early}, but no window of that time is learned from. If the "
        "shop was open already, import its other orders as well"
    )
