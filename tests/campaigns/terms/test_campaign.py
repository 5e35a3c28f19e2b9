"""A campaign moves only as its table says, takes off what its discount says, and refuses plans that make no sense."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made.campaigns import NOW, TEN_PERCENT, make_plan

from campaigns.terms.campaign import MOVES, Campaign, CampaignId, Channel, Move, Offer, State, moved
from campaigns.terms.checking import check_id, check_plan
from campaigns.terms.discount import Discount, Percent
from campaigns.terms.limits import Budget
from campaigns.terms.refusals import CampaignNotMovable, InvalidCampaign
from campaigns.tiers.tiers import Tier


def make_campaign(state: State) -> Campaign:
    return Campaign(
        campaign_id=CampaignId("spring"), plan=make_plan(), version=1, state=state, issued_count=0, redeemed_count=0,
        held_out_count=0, launch_time=None, activate_time=None, discounted_minor=0, revision=1, create_time=NOW,
        update_time=NOW,
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


def test_each_state_allows_these_moves_and_no_others() -> None:
    possible = {start: sorted(verb.value for begin, verb in MOVES if begin is start) for start in State}

    assert possible == {
        State.DRAFT: ["EDIT", "SUBMIT"],
        State.SUBMITTED: ["APPROVE", "EDIT", "REJECT"],
        State.APPROVED: ["EDIT", "LAUNCH", "SCHEDULE"],
        State.SCHEDULED: ["EDIT", "END", "LAUNCH", "UNSCHEDULE"],
        State.LAUNCHING: ["ACTIVATE", "END", "LAUNCH", "PAUSE"],
        State.ACTIVE: ["END", "PAUSE"],
        State.PAUSED: ["CONTINUE", "END", "RESUME"],
        State.ENDED: [],
    }


def test_a_refused_move_says_what_is_possible() -> None:
    with pytest.raises(CampaignNotMovable, match="campaigns/spring is PAUSED and cannot pause; possible: end, resume"):
        moved(make_campaign(State.PAUSED), Move.PAUSE)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"display_name": "  "}, "display_name", id="no-name"),
        pytest.param({"display_name": "x" * 101}, "display_name", id="more-than-a-name"),
        pytest.param({"offers": (TEN_PERCENT, TEN_PERCENT)}, "offers", id="tier-twice"),
        pytest.param({"end_time": NOW - timedelta(days=1)}, "end_time", id="empty-window"),
        pytest.param({"start_time": NOW.replace(tzinfo=None)}, "start_time", id="no-zone-on-a-time"),
        pytest.param({"currency": "GPB"}, "currency", id="currency"),
        pytest.param({"zone": "Mars/Olympus"}, "zone", id="zone"),
        pytest.param({"zone": "localtime"}, "zone", id="zone-of-whichever-machine"),
        pytest.param({"redemption_limit": 0}, "redemption_limit", id="limit"),
        pytest.param({"audience_limit": 10**19}, "audience_limit", id="more-than-fits"),
        pytest.param({"budget": Budget(limit_minor=10**21)}, "budget.limit", id="more-money-than-fits"),
        pytest.param({"start_time": datetime(1, 1, 1, tzinfo=UTC)}, "start_time", id="before-all-zones"),
        pytest.param({"end_time": datetime(9999, 12, 31, 23, tzinfo=UTC)}, "end_time", id="after-all-zones"),
    ],
)
def test_a_plan_that_makes_no_sense_names_its_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidCampaign) as refused:
        check_plan(make_plan(**changes))

    assert refused.value.metadata == {"field": field}


def test_a_discount_that_makes_no_sense_names_its_field() -> None:
    offer = Offer(tier=Tier.MID, discount=Discount(reward=Percent(percent=101)), channel=Channel.EMAIL)

    with pytest.raises(InvalidCampaign) as refused:
        check_plan(make_plan(offers=(offer,)))

    assert refused.value.metadata == {"field": "offers[MID].discount.percent"}


@pytest.mark.parametrize("campaign_id", ["", "Spring", "1st", "a_b", "-a", "a-", "a" * 64, "späti"])
def test_an_id_that_cannot_be_part_of_a_name_is_refused(campaign_id: str) -> None:
    with pytest.raises(InvalidCampaign):
        check_id(campaign_id)


def test_only_channels_that_address_someone_need_consent() -> None:
    assert [channel for channel in Channel if not channel.needs_consent] == [Channel.ON_SITE]
