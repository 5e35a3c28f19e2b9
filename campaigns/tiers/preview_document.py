"""A preview of tiers as a JSON document, and back."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from campaigns.tiers.standing import Placement, Reason, Standing
from campaigns.tiers.tier_preview import Mover, TierPreview
from campaigns.tiers.tiers import Levels, Tier, TierScheme
from database.tiers.previews import Cell, Holders


def to_data(preview: TierPreview) -> dict[str, Any]:
    """What JSON can hold. The scheme is known by its version: of it the thresholds are kept."""
    thresholds = preview.scheme.thresholds
    assert thresholds is not None, "a preview has turned shares into thresholds"
    return {
        "model_id": preview.model_id, "as_of": preview.as_of.isoformat(), "currency": preview.currency,
        "thresholds": {"high": thresholds.high, "mid": thresholds.mid},
        "cells": [cell._asdict() for cell in preview.cells],
        "holders": [each._asdict() for each in preview.holders],
        "movers": [_mover_data(mover) for mover in preview.movers],
    }  # fmt: skip


def from_data(stored: Mapping[str, Any], scheme: TierScheme) -> TierPreview:
    """The way back, of a preview of this scheme."""
    return TierPreview(
        scheme=replace(scheme, thresholds=Levels(**stored["thresholds"])), model_id=stored["model_id"],
        as_of=datetime.fromisoformat(stored["as_of"]), currency=stored["currency"],
        cells=[Cell(**each) for each in stored["cells"]], holders=[Holders(**each) for each in stored["holders"]],
        movers=[_mover(each) for each in stored["movers"]],
    )  # fmt: skip


def _mover_data(mover: Mover) -> dict[str, Any]:
    standing = mover.placement.standing
    return {
        "customer_id": mover.customer_id, "from_tier": mover.from_tier, "to_tier": mover.to_tier, "value": mover.value,
        "stored_value": mover.stored_value, "reason": mover.placement.reason, "tier": standing.tier,
        "since": standing.since.isoformat(),
        "below_since": None if standing.below_since is None else standing.below_since.isoformat(),
    }  # fmt: skip


def _mover(stored: Mapping[str, Any]) -> Mover:
    below = stored["below_since"]
    standing = Standing(
        tier=Tier(stored["tier"]), since=datetime.fromisoformat(stored["since"]),
        below_since=None if below is None else datetime.fromisoformat(below),
    )  # fmt: skip
    return Mover(
        customer_id=stored["customer_id"], from_tier=Tier(stored["from_tier"]), to_tier=Tier(stored["to_tier"]),
        value=stored["value"], stored_value=stored["stored_value"],
        placement=Placement(standing=standing, reason=Reason(stored["reason"])),
    )  # fmt: skip
