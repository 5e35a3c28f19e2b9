"""Refusals about plans, and of codes on orders."""

from campaigns.errors import CouponRefused, Invalid, WrongState


class InvalidCampaign(Invalid):
    reason = "INVALID_CAMPAIGN"


class InvalidOrder(Invalid):
    reason = "INVALID_ORDER"


class CampaignNotMovable(WrongState):
    """The table of moves has no such move from this state."""

    reason = "CAMPAIGN_NOT_MOVABLE"


class CouponAlreadyRedeemed(CouponRefused):
    """Used on another order, or on this one and given back."""

    reason = "COUPON_ALREADY_REDEEMED"


class CouponBlocked(CouponRefused):
    """Somebody blocked this one code."""

    reason = "COUPON_BLOCKED"


class CouponOfAnotherCustomer(CouponRefused):
    """The code was issued to someone else."""

    reason = "COUPON_OF_ANOTHER_CUSTOMER"


class CouponNotForThisOrder(CouponRefused):
    """The currency or the first-order rule does not fit."""

    reason = "COUPON_NOT_FOR_THIS_ORDER"


class OrderLinesMissing(CouponRefused):
    """The discount depends on what is in the order, and the order does not say."""

    reason = "ORDER_LINES_MISSING"


class ItemsNotInOrder(CouponRefused):
    """The order has nothing of what the discount is for, or not the gift."""

    reason = "ITEMS_NOT_IN_ORDER"


class OrderBelowMinimum(CouponRefused):
    """What counts of the order is worth too little."""

    reason = "ORDER_BELOW_MINIMUM"


class CouponNotCombinable(CouponRefused):
    """Another coupon of the same order keeps it out."""

    reason = "COUPON_NOT_COMBINABLE"


class CouponWithoutEffect(CouponRefused):
    """The discount would be nothing: the code stays unused."""

    reason = "COUPON_WITHOUT_EFFECT"


class CouponNotStarted(CouponRefused):
    """The campaign's window has not begun."""

    reason = "COUPON_NOT_STARTED"


class CouponExpired(CouponRefused):
    """The campaign's window is over."""

    reason = "COUPON_EXPIRED"


class CouponSuspended(CouponRefused):
    """Its campaign is not active."""

    reason = "COUPON_SUSPENDED"


class RedemptionLimitReached(CouponRefused):
    """The campaign's limit is used up."""

    reason = "REDEMPTION_LIMIT_REACHED"


class BudgetExhausted(CouponRefused):
    """The campaign's budget has not so much left."""

    reason = "BUDGET_EXHAUSTED"
