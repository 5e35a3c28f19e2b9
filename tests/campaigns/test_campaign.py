"""A campaign moves only as its table says, takes off what its discount says, and refuses plans that make no sense."""

from datetime import timedelta

import pytest
from campaign_factories import NOW, TEN_PERCENT, make_plan
from hypothesis import given
from hypothesis import strategies as st

from campaigns import stored
from campaigns.campaign import (
    MOVES,
    Campaign,
    CampaignId,
    Channel,
    Move,
    Offer,
    State,
    check_id,
    check_plan,
    moved,
)
from campaigns.discount import Discount, Fixed, NewCustomer, Percent, discount_minor
from campaigns.errors import CampaignNotMovable, InvalidCampaign, Refusal
from campaigns.tiers import Tier

PERCENTS = st.builds(Percent, percent=st.integers(1, 100), maximum_minor=st.none() | st.integers(1, 10**6))
FIXED = st.builds(Fixed, amount_minor=st.integers(1, 10**6))
DISCOUNTS: st.SearchStrategy[Discount] = PERCENTS | FIXED | st.builds(NewCustomer, reward=PERCENTS | FIXED)
ORDERS = st.integers(1, 10**9)


def make_campaign(state: State) -> Campaign:
    return Campaign(
        campaign_id=CampaignId("spring"), plan=make_plan(), state=state, issued_count=0, redeemed_count=0,
        held_out_count=0, launch_time=None, discounted_minor=0, revision=1, create_time=NOW, update_time=NOW,
    )  # fmt: skip


@given(st.lists(st.sampled_from(list(Move)), max_size=12))
def test_no_sequence_of_moves_leaves_the_table(verbs: list[Move]) -> None:
    state = State.DRAFT
    for verb in verbs:
        if (state, verb) in MOVES:
            state = moved(make_campaign(state), verb)
        else:
            with pytest.raises(CampaignNotMovable) as refused:
                moved(make_campaign(state), verb)
            assert refused.value.metadata == {"campaign": "campaigns/spring", "state": state, "move": verb}


def test_the_table() -> None:
    possible = {start: sorted(verb.value for begin, verb in MOVES if begin is start) for start in State}

    assert possible == {
        State.DRAFT: ["LAUNCH"],
        State.LAUNCHING: ["ACTIVATE", "END", "LAUNCH"],
        State.ACTIVE: ["END", "PAUSE"],
        State.PAUSED: ["END", "RESUME"],
        State.ENDED: [],
    }


def test_a_refused_move_says_what_is_possible() -> None:
    with pytest.raises(CampaignNotMovable, match="campaigns/spring is PAUSED and cannot pause; possible: end, resume"):
        moved(make_campaign(State.PAUSED), Move.PAUSE)


@pytest.mark.parametrize(
    ("discount", "order", "off"),
    [
        pytest.param(Percent(percent=10), 1000, 100, id="percent"),
        pytest.param(Percent(percent=10), 995, 100, id="half-a-penny-rounds-up"),
        pytest.param(Percent(percent=10), 994, 99, id="less-rounds-down"),
        pytest.param(Percent(percent=100), 7, 7, id="all-of-it"),
        pytest.param(Percent(percent=50, maximum_minor=300), 1000, 300, id="maximum"),
        pytest.param(Fixed(amount_minor=500), 2000, 500, id="fixed"),
        pytest.param(Fixed(amount_minor=500), 300, 300, id="no-more-than-the-order"),
        pytest.param(NewCustomer(reward=Fixed(amount_minor=500)), 2000, 500, id="new-customer"),
        pytest.param(Percent(percent=1), 10, 0, id="nothing"),
    ],
)
def test_what_a_discount_takes_off(discount: Discount, order: int, off: int) -> None:
    assert discount_minor(discount, order) == off


@given(DISCOUNTS, ORDERS, ORDERS)
def test_a_discount_never_exceeds_the_order_and_grows_with_it(discount: Discount, one: int, other: int) -> None:
    small, large = sorted((one, other))

    assert 0 <= discount_minor(discount, small) <= small
    assert discount_minor(discount, small) <= discount_minor(discount, large)


@given(DISCOUNTS)
def test_a_discount_comes_back_from_json_as_it_was(discount: Discount) -> None:
    assert stored.discount(stored.discount_json(discount)) == discount


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"display_name": "  "}, "display_name", id="no-name"),
        pytest.param({"offers": (TEN_PERCENT, TEN_PERCENT)}, "offers", id="tier-twice"),
        pytest.param({"end_time": NOW - timedelta(days=1)}, "end_time", id="empty-window"),
        pytest.param({"start_time": NOW.replace(tzinfo=None)}, "start_time", id="no-zone-on-a-time"),
        pytest.param({"currency": "pounds"}, "currency", id="currency"),
        pytest.param({"zone": "Mars/Olympus"}, "zone", id="zone"),
        pytest.param({"redemption_limit": 0}, "redemption_limit", id="limit"),
    ],
)
def test_a_plan_that_makes_no_sense_names_its_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidCampaign) as refused:
        check_plan(make_plan(**changes))

    assert refused.value.metadata == {"field": field}


@pytest.mark.parametrize(
    ("discount", "field"),
    [
        (Percent(percent=0), "percent"),
        (Percent(percent=101), "percent"),
        (Percent(percent=5, maximum_minor=0), "maximum"),
        (Fixed(amount_minor=0), "amount"),
        (NewCustomer(reward=Fixed(amount_minor=-1)), "reward.amount"),
    ],
)
def test_a_discount_that_makes_no_sense_names_its_field(discount: Discount, field: str) -> None:
    offer = Offer(tier=Tier.MID, discount=discount, channel=Channel.EMAIL)

    with pytest.raises(InvalidCampaign) as refused:
        check_plan(make_plan(offers=(offer,)))

    assert refused.value.metadata == {"field": f"offers[MID].discount.{field}"}


@pytest.mark.parametrize("campaign_id", ["", "Spring", "1st", "a_b", "-a", "a-", "a" * 64, "späti"])
def test_an_id_that_cannot_be_part_of_a_name_is_refused(campaign_id: str) -> None:
    with pytest.raises(InvalidCampaign):
        check_id(campaign_id)


def test_only_channels_that_address_someone_need_consent() -> None:
    assert [channel for channel in Channel if not channel.needs_consent] == [Channel.ON_SITE]


def test_every_refusal_has_a_reason_of_its_own_that_spells_its_name() -> None:
    families = Refusal.__subclasses__()
    leaves = [leaf for family in families for leaf in family.__subclasses__()]

    assert len({leaf.reason for leaf in leaves}) == len(leaves) > 20
    assert all(leaf.reason == leaf.reason.upper() for leaf in leaves)
    assert all(leaf.reason.replace("_", "").lower() == leaf.__name__.lower() for leaf in leaves)
