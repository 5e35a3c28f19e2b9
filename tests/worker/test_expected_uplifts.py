"""Workers expect of each customer what an offer changes, by the newest lesson, and again after each rescoring."""

from dataclasses import replace
from datetime import timedelta

import pytest
from made.campaigns import (
    NOW,
    TEN_PERCENT,
    add_customers,
    audit_lines,
    build_segment,
    create_campaign,
    make_cause,
    read_operation,
    rescore,
    store_scores,
)
from made.lessons import OF_BUYERS, OF_OTHERS, teach
from made.orders import purchase, record
from running.worker_processes import kill, relaying, wait_for, worker
from running.working import tools_on, work_on
from sqlalchemy import text
from tierwise.v1 import campaign_service_pb2

from campaigns import retrying
from campaigns.audiences import segments
from campaigns.faults import Hopeless
from campaigns.forecast import dry_run
from campaigns.tiers.tiers import Tier
from campaigns.work import jobs
from database.audiences import facts, fitting
from database.audiences import segments as stored_segments
from database.forecast import expected_uplifts
from database.session import Database, Snapshot
from database.work import broker, operations
from database.work.operations import Operation
from rules.rule import Compare, IsKnown, Operator, Rule
from server.operations.answers import answered
from worker.advance import advance
from worker.steps.expected_uplifts import begin_due, step

CROWD = {f"c{number}": 1000 for number in range(6)}
BUYERS = ["c1", "c4"]
Expected = dict[str, tuple[float, str]]


@pytest.fixture
def shop(database: Database) -> Database:
    """Six customers with scores, two of whom ordered before."""
    add_customers(database, list(CROWD))
    record(database, [purchase(who, 1000, days=-9) for who in BUYERS])
    store_scores(database, CROWD)
    return database


def due(database: Database) -> Operation:
    begun = begin_due(database, NOW)
    assert begun is not None
    return begun


def work_off(database_url: str, operation: Operation, *, chunk: int = 4, most: int | None = None) -> None:
    """In chunks of so many customers, up to so many of them."""
    done = iter(range(most - 1)) if most else None
    work_on(database_url, operation, score_chunk=chunk, enough=lambda: done is not None and next(done, None) is None)


def expected(database: Database) -> Expected:
    with database.reading() as snapshot:
        return expected_in(snapshot)


def expected_in(snapshot: Snapshot) -> Expected:
    """Of each customer of whom it is known, and whose lesson says so."""
    rows = snapshot.execute(
        text("SELECT customer_id, expected_uplift, uplift_campaign_id FROM customer_facts "
             "WHERE expected_uplift IS NOT NULL")
    )  # fmt: skip
    return {customer_id: (effect, campaign_id) for customer_id, effect, campaign_id in rows}


def by(campaign_id: str, *, more: float = 0.0) -> Expected:
    return {who: (round((OF_BUYERS if who in BUYERS else OF_OTHERS) + more, 6), campaign_id) for who in CROWD}


def count(database: Database, rule: Rule) -> int:
    with database.reading() as snapshot:
        return fitting.count(snapshot, rule)


WORTH_IT = Compare("expected_uplift", Operator.AT_LEAST, 0.02)


def test_without_a_lesson_nothing_is_due_and_nobody_fits(shop: Database) -> None:
    assert begin_due(shop, NOW) is None
    assert expected(shop) == {}
    assert count(shop, IsKnown("expected_uplift")) == 0
    assert count(shop, Compare("expected_uplift", Operator.LESS_THAN, 1)) == 0


def test_a_lesson_is_asked_of_everybody_once(shop: Database, database_url: str) -> None:
    teach(shop, "spring")
    operation = due(shop)
    assert begin_due(shop, NOW) is None
    work_off(database_url, operation)

    done = read_operation(shop, operation.operation_id)
    assert (done.state, done.done_count, done.total_count) == ("SUCCEEDED", 6, 6)
    assert done.response == {"expected_count": 6}
    assert expected(shop) == by("spring")
    assert count(shop, WORTH_IT) == 2
    assert begin_due(shop, NOW) is None
    assert [line[0] for line in audit_lines(shop)][-2:] == ["uplifts.expect", "uplifts.expect.finish"]


