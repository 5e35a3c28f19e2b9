"""Numbers as shops write them: 1234.50, 1.234,50, 1 234,50."""

import re
from typing import Literal, Self

import polars as pl
from pydantic import BaseModel, model_validator

SPACES = r"[ \u00a0\u202f]"
"""Spreadsheets put one that breaks no line between thousands."""


class Numerals(BaseModel, frozen=True, extra="forbid"):
    """Which marks stand in numbers that are texts."""

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    """Between groups of three digits; none by default, lest the price 1,234 be a thousand times too high."""

    @model_validator(mode="after")
    def _two_marks(self) -> Self:
        if self.decimal == self.thousands:
            message = f"decimal and thousands are both {self.decimal!r}; leave thousands out where there is no mark"
            raise ValueError(message)
        return self

    def plain(self, text: pl.Expr) -> pl.Expr:
        """The same numbers without groups and with a point; null for what is written otherwise."""
        if self == USUAL:
            return text
        group = SPACES if self.thousands == " " else re.escape(self.thousands)
        groups = rf"\d{{1,3}}(?:{group}\d{{3}})+|" if self.thousands else ""
        form = rf"^[+-]?(?:{groups}\d*)(?:{re.escape(self.decimal)}\d*)?(?:[eE][+-]?\d+)?$"
        whole = text.str.replace_all(group, "") if self.thousands else text
        return pl.when(text.str.contains(form)).then(whole.str.replace(self.decimal, ".", literal=True))


USUAL = Numerals()
