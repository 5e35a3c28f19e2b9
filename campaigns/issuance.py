"""The bulk part of a launch: freeze the audience, issue codes chunk by chunk, make the campaign active."""

from collections.abc import Callable, Sequence
from datetime import datetime

import polars as pl

from campaigns import audience, codes, launch, stored, trail
from campaigns.actor import Cause
from campaigns.campaign import Campaign, Move, State
from campaigns.experiments.assignment import HOLDOUT, groups_of
from database import campaigns, coupons, operations
from database.campaigns import AudienceMember
from database.operations import Operation
from database.session import Transaction

FROZEN = ""
"""The cursor between the frozen audience and its first chunk: it sorts before every customer."""
HASHED_AT_ONCE = 100_000
"""Customers; more would only fill the memory."""


def freeze(transaction: Transaction, operation: Operation, now: datetime) -> bool:
    """The audience, once and for all, in one statement and so from one state of scores and facts, and who is held out.

    False when another worker was faster.
    """
    if not operations.advance(transaction, operation.operation_id, seen=None, cursor=FROZEN, count=0, now=now):
        return False
    campaign = launch.get(transaction, operation.request["campaign_id"])
    campaigns.freeze(transaction, audience.targeting(campaign), now)
    _draw(transaction, campaign)
    sizes = campaigns.arm_sizes(transaction, campaign.campaign_id)
    campaigns.keep_held_out(transaction, campaign.campaign_id, sizes.get(HOLDOUT, 0))
    operations.expect(transaction, operation.operation_id, sum(sizes.values()) - sizes.get(HOLDOUT, 0))
    return True


def issue(
    transaction: Transaction, operation: Operation, members: Sequence[AudienceMember], now: datetime, *,
    mint: Callable[[int], list[str]] = codes.mint,
) -> bool:  # fmt: skip
    """One coupon for each member, by their arm and tier, with progress and counter in the same commit.

    False when another worker was faster: then nothing is written. A campaign that was ended meanwhile gets no more,
    and its operation is cancelled. A code that is taken already, about once in
    10^12, is replaced.
    """
    ahead = operations.advance(
        transaction, operation.operation_id, seen=operation.cursor, cursor=members[-1].customer_id,
        count=len(members), now=now,
    )  # fmt: skip
    if not ahead:
        return False
    campaign = launch.get(transaction, operation.request["campaign_id"])
    if campaign.state is not State.LAUNCHING:
        return operations.cancel(transaction, operation.operation_id, now)
    terms = _terms(campaign, now)
    count, left_out = coupons.issue(transaction, terms, members, mint(len(members)))
    while left_out:
        more, left_out = coupons.issue(transaction, terms, left_out, mint(len(left_out)))
        count += more
    campaigns.count_issued(transaction, campaign.campaign_id, count)
    return True


def finish(transaction: Transaction, operation: Operation, cause: Cause) -> bool:
    """Every member who is not held out has a coupon: the campaign is active. False when another worker was faster."""
    current = operations.locked(transaction, operation.operation_id)
    if current is None or current.done or current.cursor != operation.cursor:
        return False
    campaign = launch.locked(transaction, operation.request["campaign_id"])
    if campaign.state is not State.LAUNCHING:
        return operations.cancel(transaction, operation.operation_id, cause.now)
    active = launch.move(transaction, cause, campaign, Move.ACTIVATE)
    response = {
        "campaign_id": active.campaign_id, "issued_count": active.issued_count,
        "held_out_count": active.held_out_count,
        "audience": campaigns.audience_sizes(transaction, active.campaign_id),
    }  # fmt: skip
    operations.finish(transaction, operation.operation_id, response, cause.now)
    trail.done(transaction, cause, "campaigns.launch.finish", active.name, after=response)
    return True


def abandon(transaction: Transaction, operation: Operation, cause: Cause) -> None:
    """After a cancelled launch the campaign is over: what is half issued can never be redeemed."""
    campaign = launch.locked(transaction, operation.request["campaign_id"])
    if campaign.state is State.LAUNCHING:
        launch.move(transaction, cause, campaign, Move.END)


def _draw(transaction: Transaction, campaign: Campaign) -> None:
    """The groups, by the hash of campaign and customer, so that a launch that is repeated draws the same.

    Nobody is left out of the audience any more: what excludes a customer did so before it is known who is held out.
    """
    after, design = "", campaign.plan.design
    while customer_ids := campaigns.audience_page(transaction, campaign.campaign_id, after=after, limit=HASHED_AT_ONCE):
        column = pl.Series(customer_ids, dtype=pl.String)
        groups = groups_of(design, campaign_id=campaign.campaign_id, customer_ids=column)
        for group in design.groups:
            campaigns.put_into(transaction, campaign.campaign_id, group, column.filter(groups == group).to_list())
        after = customer_ids[-1]


def _terms(campaign: Campaign, now: datetime) -> coupons.Terms:
    plan = campaign.plan
    return coupons.Terms(
        campaign_id=campaign.campaign_id,
        offers=[
            coupons.ArmOffer(arm.name, offer.tier, stored.discount_json(offer.discount))
            for arm in plan.design.arms
            for offer in plan.offers_in(arm.name)
        ],
        issue_time=now,
        expire_time=plan.end_time,
    )