def test_the_campaign_that_ended_last_says_it_whichever_was_learned_from_last(
    shop: Database, database_url: str
) -> None:
    teach(shop, "spring", ended_days=10)
    work_off(database_url, due(shop))
    teach(shop, "winter", ended_days=5, more=0.5)
    assert begin_due(shop, NOW) is None

    teach(shop, "summer", ended_days=20, more=0.1)
    work_off(database_url, due(shop))

    assert expected(shop) == by("summer", more=0.1)


def test_after_a_rescoring_it_is_asked_of_the_new_facts(shop: Database, database_url: str) -> None:
    teach(shop, "spring")
    work_off(database_url, due(shop))
    record(shop, [purchase("c0", 1000, days=0.5)])
    later = NOW + timedelta(days=1)
    rescore(shop, CROWD, as_of=later, now=later)
    assert expected(shop) == by("spring")

    work_off(database_url, due(shop))

    assert expected(shop) == by("spring") | {"c0": (OF_BUYERS, "spring")}


def test_whoever_looks_at_it_sees_the_same_and_whose_lesson_it_is(shop: Database, database_url: str) -> None:
    teach(shop, "spring")
    work_off(database_url, due(shop))

    with shop.reading() as snapshot:
        fresh = facts.facts_of(snapshot, "c1", NOW + timedelta(days=1), currency="GBP")
        told = expected_uplifts.of_customer(snapshot, "c1")
        reported = snapshot.execute(
            text("SELECT expected_uplift, uplift_campaign_id FROM reporting.customers WHERE orders > 0")
        ).all()
    assert fresh is not None
    assert told is not None
    assert (told.campaign_id, told.learner, told.learn_time) == ("spring", "X", NOW)
    assert (told.average_low, told.average, told.average_high) == pytest.approx((0.02, 0.03, 0.04))
    assert (fresh.facts["expected_uplift"], told.value) == (OF_BUYERS, OF_BUYERS)
    assert reported == [(OF_BUYERS, "spring")] * 2


def test_callers_see_it_as_an_operation(shop: Database, database_url: str) -> None:
    teach(shop, "spring")
    operation = due(shop)
    work_off(database_url, operation)

    with shop.reading() as snapshot:
        message = answered(snapshot, read_operation(shop, operation.operation_id))

    metadata, response = campaign_service_pb2.ExpectUpliftsMetadata(), campaign_service_pb2.ExpectUpliftsResponse()
    assert message.metadata.Unpack(metadata)
    assert message.response.Unpack(response)
    assert (metadata.campaign, metadata.done_count, metadata.total_count) == ("campaigns/spring", 6, 6)
    assert response.expected_count == 6


def test_segments_and_dry_runs_mean_whom_a_count_means(shop: Database, database_url: str) -> None:
    teach(shop, "spring")
    work_off(database_url, due(shop))
    with shop.writing() as transaction:
        segments.create(transaction, make_cause(), "worth-it", display_name="Worth it", rule=WORTH_IT)
    build_segment(shop, "worth-it")
    create_campaign(shop, "next", rule=WORTH_IT, offers=(replace(TEN_PERCENT, tier=Tier.MID),))

    with shop.writing() as transaction:
        shown = dry_run.preview(transaction, make_cause(), "next", size=2)
        assert stored_segments.members(transaction, "worth-it", limit=9) == BUYERS
    assert [(fall.reason, fall.left) for fall in shown.falls][2] == ("RULE", 2)
    assert {each.customer_id for each in shown.examples} == set(BUYERS)
    said = "is expected to gain at least 2 points of chance to buy by an offer: it is 5 points"
    assert said in shown.examples[0].reasons


