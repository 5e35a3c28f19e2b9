"""Analysts read a schema of their own; its views are made from the files of `database/reporting/sql` afterwards.

Revision: 0028
After: 0027
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TIME = postgresql.TIMESTAMP(timezone=True)
# A refresh needs the owner's rights, and whoever may only add and read has to cause one. What the rows are as of is
# written first: the rows themselves are made from it.
REFRESH = """
CREATE FUNCTION refresh_report(report text, at timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept text;
    began timestamptz := clock_timestamp();
BEGIN
    UPDATE public.report_views SET as_of = at, attempt_time = NULL, error = NULL WHERE name = report AND stored
    RETURNING name || '_' || left(fingerprint, 8) INTO STRICT kept;
    EXECUTE format('REFRESH MATERIALIZED VIEW CONCURRENTLY reporting_store.%I', kept);
    UPDATE public.report_views SET refresh_seconds = extract(epoch FROM clock_timestamp() - began) WHERE name = report;
END
$$
"""
GRANT_REFRESH = """
DO $$
BEGIN
    REVOKE ALL ON FUNCTION refresh_report FROM PUBLIC;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'tierwise_app') THEN
        GRANT EXECUTE ON FUNCTION refresh_report TO tierwise_app;
    END IF;
END
$$
"""
# 244 random bits: this PostgreSQL needs no extension for them.
SETTINGS = """
INSERT INTO report_settings (key) VALUES (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'))
"""  # noqa: E501


def upgrade() -> None:
    op.create_table(
        "report_settings",
        sa.Column("singleton", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("key", postgresql.BYTEA(), nullable=False),
        sa.Column("minimum_group", sa.Integer(), server_default=sa.text("10"), nullable=False),
        sa.Column("currency", sa.Text(), server_default=sa.text("'GBP'"), nullable=False),
        sa.Column("update_time", TIME, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("singleton", name="singleton"),
        sa.PrimaryKeyConstraint("singleton", name="pk_report_settings"),
    )
    op.execute(SETTINGS)
    op.create_table(
        "report_views",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "fingerprint", "definition")),
        sa.Column("stored", sa.Boolean(), nullable=False),
        sa.Column("as_of", TIME, nullable=False),
        sa.Column("refresh_seconds", sa.Float(), nullable=True),
        sa.Column("attempt_time", TIME, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_report_views"),
    )
    _keep_history()
    _keep_readings()
    op.execute("CREATE SCHEMA reporting")
    op.execute("CREATE SCHEMA reporting_store")
    op.execute(REFRESH)
    op.execute(GRANT_REFRESH)


def downgrade() -> None:
    op.execute("DROP FUNCTION refresh_report")
    op.execute("DROP SCHEMA reporting_store")
    op.execute("DROP SCHEMA reporting")
    for table in (
        "result_readings", "liability_readings", "model_readings", "score_history", "report_views", "report_settings",
    ):  # fmt: skip
        op.drop_table(table)


def _keep_history() -> None:
    op.create_table(
        "score_history",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("as_of", TIME, nullable=False),
        *_floats("purchase_30", "purchase_60", "purchase_90", "churn"),
        sa.Column("spend_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("month", "customer_id", name="pk_score_history"),
    )
    op.create_index("ix_score_history_customer_id", "score_history", ["customer_id"])
    op.create_table(
        "model_readings",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("horizon", sa.SmallInteger(), nullable=False),
        sa.Column("bin", sa.SmallInteger(), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("predicted", sa.Float(), nullable=False),
        sa.Column("bought", sa.BigInteger(), nullable=False),
        sa.Column("squared_error", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("month", "model_id", "horizon", "bin", name="pk_model_readings"),
    )


def _keep_readings() -> None:
    op.create_table(
        "liability_readings",
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("time", TIME, nullable=False),
        sa.Column("coupons", sa.BigInteger(), nullable=False),
        *_floats("expected_minor", "deviation_minor"),
        sa.Column("most_minor", sa.Float(), nullable=True),
        sa.Column("used_minor", sa.BigInteger(), nullable=False),
        sa.Column("overspend", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("campaign_id", "day", name="pk_liability_readings"),
    )
    op.create_table(
        "result_readings",
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("arm", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("holdout_customers", sa.BigInteger(), nullable=False),
        *_floats("mean", "holdout_mean", "difference", "low", "high"),
        *(sa.Column(name, sa.Float(), nullable=True) for name in ("lift", "lift_low", "lift_high")),
        *_floats("p_value"),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("mismatch", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "day", "arm", "metric", name="pk_result_readings"),
    )


def _floats(*names: str) -> "list[sa.Column[float]]":
    return [sa.Column(name, sa.Float(), nullable=False) for name in names]
