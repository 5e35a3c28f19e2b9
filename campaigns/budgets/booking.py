"""The ledger and the budget that it is the truth of: every entry moves its counters, in one transaction or not at all.

Locks are taken in one order everywhere, so that nobody waits in a circle: coupon, reservations by id, then shards by
number; of several campaigns, one after the other by id. Who holds a reservation already waits for no other.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from campaigns.budgets import shards
from campaigns.terms.campaign import Campaign
from campaigns.terms.coupon import ReservationState, check_left, check_limits
from campaigns.terms.limits import Use
from campaigns.terms.refusals import InvalidCampaign
from database.budgets import ledger
from database.budgets import shards as stored_shards
from database.budgets.ledger import Amounts, Entry
from database.budgets.shards import Quota, Shard
from database.coupons import reservations
from database.coupons.tables import ReservationRow
from database.session import Snapshot, Transaction
from events.currency import amount


class Kind(StrEnum):
    """What happened to a code."""

    RESERVE = "RESERVE"
    RELEASE = "RELEASE"
    EXPIRE = "EXPIRE"
    REDEEM = "REDEEM"
    REFUND = "REFUND"


def open_budget(transaction: Transaction, campaign: Campaign) -> None:
    """Divide what a campaign may use over its shards. A campaign that has them keeps them."""
    plan = campaign.plan
    count = shards.shard_count(plan.redemption_limit)
    counts = _divided(plan.redemption_limit, count)
    minors = _divided(None if plan.budget is None else plan.budget.limit_minor, count)
    stored_shards.open_shards(transaction, campaign.campaign_id, list(map(Quota, counts, minors)))


def change_budget(transaction: Transaction, campaign: Campaign, limit_minor: int | None, now: datetime) -> None:
    """Divide another budget over the shards of a campaign that runs; None is without limit.

    From then on no redemption goes beyond it, also none that read the campaign before. Raises InvalidCampaign for less
    than is used.
    """
    sweep(transaction, campaign.campaign_id, now)
    standing = stored_shards.locked(transaction, campaign.campaign_id)
    used_minors = [each.minor for each in standing]
    if limit_minor is not None and limit_minor < sum(used_minors):
        least = amount(sum(used_minors), campaign.plan.currency)
        raise InvalidCampaign(
            f"{campaign.name} has spent and reserved {least} already, so its budget is no less", field="budget.limit",
            least_minor=sum(used_minors),
        )  # fmt: skip
    minors = [None] * len(standing) if limit_minor is None else shards.spread(limit_minor, used_minors)
    counts = [each.quota.redemptions for each in standing]
    stored_shards.set_quotas(transaction, campaign.campaign_id, list(map(Quota, counts, minors)))


def used(snapshot: Snapshot, campaign: Campaign, now: datetime) -> Use:
    """Of a campaign's limits, with what is reserved at this moment."""
    amounts = stored_shards.usage(snapshot, campaign.campaign_id, now)
    return Use(amounts.used_count, amounts.used_minor)


def book(
    transaction: Transaction, campaign: Campaign, *entries: Entry, lapsed: ReservationRow | None = None,
    wait: bool = True,
) -> None:  # fmt: skip
    """Write entries of one shard and move its counters, all or none: what one gives back, the next may take.

    Booked one by one, the first would keep its shard locked while the next waits for all shards. What `lapsed` holds of
    the shard is given back first. Without `wait`, for whoever holds a reservation, what others are giving back is not
    counted on. Raises RedemptionLimitReached, BudgetExhausted.
    """
    if _booked_at_once(transaction, entries, lapsed):
        return
    _make_room(transaction, campaign, entries, wait=wait)
    posted = [ledger.post(transaction, entry) for entry in entries]
    assert all(posted), "the shard was given what they need, under a lock"


