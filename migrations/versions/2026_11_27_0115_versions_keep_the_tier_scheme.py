"""A version of a plan keeps the tier scheme that gave the tiers when it was written.

Of versions that were written before it is not known, and nothing is asked of them.

Revision: 0057
After: 0058
"""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaign_versions", sa.Column("tier_scheme", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("campaign_versions", "tier_scheme")
