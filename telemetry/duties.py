"""What the clock is there for, and when it was done last: read from the database whenever Prometheus asks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from campaigns.audit.chain import Verdict
from database import patience
from database.failures import failure_of
from database.life import schedules
from database.reporting import refreshing
from database.session import Database
from database.work import duties, operations
from database.work.operations import (
    RECONCILE_LEDGERS,
    RETRAIN_MODEL,
    SCORE_ALL_CUSTOMERS,
    VERIFY_AUDIT,
    Operation,
)
from telemetry.backlog import SECONDS

NIGHTLY = (RECONCILE_LEDGERS, SCORE_ALL_CUSTOMERS, VERIFY_AUDIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """As they stood in one snapshot."""

    overdue_since: datetime | None
    nights: Mapping[str, Operation]
    """The last of each kind that came to a good end, where there is one."""
    reports: Mapping[str, datetime]
    well: Mapping[str, datetime]
    """When each duty of the clock ended well last."""

    @classmethod
    def of(cls, database: Database, kinds: Sequence[str], now: datetime) -> "Duties":
        """Read them."""
        with database.reading() as snapshot:
            patience.limit(snapshot, SECONDS)
            nights = {kind: operations.newest_good(snapshot, kind) for kind in kinds}
            return cls(
                overdue_since=schedules.overdue_since(snapshot, now), reports=refreshing.as_of(snapshot),
                nights={kind: night for kind, night in nights.items() if night is not None},
                well={each.duty: each.well_time for each in duties.standing(snapshot)},
            )  # fmt: skip


class DutyMetrics(Collector):
    """The same from whichever process it is read; nothing without the database."""

    def __init__(
        self, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC), *, retrains: bool = False
    ) -> None:
        """`retrains`: a candidate is trained each night."""
        self._database = database
        self._now = now
        self._kinds = (*NIGHTLY, RETRAIN_MODEL) if retrains else NIGHTLY

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """For the registry."""
        now = self._now()
        try:
            found = Duties.of(self._database, self._kinds, now)
        except Exception as error:
            if failure_of(error) is None:
                raise
            return
        since = found.overdue_since
        yield GaugeMetricFamily(
            "tierwise_clock_lag_seconds", "How late the longest overdue launch or end of a campaign is.",
            value=0.0 if since is None else (now - since).total_seconds(),
        )  # fmt: skip
        ended = {kind: night.update_time for kind, night in found.nights.items()}
        yield _ages("tierwise_night_age_seconds", "Time since nightly work ended well.", "kind", ended, now)
        yield _ages("tierwise_report_age_seconds", "Age of the rows that a view keeps.", "view", found.reports, now)
        yield _ages("tierwise_duty_age_seconds", "Time since a duty of the clock ended well.", "duty", found.well, now)
        yield from _verdicts(found.nights)


def _ages(name: str, documentation: str, label: str, times: Mapping[str, datetime], now: datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, documentation, labels=[label])
    for which, time in times.items():
        family.add_metric([which], (now - time).total_seconds())
    return family


def _verdicts(nights: Mapping[str, Operation]) -> Iterator[GaugeMetricFamily]:
    compared, verified = nights.get(RECONCILE_LEDGERS), nights.get(VERIFY_AUDIT)
    if compared is not None and compared.response is not None:
        found = len(compared.response["differences"])
        yield GaugeMetricFamily("tierwise_ledger_differences", "Figures that did not agree.", value=found)
    if verified is not None and verified.response is not None:
        verdict = Verdict[verified.response["verdict"]]
        yield GaugeMetricFamily("tierwise_audit_verdict", "Of the last look along the audit log.", value=verdict)
