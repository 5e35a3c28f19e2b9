"""A campaign that held customers out teaches whom its offer changes, and the next preview says so."""

from datetime import timedelta

import pytest
from made.campaigns import NOW, audit_lines, launch_campaign, make_cause, make_plan, store_scores
from made.ticks import tick_at
from running.databases import filled_once
from running.working import work_on
from sqlalchemy import text

from campaigns.experiments.assignment import HOLDOUT, group_of
from campaigns.forecast import changing, dry_run
from campaigns.forecast.dry_run import Preview
from campaigns.life import drafts
from campaigns.results import measuring
from database.audiences import facts
from database.events.store import insert_events
from database.forecast import uplifts
from database.forecast.uplifts import Uplift
from database.session import Database
from events.event import Event, EventType
from worker.clock.schedule import close_forecasts, end_campaigns
from worker.clock.uplift import learn_from_campaigns
from worker.steps.expected_uplifts import begin_due

CROWD = [f"c{number:03}" for number in range(500)]
PLAN = make_plan(holdout_percent=40)
OFFERED = 300
"""Of them."""
OVER = PLAN.end_time + measuring.AFTERMATH + timedelta(seconds=1)


def order(who: str, name: str, days: int) -> Event:
    return Event(
        event_id=f"{name}-{who}", customer_id=who, time=NOW + timedelta(days=days), order_id=f"{name}-{who}",
        item_id="i", event_type=EventType.PURCHASE, quantity=1.0, unit_price_minor=5000, currency="GBP",
    )  # fmt: skip


@filled_once
def shop(database: Database) -> None:
    """Customers with an even number bought long ago; a few of the others buy anyway."""
    store_scores(database, dict.fromkeys(CROWD, 9000))
    with database.writing() as transaction:
        insert_events(transaction, [order(who, "past", -40) for who in CROWD[::2]])
        facts.refresh(transaction, None, as_of=NOW, currency="GBP")


def run(database: Database, plan_id: str = "spring") -> None:
    """Of those who got the offer and bought before, all buy: the offer changes them."""
    launch_campaign(database, PLAN, plan_id)
    offered = [who for who in CROWD if group_of(PLAN.design, campaign_id=plan_id, customer_id=who) != HOLDOUT]
    changed = [order(who, plan_id, 3) for who in set(offered) & set(CROWD[::2])]
    with database.writing() as transaction:
        insert_events(transaction, [*changed, *(order(who, plan_id, 4) for who in CROWD[1::6])])


def learn(database: Database, *, enough: bool = False) -> list[str]:
    end_campaigns(database, OVER)
    close_forecasts(tick_at(database, OVER))
    return learn_from_campaigns(tick_at(database, OVER, enough=lambda: enough), currency="GBP")


def taught(database: Database) -> Uplift | None:
    with database.reading() as snapshot:
        return uplifts.of_campaign(snapshot, "spring")


def preview(database: Database) -> Preview:
    with database.writing() as transaction:
        drafts.create(transaction, make_cause(), "next", PLAN)
    with database.writing() as transaction:
        return dry_run.preview(transaction, make_cause(), "next", size=1)


def mean_fact(database: Database, database_url: str) -> float:
    """What rules know of everybody, once a worker has worked it out."""
    operation = begin_due(database, OVER)
    assert operation is not None
    work_on(database_url, operation)
    with database.reading() as snapshot:
        return float(snapshot.execute(text("SELECT avg(expected_uplift) FROM customer_facts")).scalar_one())


def test_what_a_measured_campaign_teaches_is_kept_once_and_told_by_the_next_preview(
    shop: Database, database_url: str
) -> None:
    run(shop)
    assert learn(shop, enough=True) == []
    assert taught(shop) is None

    assert learn(shop) == ["spring"]
    found = taught(shop)
    assert found is not None
    assert found.effect is not None
    assert found.effect == pytest.approx(0.5, abs=0.06)
    assert found.customers == len(CROWD)
    assert found.learner is not None
    assert [line[0] for line in audit_lines(shop)].count("campaigns.uplift.learn") == 1

    assert learn(shop) == []
    assert taught(shop) == found

    change = preview(shop).change
    assert change is not None
    assert change.learned == found
    assert change.customers == OFFERED
    assert change.low < change.expected < change.high
    assert change.expected == pytest.approx(OFFERED / 2, rel=0.2)
    assert change.kept is not None
    assert change.kept > 0.3
    assert OFFERED * mean_fact(shop, database_url) == pytest.approx(change.expected, rel=1e-5)


def test_a_campaign_that_is_too_small_teaches_nothing_and_is_not_asked_again(
    shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(shop)
    monkeypatch.setattr(changing, "MOST", 80)

    assert learn(shop) == ["spring"]
    found = taught(shop)
    assert found is not None
    assert (found.model, found.learner, found.customers) == (None, None, 80)
    assert "customers were" in found.reason
    assert learn(shop) == []
    assert preview(shop).change is None


def test_without_a_past_holdout_nothing_is_said_of_effects(shop: Database) -> None:
    assert preview(shop).change is None


def test_a_campaign_that_cannot_be_read_keeps_nobody_from_learning_of_the_others(shop: Database) -> None:
    for plan_id in ("autumn", "spring"):
        run(shop, plan_id)
    end_campaigns(shop, OVER)
    close_forecasts(tick_at(shop, OVER))
    with shop.writing() as transaction:
        transaction.execute(text("UPDATE campaigns SET launch_time = NULL WHERE campaign_id = 'autumn'"))

    with pytest.raises(ExceptionGroup):
        learn_from_campaigns(tick_at(shop, OVER), currency="GBP")

    assert taught(shop) is not None
