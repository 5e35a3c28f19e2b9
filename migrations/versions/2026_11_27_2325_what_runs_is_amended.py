"""A campaign that runs may have a proposed version beside the one that it runs by.

Revision: 0082
After: 0089
"""

import sqlalchemy as sa
from alembic import op

revision = "0082"
down_revision = "0089"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("proposed_version", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("campaigns", "proposed_version")
