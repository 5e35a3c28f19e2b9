"""A worker tells Prometheus what waits to be done, and says when the database is away."""

from datetime import timedelta
from urllib.request import urlopen

import pytest
from audit_log import sealed, write_lines
from campaign_factories import NOW

from campaigns.work import jobs
from database.embedded import free_port
from database.session import Database
from database.work import operations, outbox
from settings import Settings
from telemetry.backlog import BacklogMetrics
from telemetry.exposition import PortRefused
from worker.metrics import exposed


def samples(database: Database, *, seconds: float = 0) -> dict[str, float]:
    """As read so long after the beginning."""
    families = BacklogMetrics(database, now=lambda: NOW + timedelta(seconds=seconds)).collect()
    return {sample.name + "".join(sample.labels.values()): sample.value for each in families for sample in each.samples}


def test_what_waits_is_told_with_its_age(database: Database) -> None:
    write_lines(database, 2)
    with database.writing() as transaction:
        outbox.enqueue(transaction, jobs.ADVANCE, {"operation_id": "nightly"}, NOW)
        operations.begin(
            transaction, "nightly", operations.SCORE_ALL_CUSTOMERS, {}, total_count=500, now=NOW + timedelta(seconds=10)
        )
        operations.advance(transaction, "nightly", seen=None, cursor="c-40", count=40, now=NOW + timedelta(seconds=20))

    told = samples(database, seconds=60)

    assert told == {
        "tierwise_database_up": 1, "tierwise_outbox_tasks": 1, "tierwise_outbox_lag_seconds": 60,
        "tierwise_audit_seal_lag_seconds": 60, "tierwise_jobs_runningSCORE_ALL_CUSTOMERS": 1,
        "tierwise_jobs_rows_doneSCORE_ALL_CUSTOMERS": 40, "tierwise_jobs_rowsSCORE_ALL_CUSTOMERS": 500,
        "tierwise_jobs_silent_secondsSCORE_ALL_CUSTOMERS": 40,
    }  # fmt: skip


def test_nothing_lags_when_all_is_sealed_and_handed_over(database: Database) -> None:
    write_lines(database, 2)
    sealed(database)

    assert samples(database, seconds=60) == {
        "tierwise_database_up": 1, "tierwise_outbox_tasks": 0, "tierwise_outbox_lag_seconds": 0,
        "tierwise_audit_seal_lag_seconds": 0,
    }  # fmt: skip


def test_a_database_that_is_away_is_told_as_such() -> None:
    away = Database.at(f"postgresql://nobody@127.0.0.1:{free_port()}/none")

    assert samples(away) == {"tierwise_database_up": 0}


def test_the_port_answers_inside_the_block_and_is_free_afterwards(database_url: str) -> None:
    port = free_port()
    chosen = Settings.model_validate({"work_metrics_listen": str(port)})

    for _ in range(2):
        with exposed(chosen, "work", database_url), urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            assert "tierwise_outbox_tasks 0.0" in answer.read().decode()
    with exposed(chosen, "beat", database_url), pytest.raises(OSError, match="refused"):
        urlopen(f"http://127.0.0.1:{port}/metrics")


def test_an_address_that_means_nothing_is_refused_by_its_variable() -> None:
    chosen = Settings.model_validate({"beat_metrics_listen": "everywhere"})

    with (
        pytest.raises(PortRefused, match="TIERWISE_BEAT_METRICS_LISTEN: 'everywhere'"),
        exposed(chosen, "beat", "postgresql://127.0.0.1/none"),
    ):
        pass
