"""What campaigns may use, in shards; reservations, refunds, and a ledger that only grows.

Revision: 0009
After: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

GUARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""
# Rows that are changed all day long find room for their next version on their own page.
ROOMY = "ALTER TABLE budget_shards SET (fillfactor = 20, autovacuum_vacuum_scale_factor = 0.0)"
OPEN = """
INSERT INTO budget_shards (campaign_id, shard, quota_count, spent_count, spent_minor)
SELECT campaign_id, 0, redemption_limit, redeemed_count, discounted_minor FROM campaigns WHERE state <> 'DRAFT'
"""
BOOK = """
INSERT INTO ledger (key, kind, time, campaign_id, shard, code, spent_count, spent_minor)
SELECT 'redeem/' || redemption_id, 'REDEEM', redeem_time, campaign_id, 0, code, 1, discount_minor FROM redemptions
ORDER BY redeem_time
"""
COUNT_AGAIN = """
UPDATE campaigns SET redeemed_count = spent.number, discounted_minor = spent.minor
FROM (
  SELECT campaign_id, sum(spent_count) AS number, sum(spent_minor) AS minor FROM budget_shards GROUP BY campaign_id
) AS spent WHERE spent.campaign_id = campaigns.campaign_id
"""


# Nothing was released with what goes here, so no older server can miss it.
REPLACED = (
    "-- squawk-ignore ban-drop-constraint\nALTER TABLE campaigns DROP CONSTRAINT ck_campaigns_redeemed",
    "-- squawk-ignore ban-drop-constraint\nALTER TABLE campaigns DROP CONSTRAINT ck_campaigns_limit",
    "-- squawk-ignore ban-drop-column\nALTER TABLE campaigns DROP COLUMN redeemed_count",
    "-- squawk-ignore ban-drop-column\nALTER TABLE campaigns DROP COLUMN discounted_minor",
    "-- squawk-ignore ban-drop-constraint\nALTER TABLE redemptions DROP CONSTRAINT uq_redemptions_code",
    "-- squawk-ignore ban-drop-constraint\nALTER TABLE redemptions DROP CONSTRAINT fk_redemptions_campaign_id",
)
# Redemptions wait while these are built: seconds for a million.
BUILT = (
    """ALTER TABLE redemptions
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT ck_redemptions_refunded CHECK (refunded_minor BETWEEN 0 AND discount_minor)""",
    """-- squawk-ignore require-concurrent-index-creation
    CREATE UNIQUE INDEX uq_redemptions_used ON redemptions (code) WHERE NOT given_back""",
    """-- squawk-ignore require-concurrent-index-creation
    CREATE UNIQUE INDEX ix_redemptions_code_order_id ON redemptions (code, order_id)""",
)


def upgrade() -> None:
    """Redemptions so far are booked, and counted in one shard for each campaign."""
    _create_tables()
    for statement in (OPEN, BOOK, GUARD, *REPLACED):
        op.execute(statement)
    op.add_column("campaigns", sa.Column("budget_minor", sa.BigInteger(), nullable=True))
    op.add_column("campaigns", sa.Column("budget_confidence", sa.Double(), nullable=True))
    op.add_column("campaigns", _flag("refund_gives_code_back"))
    op.add_column("redemptions", sa.Column("reservation_id", sa.Text(), nullable=True))
    op.add_column("redemptions", sa.Column("shard", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))
    refunded = sa.Column("refunded_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    op.add_column("redemptions", refunded)
    op.add_column("redemptions", _flag("given_back"))
    for statement in BUILT:
        op.execute(statement)


def _flag(name: str) -> "sa.Column[bool]":
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def _create_tables() -> None:
    counters = ("reserved_count", "reserved_minor", "spent_count", "spent_minor")
    op.create_table(
        "budget_shards",
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("quota_count", sa.BigInteger(), nullable=True),
        sa.Column("quota_minor", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False) for name in counters),
        sa.CheckConstraint(f"least({', '.join(counters)}) >= 0", name=op.f("ck_budget_shards_nothing_owed")),
        sa.CheckConstraint("reserved_count + spent_count <= quota_count", name=op.f("ck_budget_shards_count")),
        sa.CheckConstraint("reserved_minor + spent_minor <= quota_minor", name=op.f("ck_budget_shards_minor")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.campaign_id"], name=op.f("fk_budget_shards_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "shard", name=op.f("pk_budget_shards")),
    )
    op.execute(ROOMY)
    op.create_table(
        "reservations",
        sa.Column("reservation_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("order_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reserve_time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expire_time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reservation_id", name=op.f("pk_reservations")),
    )
    held = sa.text("state = 'HELD'")
    op.create_index("uq_reservations_held", "reservations", ["code"], unique=True, postgresql_where=held)
    op.create_index("ix_reservations_held", "reservations", ["campaign_id", "expire_time"], postgresql_where=held)
    op.create_index(op.f("ix_reservations_code"), "reservations", ["code"])
    op.create_table(
        "ledger",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False) for name in counters),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_ledger")),
    )
    op.create_index(op.f("ix_ledger_campaign_id"), "ledger", ["campaign_id"])
    op.create_index(op.f("ix_ledger_code"), "ledger", ["code"])


def downgrade() -> None:
    """Reservations, refunds and the ledger are forgotten; counters go back to the campaign."""
    op.drop_index(op.f("ix_redemptions_code_order_id"), table_name="redemptions")
    op.drop_index("uq_redemptions_used", table_name="redemptions")
    op.execute("DELETE FROM redemptions WHERE given_back")
    op.drop_constraint("ck_redemptions_refunded", "redemptions")
    for column in ("given_back", "refunded_minor", "shard", "reservation_id"):
        op.drop_column("redemptions", column)
    op.create_foreign_key("fk_redemptions_campaign_id", "redemptions", "campaigns", ["campaign_id"], ["campaign_id"])
    op.create_unique_constraint("uq_redemptions_code", "redemptions", ["code"])
    for column in ("refund_gives_code_back", "budget_confidence", "budget_minor"):
        op.drop_column("campaigns", column)
    for column in ("redeemed_count", "discounted_minor"):
        op.add_column("campaigns", sa.Column(column, sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.execute(COUNT_AGAIN)
    op.create_check_constraint("redeemed", "campaigns", "redeemed_count >= 0 AND redeemed_count <= issued_count")
    limit = "redemption_limit IS NULL OR redeemed_count <= redemption_limit"
    op.create_check_constraint("limit", "campaigns", limit)
    for table in ("ledger", "reservations", "budget_shards"):
        op.drop_table(table)
