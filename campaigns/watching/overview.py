"""What runs, how it stands against its plan, and what needs somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from campaigns.actor import is_among
from campaigns.experiments.results import Metric
from campaigns.life import answers, inbox, switches
from campaigns.life.answers import Answer
from campaigns.life.switches import Stop
from campaigns.results.canary import Verdict
from campaigns.terms import stored
from campaigns.terms.campaign import Campaign
from campaigns.watching import wellbeing
from campaigns.watching.course import Mark
from campaigns.watching.wellbeing import Wellbeing
from database.life import alerts, lists
from database.life.alerts import HeldUp, Missed, Refused, RefusedCount, Stuck, Tight, Undecided, Uneven
from database.life.lists import Order, Sought
from database.models import canary_readings, canary_runs
from database.models.canary_runs import CanaryRun
from database.reporting.readings import ResultReading
from database.session import Snapshot
from database.work import duties, operations
from database.work.duties import Undone
from database.work.operations import Operation

TIGHT = 0.9
"""Of the budget."""
SILENT = timedelta(minutes=5)
"""Without a chunk, after which a launch is stuck, or messages are held up."""
REFUSED, FEW = 0.2, 2
"""Share of a campaign's messages that a channel refused, and messages, above which its template or account is wrong."""
MISSED = (
    operations.SCORE_ALL_CUSTOMERS, operations.BUILD_SEGMENT, operations.HAND_OVER_COUPONS, operations.RETRAIN_MODEL,
    operations.JUDGE_MODEL, operations.EXPECT_UPLIFTS,
)  # fmt: skip
"""Work that others count on; a launch that fails is told with its campaign."""
REMEMBERED = timedelta(days=7)
"""For how long home tells that a canary was set aside, unless another one began, and what the clock missed."""
MOST = 20
"""Of each kind of alert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A campaign beside its plan."""

    campaign: Campaign
    used_minor: int
    """Reserved and spent."""
    owner: str
    """Who changed the plan last."""
    revenue: Mark | None
    """Incremental, as it was kept last."""
    awaited: bool
    """Whether a version of it waits for approvers."""

    @property
    def used(self) -> float | None:
        """Of the budget; None without one."""
        budget = self.campaign.plan.budget
        return None if budget is None else self.used_minor / budget.limit_minor

    def gone(self, now: datetime) -> float:
        """Of the time between start and end, or between the launch and the end where that was later."""
        plan = self.campaign.plan
        start = max(plan.start_time, self.campaign.launch_time or plan.start_time)
        return min(max((now - start) / (plan.end_time - start), 0.0), 1.0) if start < plan.end_time else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """What needs somebody."""

    stops: Sequence[Stop]
    undone: Undone
    """What the clock does not get done: it stands, or a model's folder is away."""
    stuck: Sequence[Stuck]
    held_up: Sequence[HeldUp]
    refused: Sequence[Refused]
    missed: Sequence[Missed]
    """Launches by the clock that did not come about lately."""
    to_decide: Sequence[Campaign]
    """Waiting for the approval of whoever asks."""
    rejected: Sequence[Answer]
    """Of whoever asks: to be changed before it is submitted again."""
    undecided: Sequence[Undecided]
    """Of whoever asks: proposed, and not decided about before the campaign ended lately."""
    to_launch: Sequence[Answer]
    """Of whoever asks: approved, and nobody has launched it or left it to the clock."""
    tight: Sequence[Tight]
    uneven: Sequence[Uneven]
    failed: Sequence[Operation]
    """Work whose last attempt came to nothing."""
    ledger_differences: Sequence[dict[str, Any]]
    """Of the last comparison: campaign_id, figure, truth and counter."""
    unwell: Wellbeing | None
    """The model that answers, where it has drifted or what it said does not come true."""

    set_aside: CanaryRun | None
    """The newest canary, where it failed and was set aside by itself lately."""
    behind: CanaryRun | None
    """The canary, where its customers do worse or its groups cannot be compared."""

    def __bool__(self) -> bool:
        kinds = (
            self.stops, self.undone.late, self.stuck, self.held_up, self.refused, self.missed, self.to_decide,
            self.rejected, self.undecided, self.to_launch, self.tight, self.uneven, self.failed,
            self.ledger_differences,
        )  # fmt: skip
        return any(kinds) or any(each is not None for each in (self.unwell, self.set_aside, self.behind))


def listed(
    snapshot: Snapshot, sought: Sought, order: Order, *, limit: int, after: tuple[datetime | str, str] | None = None
) -> list[Standing]:
    """A page of campaigns."""
    rows = lists.page(snapshot, sought, order, limit=limit, after=after)
    return _standings(snapshot, [stored.campaign(row) for row in rows])


