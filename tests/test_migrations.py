"""The migrations make the tables, can be undone, and leave nothing out."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from erasable import unclassified
from made.campaigns import NOW, add_customers, issued_codes, make_cause, make_plan
from pydantic import SecretStr
from running.worker_processes import wait_for
from shops.reporting_shop import ask
from sqlalchemy import text

from campaigns.audiences import segments
from campaigns.coupons import redemption, reservation
from campaigns.terms.basket import Basket
from database.every_table import METADATA
from database.migrate import TableInUse, configuration, migrate
from database.reporting.views import differences
from database.session import Database
from database.shape import NotMigrated, must_be_migrated
from migrations import pieces
from rules.rule import Compare, Not, Operator
from server import __main__ as server
from settings import Settings
from worker import __main__ as worker

RULE = Compare("orders", Operator.AT_LEAST, 5)


def test_there_is_one_newest_migration() -> None:
    assert len(ScriptDirectory.from_config(configuration("")).get_heads()) == 1


def test_every_column_says_what_an_erasure_does_to_it() -> None:
    assert unclassified() == [], "say it in database/erasure.py, or in tests/erasable.py that they name no customer"


def test_up_down_up_leaves_the_shape_that_the_tables_say(database_url: str) -> None:
    config = configuration(database_url)
    command.downgrade(config, "base")
    with psycopg.connect(database_url) as connection:
        left = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert left == [("alembic_version",)]

    for script in _not_in_one_transaction(config):
        command.upgrade(config, script.revision)
        with psycopg.connect(database_url) as killed:
            killed.execute("UPDATE alembic_version SET version_num = %s", (script.down_revision,))
    migrate(database_url)
    migrate(database_url)

    command.check(config)


def _not_in_one_transaction(config: Config) -> list[Script]:
    """Migrations that may be killed half way, the oldest first."""
    newest_first = ScriptDirectory.from_config(config).walk_revisions()
    return [script for script in newest_first if "autocommit_block" in Path(script.path).read_text()][::-1]


def test_an_index_that_broke_while_it_was_made_is_made_again(database_url: str) -> None:
    config = configuration(database_url)
    command.downgrade(config, _before("coupons_are_found_by_their_order"))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE INDEX ix_redemptions_order_id ON redemptions (order_id)")
        connection.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_redemptions_order_id'::regclass"
        )

        migrate(database_url)

        assert connection.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid").fetchone() == (0,)


def test_a_table_that_somebody_reads_for_long_is_not_waited_for_and_what_was_migrated_stays(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("database.migrate.LOCK_TIMEOUT", "50ms")
    config, inspected = configuration(database_url), "SELECT version_num FROM alembic_version"
    command.downgrade(config, _before("faults_are_values"))
    with psycopg.connect(database_url) as backup, psycopg.connect(database_url, autocommit=True) as anybody:
        backup.execute("LOCK TABLE campaigns, canary_runs IN ACCESS SHARE MODE")
        with pytest.raises(TableInUse, match="then migrate again"):
            migrate(database_url)
        assert anybody.execute(inspected).fetchone() == (_before("faults_are_values"),)
        backup.rollback()
        monkeypatch.undo()

        migrate(database_url)

        command.check(config)


def test_who_waits_for_another_migration_is_not_waited_for_by_its_indexes(database_url: str) -> None:
    waiting = """SELECT FROM pg_stat_activity
      WHERE query ~ 'advisory_lock|COMMIT' AND datname = current_database() AND pid <> pg_backend_pid()"""
    with psycopg.connect(database_url, autocommit=True) as other, ThreadPoolExecutor(1) as threads:
        other.execute("SELECT pg_advisory_lock(hashtext('tierwise migrations'))")
        migrating = threads.submit(migrate, database_url)
        wait_for(lambda: other.execute(waiting).rowcount == 1)
        other.execute("CREATE INDEX CONCURRENTLY made_meanwhile ON customers (zone)")
        assert migrating.running()
        other.execute("SELECT pg_advisory_unlock_all()")
        migrating.result()


@pytest.mark.parametrize("table", ["campaign_versions", "approvals", "segment_rules"])
def test_what_was_agreed_to_and_who_wrote_it_can_only_grow(database_url: str, table: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in (
            f"UPDATE {table} SET create_time = now()",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                connection.execute(statement.encode())


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
def test_the_audit_log_can_only_grow(database_url: str, statement: str) -> None:
    add = """INSERT INTO audit_log (time, actor, action, object_name, outcome)
             VALUES (now(), 'anna', 'campaigns.launch', 'campaigns/spring', 'OK')"""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(add)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            connection.execute(statement.encode())
        assert connection.execute("SELECT actor FROM audit_log").fetchall() == [("anna",)]


def test_when_campaigns_of_before_ended_is_told_by_the_audit_log(database_url: str) -> None:
    command.downgrade(configuration(database_url), _before("when_campaigns_ended"))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            """INSERT INTO campaigns
              (campaign_id, display_name, state, zone, start_time, end_time, currency, offers)
            SELECT id, id, state, 'UTC', '2026-11-01', '2026-12-01', 'GBP', '{}'
            FROM (VALUES ('cut-short', 'ENDED'), ('unknown', 'ENDED'), ('running', 'ACTIVE')) AS made (id, state)"""
        )
        connection.execute(
            """INSERT INTO audit_log (time, actor, action, object_name, outcome) VALUES
              ('2026-11-04', 'ben', 'campaigns.end', 'campaigns/cut-short', 'DENIED'),
              ('2026-11-05', 'anna', 'campaigns.end', 'campaigns/cut-short', 'OK'),
              ('2026-11-06', 'anna', 'campaigns.end', 'campaigns/running', 'DRY_RUN'),
              ('2026-11-07', 'anna', 'campaigns.launch', 'campaigns/running', 'OK')"""
        )
        migrate(database_url)
        ended = connection.execute("SELECT campaign_id, finish_time::date::text FROM campaigns ORDER BY 1").fetchall()

    assert ended == [("cut-short", "2026-11-05"), ("running", None), ("unknown", None)]


def test_campaigns_of_before_are_counted(shop_url: str) -> None:
    asked = "SELECT campaign_id, day, tier, arm, issued_count, redeemed_count, discount_minor, customers"
    query = f"{asked} FROM reporting.campaign_performance ORDER BY 1, 2, 3, 4"
    before = ask(shop_url, query)
    command.downgrade(configuration(shop_url), _before("campaigns_of_before_are_counted"))

    migrate(shop_url)

    assert ask(shop_url, query) == before != []


def test_codes_of_before_that_were_over_stay_over(database: Database, database_url: str) -> None:
    codes = issued_codes(database, ["anna", "bert"])
    config, before = configuration(database_url), _before("codes_are_good_until_their_campaign_ends")
    command.downgrade(config, before)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE coupons SET expire_time = issue_time WHERE code = %s", (codes["anna"],))

        migrate(database_url)
        closed = connection.execute("SELECT customer_id, close_time FROM coupons ORDER BY 1").fetchall()
        command.downgrade(config, before)
        over = connection.execute("SELECT customer_id, expire_time FROM coupons ORDER BY 1").fetchall()

        migrate(database_url)
    assert closed == [("anna", NOW), ("bert", None)]
    assert over == [("anna", NOW), ("bert", make_plan().end_time)]


def test_messages_of_before_that_waited_when_their_campaign_ended_lapse(database_url: str) -> None:
    command.downgrade(configuration(database_url), _before("messages_of_campaigns_that_ended_lapse"))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            """INSERT INTO campaigns
              (campaign_id, display_name, state, zone, start_time, end_time, currency, offers)
            SELECT id, id, state, 'UTC', '2026-11-01', '2026-12-01', 'GBP', '{}'
            FROM (VALUES ('over', 'ENDED'), ('running', 'ACTIVE')) AS made (id, state)"""
        )
        connection.execute(
            """INSERT INTO messages (campaign_id, customer_id, channel, state, batch, claim_time)
            SELECT id, customer, 'SMS', 'WAITING', 'b', '2026-11-02'
            FROM (VALUES ('over', 'c1'), ('over', 'c2'), ('running', 'c1')) AS made (id, customer)"""
        )
        migrate(database_url)
        states = connection.execute(
            "SELECT campaign_id, state, count(settle_time) FROM messages GROUP BY 1, 2 ORDER BY 1"
        ).fetchall()
        counted = connection.execute("SELECT campaign_id, channel, state, count FROM message_counts").fetchall()

    assert states == [("over", "LAPSED", 2), ("running", "WAITING", 0)]
    assert counted == [("over", "SMS", "LAPSED", 2)]


def test_a_column_goes_with_the_views_of_before_that_read_it(database_url: str) -> None:
    config = configuration(database_url)
    command.downgrade(config, _before("codes_are_good_until_their_campaign_ends"))
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in (
            "CREATE MATERIALIZED VIEW reporting_store.coupon_funnel_00000000 AS SELECT code, expire_time FROM coupons",
            "CREATE VIEW reporting.coupon_funnel AS SELECT * FROM reporting_store.coupon_funnel_00000000",
            "CREATE VIEW reporting.over AS SELECT campaign_id, first_expire_time FROM counted_groups",
            (
                "INSERT INTO report_views (name, fingerprint, definition, stored, as_of) "
                "VALUES ('coupon_funnel', '', '', true, now()), ('over', '', '', false, now())"
            ),
        ):
            connection.execute(statement.encode())

        migrate(database_url)

        command.check(config)
        assert differences(connection) == []


def test_a_till_of_before_goes_on_with_tables_that_got_columns(database: Database, database_url: str) -> None:
    code = issued_codes(database, ["anna"])["anna"]
    with psycopg.connect(database_url) as later:
        for table in METADATA.sorted_tables:
            later.execute(f"ALTER TABLE {table.name} ADD COLUMN of_later integer".encode())
    basket = Basket(order_id="order-1", order_minor=5000, currency="GBP")
    with database.writing() as transaction:
        held = reservation.reserve(transaction, make_cause(), code, basket)
    with database.writing() as transaction:
        used = redemption.redeem(transaction, make_cause(), code, basket)
    assert used.reservation_id == held.reservation_id


def test_a_process_begins_with_its_own_shape_or_a_later_one_and_with_no_earlier(
    database: Database, database_url: str
) -> None:
    must_be_migrated(database)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'of-later'")
        must_be_migrated(database)
        connection.execute("UPDATE alembic_version SET version_num = '0065'")
        with pytest.raises(NotMigrated, match="0065"):
            must_be_migrated(database)
        for first_migration_killed in ("DELETE FROM alembic_version", "DROP TABLE alembic_version"):
            connection.execute(first_migration_killed)
            with pytest.raises(NotMigrated, match="no tables"):
                must_be_migrated(database)


def test_no_process_begins_before_the_migration(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0065'")
    given = Settings(database_url=SecretStr(database_url), insecure=True)
    monkeypatch.setattr("telemetry.logs.configure", lambda: None)
    for process in (server, worker):
        monkeypatch.setattr(process, "settings", lambda: given)
    for begin in (server.main, partial(worker.main, ["work"]), partial(worker.main, ["beat"])):
        assert begin() == 2
        assert "run `tierwise migrate`" in capsys.readouterr().err


WELCOME = '{"kind": "NEW_CUSTOMER", "reward": {"kind": "FIXED", "amount_minor": 5}}'
COMPOSED = {"kind": "FIXED", "amount_minor": 5, "first_order_only": True}


def test_discounts_of_before_read_the_same_after(database_url: str) -> None:
    config = configuration(database_url)
    command.downgrade(config, _before("discounts_have_conditions"))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            f"""INSERT INTO campaigns
              (campaign_id, display_name, state, zone, start_time, end_time, currency, offers, arms)
            VALUES ('spring', 'Spring', 'DRAFT', 'UTC', now(), now() + interval '1 day', 'GBP',
            '{{"HIGH": {{"channel": "SMS", "discount": {{"kind": "PERCENT", "percent": 5, "maximum_minor": null}}}},
               "LOW": {{"channel": "SMS", "discount": {WELCOME}}}}}',
            '[{{"name": "a", "weight": 1, "discounts": {{}}}},
              {{"name": "b", "weight": 1, "discounts": {{"LOW": {WELCOME}}}}}]')""".encode()
        )

        migrate(database_url)
        offers, arms = connection.execute("SELECT offers, arms FROM campaigns").fetchone() or ({}, [])
        assert offers["HIGH"]["discount"] == {"kind": "PERCENT", "percent": 5, "maximum_minor": None}
        assert offers["LOW"] == {"channel": "SMS", "discount": COMPOSED}
        assert [(arm["name"], arm["discounts"]) for arm in arms] == [("a", {}), ("b", {"LOW": COMPOSED})]

        command.downgrade(config, _before("discounts_have_conditions"))
        offers, arms = connection.execute("SELECT offers, arms FROM campaigns").fetchone() or ({}, [])
        assert offers["LOW"]["discount"] == arms[1]["discounts"]["LOW"] == json.loads(WELCOME)
        migrate(database_url)


