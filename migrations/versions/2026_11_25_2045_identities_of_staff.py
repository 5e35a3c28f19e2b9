"""Accounts know whose they are to the identity provider.

Revision: 0031
After: 0030
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TIME = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Empty: the first sign-in writes a row."""
    op.create_table(
        "staff_identities",
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("create_time", TIME, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["staff.name"], name=op.f("fk_staff_identities_name"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_staff_identities")),
        sa.UniqueConstraint("name", name=op.f("uq_staff_identities_name")),
    )


def downgrade() -> None:
    op.drop_table("staff_identities")