def given_back(row: ReservationRow, kind: Kind, now: datetime) -> Entry:
    """That a reservation, which the caller closes, holds nothing any more."""
    return Entry(
        key=f"{kind.lower()}/{row.reservation_id}", kind=kind, time=now, campaign_id=row.campaign_id, shard=row.shard,
        code=row.code, change=Amounts(reserved_count=-1, reserved_minor=-row.discount_minor),
    )  # fmt: skip


def give_back(transaction: Transaction, entry: Entry) -> None:
    """Book what a reservation gives back, where nothing comes in its place."""
    posted = ledger.post(transaction, entry)
    assert posted, "a reservation that was held is counted in its shard"


def _booked_at_once(transaction: Transaction, entries: Sequence[Entry], lapsed: ReservationRow | None) -> bool:
    """All in the shard, or nothing: then not even what lapsed stays locked, for the sweep takes it in its turn."""
    if lapsed is None:
        return ledger.try_post(transaction, *entries)
    now = entries[-1].time
    attempt = transaction.begin_nested()
    booked = reservations.close(transaction, lapsed.reservation_id, ReservationState.EXPIRED) and ledger.try_post(
        transaction, given_back(lapsed, Kind.EXPIRE, now), *entries
    )
    if booked:
        attempt.commit()
    else:
        attempt.rollback()
    return booked


def _make_room(transaction: Transaction, campaign: Campaign, entries: Sequence[Entry], *, wait: bool) -> None:
    """Let the shard of the entries have what they need, from what all shards have left. Raises as `book`.

    Who finds nothing left at a glance is refused without a lock. Whoever may find something waits for those who give
    back lapsed reservations, then for every shard, and then knows.
    """
    last = entries[-1]
    need = Use(sum(each.change.used_count for each in entries), sum(each.change.used_minor for each in entries))
    check_left(campaign, used(transaction, campaign, last.time), need)
    sweep(transaction, campaign.campaign_id, last.time, wait=wait)
    standing = stored_shards.locked(transaction, campaign.campaign_id)
    # By the quotas: the budget may have changed since the campaign was read.
    check_limits(
        campaign.name, currency=campaign.plan.currency,
        redemption_limit=_sum(each.quota.redemptions for each in standing),
        budget_minor=_sum(each.quota.minor for each in standing), used=_total(standing), need=need,
    )  # fmt: skip
    stored_shards.set_quotas(transaction, campaign.campaign_id, _rebalanced(standing, last.shard, need))


def sweep(
    transaction: Transaction, campaign_id: str, now: datetime, *, limit: int | None = None, wait: bool = True
) -> int:
    """Give back what lapsed reservations of a campaign hold; how many they were."""
    lapsed = reservations.lapse(transaction, campaign_id, now, limit=limit, wait=wait)
    if lapsed:
        stored_shards.locked(transaction, campaign_id)
    for row in lapsed:
        give_back(transaction, given_back(row, Kind.EXPIRE, now))
    return len(lapsed)


def _divided(limit: int | None, count: int) -> list[int] | list[None]:
    return [None] * count if limit is None else shards.divided(limit, count)


def _total(standing: list[Shard]) -> Use:
    return Use(sum(each.redemptions for each in standing), sum(each.minor for each in standing))


def _sum(quotas: Iterable[int | None]) -> int | None:
    limits = list(quotas)
    return None if None in limits else sum(each for each in limits if each is not None)


def _rebalanced(standing: list[Shard], place: int, need: Use) -> list[Quota]:
    limits = [each.quota.redemptions for each in standing]
    counts = _moved(limits, [each.redemptions for each in standing], place, need.redemptions)
    minors = _moved([each.quota.minor for each in standing], [each.minor for each in standing], place, need.minor)
    return list(map(Quota, counts, minors))


def _moved(quotas: list[int | None], used_of_them: list[int], place: int, need: int) -> list[int] | list[None]:
    limits = [quota for quota in quotas if quota is not None]
    if len(limits) < len(quotas):
        return [None] * len(quotas)
    found = shards.rebalanced(limits, used_of_them, place=place, need=max(need, 0))
    assert found is not None, "the sums were checked before"
    return found
