"""Use cases on refunds: what a redemption took off is given back in parts, never beyond the whole."""

from dataclasses import dataclass

from campaigns import trail
from campaigns.actor import Cause
from campaigns.budgets import booking
from campaigns.budgets.booking import Kind
from campaigns.coupons import quoting
from campaigns.coupons.refusals import InvalidRefund, RedemptionNotFound, RefundBeyondDiscount
from campaigns.life import campaigns
from campaigns.terms.coupon import Redemption
from database.budgets import ledger
from database.budgets.ledger import Amounts, Entry
from database.coupons import redemptions
from database.coupons.tables import RedemptionRow
from database.session import Snapshot, Transaction
from events.currency import amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A part of a discount that was given back."""

    refund_id: str
    redemption: Redemption
    """As it stands now."""
    refunded_minor: int
    """By this refund."""
    code_given_back: bool
    """Whether the code may be used again from this refund on."""


def refund(
    transaction: Transaction, cause: Cause, redemption_id: str, *, refund_id: str, amount_minor: int | None = None,
    currency: str | None = None,
) -> Refund:  # fmt: skip
    """Give back an amount in the order's currency, or all that is left.

    `refund_id` is the shop's own key of this refund of this redemption: the same key again is answered with the first
    refund and changes nothing. Refunds are possible after the campaign's end. Raises RedemptionNotFound, InvalidRefund,
    RefundBeyondDiscount.
    """
    row = _locked(transaction, redemption_id)
    if currency not in (None, row.currency):
        raise InvalidRefund(f"the order was in {row.currency}", field="amount")
    key = f"refund/{redemption_id}/{refund_id}"
    booked = ledger.get(transaction, key)
    if booked is not None:
        return _repeated(row, booked, refund_id, amount_minor)
    left = row.discount_minor - row.refunded_minor
    given = left if amount_minor is None else amount_minor
    _check(row, given, left)
    campaign = campaigns.get(transaction, row.campaign_id)
    gives_back = given == left and campaign.plan.refund_gives_code_back
    refunded = redemptions.refund(transaction, redemption_id, given)
    assert refunded, "what is left was read under the lock of the coupon"
    if gives_back:
        redemptions.give_back(transaction, redemption_id, row.code)
    entry = Entry(
        key=key, kind=Kind.REFUND, time=cause.now, campaign_id=row.campaign_id, shard=row.shard, code=row.code,
        change=Amounts(spent_count=-int(gives_back), spent_minor=-given),
    )  # fmt: skip
    booking.book(transaction, campaign, entry)
    done = _answer(_found(transaction, redemption_id), entry, refund_id)
    trail.done(
        transaction, cause, "coupons.refund", done.redemption.name,
        after={"campaign": row.campaign_id, "refunded_minor": given, "code_given_back": gives_back},
    )  # fmt: skip
    return done


def get(snapshot: Snapshot, redemption_id: str) -> Redemption:
    """One redemption. Raises RedemptionNotFound."""
    return _found(snapshot, redemption_id).held(Redemption)


def _locked(transaction: Transaction, redemption_id: str) -> RedemptionRow:
    """Its coupon first, as everywhere; which one, the redemption says."""
    code = _found(transaction, redemption_id).code
    quoting.locked(transaction, code)
    return _found(transaction, redemption_id)


def _repeated(row: RedemptionRow, booked: Entry, refund_id: str, amount_minor: int | None) -> Refund:
    first = -booked.change.spent_minor
    if amount_minor not in (None, first):
        said = amount(first, row.currency)
        raise InvalidRefund(f"refund {refund_id} was of {said}: use a new key", field="refund_id")
    return _answer(row, booked, refund_id)


def _answer(row: RedemptionRow, booked: Entry, refund_id: str) -> Refund:
    return Refund(
        refund_id=refund_id, redemption=row.held(Redemption), refunded_minor=-booked.change.spent_minor,
        code_given_back=booked.change.spent_count < 0,
    )  # fmt: skip


def _check(row: RedemptionRow, given: int, left: int) -> None:
    if given > left or left == 0:
        name = f"redemptions/{row.redemption_id}"
        raise RefundBeyondDiscount(
            f"{name} has {amount(left, row.currency)} left to refund", redemption=name, left_minor=left,
            currency=row.currency,
        )  # fmt: skip
    if given < 1:
        raise InvalidRefund("a refund gives back more than nothing", field="amount")


def _found(snapshot: Snapshot, redemption_id: str) -> RedemptionRow:
    return RedemptionNotFound.unless(redemptions.get(snapshot, redemption_id), f"redemptions/{redemption_id}")
