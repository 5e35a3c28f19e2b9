"""Campaigns are planned, found, changed and deleted before anything is given to anybody."""

from dataclasses import replace
from datetime import timedelta

import pytest
from made.campaigns import BY_MAIL, NOW, TEN_PERCENT, audit_lines, counts, create_campaign, make_cause, make_plan
from sqlalchemy import text

from campaigns.life import campaigns, drafts
from campaigns.life.refusals import CampaignChanged, CampaignExists, CampaignNotFound
from campaigns.terms.campaign import Channel, Offer, State
from campaigns.terms.discount import Discount, Percent
from campaigns.tiers.tiers import Tier
from database.session import Database


def test_a_campaign_is_kept_as_it_was_planned(database: Database) -> None:
    plan = make_plan(offers=(TEN_PERCENT, BY_MAIL), zone="Europe/London", redemption_limit=7)
    with database.writing() as transaction:
        created = drafts.create(transaction, make_cause(reason="easter"), "spring", plan)

    with database.reading() as snapshot:
        assert campaigns.get(snapshot, "spring") == created
        assert campaigns.page(snapshot, limit=5) == [created]
        logged = snapshot.execute(text("SELECT actor, action, object_name, reason, before, after FROM audit_log")).one()
    assert (created.plan, created.state, created.etag) == (plan, State.DRAFT, "1")
    assert tuple(logged)[:5] == ("operator:anna", "campaigns.create", "campaigns/spring", "easter", None)
    assert logged.after["offers"]["MID"] == {
        "channel": "EMAIL",
        "discount": {"kind": "FIXED", "amount_minor": 500},
        "fallbacks": [],
    }


def test_a_percentage_is_kept_with_its_maximum(database: Database) -> None:
    offer = Offer(
        tier=Tier.HIGH, discount=Discount(reward=Percent(percent=20, maximum_minor=900)), channel=Channel.ON_SITE
    )
    create_campaign(database, offers=(offer,))

    with database.reading() as snapshot:
        assert campaigns.get(snapshot, "spring").plan.offers == (offer,)


def test_a_name_is_taken_once(database: Database) -> None:
    create_campaign(database)

    with database.writing() as transaction, pytest.raises(CampaignExists):
        drafts.create(transaction, make_cause(), "spring", make_plan(display_name="Other"))

    with database.reading() as snapshot:
        assert campaigns.get(snapshot, "spring").plan.display_name == "Spring"


def test_pages_walk_every_campaign_once_newest_first(database: Database) -> None:
    for place in range(5):
        with database.writing() as transaction:
            drafts.create(transaction, make_cause(NOW + timedelta(minutes=place // 2)), f"c{place}", make_plan())

    seen: list[str] = []
    after = None
    with database.reading() as snapshot:
        while page := campaigns.page(snapshot, limit=2, after=after):
            seen += [campaign.campaign_id for campaign in page]
            after = (page[-1].create_time, page[-1].campaign_id)

    assert seen == ["c4", "c3", "c2", "c1", "c0"]


def test_a_draft_can_be_changed_and_deleted(database: Database) -> None:
    create_campaign(database)
    with database.writing() as transaction:
        changed = drafts.update(
            transaction, make_cause(), "spring", lambda plan: replace(plan, display_name="Summer"), etag="1"
        )
    assert (changed.plan.display_name, changed.etag) == ("Summer", "2")

    with database.writing() as transaction, pytest.raises(CampaignChanged) as refused:
        drafts.delete(transaction, make_cause(), "spring", etag="1")
    assert refused.value.metadata == {"campaign": "campaigns/spring", "etag": "1", "current_etag": "2"}
    assert counts(database, "campaigns") == (1,)

    with database.writing() as transaction:
        drafts.delete(transaction, make_cause(), "spring", etag="2")
    assert counts(database, "campaigns") == (0,)
    assert [action for action, _, _ in audit_lines(database)] == [
        "campaigns.create", "campaigns.update", "campaigns.delete",
    ]  # fmt: skip
    assert counts(database, "campaign_versions") == (2,)


def test_what_is_not_there_is_named(database: Database) -> None:
    with pytest.raises(CampaignNotFound) as refused, database.reading() as snapshot:
        campaigns.get(snapshot, "autumn")

    assert refused.value.metadata == {"campaign": "campaigns/autumn"}
