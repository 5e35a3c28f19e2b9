"""Tier schemes, and the history of tiers, between the wire and us."""

from typing import Any

from tierwise.v1 import tier_change_pb2, tier_pb2, tier_scheme_pb2

from campaigns.tiers import schemes
from campaigns.tiers.tiers import Hysteresis, Levels, Measure, Method, TierScheme
from database.tiers.changes import TierChange
from server.wire.names import CUSTOMER, MODEL, TIER_SCHEME
from server.wire.stamps import stamp

CHANGES = "/tierChanges/"
MESSAGE = tier_scheme_pb2.TierScheme


def version(name: str) -> int:
    """Last part of a resource name, whose form the protos' rules have checked."""
    return int(name.removeprefix(TIER_SCHEME))


def scheme_values(message: tier_scheme_pb2.TierScheme) -> dict[str, Any]:
    """What a scheme is made from, as arguments of `schemes.create` and `schemes.draft`."""
    usual = schemes.STEADY
    return {
        "measure": Measure(MESSAGE.Measure.Name(message.measure)),
        "method": Method(MESSAGE.Method.Name(message.method)),
        "parameters": Levels(high=message.parameters.high, mid=message.parameters.mid),
        "hysteresis": Hysteresis(
            margin=message.margin if message.HasField("margin") else usual.margin,
            grace_days=message.grace_days if message.HasField("grace_days") else usual.grace_days,
        ),
    }


def scheme_message(scheme: TierScheme) -> tier_scheme_pb2.TierScheme:
    """For the wire; a scheme that is not made yet has no name and no etag."""
    message = MESSAGE(
        measure=MESSAGE.Measure.Value(scheme.measure), method=MESSAGE.Method.Value(scheme.method),
        parameters=_levels(scheme.parameters), margin=scheme.hysteresis.margin,
        grace_days=scheme.hysteresis.grace_days, active=scheme.active,
        thresholds=None if scheme.thresholds is None else _levels(scheme.thresholds),
    )  # fmt: skip
    if scheme.version != schemes.NOT_MADE:
        message.name, message.etag = schemes.name(scheme), scheme.etag
        message.create_time.CopyFrom(stamp(scheme.create_time))
    return message


def change_message(change: TierChange) -> tier_change_pb2.TierChange:
    customer = f"{CUSTOMER}{change.customer_id}"
    return tier_change_pb2.TierChange(
        name=f"{customer}{CHANGES}{change.operation_id}", customer=customer, from_tier=tier_value(change.from_tier),
        to_tier=tier_value(change.to_tier), value=change.value, tier_scheme=f"{TIER_SCHEME}{change.tier_scheme}",
        model=f"{MODEL}{change.model_id}", change_time=stamp(change.time),
    )  # fmt: skip


def tier_value(tier: str | None) -> tier_pb2.Tier.ValueType:
    """For the wire; unspecified for none."""
    return tier_pb2.TIER_UNSPECIFIED if tier is None else tier_pb2.Tier.Value(tier)


def _levels(levels: Levels) -> tier_scheme_pb2.TierScheme.Levels:
    return MESSAGE.Levels(high=levels.high, mid=levels.mid)
