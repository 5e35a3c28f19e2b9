"""Who would move between tiers, for the wire."""

from tierwise.v1 import tier_preview_pb2

from campaigns.tiers.tier_preview import Mover, TierPreview
from campaigns.tiers.tier_words import because, kept_until
from database.tiers.previews import Cell, Holders
from server.tiers.messages import scheme_message, tier_value
from server.wire.money import money
from server.wire.names import CAMPAIGN, CUSTOMER, MODEL
from server.wire.stamps import stamp

MESSAGE = tier_preview_pb2.TierPreview


def preview_message(preview: TierPreview) -> tier_preview_pb2.TierPreview:
    return MESSAGE(
        scheme=scheme_message(preview.scheme), model=f"{MODEL}{preview.model_id}", as_of_time=stamp(preview.as_of),
        customer_count=preview.customer_count, moved_count=preview.moved_count, waiting_count=preview.waiting_count,
        moved_spend=money(preview.moved_spend_minor, preview.currency),
        cells=[_cell(cell, preview) for cell in preview.cells], campaigns=map(_effect, preview.holders),
        movers=[_mover(mover, preview) for mover in preview.movers],
    )  # fmt: skip


def _cell(cell: Cell, preview: TierPreview) -> tier_preview_pb2.TierPreview.Cell:
    return MESSAGE.Cell(
        from_tier=tier_value(cell.from_tier), to_tier=tier_value(cell.to_tier), customer_count=cell.customers,
        share=cell.customers / preview.customer_count, waiting_count=cell.waiting,
        expected_spend=money(cell.spend_minor, preview.currency),
        stored_spend=money(cell.stored_spend_minor, preview.currency),
    )  # fmt: skip


def _effect(holders: Holders) -> tier_preview_pb2.TierPreview.CampaignEffect:
    return MESSAGE.CampaignEffect(
        campaign=f"{CAMPAIGN}{holders.campaign_id}", holder_count=holders.customers, outside_count=holders.outside,
        above_count=holders.above, below_count=holders.below,
    )  # fmt: skip


def _mover(mover: Mover, preview: TierPreview) -> tier_preview_pb2.TierPreview.Mover:
    until = kept_until(mover, preview)
    return MESSAGE.Mover(
        customer=f"{CUSTOMER}{mover.customer_id}", from_tier=tier_value(mover.from_tier),
        to_tier=tier_value(mover.to_tier), value=mover.value, stored_value=mover.stored_value,
        reason=because(mover, preview),
        keep_until_time=None if until is None else stamp(until),
    )  # fmt: skip
