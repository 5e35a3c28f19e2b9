"""The groups of an experiment in SQL: the same draw as in `campaigns.experiments.assignment`."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Double, SQLColumnExpression, Text, case, cast, func, literal
from sqlalchemy.dialects.postgresql import BIT

HEX_DIGITS = 14
POSITION_BITS = 53
"""What a float holds exactly, of the 56 in so many hexadecimal digits."""


class Groups(NamedTuple):
    """How an audience is divided."""

    names: Sequence[str]
    starts: Sequence[float]
    """Where on [0, 1) each group but the first begins."""


def group(groups: Groups, campaign_id: str, customer_id: SQLColumnExpression[str]) -> ColumnElement[str]:
    """The name of the customer's group."""
    place = func.width_bucket(position(campaign_id, customer_id), literal(list(groups.starts), ARRAY(Double)))
    return case(dict(enumerate(groups.names)), value=place)


def position(campaign_id: str, customer_id: SQLColumnExpression[str]) -> ColumnElement[float]:
    """Where in [0, 1) the customer stands in this campaign."""
    digest = func.encode(func.sha256(func.convert_to(literal(f"{campaign_id}/") + customer_id, "UTF8")), "hex")
    bits = cast(literal("x", Text) + func.substr(digest, 1, HEX_DIGITS), BIT(POSITION_BITS))
    return cast(cast(bits, BigInteger), Double) * 2.0**-POSITION_BITS
