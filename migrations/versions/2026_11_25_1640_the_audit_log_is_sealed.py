"""A chain seals the audit log; an application may add to both, and change neither.

Revision: 0018
After: 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

GROWING = ("audit_seals", "audit_checkpoints")
GUARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""
# Roles belong to the server and not to this database: another one may have made it, and it stays when this one goes.
ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tierwise_app') THEN
        IF NOT (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) THEN
            RAISE NOTICE 'no role tierwise_app was made, because % may not make roles', current_user;
            RETURN;
        END IF;
        BEGIN
            CREATE ROLE tierwise_app NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    GRANT USAGE ON SCHEMA public TO tierwise_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tierwise_app;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO tierwise_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO tierwise_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO tierwise_app;
    REVOKE UPDATE, DELETE ON audit_log, audit_seals, audit_checkpoints FROM tierwise_app;
    REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM tierwise_app;
END
$$
"""
NO_ROLE = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'tierwise_app') THEN
        ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM tierwise_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM tierwise_app;
        REVOKE ALL ON ALL TABLES IN SCHEMA public FROM tierwise_app;
        REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM tierwise_app;
        REVOKE ALL ON SCHEMA public FROM tierwise_app;
    END IF;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audit_id", sa.BigInteger(), nullable=False),
        sa.Column("prev_hash", postgresql.BYTEA(), nullable=False),
        sa.Column("hash", postgresql.BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint("audit_id", name=op.f("uq_audit_seals_audit_id")),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", postgresql.BYTEA(), nullable=False),
        sa.Column("time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_checkpoints")),
    )
    for table in GROWING:
        op.execute(GUARD.format(table=table))
    op.execute(ROLE)


def downgrade() -> None:
    op.execute(NO_ROLE)
    for table in reversed(GROWING):
        op.drop_table(table)
