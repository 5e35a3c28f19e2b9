"""Rules ask how long a customer has had a tier, is below it, and for RFM scores.

Revision: 0020
After: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

COLUMNS = ("days_in_tier", "days_below_tier", "rfm_recency", "rfm_frequency", "rfm_monetary")


def upgrade() -> None:
    """Not known until the next rescoring."""
    for column in COLUMNS:
        op.add_column("customer_facts", sa.Column(column, sa.Integer(), nullable=True))


def downgrade() -> None:
    for column in reversed(COLUMNS):
        op.drop_column("customer_facts", column)
