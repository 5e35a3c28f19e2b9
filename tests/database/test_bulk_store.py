"""Rows of bulk work: operations move only forward, scores are kept once each, models and audit lines page in order."""

from dataclasses import replace
from datetime import timedelta

import pytest
from made.campaigns import (
    NOW,
    add_customers,
    add_model,
    counts,
    make_cause,
    make_plan,
    make_score,
    read_operation,
    stored_scores,
)
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from campaigns.life import drafts
from campaigns.models import registry
from campaigns.models.refusals import ModelChanged, ModelNotFound, NoActiveModel
from campaigns.tiers import rescoring
from campaigns.tiers.refusals import RescoringRunning
from database.audit import log
from database.audit.log import AuditEntry, Wanted
from database.models import registry as stored_models
from database.models import scores
from database.session import Database
from database.work import broker, operations
from database.work.operations import Operation


def begin(database: Database, name: str = "o", **request: str) -> Operation:
    with database.writing() as transaction:
        assert operations.begin(transaction, name, "TEST", request, total_count=4, now=NOW)
    return read_operation(database, name)


def test_an_operation_begins_once(database: Database) -> None:
    first = begin(database, colour="red")

    with database.writing() as transaction:
        assert not operations.begin(transaction, "o", "TEST", {"colour": "blue"}, total_count=9, now=NOW)

    assert read_operation(database, "o") == first
    assert (first.state, first.cursor, first.done_count, first.request) == ("RUNNING", None, 0, {"colour": "red"})


def test_progress_counts_only_from_where_it_was_seen(database: Database) -> None:
    begin(database)
    seen = read_operation(database, "o")
    later = NOW + timedelta(seconds=1)

    with database.writing() as transaction:
        moves = [
            operations.advance(transaction, replace(seen, cursor=where), cursor, count=2, now=later)
            for where, cursor in [(None, "b"), (None, "b"), ("a", "c"), ("b", "d"), ("d", "e")]
        ]

    after = read_operation(database, "o")
    assert moves == [True, False, False, True, True]
    assert (after.cursor, after.done_count, after.update_time) == ("e", 6, later)


@pytest.mark.parametrize("end", ["finish", "fail", "cancel"])
def test_what_is_over_stays_over(database: Database, end: str) -> None:
    begin(database)
    with database.writing() as transaction:
        if end == "finish":
            assert operations.finish(transaction, "o", {"made": 4}, NOW)
        elif end == "fail":
            assert operations.fail(transaction, "o", "broken", NOW)
        else:
            assert operations.cancel(transaction, "o", NOW)
    over = read_operation(database, "o")

    with database.writing() as transaction:
        assert not operations.finish(transaction, "o", {}, NOW)
        assert not operations.fail(transaction, "o", "late", NOW)
        assert not operations.cancel(transaction, "o", NOW)
        assert not operations.advance(transaction, over, "x", count=1, now=NOW)
        assert operations.request_cancel(transaction, "o") == over
        operations.stumble(transaction, "o", "late")

    assert read_operation(database, "o") == over
    assert over.done


def test_a_running_operation_is_found_by_what_it_was_asked(database: Database) -> None:
    begin(database, "red", colour="red")
    begin(database, "blue", colour="blue")

    with database.reading() as snapshot:
        found = operations.running(snapshot, "TEST", colour="blue")
        assert found is not None
        assert found.operation_id == "blue"
        assert operations.running(snapshot, "TEST", colour="green") is None
        assert operations.running(snapshot, "OTHER", colour="blue") is None


def test_pages_walk_every_operation_once_newest_first(database: Database) -> None:
    for name in ("a", "b", "c", "d", "e"):
        begin(database, name)

    seen: list[str] = []
    after = None
    with database.reading() as snapshot:
        while page := operations.page(snapshot, limit=2, after=after, kind="TEST"):
            seen += [operation.operation_id for operation in page]
            after = (page[-1].create_time, page[-1].operation_id)
        assert operations.page(snapshot, limit=2, kind="OTHER") == []

    assert seen == ["e", "d", "c", "b", "a"]


