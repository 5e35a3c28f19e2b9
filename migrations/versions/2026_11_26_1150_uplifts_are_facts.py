"""Rules ask what an offer is expected to change of a customer; not known until a worker has worked it out.

Revision: 0046
After: 0045
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer_facts", sa.Column("expected_uplift", sa.Double(), nullable=True))
    op.add_column("customer_facts", sa.Column("uplift_campaign_id", sa.Text(), nullable=True))


def downgrade() -> None:
    op.execute("DROP VIEW IF EXISTS reporting.customers")
    op.drop_column("customer_facts", "uplift_campaign_id")
    op.drop_column("customer_facts", "expected_uplift")
