"""How far the features of customers have moved since the model that answers learned, day by day.

Revision: 0042
After: 0041
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drift_readings",
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("feature", sa.Text(), nullable=False),
        sa.Column("stability", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("model_id", "day", "feature", name=op.f("pk_drift_readings")),
    )


def downgrade() -> None:
    op.drop_table("drift_readings")
