"""Who was erased is remembered by a keyed hash, so that an event that was late brings nobody back.

Revision: 0026
After: 0025
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

# Two random UUIDs have 244 random bits.
DRAW = "INSERT INTO erasure_key SELECT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())"


def upgrade() -> None:
    op.create_table(
        "erased_customers",
        sa.Column("id_hash", postgresql.BYTEA(), nullable=False),
        sa.Column("time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_erased_customers")),
    )
    op.create_table(
        "erasure_key",
        sa.Column("key", postgresql.BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_erasure_key")),
    )
    op.execute(DRAW)


def downgrade() -> None:
    op.drop_table("erasure_key")
    op.drop_table("erased_customers")
