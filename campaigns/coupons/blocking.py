"""One code that nobody may use: it leaked, or its customer should not have it. The rest of the campaign goes on."""

from campaigns import trail
from campaigns.actor import Cause
from campaigns.coupons import quoting
from campaigns.coupons.codes import masked
from campaigns.terms.coupon import Coupon, CouponState
from campaigns.terms.refusals import CouponAlreadyRedeemed
from database.coupons import codes
from database.session import Transaction


def block(transaction: Transaction, cause: Cause, code: str) -> Coupon:
    """Let nobody reserve or redeem a code; what is blocked stays so. An order that holds it loses it.

    Raises InvalidCode, CouponNotFound, CouponAlreadyRedeemed.
    """
    return _move(transaction, cause, code, "coupons.block", CouponState.BLOCKED)


def unblock(transaction: Transaction, cause: Cause, code: str) -> Coupon:
    """Let a code be used again; one that may be stays as it is. Raises as `block`."""
    return _move(transaction, cause, code, "coupons.unblock", CouponState.ISSUED)


def _move(transaction: Transaction, cause: Cause, code: str, action: str, wanted: CouponState) -> Coupon:
    before = quoting.locked(transaction, code)
    name = f"campaigns/{before.campaign_id}"
    if before.state is CouponState.REDEEMED:
        raise CouponAlreadyRedeemed("this code is used: refund its redemption", campaign=name)
    if before.state is wanted:
        return before
    codes.set_state(transaction, before.code, wanted)
    trail.done(
        transaction, cause, action, name, before={"state": before.state},
        after={"state": wanted, "coupon": masked(before.code)},
    )  # fmt: skip
    return quoting.read(transaction, before.code)