@pytest.mark.parametrize("column", ["kind", "state"])
def test_a_list_of_what_is_rare_does_not_read_the_rest(database: Database, column: str) -> None:
    many = """
INSERT INTO operations (operation_id, kind, state, request, create_time)
SELECT n, CASE WHEN n % 999 = 0 THEN 'RARE' ELSE 'USUAL' END, CASE WHEN n % 999 = 0 THEN 'RARE' ELSE 'USUAL' END, '{}',
  :now - make_interval(mins => n) FROM generate_series(1, 5000) AS n
"""
    with database.writing() as transaction:
        transaction.execute(text(many), {"now": NOW})
        transaction.execute(text("ANALYZE operations"))
        asked = f"WHERE {column} = 'RARE' ORDER BY create_time DESC, operation_id DESC LIMIT 51"
        plan = "\n".join(transaction.scalars(text(f"EXPLAIN SELECT * FROM operations {asked}")))

    assert f"ix_operations_{column}_create_time_operation_id" in plan
    assert "Sort" not in plan


def test_an_operation_writes_each_score_once_and_the_next_one_replaces_it_but_not_its_tier(database: Database) -> None:
    first = [make_score("anna", spend_minor=10), make_score("bert", spend_minor=20)]
    again = [make_score("anna", spend_minor=11)]

    with database.writing() as transaction:
        assert scores.store(transaction, first, operation_id="o1", now=NOW) == 2
        transaction.execute(text("UPDATE scores SET tier = 'MID', tier_scheme = 4 WHERE customer_id = 'anna'"))
    with database.writing() as transaction:
        assert scores.store(transaction, again, operation_id="o1", now=NOW) == 0
    with database.writing() as transaction:
        assert scores.store(transaction, again, operation_id="o2", now=NOW) == 1

    with database.reading() as snapshot:
        anna, bert = stored_scores(snapshot)
        assert scores.get(snapshot, "anna") == anna
        assert scores.get(snapshot, "zoe") is None
    assert (anna.spend_minor, anna.tier, anna.tier_scheme, anna.operation_id) == (11, "MID", 4, "o2")
    assert (bert.tier, bert.as_of, bert.currency, bert.model_id) == (None, NOW, "GBP", "m1")


def test_a_score_of_before_orders_were_expected_says_nothing_of_them_until_a_rescoring_does(database: Database) -> None:
    with database.writing() as transaction:
        scores.store(transaction, [make_score("anna", purchase_90=0.3)], operation_id="o1", now=NOW)
        transaction.execute(text("UPDATE scores SET expected_orders = NULL"))
    with database.reading() as snapshot:
        before = scores.get(snapshot, "anna")
    with database.writing() as transaction:
        scores.store(transaction, [make_score("anna", purchase_90=0.3)], operation_id="o2", now=NOW)
    with database.reading() as snapshot:
        after = scores.get(snapshot, "anna")

    assert before is not None
    assert after is not None
    assert (before.expected_orders, after.expected_orders) == (None, 0.6)


def test_customers_are_walked_by_their_id(database: Database) -> None:
    add_customers(database, ["c", "a", "b"])

    with database.reading() as snapshot:
        assert scores.next_customers(snapshot, after=None, limit=2) == ["a", "b"]
        assert scores.next_customers(snapshot, after="b", limit=2) == ["c"]
        assert scores.next_customers(snapshot, after="c", limit=2) == []
        assert scores.count_customers(snapshot) == 3


def test_one_model_answers_at_a_time(database: Database) -> None:
    with pytest.raises(NoActiveModel), database.reading() as snapshot:
        registry.in_force(snapshot)
    add_model(database, "m1", "first")
    add_model(database, "m2", "second")
    with database.writing() as transaction:
        known = registry.register(transaction, make_cause(), "m1", folder="elsewhere", manifest={"other": 1})

    assert (known.folder, known.state) == ("first", "RETIRED")
    with database.reading() as snapshot:
        assert registry.in_force(snapshot).model_id == "m2"
        assert [model.state for model in stored_models.page(snapshot, limit=9)] == ["ACTIVE", "RETIRED"]
        last = stored_models.page(snapshot, limit=1)[0]
        assert [model.model_id for model in stored_models.page(snapshot, limit=9, after=(last.create_time, "m2"))] == [
            "m1"
        ]


