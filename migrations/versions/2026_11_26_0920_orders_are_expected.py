"""Scores say how many orders to expect; scores that are stored already say nothing of it until the next rescoring.

Revision: 0045
After: 0044
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

TABLES = ("scores", "score_history", "customer_facts")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("expected_orders", sa.Double(), nullable=True))


def downgrade() -> None:
    for view in ("scores", "score_history", "tiers"):
        op.execute(f"DROP VIEW IF EXISTS reporting.{view}")
    op.execute("""
    DO $$ DECLARE kept text; BEGIN
      FOR kept IN SELECT relname FROM pg_class
        WHERE relnamespace = 'reporting_store'::regnamespace AND relkind = 'm' AND relname ~ '^tiers_[0-9a-f]{8}$'
      LOOP EXECUTE format('DROP MATERIALIZED VIEW reporting_store.%I', kept); END LOOP;
    END $$
    """)
    for table in TABLES:
        op.drop_column(table, "expected_orders")
