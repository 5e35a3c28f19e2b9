"""Browsers in which somebody signed in before: wrong passwords are counted for each, apart from those of strangers.

Revision: 0065
After: 0057
"""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_browsers",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failed_count", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expire_time", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("failed_count >= 0", name=op.f("ck_staff_browsers_failed")),
        sa.ForeignKeyConstraint(["name"], ["staff.name"], name=op.f("fk_staff_browsers_name"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", "name", name=op.f("pk_staff_browsers")),
    )
    op.create_index(op.f("ix_staff_browsers_name"), "staff_browsers", ["name"])
    op.create_index(op.f("ix_staff_browsers_expire_time"), "staff_browsers", ["expire_time"])


def downgrade() -> None:
    op.drop_table("staff_browsers")
