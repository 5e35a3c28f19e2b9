"""Models, what they say of each customer, what shadows would have said, what became of it, and canaries."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Date, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from database.row import NOW, Row


class ModelRow(Row):
    """A trained network in the registry; its weights are a folder of that name."""

    __tablename__ = "models"
    model_id: Mapped[str] = mapped_column(primary_key=True)
    folder: Mapped[str]
    manifest: Mapped[dict[str, Any]]
    state: Mapped[str]
    """CANDIDATE, SHADOW, CANARY, ACTIVE or RETIRED."""
    canary_share: Mapped[float | None]
    """Of the customers; of a CANARY only."""
    predecessor: Mapped[str | None]
    """Which model answered when this one became ACTIVE."""
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    activate_time: Mapped[datetime | None]
    move_time: Mapped[datetime | None]
    """Into its state or its share; null where it never moved."""
    give_up_time: Mapped[datetime | None]
    """Since when its folder is removed; null where it is kept."""
    __table_args__ = (
        Index(
            "uq_models_state", "state", unique=True, postgresql_where=text("state IN ('SHADOW', 'CANARY', 'ACTIVE')")
        ),
    )


class ScoreRow(Row):
    """The last stored score of a customer."""

    __tablename__ = "scores"
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    model_id: Mapped[str]
    as_of: Mapped[datetime]
    purchase_30: Mapped[float]
    purchase_60: Mapped[float]
    purchase_90: Mapped[float]
    churn: Mapped[float]
    spend_minor: Mapped[int]
    spend_low_minor: Mapped[int]
    spend_high_minor: Mapped[int]
    expected_orders: Mapped[float | None]
    """Null where no rescoring has met the customer since there is such a number."""
    currency: Mapped[str]
    operation_id: Mapped[str]
    """The rescoring that wrote this row: the same operation never writes it twice."""
    tier: Mapped[str | None]
    """Given at the end of a rescoring, like the columns after it; null until the first one that met the customer."""
    tier_scheme: Mapped[int | None]
    tier_model_id: Mapped[str | None]
    """The model whose score gave the tier."""
    tier_since: Mapped[datetime | None]
    below_since: Mapped[datetime | None]
    """As-of time of the first rescoring in a row that found the measure below the tier's margin."""
    update_time: Mapped[datetime] = mapped_column(server_default=NOW)
    __table_args__ = (Index(None, "tier", "customer_id"),)


class ShadowScoreRow(Row):
    """What a model that does not answer says of a customer; the rows of one run at a time."""

    __tablename__ = "shadow_scores"
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    operation_id: Mapped[str] = mapped_column(primary_key=True)
    """The run that wrote it; it pins model and as-of time."""
    purchase_90: Mapped[float]
    spend_minor: Mapped[int]


class ShadowComparisonRow(Row):
    """Sums over all answers of one model that another one, its shadow, was asked for too."""

    __tablename__ = "shadow_comparisons"
    model_id: Mapped[str] = mapped_column(primary_key=True)
    """The shadow."""
    against: Mapped[str] = mapped_column(primary_key=True)
    """The model that answered."""
    currency: Mapped[str]
    count: Mapped[int]
    purchase_difference: Mapped[float]
    """Sum of absolute differences of the probability to buy within 90 days."""
    spend_difference_minor: Mapped[float]
    """Sum of absolute differences of the expected spend within 90 days."""
    joint: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """Answers by bins of both probabilities, row by row: the bin of the model that answered is the row."""
    failed_count: Mapped[int]
    """Answers that the shadow failed at."""
    skipped_count: Mapped[int]
    """Answers that it was not asked for, because too many waited."""
    begin_time: Mapped[datetime]
    update_time: Mapped[datetime]


class DriftReadingRow(Row):
    """A feature of today's customers against the histogram that the model's training left."""

    __tablename__ = "drift_readings"
    model_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    feature: Mapped[str] = mapped_column(primary_key=True)
    stability: Mapped[float]
    """Population stability index."""


class ExplanationReadingRow(Row):
    """How far the reasons that a model gives of customers agree with two other ways to ask for them."""

    __tablename__ = "explanation_readings"
    model_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    customers: Mapped[int]
    left_out: Mapped[float | None]
    """Median rank correlation of parts with leaving out each alone; null where no customer has any."""
    gradients: Mapped[float | None]
    """Of the networks' parts with their integrated gradients; likewise."""


