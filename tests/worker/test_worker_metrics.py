"""A worker tells Prometheus what waits to be done, and says when the database is away."""

import os
import re
import signal
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import psycopg
import pytest
import yaml
from made.audit_log import sealed, write_lines
from made.campaigns import NOW, begin_launch, create_campaign, launch_campaign, make_cause, make_plan, store_scores
from made.ticks import tick_at
from prometheus_client.registry import Collector
from running.worker_processes import wait_for
from sqlalchemy import text

from campaigns.coupons import handing_over
from campaigns.life import campaigns, switches
from campaigns.watching import overview
from campaigns.work import jobs
from database.embedded import free_port
from database.life.stops import EVERYTHING
from database.session import Database
from database.work import duties, operations, outbox
from database.work.duties import Duty
from settings import Settings
from telemetry import in_time
from telemetry.backlog import BacklogMetrics
from telemetry.duties import DutyMetrics
from telemetry.exposition import PortRefused
from worker.advance import STEPS
from worker.beat.relay import revive
from worker.clock import reporting
from worker.metrics import exposed

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DOCS = Path(__file__).resolve().parents[2] / "docs"


def samples(collector: Collector) -> dict[str, float]:
    return {
        sample.name + "".join(sample.labels.values()): sample.value
        for each in collector.collect() for sample in each.samples
    }  # fmt: skip


def backlog(database: Database, *, seconds: float = 0) -> dict[str, float]:
    """As read so long after the beginning, without what the whole server has."""
    told = samples(BacklogMetrics(database, now=lambda: NOW + timedelta(seconds=seconds)))
    return {name: value for name, value in told.items() if not name.startswith("tierwise_database_server")}


def test_what_waits_is_told_with_its_age(database: Database) -> None:
    write_lines(database, 2)
    with database.writing() as transaction:
        outbox.enqueue(transaction, jobs.ADVANCE, {"operation_id": "nightly"}, NOW)
        operations.begin(
            transaction, "nightly", operations.SCORE_ALL_CUSTOMERS, {}, total_count=500, now=NOW + timedelta(seconds=10)
        )
        nightly = jobs.get(transaction, "nightly")
        operations.advance(transaction, nightly, "c-40", count=40, now=NOW + timedelta(seconds=20))

    told = backlog(database, seconds=60)

    assert told == {
        "tierwise_database_up": 1, "tierwise_outbox_tasks": 1, "tierwise_outbox_lag_seconds": 60,
        "tierwise_audit_seal_lag_seconds": 60, "tierwise_jobs_runningSCORE_ALL_CUSTOMERS": 1,
        "tierwise_jobs_rows_doneSCORE_ALL_CUSTOMERS": 40, "tierwise_jobs_rowsSCORE_ALL_CUSTOMERS": 500,
        "tierwise_jobs_silent_secondsSCORE_ALL_CUSTOMERS": 40, "tierwise_jobs_age_secondsSCORE_ALL_CUSTOMERS": 50,
    }  # fmt: skip


def test_handing_silent_work_out_again_does_not_make_it_look_alive(database: Database) -> None:
    with database.writing() as transaction:
        operations.begin(transaction, "nightly", operations.SCORE_ALL_CUSTOMERS, {}, total_count=500, now=NOW)

    handed_out = [revive(database, now=NOW + minutes * MINUTE, silence=2 * MINUTE) for minutes in range(45)]

    assert sum(handed_out) == 14
    assert backlog(database, seconds=45 * 60)["tierwise_jobs_silent_secondsSCORE_ALL_CUSTOMERS"] == 45 * 60


def test_work_that_stands_still_with_its_campaign_is_not_silent(database: Database) -> None:
    store_scores(database, {"anna": 9000})
    create_campaign(database)
    begin_launch(database)
    hour = 3600

    def silent() -> float:
        return backlog(database, seconds=hour)["tierwise_jobs_silent_secondsLAUNCH_CAMPAIGN"]

    assert silent() == hour
    with database.writing() as transaction:
        switches.stop(transaction, make_cause(reason="restore"), EVERYTHING)
    assert silent() == 0
    with database.writing() as transaction:
        switches.allow(transaction, make_cause(reason="restored"), EVERYTHING)
    assert silent() == hour
    with database.writing() as transaction:
        campaigns.pause(transaction, make_cause(), "spring")
    assert silent() == 0


def test_a_hand_over_is_silent_from_the_start_of_its_campaign(database: Database) -> None:
    store_scores(database, {"anna": 9000})
    launch_campaign(database, make_plan(start_time=NOW + HOUR))
    with database.writing() as transaction:
        handing_over.begin(transaction, make_cause(), "spring")

    told = [backlog(database, seconds=minutes * 60) for minutes in (59, 61)]

    assert [each["tierwise_jobs_silent_secondsHAND_OVER_COUPONS"] for each in told] == [0, 61 * 60]


