"""Which coupons apply to one order together: by priority, never two of a group, never more than the order."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from campaigns.terms.basket import Basket
from campaigns.terms.campaign import CampaignId
from campaigns.terms.discount import NOTHING, Discount, Fixed, FreeShipping, Percent, Reward, Saving, Unmet
from campaigns.terms.restraint import Stacking
from campaigns.terms.stacking import Candidate, Clash, Combination, Conflict, Used, beside, combine, conflict_of

ORDER = Basket(order_minor=10_000, currency="GBP", shipping_minor=500)


def candidate(code: str, discount: Discount, stacking: Stacking, *, place: int | None = None) -> Candidate:
    return Candidate(code=code, campaign_id=CampaignId(f"of-{code}"), discount=discount, stacking=stacking, place=place)


def coupon(code: str, reward: Reward, *, place: int | None = None, **stacking: object) -> Candidate:
    return candidate(code, Discount(reward=reward), Stacking(**stacking), place=place)  # type: ignore[arg-type] # by name


def used(code: str, minor: int, *, place: int, **stacking: object) -> Used:
    return Used(
        code=code, campaign_id=CampaignId(f"of-{code}"), stacking=Stacking(**stacking),  # type: ignore[arg-type] # by name
        saving=Saving(goods_minor=minor), place=place,
    )  # fmt: skip


def told(combination: Combination) -> tuple[dict[str, int], dict[str, object]]:
    """What each takes off, and why the others nothing: an unmet condition, or the conflict and with whom."""
    reasons = {each.candidate.code: each.reason for each in combination.left_out}
    return (
        {each.candidate.code: each.saving.total_minor for each in combination.taken},
        {
            code: (reason.conflict, reason.other.code) if isinstance(reason, Clash) else reason
            for code, reason in reasons.items()
        },
    )


def test_each_takes_its_share_of_what_those_before_it_left() -> None:
    tenth, five, free = coupon("a", Percent(percent=10)), coupon("b", Fixed(amount_minor=500)), FreeShipping()

    assert told(combine([five, tenth, coupon("c", free)], ORDER)) == ({"a": 1000, "b": 500, "c": 500}, {})
    first = coupon("b", Fixed(amount_minor=500), priority=1)
    assert told(combine([tenth, first], ORDER)) == ({"b": 500, "a": 950}, {})


def test_of_a_group_one_applies_by_priority_then_by_what_it_saves() -> None:
    small, large = coupon("a", Percent(percent=5), group="sale"), coupon("b", Percent(percent=20), group="sale")

    assert told(combine([small, large], ORDER)) == ({"b": 2000}, {"a": (Conflict.GROUP, "b")})
    preferred = coupon("a", Percent(percent=5), group="sale", priority=1)
    assert told(combine([large, preferred], ORDER)) == ({"a": 500}, {"b": (Conflict.GROUP, "a")})


def test_one_that_goes_alone_applies_first_or_not_at_all() -> None:
    other, alone = coupon("a", Percent(percent=10)), coupon("b", Percent(percent=50), alone=True)

    assert told(combine([other, alone], ORDER)) == ({"b": 5000}, {"a": (Conflict.ALONE, "b")})
    later = coupon("b", Percent(percent=50), alone=True, priority=-1)
    assert told(combine([later, other], ORDER)) == ({"a": 1000}, {"b": (Conflict.ALONE, "a")})


def test_one_that_takes_nothing_off_keeps_no_other_out() -> None:
    dear = Discount(reward=Percent(percent=50), minimum_minor=20_000)
    nothing = candidate("a", dear, Stacking(group="sale", alone=True, priority=9))

    assert told(combine([nothing, coupon("b", Percent(percent=10), group="sale")], ORDER)) == (
        {"b": 1000},
        {"a": Unmet.BELOW_MINIMUM},
    )


def test_one_that_comes_late_takes_its_share_in_its_turn_and_at_most_what_is_left() -> None:
    tenth = coupon("a", Percent(percent=10), priority=1)

    assert beside(tenth, ORDER, [used("b", 2000, place=1)]) == Saving(goods_minor=1000)
    assert beside(tenth, ORDER, [used("b", 2000, place=1, priority=1)]) == Saving(goods_minor=800)
    assert beside(tenth, ORDER, [used("b", 9400, place=1)]) == Saving(goods_minor=600)
    assert beside(tenth, ORDER, [used("b", 10_000, place=1)]) is Unmet.NO_EFFECT


def test_what_is_held_keeps_its_worth_whoever_comes_after_it() -> None:
    held = coupon("a", Percent(percent=50), place=2)

    assert beside(held, ORDER, [used("b", 5000, place=3, priority=9)]) == Saving(goods_minor=5000)
    assert beside(held, ORDER, [used("b", 4000, place=1)]) == Saving(goods_minor=3000)


def test_what_is_used_or_held_goes_before_whatever_could_be_used() -> None:
    best, held = coupon("a", Percent(percent=50), group="sale", priority=9), coupon("b", FreeShipping(), place=1)

    assert told(combine([best, held], ORDER, [used("c", 900, place=2, group="sale")])) == (
        {"b": 500},
        {"a": (Conflict.GROUP, "c")},
    )


rewards: st.SearchStrategy[Reward] = (
    st.builds(Percent, percent=st.integers(1, 100), maximum_minor=st.none() | st.integers(1, 5_000))
    | st.builds(Fixed, amount_minor=st.integers(1, 15_000))
    | st.builds(FreeShipping)
)
stackings = st.builds(
    Stacking, priority=st.integers(-1, 1), group=st.sampled_from([None, "a", "b"]),
    alone=st.sampled_from([False, False, False, False, True]),
)  # fmt: skip
candidates = st.lists(st.tuples(rewards, stackings), max_size=4).map(
    lambda drawn: [
        candidate(str(number), Discount(reward=reward), stacking) for number, (reward, stacking) in enumerate(drawn)
    ]
)


@given(candidates=candidates, order=st.integers(1, 12_000), shipping=st.integers(0, 900))
def test_together_they_never_take_more_than_there_is_and_the_order_of_asking_does_not_matter(
    candidates: list[Candidate], order: int, shipping: int
) -> None:
    basket = Basket(order_minor=order, currency="GBP", shipping_minor=shipping)

    found = combine(candidates, basket)

    assert 0 <= found.saving.goods_minor <= order
    assert 0 <= found.saving.shipping_minor <= shipping
    considered = [each.candidate for each in found.taken] + [each.candidate for each in found.left_out]
    assert {each.code for each in considered} == {each.code for each in candidates}
    groups = [each.candidate.stacking.group for each in found.taken if each.candidate.stacking.group]
    assert len(groups) == len(set(groups))
    assert len(found.taken) <= 1 or not any(each.candidate.stacking.alone for each in found.taken)
    assert all(combine(order_of, basket) == found for order_of in permutations(candidates))


@given(candidates=candidates, arrival=st.permutations(range(4)))
def test_whoever_comes_first_nobody_is_promised_what_is_gone_and_what_was_promised_is_kept(
    candidates: list[Candidate], arrival: list[int]
) -> None:
    there: list[Used] = []
    for place, number in enumerate(arrival):
        if number >= len(candidates):
            continue
        each = candidates[number]
        off = beside(each, ORDER, there)
        if isinstance(off, Saving):
            there.append(
                Used(code=each.code, campaign_id=each.campaign_id, stacking=each.stacking, saving=off, place=place)
            )

    total = sum((each.saving for each in there), start=NOTHING)
    assert total.goods_minor <= ORDER.order_minor
    assert total.shipping_minor <= ORDER.shipping_minor
    for one in there:
        others = [other for other in there if other is not one]
        assert all(conflict_of(one.stacking, other.stacking) is None for other in others)
        again = candidate(one.code, candidates[int(one.code)].discount, one.stacking, place=one.place)
        assert beside(again, ORDER, others) == one.saving
