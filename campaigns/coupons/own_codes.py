"""A shop's own codes: taken in before a campaign's launch, which gives them out in the place of new ones."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import polars as pl

from campaigns import trail
from campaigns.actor import Cause
from campaigns.coupons.codes import normalise
from campaigns.coupons.refusals import CodesNotAccepted, CodesRejected, InvalidCode
from campaigns.life import campaigns
from campaigns.terms.campaign import Campaign, State
from database.coupons import own_codes
from database.coupons.own_codes import STAGED, Added
from database.session import Transaction

BEFORE_LAUNCH = frozenset({State.DRAFT, State.SUBMITTED, State.APPROVED, State.SCHEDULED})
TOLD = 1000
"""Rejected rows of one import that are told one by one."""
SAID = 5
"""Of those, in the message of a refusal."""
BATCH_ROWS = 20_000


class OwnCode(NamedTuple):
    """A row as the shop has it."""

    written: str
    customer_id: str | None = None
    """For whom it is; None for whoever comes first."""


def take_in(
    transaction: Transaction, cause: Cause, campaign_id: str, rows: Iterable[OwnCode], *, all_or_nothing: bool
) -> Added:
    """Codes for customers of a campaign that is not launched yet; rows that cannot be taken in are told with a reason.

    The same rows again change nothing. Raises CampaignNotFound, CodesNotAccepted, and CodesRejected for a row that
    cannot be taken in where it is all or nothing.
    """
    campaign = campaigns.locked(transaction, campaign_id)
    _check_open(campaign)
    added = own_codes.add(transaction, campaign_id, _staged(rows), told=TOLD)
    if all_or_nothing and added.rejected:
        raise CodesRejected(
            f"nothing was taken in, since {added.rejected} rows cannot be: {_said(added)}", campaign=campaign.name,
            rejected_count=added.rejected,
        )  # fmt: skip
    counts = {"imported": added.imported, "known": added.known, "rejected": added.rejected}
    trail.done(transaction, cause, "coupons.import", campaign.name, after=counts)
    return added


def withdraw(transaction: Transaction, cause: Cause, campaign_id: str) -> int:
    """Take back every code that a campaign has before its launch; how many. None left is none withdrawn.

    Raises CampaignNotFound, CodesNotAccepted after the launch.
    """
    campaign = campaigns.locked(transaction, campaign_id)
    _check_before_launch(campaign)
    count = own_codes.remove(transaction, campaign_id)
    trail.done(transaction, cause, "coupons.withdraw", campaign.name, after={"withdrawn": count})
    return count


def _check_before_launch(campaign: Campaign) -> None:
    if campaign.state not in BEFORE_LAUNCH:
        raise CodesNotAccepted(
            f"{campaign.name} is {campaign.state}: codes are taken in before the launch", campaign=campaign.name,
            state=campaign.state,
        )  # fmt: skip


def _check_open(campaign: Campaign) -> None:
    _check_before_launch(campaign)
    if campaign.plan.recurrence is not None:
        raise CodesNotAccepted(
            f"{campaign.name} is a series, and a code is good for one campaign", campaign=campaign.name,
            state=campaign.state,
        )  # fmt: skip


def _said(added: Added) -> str:
    said = "; ".join(f"row {each.row_number}, {each.field}: {each.reason}" for each in added.rejections[:SAID])
    return said + (f"; and {added.rejected - SAID} more" if added.rejected > SAID else "")


def _staged(rows: Iterable[OwnCode]) -> Iterator[pl.DataFrame]:
    numbered = enumerate(rows, start=1)
    while batch := [_judged(number, row) for number, row in islice(numbered, BATCH_ROWS)]:
        yield pl.DataFrame(batch, STAGED, orient="row")


def _judged(number: int, row: OwnCode) -> tuple[int, str | None, str | None, str | None, str | None]:
    try:
        code = normalise(row.written)
    except InvalidCode as refusal:
        return number, None, None, "code", refusal.reason
    customer_id = row.customer_id or None
    if customer_id is not None and "\x00" in customer_id:
        return number, code, None, "customer", "CUSTOMER_NOT_FOUND"
    return number, code, customer_id, None, None
