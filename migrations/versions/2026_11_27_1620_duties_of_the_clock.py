"""What the clock looks after each minute: when each of it ended well last, and why it fails since.

Revision: 0071
After: 0073
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0071"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duties",
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("well_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("duty", name=op.f("pk_duties")),
    )


def downgrade() -> None:
    op.drop_table("duties")
