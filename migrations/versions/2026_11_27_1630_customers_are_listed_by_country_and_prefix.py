"""Lists of the customers of a country, or whose ids begin alike, do not read the others.

Revision: 0074
After: 0071
"""

from alembic import op

from migrations.indexes import make_beside_writers

revision = "0074"
down_revision = "0071"
branch_labels = None
depends_on = None

BYTES = "ix_customers_bytes"
COUNTRY = "ix_customers_country_customer_id"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        make_beside_writers(BYTES, "customers", ["customer_id"], postgresql_ops={"customer_id": "text_pattern_ops"})
        make_beside_writers(op.f(COUNTRY), "customers", ["country", "customer_id"])


def downgrade() -> None:
    op.drop_index(op.f(COUNTRY), table_name="customers")
    op.drop_index(BYTES, table_name="customers")
