"""What waits to be done, read from the database whenever Prometheus asks."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from campaigns.watching import overview
from database import patience, room
from database.audit import seals
from database.failures import failure_of
from database.life import holds
from database.life.alerts import RefusedCount
from database.room import Room
from database.session import Database
from database.work import failures, operations, outbox
from database.work.operations import Operation

SECONDS = 2.0
"""Longest statement: who scrapes waits for it."""
REMEMBERED = timedelta(days=1)
"""For how long work that failed is told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """As it stood in one snapshot."""

    room: Room
    outbox_tasks: int
    oldest_task: datetime | None
    jobs: Sequence[Operation]
    held: frozenset[str]
    """Those of them that stand still with their campaign."""
    failed: Mapping[str, int]
    refusing: Sequence[RefusedCount]
    """Campaigns by the channel that does not take their messages."""
    oldest_unsealed: datetime | None

    @classmethod
    def of(cls, database: Database, now: datetime) -> "Backlog":
        """Read it."""
        with database.reading() as snapshot:
            patience.limit(snapshot, SECONDS)
            return cls(
                room=room.of_server(snapshot),
                outbox_tasks=outbox.waiting(snapshot), oldest_task=outbox.oldest(snapshot),
                jobs=operations.all_under_way(snapshot), held=holds.held(snapshot, now),
                failed=failures.left(snapshot, since=now - REMEMBERED), oldest_unsealed=seals.oldest_unsealed(snapshot),
                refusing=overview.refused_counts(snapshot),
            )  # fmt: skip


class BacklogMetrics(Collector):
    """The same from whichever process it is read; without the database only that it is away."""

    def __init__(self, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """For the registry."""
        now = self._now()
        try:
            backlog = Backlog.of(self._database, now)
        except Exception as error:
            if failure_of(error) is None:
                raise
            yield up(answers=False)
            return
        yield up(answers=True)
        yield from _families(backlog, now)


def up(*, answers: bool) -> GaugeMetricFamily:
    """Of the database."""
    return GaugeMetricFamily("tierwise_database_up", "Whether the database answers.", value=float(answers))


def _families(backlog: Backlog, now: datetime) -> Iterator[GaugeMetricFamily]:
    yield GaugeMetricFamily(
        "tierwise_database_server_connections", "That PostgreSQL has given out, to whomever.",
        value=backlog.room.given_out,
    )  # fmt: skip
    yield GaugeMetricFamily("tierwise_database_server_connections_max", "That it gives out.", value=backlog.room.most)
    yield GaugeMetricFamily(
        "tierwise_outbox_tasks", "Tasks that the broker does not have yet.", value=backlog.outbox_tasks
    )
    yield GaugeMetricFamily(
        "tierwise_outbox_lag_seconds", "Age of the oldest of them.", value=_age(backlog.oldest_task, now)
    )
    yield GaugeMetricFamily(
        "tierwise_audit_seal_lag_seconds", "Age of the oldest line of the audit log without a seal.",
        value=_age(backlog.oldest_unsealed, now),
    )  # fmt: skip
    yield from _job_families(backlog, now)
    yield _by(
        "kind", "tierwise_jobs_failed", "Bulk work that failed within a day and was not begun again.", backlog.failed
    )
    yield _by(
        "channel", "tierwise_refused_campaigns", "Whose messages a channel does not take, as Home tells them.",
        {each.channel: each.campaigns for each in backlog.refusing},
    )  # fmt: skip
    yield _by(
        "channel", "tierwise_refused_messages", "The most that a channel refused of one of these campaigns.",
        {each.channel: each.most for each in backlog.refusing},
    )  # fmt: skip


def _job_families(backlog: Backlog, now: datetime) -> Iterator[GaugeMetricFamily]:
    kinds: dict[str, list[Operation]] = defaultdict(list)
    for job in backlog.jobs:
        kinds[job.kind].append(job)

    def longest(alike: list[Operation], since: Callable[[Operation], datetime]) -> float:
        return max((_age(since(job), now) for job in alike if job.operation_id not in backlog.held), default=0.0)

    measures: dict[str, tuple[str, Callable[[list[Operation]], float]]] = {
        "tierwise_jobs_running": ("Bulk work that is not over.", len),
        "tierwise_jobs_rows_done": ("Rows that it has done.", lambda alike: sum(job.done_count for job in alike)),
        "tierwise_jobs_rows": (
            "Rows that it has to do, as far as known.", lambda alike: sum(job.total_count or 0 for job in alike)
        ),
        "tierwise_jobs_silent_seconds": (
            "Longest time since one of them advanced.", lambda alike: longest(alike, lambda job: job.update_time)
        ),
        "tierwise_jobs_age_seconds": (
            "Longest time since one of them began.", lambda alike: longest(alike, lambda job: job.create_time)
        ),
    }  # fmt: skip
    for name, (documentation, measure) in measures.items():
        yield _by("kind", name, documentation, {kind: measure(alike) for kind, alike in kinds.items()})


def _by(label: str, name: str, documentation: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, documentation, labels=[label])
    for each in sorted(values):
        family.add_metric([each], values[each])
    return family


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)
