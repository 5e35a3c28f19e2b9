"""People sign in to the web admin: accounts and sessions.

Revision: 0015
After: 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TIME = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Empty: `tierwise staff add` makes the first account."""
    op.create_table(
        "staff",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failed_count", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", TIME, nullable=True),
        sa.Column("create_time", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("update_time", TIME, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("failed_count >= 0", name=op.f("ck_staff_failed")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_staff")),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("token_hash", postgresql.BYTEA(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("create_time", TIME, nullable=False),
        sa.Column("expire_time", TIME, nullable=False),
        sa.ForeignKeyConstraint(["name"], ["staff.name"], name=op.f("fk_staff_sessions_name"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_sessions")),
    )
    op.create_index(op.f("ix_staff_sessions_name"), "staff_sessions", ["name"])
    op.create_index(op.f("ix_staff_sessions_expire_time"), "staff_sessions", ["expire_time"])


def downgrade() -> None:
    op.drop_table("staff_sessions")
    op.drop_table("staff")