def test_campaigns_are_told_whose_messages_a_channel_refuses(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_scores(database, {"anna": 9000})
    monkeypatch.setattr(overview, "MOST", 1)
    for campaign_id in ("spring", "summer", "over"):
        launch_campaign(database, make_plan(), campaign_id)
    with database.writing() as transaction:
        transaction.execute(text("UPDATE campaigns SET state = 'ENDED' WHERE campaign_id = 'over'"))
        transaction.execute(text(
            """INSERT INTO message_counts (campaign_id, channel, state, hour, count)
            SELECT campaign_id, counted.* FROM campaigns CROSS JOIN (VALUES
              ('SMS', 'DUE', now(), 500), ('SMS', 'HANDED_OVER', now(), 80), ('SMS', 'REFUSED', now(), 21),
              ('EMAIL', 'HANDED_OVER', now(), 80), ('EMAIL', 'REFUSED', now(), 20), ('PUSH', 'REFUSED', now(), 2)
            ) AS counted"""
        ))  # fmt: skip

    told = {name: value for name, value in backlog(database).items() if name.startswith("tierwise_refused")}

    assert told == {"tierwise_refused_campaignsSMS": 2, "tierwise_refused_messagesSMS": 21}, (
        "all of them, not those for which Home has room"
    )


def test_work_that_failed_is_told_for_a_day_or_until_it_is_begun_again(database: Database) -> None:
    def failed(*, hours: float) -> dict[str, float]:
        told = backlog(database, seconds=hours * 3600).items()
        name = "tierwise_jobs_failed"
        return {each.removeprefix(name): value for each, value in told if each.startswith(name)}

    def begin(operation_id: str, kind: str, *, hours: float, **request: str) -> None:
        with database.writing() as transaction:
            operations.begin(transaction, operation_id, kind, request, total_count=None, now=NOW + hours * HOUR)

    for operation_id, kind, request in (
        ("l-1", operations.LAUNCH_CAMPAIGN, {"campaign_id": "spring"}),
        ("l-2", operations.LAUNCH_CAMPAIGN, {"campaign_id": "autumn"}),
        ("night", operations.SCORE_ALL_CUSTOMERS, {"model_id": "m1"}),
        ("e-1", operations.ERASE_CUSTOMER, {"customer_id": "anna"}),
        ("e-2", operations.ERASE_CUSTOMER, {"customer_id": "ben"}),
    ):
        begin(operation_id, kind, hours=0, **request)
        with database.writing() as transaction:
            operations.fail(transaction, operation_id, "broken", NOW + HOUR)

    assert failed(hours=2) == {"ERASE_CUSTOMER": 2, "LAUNCH_CAMPAIGN": 2, "SCORE_ALL_CUSTOMERS": 1}
    begin("l-3", operations.LAUNCH_CAMPAIGN, hours=2, campaign_id="autumn")
    begin("next night", operations.SCORE_ALL_CUSTOMERS, hours=2, model_id="m2")
    begin("e-3", operations.ERASE_CUSTOMER, hours=2, customer_id="ben")
    assert failed(hours=2) == {"ERASE_CUSTOMER": 1, "LAUNCH_CAMPAIGN": 1}
    assert failed(hours=25.1) == {}


def test_nothing_lags_when_all_is_sealed_and_handed_over(database: Database) -> None:
    write_lines(database, 2)
    sealed(database)

    assert backlog(database, seconds=60) == {
        "tierwise_database_up": 1, "tierwise_outbox_tasks": 0, "tierwise_outbox_lag_seconds": 0,
        "tierwise_audit_seal_lag_seconds": 0,
    }  # fmt: skip


def end_night(database: Database, kind: str, response: Mapping[str, object], *, hours: float) -> None:
    with database.writing() as transaction:
        time = NOW - timedelta(hours=hours)
        operations.begin(transaction, f"{kind}-{hours}", kind, {}, total_count=0, now=time)
        operations.finish(transaction, f"{kind}-{hours}", response, time)


def test_what_the_clock_is_there_for_is_told_with_its_age(database: Database) -> None:
    refreshed = NOW - timedelta(minutes=90)
    reporting.refresh(tick_at(database, refreshed), every=timedelta(0))
    families = DutyMetrics(database, now=lambda: NOW)
    views = ("campaign_performance", "coupon_funnel", "messages", "tier_migrations", "tiers")
    reports = {f"tierwise_report_age_seconds{view}": 5400 for view in views}

    assert samples(families) == {"tierwise_clock_lag_seconds": 0} | reports

    end_night(database, operations.RECONCILE_LEDGERS, {"differences": [{}, {}]}, hours=1)
    end_night(database, operations.RECONCILE_LEDGERS, {"differences": []}, hours=25)
    end_night(database, operations.VERIFY_AUDIT, {"verdict": "REWRITTEN"}, hours=2)
    with database.writing() as transaction:
        duties.expect(transaction, [Duty.END_CAMPAIGNS], NOW + HOUR)
    store_scores(database, {"anna": 9000})
    launch_campaign(database, make_plan(end_time=NOW + timedelta(days=1)))
    later = DutyMetrics(database, now=lambda: NOW + timedelta(days=1, minutes=7))

    assert samples(later).items() >= {
        "tierwise_clock_lag_seconds": 420, "tierwise_night_age_secondsRECONCILE_LEDGERS": 25 * 3600 + 420,
        "tierwise_night_age_secondsVERIFY_AUDIT": 26 * 3600 + 420, "tierwise_ledger_differences": 2,
        "tierwise_audit_verdict": 3, "tierwise_duty_age_secondsEND_CAMPAIGNS": 23 * 3600 + 420,
    }.items()  # fmt: skip


def test_the_age_of_the_last_training_is_told_where_nights_train(database: Database) -> None:
    end_night(database, operations.RETRAIN_MODEL, {"model_id": "m2"}, hours=1)
    name = "tierwise_night_age_secondsRETRAIN_MODEL"

    assert samples(DutyMetrics(database, now=lambda: NOW, retrains=True))[name] == 3600
    assert name not in samples(DutyMetrics(database, now=lambda: NOW))


def test_the_connections_of_the_whole_server_are_told_with_its_room(database: Database, database_url: str) -> None:
    def given_out() -> float:
        return samples(BacklogMetrics(database))["tierwise_database_server_connections"]

    def more_with_two() -> float:
        before = given_out()
        with psycopg.connect(database_url), psycopg.connect(database_url):
            return given_out() - before

    # Who left a moment before is counted until they are gone, and so is PostgreSQL's own autovacuum.
    wait_for(lambda: more_with_two() == 2)

    assert samples(BacklogMetrics(database))["tierwise_database_server_connections_max"] == 197


def test_a_database_that_is_away_is_told_as_such() -> None:
    away = Database.at(f"postgresql://nobody@127.0.0.1:{free_port()}/none")

    assert backlog(away) == {"tierwise_database_up": 0}
    assert samples(DutyMetrics(away)) == {}


def test_the_port_answers_inside_the_block_and_is_free_afterwards(database_url: str) -> None:
    port = free_port()
    chosen = Settings.model_validate({"work_metrics_listen": str(port)})

    for _ in range(2):
        with exposed(chosen, "work", database_url), urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            assert "tierwise_outbox_tasks 0.0" in answer.read().decode()
    with exposed(chosen, "beat", database_url), pytest.raises(OSError, match="refused"):
        urlopen(f"http://127.0.0.1:{port}/metrics")


def test_a_database_that_hangs_is_told_as_away_in_time_at_each_look(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_time, "SECONDS", 0.3)
    port = free_port()

    def look() -> str:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
            return str(answer.read().decode())

    chosen = Settings.model_validate({"beat_metrics_listen": str(port)})
    with exposed(chosen, "beat", database_url):
        wait_for(lambda: "tierwise_database_up 1.0" in look())
        with psycopg.connect(database_url) as other:
            others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            (pid,) = other.execute(others).fetchone() or (0,)
        os.kill(pid, signal.SIGSTOP)
        try:
            looks = [look() for _ in range(2)]
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_for(lambda: "tierwise_database_up 1.0" in look())

    assert ["tierwise_database_up 0.0" in each for each in looks] == [True, True]
    rules = alerts()
    assert rules["TierwiseDatabaseAway"] == "max(tierwise_database_up) == 0", "which is there at each look"
    assert "count_over_time(tierwise_database_up[1h])" in rules["TierwiseProcessSilent"], "by which beat is known"


def test_an_address_that_means_nothing_is_refused_by_its_variable() -> None:
    chosen = Settings.model_validate({"beat_metrics_listen": "everywhere"})

    with (
        pytest.raises(PortRefused, match="TIERWISE_BEAT_METRICS_LISTEN: 'everywhere'"),
        exposed(chosen, "beat", "postgresql://127.0.0.1/none"),
    ):
        pass


def alerts() -> dict[str, str]:
    """What each asks."""
    rules = yaml.safe_load((DOCS / "examples" / "alerts.yaml").read_text())["groups"][0]["rules"]
    return {rule["alert"]: rule["expr"] for rule in rules}


def test_alerts_ask_for_figures_that_the_page_has() -> None:
    asked = {name for expression in alerts().values() for name in re.findall(r"tierwise_[a-z_]+", expression)}

    known = set(re.findall(r"`(tierwise_[a-z_]+)`", (DOCS / "operating.md").read_text()))

    assert {name.removesuffix("_count") for name in asked} - known == set()
    kinds = {
        kind
        for expression in alerts().values()
        for named in re.findall(r'kind[=!]~?"([^"]+)"', expression)
        for kind in named.split("|")
    }
    assert kinds - STEPS.keys() == set()
