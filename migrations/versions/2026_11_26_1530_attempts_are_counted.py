"""Operations know whose turn it is; attempts at them are counted until they end.

Revision: 0047
After: 0046
"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("operations", sa.Column("turn", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_table(
        "attempts",
        sa.Column("operation_id", sa.Text(), nullable=False),
        sa.Column("done_count", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("operation_id", name=op.f("pk_attempts")),
    )


def downgrade() -> None:
    op.drop_table("attempts")
    op.drop_column("operations", "turn")