def live(snapshot: Snapshot, *, limit: int, after: tuple[datetime, str] | None = None) -> list[Standing]:
    """What is launched and not over, whose end comes first."""
    rows = lists.live(snapshot, limit=limit, after=after)
    return _standings(snapshot, [stored.campaign(row) for row in rows])


def standing(snapshot: Snapshot, campaign: Campaign) -> Standing:
    """One campaign beside its plan."""
    return _standings(snapshot, [campaign])[0]


def alert(snapshot: Snapshot, now: datetime, *, approver: str | None, author: str | None = None) -> Alerts:
    """`approver` is whoever asks, if they may approve; `author` likewise, if they may write and launch."""
    missed = alerts.missed(snapshot, since=now - REMEMBERED, limit=MOST)
    told = {each.campaign_id for each in missed}
    agreed = [] if author is None else answers.to_launch(snapshot, author, now, limit=MOST)
    return Alerts(
        stops=switches.page(snapshot, limit=MOST), undone=duties.undone(snapshot, now),
        stuck=alerts.stuck(snapshot, silent_since=now - SILENT, limit=MOST), missed=missed,
        held_up=alerts.held_up(snapshot, now, silent_since=now - SILENT, limit=MOST),
        refused=alerts.refused(snapshot, share=REFUSED, few=FEW, limit=MOST),
        to_decide=[] if approver is None else inbox.to_decide(snapshot, approver, limit=MOST),
        rejected=[] if author is None else answers.rejected(snapshot, author, limit=MOST),
        undecided=[] if author is None else _undecided(snapshot, author, now),
        to_launch=[each for each in agreed if each.campaign.campaign_id not in told],
        tight=alerts.tight(snapshot, share=TIGHT, limit=MOST),
        uneven=alerts.uneven(snapshot, limit=MOST),
        failed=_failed(snapshot), ledger_differences=_differences(snapshot),
        unwell=_unwell(snapshot), set_aside=_set_aside(snapshot, now), behind=_behind(snapshot),
    )  # fmt: skip


def refused_counts(snapshot: Snapshot) -> list[RefusedCount]:
    """The channels that do not take the messages of campaigns, as Home tells, and of how many."""
    return alerts.refused_counts(snapshot, share=REFUSED, few=FEW)


def _undecided(snapshot: Snapshot, author: str, now: datetime) -> list[Undecided]:
    found = alerts.undecided(snapshot, since=now - REMEMBERED)
    return [each for each in found if is_among(author, each.authors)][:MOST]


def _standings(snapshot: Snapshot, campaigns: Sequence[Campaign]) -> list[Standing]:
    names = [each.campaign_id for each in campaigns]
    used, owners = lists.used_minor(snapshot, names), lists.authors(snapshot, names)
    rows, awaited = lists.newest_results(snapshot, names, Metric.REVENUE), lists.awaited(snapshot, names)
    earned = {name: Mark.of_reading(row.held(ResultReading)) for name, row in rows.items()}
    return [
        Standing(
            campaign=each, used_minor=used.get(each.campaign_id, 0), owner=owners[each.campaign_id][-1],
            revenue=earned.get(each.campaign_id),
            awaited=each.campaign_id in awaited,
        )
        for each in campaigns
    ]  # fmt: skip


def _failed(snapshot: Snapshot) -> list[Operation]:
    newest = (operations.newest(snapshot, kind) for kind in MISSED)
    return [operation for operation in newest if operation is not None and operation.state == operations.FAILED]


def _unwell(snapshot: Snapshot) -> Wellbeing | None:
    found = wellbeing.of_active(snapshot)
    return found if found is not None and any(found.warnings.values()) else None


def _differences(snapshot: Snapshot) -> Sequence[dict[str, Any]]:
    newest = operations.newest(snapshot, operations.RECONCILE_LEDGERS)
    return [] if newest is None or newest.response is None else newest.response["differences"]


def _set_aside(snapshot: Snapshot, now: datetime) -> CanaryRun | None:
    run = canary_runs.newest(snapshot)
    lately = run is not None and run.fault is not None and run.end_time is not None and now - run.end_time < REMEMBERED
    return run if lately else None


def _behind(snapshot: Snapshot) -> CanaryRun | None:
    run = canary_runs.under_way(snapshot)
    verdict = None if run is None else canary_readings.newest_verdict(snapshot, run)
    return run if verdict in (Verdict.WORSE, Verdict.REPAIR) else None
