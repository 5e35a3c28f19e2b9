"""Refusals about codes, reservations and refunds."""

from campaigns.errors import CouponRefused, Invalid, NotFound, TooMany, WrongState


class CouponNotFound(NotFound):
    reason = "COUPON_NOT_FOUND"


class RedemptionNotFound(NotFound):
    reason = "REDEMPTION_NOT_FOUND"


class ReservationNotFound(NotFound):
    reason = "RESERVATION_NOT_FOUND"


class InvalidCode(Invalid):
    """Not a code: wrong length, symbol or check symbol."""

    reason = "INVALID_CODE"


class CodesRejected(Invalid):
    """All or nothing was asked for, and some rows of codes cannot be taken in."""

    reason = "CODES_REJECTED"


class InvalidReservation(Invalid):
    """A code is held for minutes, not for days."""

    reason = "INVALID_RESERVATION"


class InvalidRefund(Invalid):
    """Nothing to give back, or the refund's key came before with another amount."""

    reason = "INVALID_REFUND"


class CodesNotAccepted(WrongState):
    """The campaign takes in no codes: it is launched, or a series."""

    reason = "CODES_NOT_ACCEPTED"


class ReservationClosed(WrongState):
    """It was redeemed or released, or it expired: it holds nothing any more."""

    reason = "RESERVATION_CLOSED"


class RefundBeyondDiscount(WrongState):
    """More than is left of what was taken off."""

    reason = "REFUND_BEYOND_DISCOUNT"


class CouponReserved(CouponRefused):
    """Held for another order."""

    reason = "COUPON_RESERVED"


class CampaignNotRunning(WrongState):
    """Nobody is given a code by hand of a campaign that is not active, or has not begun."""

    reason = "CAMPAIGN_NOT_RUNNING"


class CustomerHeldOut(WrongState):
    """The customer stands for those who get nothing: with a code they would stand for nobody."""

    reason = "CUSTOMER_HELD_OUT"


class NothingForCustomer(WrongState):
    """The campaign has no offer for the customer's tier, or one for a first order."""

    reason = "NOTHING_FOR_CUSTOMER"


class BudgetCommitted(WrongState):
    """What is left of the budget is needed for the coupons that are out, as certainly as the plan says."""

    reason = "BUDGET_COMMITTED"


class InvalidTestMessage(Invalid):
    """The campaign sends no such message: no offer for the tier, no such channel or variant."""

    reason = "INVALID_TEST_MESSAGE"


class NoConsent(WrongState):
    """The shop has a customer of this id, who does not agree to the channel."""

    reason = "NO_CONSENT"


class TooManyTests(TooMany):
    """Of one campaign: each is a real message to somebody."""

    reason = "TOO_MANY_TESTS"