def test_half_of_it_says_which_half_and_another_worker_goes_on(shop: Database, database_url: str) -> None:
    teach(shop, "spring")
    work_off(database_url, due(shop))
    teach(shop, "summer", ended_days=9, more=0.1)
    operation = due(shop)

    work_off(database_url, operation, most=1)
    half = expected(shop)
    work_off(database_url, operation)

    assert half == {who: (by("summer", more=0.1) if who < "c4" else by("spring"))[who] for who in CROWD}
    assert expected(shop) == by("summer", more=0.1)


def test_a_lesson_that_reads_what_is_no_longer_known_says_so_at_once(shop: Database, database_url: str) -> None:
    teach(shop, "spring")
    with shop.writing() as transaction:
        transaction.execute(text("UPDATE uplifts SET model = replace(model, '\"orders\"', '\"visits\"')"))
    with pytest.raises(Hopeless, match="what campaigns/spring taught cannot be asked: there is no column visits"):
        work_off(database_url, due(shop))

    assert expected(shop) == {}


def test_of_two_workers_at_a_chunk_one_writes(shop: Database, database_url: str) -> None:
    teach(shop, "spring")
    operation = due(shop)
    with tools_on(database_url) as tools:
        assert step(tools, operation)
        assert not step(tools, operation)
        ahead = read_operation(shop, operation.operation_id)
        assert step(tools, ahead)
        assert not step(tools, ahead)

    assert read_operation(shop, operation.operation_id).done_count == 6


def test_what_was_cancelled_waits_until_somebody_begins_it_again(shop: Database, database_url: str) -> None:
    teach(shop, "spring")
    operation = due(shop)
    with shop.writing() as transaction:
        jobs.cancel(transaction, make_cause(), operation.operation_id)
    work_off(database_url, operation)
    assert begin_due(shop, NOW) is None

    with shop.writing() as transaction:
        again = retrying.retry(transaction, make_cause(), operation.operation_id)
        assert retrying.retry(transaction, make_cause(), operation.operation_id) == again
    work_off(database_url, again)

    assert expected(shop) == by("spring")


def test_whoever_was_erased_meanwhile_stays_away(shop: Database, database_url: str) -> None:
    teach(shop, "spring")
    operation = due(shop)
    with tools_on(database_url) as tools:
        known = tools.uplift_model("spring")
        assert known.learner == "X"
        with shop.writing() as transaction:
            transaction.execute(text("DELETE FROM customer_facts WHERE customer_id = 'c1'"))
        advance(tools, operation.operation_id, enough=lambda: False)

    assert expected(shop).keys() == CROWD.keys() - {"c1"}


def test_a_worker_that_is_killed_leaves_what_another_one_ends(database: Database, database_url: str) -> None:
    broker.install(database_url)
    with database.writing() as transaction:
        transaction.execute(
            text("INSERT INTO customer_facts (customer_id, as_of, orders) "
                 "SELECT 'c' || to_char(number, 'FM00000'), now(), number % 2 FROM generate_series(1, 2000) AS number")
        )  # fmt: skip
    teach(database, "spring")
    operation = due(database)
    with relaying(database, database_url), worker(database_url, TIERWISE_SCORE_CHUNK="5") as doomed:
        wait_for(lambda: read_operation(database, operation.operation_id).done_count >= 50)
        kill(doomed)
    with database.reading() as snapshot:  # what was being committed may come a moment after its worker's death
        interrupted, half = jobs.get(snapshot, operation.operation_id), expected_in(snapshot)
    work_off(database_url, operation, chunk=500)
    done = read_operation(database, operation.operation_id)

    assert (interrupted.state, interrupted.done_count) == (operations.RUNNING, len(half))
    assert 50 <= len(half) < 2000
    assert (done.state, done.done_count) == (operations.SUCCEEDED, 2000)
    assert count(database, WORTH_IT) == 1000
    assert expected(database)["c00002"] == (OF_OTHERS, "spring")