def test_the_log_says_who_wrote_rules_of_before(database: Database, database_url: str) -> None:
    for hour, author in enumerate(["anna", "ben"]):
        cause, other = (make_cause(NOW + timedelta(hours=hour), name=name) for name in (author, "cara"))
        with database.writing() as transaction:
            if segments.page(transaction, limit=1):
                segments.delete(transaction, other, "loyal")
            segments.create(transaction, cause, "loyal", display_name="Loyal", rule=RULE)
            segments.update(transaction, cause, "loyal", display_name="Faithful")
            segments.update(transaction, other, "loyal", rule=Not(RULE))
    config = configuration(database_url)

    command.downgrade(config, _before("authors_of_rules_are_kept"))
    migrate(database_url)

    with database.reading() as snapshot:
        kept = snapshot.execute(text("SELECT segment_id, rule_revision, author FROM segment_rules ORDER BY 2")).all()
    assert kept == [("loyal", 4, "ben"), ("loyal", 6, "cara")]


def test_many_rows_are_changed_in_pieces_and_their_locks_go_with_each(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "AT_ONCE", 2)
    add_customers(database, ["anna", "ben", "cara", "dora", "eve"])
    config = configuration(database_url)
    command.downgrade(config, _before("codes_of_countries_are_in_capitals"))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE customers SET country = CASE customer_id WHEN 'eve' THEN 'France' ELSE 'gb' END")

        migrate(database_url)

        countries = connection.execute("SELECT country, revision FROM customers ORDER BY customer_id").fetchall()
        pieces_committed = connection.execute("SELECT count(DISTINCT xmin::text) FROM customers WHERE country = 'GB'")
        assert countries == [("GB", 2)] * 4 + [("France", 1)]
        assert pieces_committed.fetchone() == (2,)


def _before(slug: str) -> str:
    """The revision under a migration, by the end of its file's name."""
    script = ScriptDirectory.from_config(configuration(""))
    revision = next(each for each in script.walk_revisions() if each.path.endswith(f"{slug}.py"))
    return str(revision.down_revision)
