"""The bulk part of a launch: freeze the audience, issue codes chunk by chunk, make the campaign active."""

from collections.abc import Callable
from datetime import datetime

from campaigns import trail
from campaigns.actor import Cause
from campaigns.audiences import audience, frozen
from campaigns.basis import Basis, rule_digest
from campaigns.coupons import budgeting, codes
from campaigns.experiments.assignment import HOLDOUT, starts
from campaigns.forecast import forecasts
from campaigns.life import campaigns, switches
from campaigns.terms import discount_document
from campaigns.terms.campaign import Campaign, Move, State
from database.audiences import exclusions, freezing
from database.coupons import chunks, own_codes
from database.coupons.chunks import ArmOffer, Chunk, Terms
from database.experiments.assignment import Groups
from database.session import Snapshot, Transaction
from database.terms import campaigns as stored_campaigns
from database.work import operations
from database.work.operations import Operation

FROZEN = ""
"""The cursor between the frozen audience and its first chunk: it sorts before every customer."""


class Held(Exception):
    """Issuing stands still for the time being: nothing of the chunk is written, and the cursor stays."""


def freeze(transaction: Transaction, operation: Operation, now: datetime) -> bool:
    """The audience, once and for all, in one statement and so from one state of scores and facts, and who is held out.

    False when another worker was faster. What excludes a customer does so before it is known who is held out.
    Raises Held.
    """
    if not operations.advance(transaction, operation, FROZEN, count=0, now=now):
        return False
    campaign = campaigns.get(transaction, operation.request["campaign_id"])
    if not _goes_on(transaction, campaign):
        return operations.cancel(transaction, operation.operation_id, now)
    design = campaign.plan.design
    targeting = audience.targeting(campaign, now)
    freezing.freeze(transaction, targeting, Groups(design.groups, starts(design)), now)
    budgeting.narrow(transaction, campaign, now)
    sizes = freezing.arm_sizes(transaction, campaign.campaign_id)
    stored_campaigns.keep_held_out(transaction, campaign.campaign_id, sizes.get(HOLDOUT, 0))
    stored_campaigns.keep_frozen_from(
        transaction, campaign.campaign_id, frozen.document(transaction, campaign, targeting, now)
    )
    forecasts.keep(transaction, campaign, now)
    operations.expect(transaction, operation.operation_id, sum(sizes.values()) - sizes.get(HOLDOUT, 0))
    return True


def issue(
    transaction: Transaction, operation: Operation, chunk: Chunk, now: datetime, *,
    mint: Callable[[int], list[str]] = codes.mint,
) -> bool:  # fmt: skip
    """One coupon for each customer of the chunk, by their arm and tier, with progress and counter in the same commit.

    False when another worker was faster: then nothing is written. A campaign that was ended meanwhile gets no more,
    and its operation is cancelled. Raises Held, also for one that was paused or stopped while the chunk was made.
    """
    ahead = operations.advance(transaction, operation, chunk.through, count=chunk.size, now=now)
    if not ahead:
        return False
    campaign = campaigns.get(transaction, operation.request["campaign_id"])
    if not _goes_on(transaction, campaign):
        return operations.cancel(transaction, operation.operation_id, now)
    count = _give_codes(transaction, _terms(campaign, now), chunk, mint)
    if not stored_campaigns.count_issued(transaction, campaign.campaign_id, count):
        raise Held
    if switches.is_stopped(transaction, campaign.campaign_id):
        raise Held
    return True


def finish(transaction: Transaction, operation: Operation, cause: Cause) -> bool:
    """Every member who is not held out has a coupon: the campaign is active. False when another worker was faster.

    Raises Held.
    """
    current = operations.at_end(transaction, operation)
    if current is None:
        return False
    campaign = campaigns.locked(transaction, operation.request["campaign_id"])
    if not _goes_on(transaction, campaign):
        return operations.cancel(transaction, operation.operation_id, cause.now)
    active = campaigns.move(transaction, cause, campaign, Move.ACTIVATE)
    response = {
        "campaign_id": active.campaign_id, "issued_count": active.issued_count,
        "held_out_count": active.held_out_count, "over_budget_count": active.over_budget_count,
        "collision_count": stored_campaigns.collisions(transaction, active.campaign_id),
        "own_codes_left_count": own_codes.left(transaction, active.campaign_id),
        "audience": freezing.audience_sizes(transaction, active.campaign_id),
        "excluded": exclusions.by_reason(transaction, active.campaign_id),
    }  # fmt: skip
    operations.finish(transaction, operation.operation_id, response, cause.now)
    trail.done(
        transaction, cause, "campaigns.launch.finish", active.name, after=response, version=active.revision,
        basis=_basis(transaction, active),
    )  # fmt: skip
    return True


def abandon(transaction: Transaction, operation: Operation, cause: Cause) -> None:
    """After a cancelled launch the campaign is over: what is half issued can never be redeemed."""
    campaign = campaigns.locked(transaction, operation.request["campaign_id"])
    if campaign.state is not State.ENDED:
        campaigns.move(transaction, cause, campaign, Move.END)


def _goes_on(snapshot: Snapshot, campaign: Campaign) -> bool:
    """Whether there is a launch to go on with; False when the campaign was ended. Raises Held."""
    if campaign.state is State.PAUSED or switches.is_stopped(snapshot, campaign.campaign_id):
        raise Held
    return campaign.state is State.LAUNCHING


def _basis(snapshot: Snapshot, campaign: Campaign) -> Basis:
    """What decided who is in the audience and in which tier."""
    models, tier_schemes = freezing.policies_of(snapshot, campaign.campaign_id)
    rule = campaign.plan.rule
    return Basis(
        models=models, tier_schemes=tier_schemes, campaign=f"{campaign.name}@{campaign.version}",
        rule=None if rule is None else rule_digest(rule),
    )  # fmt: skip


def _give_codes(transaction: Transaction, terms: Terms, chunk: Chunk, mint: Callable[[int], list[str]]) -> int:
    """A code of the shop's own for each customer who has none, or a new one; how many.

    A code that is taken already, about once in 10^12, is replaced and counted.
    """
    count = own_codes.give(transaction, terms, chunk) if own_codes.any_left(transaction, chunk.campaign_id) else 0
    if count < chunk.size:
        count += chunks.issue(transaction, terms, chunk, mint(chunk.size - count))
    while count < chunk.size and (left := chunks.count_without(transaction, terms, chunk)):
        stored_campaigns.count_collisions(transaction, chunk.campaign_id, left)
        count += chunks.issue(transaction, terms, chunk, mint(left))
    return count


def _terms(campaign: Campaign, now: datetime) -> Terms:
    plan = campaign.plan
    return Terms(
        offers=[
            ArmOffer(arm.name, offer.tier, discount_document.to_data(offer.discount))
            for arm in plan.design.arms
            for offer in plan.offers_in(arm.name)
        ],
        issue_time=now,
    )
