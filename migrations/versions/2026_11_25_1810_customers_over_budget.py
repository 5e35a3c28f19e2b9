"""How many customers a launch left out because the budget could not bear their coupons.

Revision: 0021
After: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    count = sa.Column("over_budget_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    op.add_column("campaigns", count)


def downgrade() -> None:
    op.drop_column("campaigns", "over_budget_count")
