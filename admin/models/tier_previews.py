"""A preview of tiers on the terminal: the migration matrix, live campaigns, and some of those who would move."""

from collections.abc import Sequence
from typing import Annotated

import typer

from admin.shell.output import emit
from admin.typed.times import written
from campaigns.tiers.tier_preview import TierPreview
from campaigns.tiers.tier_words import because, kept_until
from campaigns.tiers.tiers import Tier
from events.currency import amount

NEW = "(new)"
Examples = Annotated[int, typer.Option(min=0, max=100, help="Of those who would move, show so many.")]


def show(preview: TierPreview, *, as_json: bool) -> None:
    """Tables for people, one document for programs."""
    if as_json:
        emit({**_summary(preview), "cells": _cells(preview), **_lists(preview)}, as_json=True)
        return
    emit(_summary(preview), as_json=False, title="Who would move")
    emit(_matrix(preview), as_json=False, title="From (rows) to (columns)")
    for title, rows in _lists(preview).items():
        if rows:
            emit(rows, as_json=False, title=title.capitalize())


def _summary(preview: TierPreview) -> dict[str, object]:
    thresholds = preview.scheme.thresholds
    assert thresholds is not None, "a preview has turned shares into thresholds"
    return {
        "model_id": preview.model_id,
        "as_of": written(preview.as_of),
        "measure": preview.scheme.measure,
        "high_from": thresholds.high,
        "mid_from": thresholds.mid,
        "customers": preview.customer_count,
        "moved": preview.moved_count,
        "moved_share": preview.moved_count / preview.customer_count,
        "kept_for_the_grace_period": preview.waiting_count,
        "expected_spend_moved": amount(preview.moved_spend_minor, preview.currency),
    }


def _cells(preview: TierPreview) -> list[dict[str, object]]:
    return [
        {
            "from": cell.from_tier, "to": cell.to_tier, "customers": cell.customers,
            "share": cell.customers / preview.customer_count, "waiting": cell.waiting,
            "expected_spend_minor": cell.spend_minor, "stored_spend_minor": cell.stored_spend_minor,
        }
        for cell in preview.cells
    ]  # fmt: skip


def _matrix(preview: TierPreview) -> list[dict[str, object]]:
    """A row for each tier now, a column for each tier to come."""
    counts = {(cell.from_tier, cell.to_tier): cell.customers for cell in preview.cells}
    present = dict.fromkeys(cell.from_tier for cell in preview.cells)
    return [
        {
            "from": before or NEW,
            **{tier.value: counts.get((before, tier), 0) for tier in Tier},
            "moving": sum(cell.customers for cell in preview.moving if cell.from_tier == before),
            "of them later": sum(cell.waiting for cell in preview.moving if cell.from_tier == before),
        }
        for before in present
    ]


def _lists(preview: TierPreview) -> dict[str, Sequence[dict[str, object]]]:
    return {
        "campaigns": [
            {
                "campaign_id": each.campaign_id, "holders": each.customers, "in_another_tier_now": each.outside,
                "would_be_above": each.above, "would_be_below": each.below,
            }
            for each in preview.holders
        ],
        "movers": [
            {
                "customer_id": mover.customer_id, "from": mover.from_tier, "to": mover.to_tier,
                "because": because(mover, preview),
                "keeps_until": None if (until := kept_until(mover, preview)) is None else f"{until:%Y-%m-%d}",
            }
            for mover in preview.movers
        ],
    }  # fmt: skip