def test_activating_needs_a_known_model_and_a_fresh_etag(database: Database) -> None:
    add_model(database, "m1")
    with pytest.raises(ModelNotFound), database.writing() as transaction:
        registry.activate(transaction, make_cause(), "m9")
    with pytest.raises(ModelChanged) as refused, database.writing() as transaction:
        registry.activate(transaction, make_cause(), "m1", etag="1")
    assert refused.value.metadata == {"model": "models/m1", "etag": "1", "current_etag": "2"}

    with database.writing() as transaction:
        assert registry.activate(transaction, make_cause(), "m1", etag="2").etag == "2"


def test_one_rescoring_runs_at_a_time(database: Database) -> None:
    add_model(database)
    with database.writing() as transaction:
        running = rescoring.begin(transaction, make_cause())
    before = counts(database, "operations", "outbox", "audit_log")

    with pytest.raises(RescoringRunning) as refused, database.writing() as transaction:
        rescoring.begin(transaction, make_cause())

    assert refused.value.metadata == {"operation": running.name}
    assert counts(database, "operations", "outbox", "audit_log") == before
    assert running.request == {"model_id": "m1", "tier_scheme": 1, "as_of": NOW.isoformat()}


def test_audit_lines_page_from_the_newest_by_object_and_actor(database: Database) -> None:
    with database.writing() as transaction:
        for number, (actor, name) in enumerate([("anna", "a"), ("bert", "b"), ("anna", "b")]):
            entry = AuditEntry(
                time=NOW, actor=actor, action="test.do", object_name=name, after={"number": number}, request_id="r"
            )
            log.append(transaction, entry)

    with database.reading() as snapshot:
        newest = log.page(snapshot, limit=2)
        assert [entry.after for entry in newest] == [{"number": 2}, {"number": 1}]
        assert [entry.after for entry in log.page(snapshot, limit=2, before=newest[-1].audit_id)] == [{"number": 0}]
        assert [entry.after for entry in log.page(snapshot, Wanted(object_name="b", actor="anna"), limit=9)] == [
            {"number": 2}
        ]
    assert newest[0].before is None


@pytest.mark.parametrize(
    "values", ["5, NULL, 4, 0, 2, 0", "NULL, 900, 0, 500, 0, 401", "NULL, NULL, 0, 0, -1, 0", "5, 900, 0, -1, 1, 2"]
)
def test_counters_cannot_pass_their_quotas_or_fall_below_nothing_even_by_hand(database: Database, values: str) -> None:
    with database.writing() as transaction:
        drafts.create(transaction, make_cause(), "c", make_plan())
    add = f"""INSERT INTO budget_shards (campaign_id, shard, quota_count, quota_minor, reserved_count, reserved_minor,
        spent_count, spent_minor) VALUES ('c', 0, {values})"""

    with pytest.raises(IntegrityError), database.writing() as transaction:
        transaction.execute(text(add))

    assert counts(database, "budget_shards") == (0,)


def test_the_queue_functions_are_installed_once(database: Database, database_url: str) -> None:
    for _ in range(2):
        broker.install(database_url)

    with database.reading() as snapshot:
        assert snapshot.execute(text("SELECT count(*) FROM pgmq.meta")).scalar_one() == 0


def test_the_brokers_address_is_that_of_the_database() -> None:
    url = "postgresql://u:p%40ss@db:6543/shop?sslmode=require"

    assert broker.broker_url(url, scheme="pgmq") == "pgmq://u:p%40ss@db:6543/shop?sslmode=require"
    options = broker.broker_options(url, redeliver_seconds=7)
    assert conninfo_to_dict(url).items() <= conninfo_to_dict(options["queues"]["conn_string"]).items()
    assert options["visibility_timeout"] == 7