class ScoreHistoryRow(Row):
    """What the first rescoring of a month said of a customer."""

    __tablename__ = "score_history"
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    """Its first day; of the time that the score is as of, UTC."""
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    model_id: Mapped[str]
    as_of: Mapped[datetime]
    purchase_30: Mapped[float]
    purchase_60: Mapped[float]
    purchase_90: Mapped[float]
    churn: Mapped[float]
    spend_minor: Mapped[int]
    expected_orders: Mapped[float | None]
    """Null in months of before there was such a number."""
    currency: Mapped[str]
    tier: Mapped[str | None]
    __table_args__ = (Index(None, "customer_id"),)


class ModelReadingRow(Row):
    """What became of scores whose horizon is over: those of one month and model, by how high they were."""

    __tablename__ = "model_readings"
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    model_id: Mapped[str] = mapped_column(primary_key=True)
    horizon: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """Days."""
    bin: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """Of the predicted probability: 0 is below a tenth, 9 is nine tenths and above."""
    customers: Mapped[int]
    predicted: Mapped[float]
    """Sum of the probabilities to buy."""
    bought: Mapped[int]
    squared_error: Mapped[float]
    """Sum."""


class SliceReadingRow(Row):
    """The same of one tier, or of one of the slices that a question of their own is asked about."""

    __tablename__ = "slice_readings"
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    model_id: Mapped[str] = mapped_column(primary_key=True)
    horizon: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    """TIER or SLICE."""
    name: Mapped[str] = mapped_column(primary_key=True)
    """HIGH, MID, LOW; or ESTABLISHED, LAPSING, ONE_ORDER, NO_ORDER as of the score."""
    bin: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    customers: Mapped[int]
    predicted: Mapped[float]
    bought: Mapped[int]


class CanaryRunRow(Row):
    """A model that was the canary beside one and the same active model; at most one run is open."""

    __tablename__ = "canary_runs"
    model_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Of the model's runs, counted from 1."""
    against: Mapped[str]
    """The model that answered everybody else."""
    share: Mapped[float]
    """Of the customers; the last one."""
    smallest_share: Mapped[float]
    """Who stands below it heard the canary all along."""
    largest_share: Mapped[float]
    """Who stands at or above it never did."""
    currency: Mapped[str]
    begin_time: Mapped[datetime]
    end_time: Mapped[datetime | None]
    fault: Mapped[str | None]
    """Why it was set aside by itself, in English; null where somebody ended it, or nobody did."""
    why: Mapped[dict[str, Any] | None]
    """The same as a value; null beside words of before there were any."""
    __table_args__ = (
        Index(
            "uq_canary_runs_open", text("(end_time IS NULL)"), unique=True, postgresql_where=text("end_time IS NULL")
        ),
    )


class CanaryReadingRow(Row):
    """How a metric stood at a midnight, of the customers of the canary against those of the active model."""

    __tablename__ = "canary_readings"
    model_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    """Outcomes count from the beginning of the run until this day begins, UTC, and at most until the run's end."""
    metric: Mapped[str] = mapped_column(primary_key=True)
    customers: Mapped[int]
    active_customers: Mapped[int]
    mean: Mapped[float]
    active_mean: Mapped[float]
    difference: Mapped[float]
    low: Mapped[float]
    high: Mapped[float]
    """Infinite where nothing can be said."""
    lift: Mapped[float | None]
    p_value: Mapped[float]
    verdict: Mapped[str]


class CanaryAccuracyRow(Row):
    """What one of the two models said of its own customers when the run began, and what came."""

    __tablename__ = "canary_accuracy"
    model_id: Mapped[str] = mapped_column(primary_key=True)
    """The canary."""
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    horizon: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """Days."""
    said_by: Mapped[str] = mapped_column(primary_key=True)
    """The canary or the active model."""
    customers: Mapped[int]
    """0 where nobody was known, or the model is gone; then all that follows is null."""
    bought: Mapped[int]
    predicted: Mapped[float | None]
    """Mean probability."""
    auc: Mapped[float | None]
    auc_low: Mapped[float | None]
    auc_high: Mapped[float | None]
    """Null where all bought, or nobody did."""
    calibration_error: Mapped[float | None]
