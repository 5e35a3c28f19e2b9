"""The groups of an experiment in SQL: the same draw as in `campaigns.experiments.assignment`."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Double,
    LargeBinary,
    SQLColumnExpression,
    Text,
    case,
    cast,
    func,
    literal,
)
from sqlalchemy.dialects.postgresql import BIT

WORD_BYTES = 7
POSITION_BITS = 53
"""What a float holds exactly, of the 56 in so many bytes."""
BEYOND = b"\xff" * 33
"""Sorts after every digest of SHA-256."""


class Groups(NamedTuple):
    """How an audience is divided."""

    names: Sequence[str]
    starts: Sequence[float]
    """Where on [0, 1) each group but the first begins."""


def group(groups: Groups, campaign_id: str, customer_id: SQLColumnExpression[str]) -> ColumnElement[str]:
    """The name of the customer's group.

    Digests are compared as they are: to make a number of each would take as long as to reckon it.
    """
    starts = literal([_first_from(start) for start in groups.starts], ARRAY(LargeBinary))
    return case(dict(enumerate(groups.names)), value=func.width_bucket(_digest(campaign_id, customer_id), starts))


def position(campaign_id: str, customer_id: SQLColumnExpression[str]) -> ColumnElement[float]:
    """Where in [0, 1) the customer stands in this campaign."""
    digest = func.encode(_digest(campaign_id, customer_id), "hex")
    bits = cast(literal("x", Text) + func.substr(digest, 1, 2 * WORD_BYTES), BIT(POSITION_BITS))
    return cast(cast(bits, BigInteger), Double) * 2.0**-POSITION_BITS


def _digest(campaign_id: str, customer_id: SQLColumnExpression[str]) -> ColumnElement[bytes]:
    return func.sha256(func.convert_to(literal(f"{campaign_id}/") + customer_id, "UTF8"))


def _first_from(start: float) -> bytes:
    """The smallest digest whose position is not below `start`; beyond every digest where there is none."""
    bits = math.ceil(math.ldexp(start, POSITION_BITS))
    word = bits << (8 * WORD_BYTES - POSITION_BITS)
    return word.to_bytes(WORD_BYTES, "big") if start < 1 else BEYOND
