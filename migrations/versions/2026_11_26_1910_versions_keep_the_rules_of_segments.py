"""A version of a plan keeps the revisions of the rules of the segments that its audience depends on.

Of versions that were written before they are not known: a plan that asks about segments is submitted anew.

Revision: 0048
After: 0050
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0048"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    segments = sa.Column(
        "segments", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
    )
    op.add_column("campaign_versions", segments)


def downgrade() -> None:
    op.drop_column("campaign_versions", "segments")
