"""The table of a campaign's coupons as files have it, from the command line and from the web admin."""

from campaigns.coupons.codes import displayed
from campaigns.terms.coupon import Coupon

CODE, CUSTOMER = "code", "customer_id"
COLUMNS = (CODE, CUSTOMER, "tier", "channel", "state", "issue_time", "expire_time", "by_hand")
PAGE_ROWS = 1000


def row_of(coupon: Coupon) -> tuple[str, ...]:
    """With its whole code."""
    times = (each.isoformat(timespec="seconds") for each in (coupon.issue_time, coupon.expire_time))
    by_hand = "yes" if coupon.by_hand else "no"
    return displayed(coupon.code), coupon.customer_id, coupon.tier, coupon.channel, coupon.state, *times, by_hand
