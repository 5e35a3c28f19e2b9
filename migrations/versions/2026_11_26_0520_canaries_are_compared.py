"""What came of a canary's customers beside those of the active model is kept, and when which model was the canary.

Revision: 0043
After: 0042
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

# Whom the canary of this moment answers, it has answered since it came to its share, or the active model came.
UNDER_WAY = """
INSERT INTO canary_runs
  (model_id, number, against, share, smallest_share, largest_share, currency, begin_time)
SELECT canary.model_id, 1, active.model_id, canary.canary_share, canary.canary_share, canary.canary_share, currency,
  greatest(canary.move_time, active.activate_time)
FROM models AS canary JOIN models AS active ON active.state = 'ACTIVE' CROSS JOIN report_settings
WHERE canary.state = 'CANARY' AND canary.move_time IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "canary_runs",
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("against", sa.Text(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("smallest_share", sa.Double(), nullable=False),
        sa.Column("largest_share", sa.Double(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("begin_time", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("end_time", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("model_id", "number", name=op.f("pk_canary_runs")),
    )
    op.create_index(
        "uq_canary_runs_open", "canary_runs", [sa.text("(end_time IS NULL)")], unique=True,
        postgresql_where=sa.text("end_time IS NULL"),
    )  # fmt: skip
    op.create_table(
        "canary_readings",
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("active_customers", sa.BigInteger(), nullable=False),
        sa.Column("mean", sa.Double(), nullable=False),
        sa.Column("active_mean", sa.Double(), nullable=False),
        sa.Column("difference", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("lift", sa.Double(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("model_id", "number", "day", "metric", name=op.f("pk_canary_readings")),
    )
    op.create_table(
        "canary_accuracy",
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("horizon", sa.SmallInteger(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("bought", sa.BigInteger(), nullable=False),
        sa.Column("predicted", sa.Double(), nullable=True),
        sa.Column("auc", sa.Double(), nullable=True),
        sa.Column("auc_low", sa.Double(), nullable=True),
        sa.Column("auc_high", sa.Double(), nullable=True),
        sa.Column("calibration_error", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("model_id", "number", "horizon", "said_by", name=op.f("pk_canary_accuracy")),
    )
    op.execute(UNDER_WAY)


def downgrade() -> None:
    op.drop_table("canary_accuracy")
    op.drop_table("canary_readings")
    op.drop_table("canary_runs")
