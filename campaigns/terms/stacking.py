"""Which coupons apply to one order together, and in which order. Pure.

Coupons go by priority, higher first; of equal priority by when they came to the order. Each takes its discount off what
those before it left. What is used or held already stays as it is, so one that comes late takes its share as if it had
come in its turn, and at most what is left. One that does not go with what is there already is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from campaigns.terms.basket import Basket
from campaigns.terms.campaign import CampaignId
from campaigns.terms.discount import NOTHING, Discount, Saving, Unmet, saving
from campaigns.terms.restraint import Stacking


class Conflict(StrEnum):
    """Why two coupons do not go together."""

    GROUP = "GROUP"
    """They are of one exclusivity group."""
    ALONE = "ALONE"
    """One of them goes with no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A coupon that could be used on an order."""

    code: str
    campaign_id: CampaignId
    discount: Discount
    stacking: Stacking
    bought_before: bool = False
    """Whether its customer has bought before this order."""
    place: int | None = None
    """Among those that came to the order, ascending, where it is held for the order; else None: it comes last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A coupon that is used on the order, or held for it."""

    code: str
    campaign_id: CampaignId
    stacking: Stacking
    saving: Saving
    place: int
    """Among those that came to the order, ascending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """Another coupon of the order keeps this one out."""

    conflict: Conflict
    other: Used


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A coupon that applies, with what it takes off."""

    candidate: Candidate
    saving: Saving


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A coupon that does not apply, with the reason."""

    candidate: Candidate
    reason: Clash | Unmet


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """What becomes of the coupons that could be used on one order, each in the order in which it was considered."""

    taken: tuple[Taken, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def saving(self) -> Saving:
        """Of all together; with what is used already, at most the order and its shipping."""
        return sum((each.saving for each in self.taken), start=NOTHING)


def combine(candidates: Sequence[Candidate], basket: Basket, used: Sequence[Used] = ()) -> Combination:
    """The coupons that apply to a basket together and beside what is used: whoever tries them in this order gets this.

    What is held for the order comes first, for it is promised; then, of equal priority, what saves more by itself.
    """
    taken: list[Taken] = []
    left_out: list[LeftOut] = []
    there = list(used)
    for each in sorted(candidates, key=lambda candidate: _turn(candidate, basket)):
        off = beside(each, basket, there)
        if isinstance(off, Saving):
            taken.append(Taken(candidate=each, saving=off))
            there.append(_use(each, off, there))
        else:
            left_out.append(LeftOut(candidate=each, reason=off))
    return Combination(taken=tuple(taken), left_out=tuple(left_out))


def beside(candidate: Candidate, basket: Basket, others: Sequence[Used]) -> Saving | Unmet | Clash:
    """What a coupon takes off beside the others of the order."""
    for other in others:
        conflict = conflict_of(candidate.stacking, other.stacking)
        if conflict is not None:
            return Clash(conflict=conflict, other=other)
    before = [other.saving for other in others if _goes_before(other, candidate)]
    after = [other.saving for other in others if not _goes_before(other, candidate)]
    return saving(
        candidate.discount, basket, bought_before=candidate.bought_before, taken=sum(before, start=NOTHING),
        held=sum(after, start=NOTHING),
    )  # fmt: skip


def conflict_of(one: Stacking, other: Stacking) -> Conflict | None:
    """Why two coupons do not go together; None if they do."""
    if one.alone or other.alone:
        return Conflict.ALONE
    return Conflict.GROUP if one.group is not None and one.group == other.group else None


def _goes_before(other: Used, candidate: Candidate) -> bool:
    came_first = candidate.place is None or other.place < candidate.place
    return came_first and other.stacking.priority >= candidate.stacking.priority


def _use(candidate: Candidate, off: Saving, there: Sequence[Used]) -> Used:
    last = max((each.place for each in there), default=0)
    return Used(
        code=candidate.code, campaign_id=candidate.campaign_id, stacking=candidate.stacking, saving=off,
        place=last + 1 if candidate.place is None else candidate.place,
    )  # fmt: skip


def _turn(candidate: Candidate, basket: Basket) -> tuple[bool, int, int, int, str]:
    off = saving(candidate.discount, basket, bought_before=candidate.bought_before)
    alone_minor = off.total_minor if isinstance(off, Saving) else 0
    return (
        candidate.place is None, candidate.place or 0, -candidate.stacking.priority, -alone_minor, candidate.code,
    )  # fmt: skip
