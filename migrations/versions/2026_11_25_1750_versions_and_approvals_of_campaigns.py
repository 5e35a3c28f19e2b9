"""Every plan of a campaign is kept as a version, and approvers decide about versions.

Revision: 0019
After: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = ("campaign_versions", "approvals")
GUARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""
FIRST_VERSIONS = """
INSERT INTO campaign_versions (campaign_id, version, plan, authors, create_time)
SELECT campaign_id, 1, jsonb_build_object(
  'display_name', display_name, 'offers', offers, 'zone', zone, 'redemption_limit', redemption_limit,
  'currency', currency, 'rule', rule, 'holdout_percent', holdout_percent, 'channel_choice', channel_choice,
  'arms', arms, 'margin_percent', margin_percent, 'budget_minor', budget_minor, 'budget_confidence', budget_confidence,
  'refund_gives_code_back', refund_gives_code_back,
  'start_time', to_char(start_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
  'end_time', to_char(end_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
), '{}', update_time
FROM campaigns
"""


def upgrade() -> None:
    """Campaigns that exist are at their first version, of which nobody is known to be the author."""
    op.create_table(
        "campaign_versions",
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("authors", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("create_time", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "version", name=op.f("pk_campaign_versions")),
    )
    op.create_table(
        "approvals",
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("approver", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("create_time", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id", "version"],
            ["campaign_versions.campaign_id", "campaign_versions.version"],
            name=op.f("fk_approvals_campaign_id_version"),
        ),
        sa.PrimaryKeyConstraint("campaign_id", "version", "approver", name=op.f("pk_approvals")),
    )
    op.execute(FIRST_VERSIONS)
    for table in TABLES:
        op.execute(GUARD.format(table))
    op.add_column("campaigns", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column("campaigns", sa.Column("activate_time", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.execute("UPDATE campaigns SET activate_time = launch_time WHERE state IN ('ACTIVE', 'PAUSED')")


def downgrade() -> None:
    op.drop_column("campaigns", "activate_time")
    op.drop_column("campaigns", "version")
    for table in reversed(TABLES):
        op.drop_table(table)
