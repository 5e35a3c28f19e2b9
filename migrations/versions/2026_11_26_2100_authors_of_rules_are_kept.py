"""Who wrote the rules of segments is kept, and a version of a plan says who changed those of its segments.

Of rules that are there already the audit log says whose they are. Versions that are there already stay as they were.

Revision: 0053
After: 0048
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0053"
down_revision = "0048"
branch_labels = None
depends_on = None

GUARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON segment_rules
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""
# An earlier segment of the same name left its lines before this one was made.
FROM_THE_LOG = """
INSERT INTO segment_rules (segment_id, rule_revision, author, create_time)
SELECT segment_id, object_version, substr(actor, strpos(actor, ':') + 1), time
FROM audit_log JOIN segments ON object_name = 'segments/' || segment_id AND time >= create_time
WHERE action IN ('segments.create', 'segments.update') AND outcome = 'OK' AND object_version IS NOT NULL
  AND before -> 'rule' IS DISTINCT FROM after -> 'rule'
"""


def upgrade() -> None:
    op.create_table(
        "segment_rules",
        sa.Column("segment_id", sa.Text(), nullable=False),
        sa.Column("rule_revision", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("create_time", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("segment_id", "rule_revision", name=op.f("pk_segment_rules")),
    )
    op.execute(FROM_THE_LOG)
    op.execute(GUARD)
    no_one = sa.text("'{}'")
    authors: sa.Column[list[str]] = sa.Column(
        "rule_authors", postgresql.ARRAY(sa.Text()), server_default=no_one, nullable=False
    )
    op.add_column("campaign_versions", authors)


def downgrade() -> None:
    op.drop_column("campaign_versions", "rule_authors")
    op.drop_table("segment_rules")
