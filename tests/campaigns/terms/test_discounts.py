"""What a discount takes off an order: exact, never more than the order, nothing where a condition is not met."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.terms.basket import Basket, Line, check_basket, placed, unplaced
from campaigns.terms.discount import (
    Discount,
    Fixed,
    FreeShipping,
    Gift,
    Percent,
    Reward,
    Saving,
    Scope,
    Unmet,
    check_discount,
    counted_minor,
    saving,
)
from campaigns.terms.discount_document import from_data, to_data
from campaigns.terms.refusals import InvalidCampaign, InvalidOrder

SHOES = Line(item_id="boots", quantity=2, unit_price_minor=2550, category="Shoes|Boots")
HAT = Line(item_id="hat", quantity=1, unit_price_minor=999, category="Hats")
FULL = Basket(order_minor=6099, currency="GBP", lines=(SHOES, HAT), shipping_minor=490)
TENTH, FIVE = Percent(percent=10), Fixed(amount_minor=500)
ON_SHOES, ON_HATS = Scope(categories=("Shoes",)), Scope(items=("hat",))


def off(discount: Discount, basket: Basket = FULL, *, bought_before: bool = False, **taken: int) -> object:
    """Minor units off goods and off shipping, or why nothing."""
    found = saving(discount, basket, bought_before=bought_before, taken=Saving(**taken))
    return (found.goods_minor, found.shipping_minor) if isinstance(found, Saving) else found


@pytest.mark.parametrize(
    ("discount", "expected"),
    [
        (Discount(reward=TENTH), (610, 0)),
        (Discount(reward=Percent(percent=10, maximum_minor=300)), (300, 0)),
        (Discount(reward=FIVE), (500, 0)),
        (Discount(reward=Fixed(amount_minor=9999)), (6099, 0)),
        (Discount(reward=TENTH, scope=ON_SHOES), (510, 0)),
        (Discount(reward=TENTH, scope=ON_HATS), (100, 0)),
        (Discount(reward=TENTH, scope=Scope(items=("hat",), categories=("Shoes|Boots",))), (610, 0)),
        (Discount(reward=Fixed(amount_minor=2000), scope=ON_HATS), (999, 0)),
        (Discount(reward=FreeShipping()), (0, 490)),
        (Discount(reward=FreeShipping(maximum_minor=300)), (0, 300)),
        (Discount(reward=FreeShipping(), scope=ON_HATS), (0, 490)),
        (Discount(reward=Gift(item_id="boots")), (2550, 0)),
        (Discount(reward=TENTH, minimum_minor=6099), (610, 0)),
        (Discount(reward=TENTH, minimum_minor=6100), Unmet.BELOW_MINIMUM),
        (Discount(reward=TENTH, minimum_minor=1000, scope=ON_HATS), Unmet.BELOW_MINIMUM),
        (Discount(reward=TENTH, scope=Scope(categories=("Shoe",))), Unmet.NOT_IN_ORDER),
        (Discount(reward=FreeShipping(), scope=Scope(items=("gloves",))), Unmet.NOT_IN_ORDER),
        (Discount(reward=Gift(item_id="gloves")), Unmet.NOT_IN_ORDER),
    ],
)
def test_rewards_and_conditions_compose(discount: Discount, expected: object) -> None:
    assert off(discount) == expected


def test_of_an_order_that_does_not_say_what_is_in_it_only_what_needs_no_lines_counts() -> None:
    plain = Basket(order_minor=2000, currency="GBP")

    assert off(Discount(reward=TENTH, minimum_minor=2000), plain) == (200, 0)
    assert off(Discount(reward=TENTH, scope=ON_SHOES), plain) is Unmet.LINES_MISSING
    assert off(Discount(reward=Gift(item_id="hat")), plain) is Unmet.LINES_MISSING
    assert off(Discount(reward=FreeShipping()), plain) is Unmet.NO_EFFECT


def test_a_first_order_is_a_condition_like_any_other() -> None:
    welcome = Discount(reward=FIVE, first_order_only=True, minimum_minor=9999)

    assert off(welcome, bought_before=True) is Unmet.NOT_FIRST_ORDER
    assert off(welcome) is Unmet.BELOW_MINIMUM


def test_what_others_took_is_not_there_to_take_again() -> None:
    assert off(Discount(reward=TENTH), goods_minor=1099) == (500, 0)
    assert off(Discount(reward=TENTH, scope=ON_HATS), goods_minor=6000) == (10, 0)
    assert off(Discount(reward=FIVE), goods_minor=6098) == (1, 0)
    assert off(Discount(reward=FIVE), goods_minor=6099) is Unmet.NO_EFFECT
    assert off(Discount(reward=FIVE), goods_minor=9000) is Unmet.NO_EFFECT
    assert off(Discount(reward=FreeShipping()), shipping_minor=490) is Unmet.NO_EFFECT
    assert off(Discount(reward=TENTH, minimum_minor=6099), goods_minor=1099) == (500, 0)


names = st.sampled_from(["a", "b", "c"])
paths = st.sampled_from([None, "x", "x|y", "x|y|z", "xy", "w"])
lines = st.builds(
    Line, item_id=names, quantity=st.integers(1, 5), unit_price_minor=st.integers(0, 9_999), category=paths
)
scopes = st.builds(
    Scope,
    items=st.lists(names, max_size=2, unique=True).map(tuple),
    categories=st.lists(st.sampled_from(["x", "x|y", "w"]), max_size=2, unique=True).map(tuple),
).filter(lambda scope: scope.items or scope.categories)
maxima = st.none() | st.integers(1, 3_000)
rewards: st.SearchStrategy[Reward] = (
    st.builds(Percent, percent=st.integers(1, 100), maximum_minor=maxima)
    | st.builds(Fixed, amount_minor=st.integers(1, 20_000))
    | st.builds(FreeShipping, maximum_minor=maxima)
    | st.builds(Gift, item_id=names)
)
discounts = st.builds(
    Discount, reward=rewards, first_order_only=st.booleans(), minimum_minor=st.none() | st.integers(1, 30_000),
    scope=st.none() | scopes,
)  # fmt: skip


@st.composite
def baskets(draw: st.DrawFn) -> Basket:
    inside = tuple(draw(st.lists(lines, max_size=4)))
    worth = sum(line.worth_minor for line in inside) + draw(st.integers(0, 500))
    shipping = draw(st.integers(0, 900))
    return Basket(order_minor=max(1, worth), currency="GBP", lines=inside, shipping_minor=shipping)


@given(discount=discounts, basket=baskets(), goods=st.integers(0, 9_000), shipping=st.integers(0, 900))
def test_never_negative_never_more_than_is_left_and_never_empty(
    discount: Discount, basket: Basket, goods: int, shipping: int
) -> None:
    check_basket(basket)

    found = saving(discount, basket, bought_before=False, taken=Saving(goods_minor=goods, shipping_minor=shipping))

    if isinstance(found, Saving):
        assert 0 <= found.goods_minor <= max(0, basket.order_minor - goods)
        assert 0 <= found.shipping_minor <= max(0, basket.shipping_minor - shipping)
        assert found.total_minor > 0


@given(discount=discounts, basket=baskets(), more=lines)
def test_a_larger_order_never_saves_less(discount: Discount, basket: Basket, more: Line) -> None:
    # Another unit of the gift may be cheaper than the one in the order.
    more_of = more if not isinstance(discount.reward, Gift) else Line(item_id="z", quantity=1, unit_price_minor=1)
    larger = Basket(
        order_minor=basket.order_minor + more_of.worth_minor, currency="GBP", lines=(*basket.lines, more_of),
        shipping_minor=basket.shipping_minor,
    )  # fmt: skip

    before, after = (saving(discount, each, bought_before=False) for each in (basket, larger))

    if isinstance(before, Saving):
        assert isinstance(after, Saving)
        assert after.total_minor >= before.total_minor


@given(percent=st.integers(1, 100), basket=baskets(), scope=st.none() | scopes)
def test_a_share_is_rounded_half_up_and_exactly(percent: int, basket: Basket, scope: Scope | None) -> None:
    discount = Discount(reward=Percent(percent=percent), scope=scope)

    found = saving(discount, basket, bought_before=False)

    exact = Fraction(counted_minor(discount, basket) * percent, 100)
    expected = int(exact + Fraction(1, 2))
    assert found == Saving(goods_minor=expected) or (isinstance(found, Unmet) and expected == 0)


@given(discount=discounts)
def test_a_discount_comes_back_from_json_as_it_was(discount: Discount) -> None:
    assert from_data(to_data(discount)) == discount


@pytest.mark.parametrize(
    ("discount", "field"),
    [
        (Discount(reward=Percent(percent=0)), "percent"),
        (Discount(reward=Percent(percent=101)), "percent"),
        (Discount(reward=Percent(percent=10, maximum_minor=0)), "maximum"),
        (Discount(reward=Fixed(amount_minor=0)), "amount"),
        (Discount(reward=FreeShipping(maximum_minor=0)), "maximum"),
        (Discount(reward=Gift(item_id="")), "item"),
        (Discount(reward=TENTH, minimum_minor=0), "minimum"),
        (Discount(reward=TENTH, scope=Scope()), "scope"),
        (Discount(reward=TENTH, scope=Scope(items=("a", ""))), "scope"),
    ],
)
def test_a_discount_that_could_not_be_given_is_refused_by_field(discount: Discount, field: str) -> None:
    with pytest.raises(InvalidCampaign) as refused:
        check_discount(discount, field="here")

    assert refused.value.metadata == {"field": f"here.{field}"}


@pytest.mark.parametrize(
    ("basket", "field"),
    [
        (Basket(order_minor=0, currency="GBP"), "order_amount"),
        (Basket(order_minor=1, currency="GBP", shipping_minor=-1), "shipping_amount"),
        (Basket(order_minor=998, currency="GBP", lines=(HAT,)), "lines"),
        (
            Basket(order_minor=9, currency="GBP", lines=(Line(item_id="a", quantity=0, unit_price_minor=1),)),
            "lines.quantity",
        ),
        (
            Basket(order_minor=9, currency="GBP", lines=(Line(item_id="a", quantity=1, unit_price_minor=-1),)),
            "lines.unit_price",
        ),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_by_field(basket: Basket, field: str) -> None:
    with pytest.raises(InvalidOrder) as refused:
        check_basket(basket)

    assert refused.value.metadata == {"field": field}


def test_the_catalogue_says_the_category_where_the_shop_does_not() -> None:
    bare = Line(item_id="boots", quantity=1, unit_price_minor=100)
    basket = Basket(order_minor=1200, currency="GBP", lines=(bare, HAT))

    assert unplaced(basket) == {"boots"}
    assert placed(basket, {"boots": "Shoes", "hat": "Else"}).lines[0].category == "Shoes"
    assert placed(basket, {"boots": "Shoes", "hat": "Else"}).lines[1] == HAT
    assert placed(basket, {}) == basket
