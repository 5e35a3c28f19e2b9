"""The migrations make the tables, can be undone, and leave nothing out."""

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory

from database.migrate import configuration, migrate


def test_there_is_one_newest_migration() -> None:
    assert len(ScriptDirectory.from_config(configuration("")).get_heads()) == 1


def test_up_down_up_leaves_the_shape_that_the_tables_say(database_url: str) -> None:
    config = configuration(database_url)
    command.downgrade(config, "base")
    with psycopg.connect(database_url) as connection:
        left = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert left == [("alembic_version",)]

    migrate(database_url)
    migrate(database_url)

    command.check(config)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
def test_the_audit_log_can_only_grow(database_url: str, statement: str) -> None:
    add = """INSERT INTO audit_log (time, actor, action, object_name, outcome)
             VALUES (now(), 'anna', 'campaigns.launch', 'campaigns/spring', 'OK')"""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(add)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            connection.execute(statement.encode())
        assert connection.execute("SELECT actor FROM audit_log").fetchall() == [("anna",)]
