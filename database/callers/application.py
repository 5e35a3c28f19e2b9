"""The role of programs, which add and read and own nothing: its rights are seen to whenever the database is migrated.

Roles belong to the server and not to this database. A dump has none, so that a restore on another server leaves the
rights out; and whoever may make roles may do it after the tables are there.
"""

import psycopg

APPLICATION = "tierwise_app"
RIGHTS = """
DO $$
DECLARE
    me pg_roles := (SELECT pg_roles FROM pg_roles WHERE rolname = current_user);
BEGIN
    REVOKE ALL ON FUNCTION public.refresh_report FROM PUBLIC;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tierwise_app') AND (me.rolsuper OR me.rolcreaterole) THEN
        BEGIN
            CREATE ROLE tierwise_app NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tierwise_app') THEN
        RETURN;
    END IF;
    IF NOT has_schema_privilege('tierwise_app', 'public', 'USAGE') THEN
        GRANT USAGE ON SCHEMA public TO tierwise_app;
    END IF;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tierwise_app;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO tierwise_app;
    GRANT EXECUTE ON FUNCTION public.refresh_report TO tierwise_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO tierwise_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO tierwise_app;
    REVOKE UPDATE, DELETE ON public.audit_log, public.audit_seals, public.audit_checkpoints FROM tierwise_app;
    REVOKE INSERT, UPDATE, DELETE ON public.alembic_version FROM tierwise_app;
END
$$
"""
LACKING = """
SELECT NOT has_table_privilege(oid, 'public.scores', 'INSERT') OR NOT has_schema_privilege(oid, 'public', 'USAGE')
  OR NOT has_function_privilege(oid, 'public.refresh_report(text, timestamptz)', 'EXECUTE')
FROM pg_roles WHERE rolname = %s
"""


def install(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Let the role have its rights where it lacks them, in one transaction of the caller's."""
    found = connection.execute(LACKING, (APPLICATION,)).fetchone()
    if found is None or found[0]:
        connection.execute(RIGHTS)
