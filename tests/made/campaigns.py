"""Valid campaigns, scores and causes for tests that say only what matters to them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil

from sqlalchemy import select, text

from campaigns.actor import Actor, Cause
from campaigns.audiences import segment_building
from campaigns.coupons import issuance
from campaigns.life import approving, campaigns, drafts, launch
from campaigns.life.approval import ApprovalPolicy
from campaigns.models import judging, registry
from campaigns.models.gates import Gate, Report, Verdict
from campaigns.models.grounds import Ground, Why
from campaigns.terms.campaign import Campaign, CampaignPlan, Channel, Offer, State
from campaigns.terms.discount import Discount, Fixed, Percent
from campaigns.tiers import previewing, rescoring, schemes, shadowing
from campaigns.tiers.tiers import Levels, Measure, Method, Tier
from database.budgets import shards
from database.coupons import chunks
from database.models.scores import StoredScore
from database.models.tables import ScoreRow
from database.session import Database, Snapshot
from database.work import operations
from database.work.operations import Operation
from scoring.score import Score

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOT_OVER = NOW.replace(year=2099)
"""For campaigns that pages and processes look at by the clock on the wall."""
TEN_PERCENT = Offer(tier=Tier.HIGH, discount=Discount(reward=Percent(percent=10)), channel=Channel.ON_SITE)
BY_MAIL = Offer(tier=Tier.MID, discount=Discount(reward=Fixed(amount_minor=500)), channel=Channel.EMAIL)


def make_cause(now: datetime = NOW, *, name: str = "anna", **facts: str) -> Cause:
    return Cause(actor=Actor(name=name), now=now, **facts)


def make_plan(**changes: object) -> CampaignPlan:
    plan = CampaignPlan(
        display_name="Spring", offers=(TEN_PERCENT,), start_time=NOW - timedelta(days=1),
        end_time=NOW + timedelta(days=30), currency="GBP", holdout_percent=0,
    )  # fmt: skip
    return replace(plan, **changes)  # type: ignore[arg-type]  # the names are those of the plan


def make_score(
    customer_id: str, *, spend_minor: int = 1000, purchase_90: float = 0.3, model_id: str = "m1", as_of: datetime = NOW,
) -> Score:  # fmt: skip
    return Score(
        customer_id=customer_id, as_of=as_of, purchase_30=0.1, purchase_60=0.2, purchase_90=purchase_90, churn=0.5,
        spend_minor=spend_minor, spend_low_minor=0, spend_high_minor=3 * spend_minor,
        expected_orders=2 * purchase_90, currency="GBP", model_id=model_id,
    )  # fmt: skip


def add_customers(database: Database, customer_ids: Sequence[str], *, consented: Sequence[str] = ()) -> None:
    with database.writing() as transaction:
        transaction.execute(
            text(
                """INSERT INTO customers (customer_id, consented_channels)
                SELECT customer_id, :agreed FROM unnest(CAST(:ids AS text[])) AS given (customer_id)
                ON CONFLICT DO NOTHING"""
            ),
            {"ids": list(customer_ids), "agreed": list(consented)},
        )


def register_model(database: Database, model_id: str, folder: str | None = None) -> None:
    with database.writing() as transaction:
        registry.register(transaction, make_cause(), model_id, folder=folder or f"no-{model_id}", manifest={})


def add_model(database: Database, model_id: str = "m1", folder: str | None = None) -> None:
    register_model(database, model_id, folder)
    with database.writing() as transaction:
        registry.activate(transaction, make_cause(reason="a test needs it"), model_id, override=True)


def prove(database: Database, model_id: str, *, verdict: Verdict = Verdict.PASSED) -> None:
    """Judge a model as a worker does, with this verdict."""
    with database.writing() as transaction:
        operation = judging.begin(transaction, make_cause(), model_id)
        gate = Gate(name="ece", value=0.01, limit=0.05, verdict=verdict, ground=Ground(why=Why.DELAY))
        report = Report(model_id=model_id, against_id=operation.request["against_id"], gates=[gate])
        assert judging.finish(transaction, operation, report, make_cause())


def store_scores(
    database: Database, spends: Mapping[str, int], *, high: float = 5000, mid: float = 1000, as_of: datetime = NOW
) -> None:
    """Customers with stored scores and the tiers that their spend gives them: as a rescoring leaves them."""
    add_customers(database, list(spends))
    add_model(database)
    with database.writing() as transaction:
        scheme = schemes.create(
            transaction, make_cause(), measure=Measure.EXPECTED_VALUE, method=Method.ABSOLUTE,
            parameters=Levels(high=high, mid=mid),
        )  # fmt: skip
        schemes.activate(transaction, make_cause(), scheme.version)
    rescore(database, spends, as_of=as_of)


def stored_scores(snapshot: Snapshot) -> list[StoredScore]:
    """Of everybody, by customer_id."""
    return [row.held(StoredScore) for row in snapshot.scalars(select(ScoreRow).order_by(ScoreRow.customer_id))]


def rescore(
    database: Database, spends: Mapping[str, int], *, model_id: str = "m1", as_of: datetime = NOW, now: datetime = NOW
) -> Operation:
    """A rescoring from its beginning to its end."""
    with database.writing() as transaction:
        operation = rescoring.begin(transaction, make_cause(now), as_of=as_of)
        scored = [
            make_score(customer_id, spend_minor=spend, model_id=model_id, as_of=as_of)
            for customer_id, spend in spends.items()
        ]
        assert rescoring.keep(
            transaction, operation, scored, customers=sorted(spends), currency=scored[0].currency, now=NOW
        )
        kept = operations.get(transaction, operation.operation_id)
        assert kept is not None
        assert rescoring.finish(transaction, kept, make_cause())
    return read_operation(database, operation.operation_id)


def shadow(database: Database, operation_id: str, spends: Mapping[str, int]) -> None:
    """Work off a preview of model m2 that says this."""
    operation = read_operation(database, operation_id)
    scored = [make_score(customer_id, spend_minor=spend, model_id="m2") for customer_id, spend in spends.items()]
    with database.writing() as transaction:
        assert shadowing.keep(transaction, operation, scored, cursor=max(spends), now=NOW)
    with database.writing() as transaction:
        assert shadowing.finish(transaction, read_operation(database, operation_id), make_cause())


def look(database: Database, operation: Operation) -> bool:
    """What a worker does of a preview of tiers."""
    with database.reading() as snapshot:
        seen = previewing.work_out(snapshot, operation, NOW)
    with database.writing() as transaction:
        return previewing.finish(transaction, operation, seen, make_cause())


def create_campaign(database: Database, campaign_id: str = "spring", /, **changes: object) -> Campaign:
    """A draft by anna."""
    with database.writing() as transaction:
        return drafts.create(transaction, make_cause(), campaign_id, make_plan(**changes))


def approve_campaign(database: Database, campaign_id: str = "spring", *, now: datetime = NOW) -> Campaign:
    """A draft that anna submits and bo approves."""
    with database.writing() as transaction:
        submitted = approving.submit(transaction, make_cause(now), campaign_id, ApprovalPolicy())
        cause = make_cause(now, name="bo")
        return approving.approve(transaction, cause, campaign_id, ApprovalPolicy(), version=submitted.version)


def begin_launch(database: Database, campaign_id: str = "spring", *, now: datetime = NOW) -> Operation:
    """A draft that is approved and whose launch has begun."""
    approve_campaign(database, campaign_id, now=now)
    with database.writing() as transaction:
        return launch.launch(transaction, make_cause(now), campaign_id)


def launch_campaign(database: Database, plan: CampaignPlan, campaign_id: str = "spring") -> Operation:
    """A campaign from draft to active; the operation of its launch, which has run to its end."""
    with database.writing() as transaction:
        drafts.create(transaction, make_cause(), campaign_id, plan)
    return finish_launch(database, begin_launch(database, campaign_id))


def finish_launch(database: Database, operation: Operation) -> Operation:
    """A launch that has run to its end in three chunks, or in chunks of two where it reaches few."""
    while not operation.done:
        issue_chunk(database, operation, limit=max(2, ceil((operation.total_count or 0) / 3)))
        operation = read_operation(database, operation.operation_id)
    return operation


def issue_chunk(database: Database, operation: Operation, *, limit: int = 2) -> bool:
    with database.writing() as transaction:
        if operation.cursor is None:
            return issuance.freeze(transaction, operation, NOW)
        campaign_id = operation.request["campaign_id"]
        chunk = chunks.following(transaction, campaign_id, after=operation.cursor, limit=limit)
        if chunk is None:
            return issuance.finish(transaction, operation, make_cause())
        return issuance.issue(transaction, operation, chunk, NOW)


def build_segment(database: Database, segment_id: str) -> Operation:
    """A build that has run to its end, two customers at a time."""
    with database.writing() as transaction:
        operation = segment_building.begin(transaction, make_cause(), segment_id)
    return finish_build(database, operation)


def finish_build(database: Database, operation: Operation) -> Operation:
    """What a worker does of a build that was begun, two customers at a time."""
    while not operation.done:
        with database.writing() as transaction:
            segment_building.step(transaction, operation, make_cause(), limit=2)
        operation = read_operation(database, operation.operation_id)
    return operation


def read_operation(database: Database, operation_id: str) -> Operation:
    with database.reading() as snapshot:
        operation = operations.get(snapshot, operation_id)
    assert operation is not None
    return operation


def codes_of(database: Database, campaign_id: str = "spring") -> dict[str, str]:
    """Customer to code."""
    with database.reading() as snapshot:
        rows = snapshot.execute(
            text("SELECT customer_id, code FROM coupons WHERE campaign_id = :id"), {"id": campaign_id}
        )
        return dict(rows.all())


def issued_codes(database: Database, customer_ids: Sequence[str], **plan: object) -> dict[str, str]:
    """Codes of an active campaign that gives each of these ten percent, or what the test says.

    They are expected to spend so little that the smallest budget bears them all.
    """
    store_scores(database, dict.fromkeys(customer_ids, 100), high=50, mid=10)
    launch_campaign(database, make_plan(**plan))
    return codes_of(database)


def used_of(database: Database, campaign_id: str = "spring") -> tuple[int, int, int, int]:
    """What the counters say is reserved (redemptions, money) and spent (redemptions, money), lapsed or not."""
    with database.reading() as snapshot:
        return tuple(shards.usage(snapshot, campaign_id, datetime.min.replace(tzinfo=UTC)))  # type: ignore[return-value] # four


def ledger_of(database: Database) -> list[tuple[str, int, int, int, int]]:
    """Kind and change of every entry, oldest first."""
    with database.reading() as snapshot:
        rows = snapshot.execute(
            text("SELECT kind, reserved_count, reserved_minor, spent_count, spent_minor FROM ledger ORDER BY number")
        )
        return [(kind, *change) for kind, *change in rows]


def audit_lines(database: Database) -> list[tuple[str, str, str]]:
    """(action, object, outcome), oldest first."""
    with database.reading() as snapshot:
        rows = snapshot.execute(text("SELECT action, object_name, outcome FROM audit_log ORDER BY audit_id"))
        return [(action, name, outcome) for action, name, outcome in rows]


def count(snapshot: Snapshot, table: str) -> int:
    return int(snapshot.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def counts(database: Database, *tables: str) -> tuple[int, ...]:
    with database.reading() as snapshot:
        return tuple(count(snapshot, table) for table in tables)


def plan_of(database: Database, campaign_id: str) -> CampaignPlan:
    with database.reading() as snapshot:
        return campaigns.get(snapshot, campaign_id).plan


def state_of(database: Database) -> State:
    with database.reading() as snapshot:
        return campaigns.get(snapshot, "spring").state
