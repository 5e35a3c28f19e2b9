"""Commands end with a way out, not with a traceback, when what is around them does not work."""

import errno
import os
from pathlib import Path

import psycopg
import pytest
from running.databases import Cluster
from running.resident_shell import tierwise

from admin.shell.trouble import explained
from database.migrate import UnfitDatabase, must_be_fit
from settings import child_environment


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        pytest.param(
            {"TIERWISE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
            "the database cannot be reached or went away; nothing was changed",
            id="database away",
        ),
        pytest.param(
            {"TIERWISE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
            'connection to server at "127.0.0.1", port 1 failed: Connection refused)',
            id="and why",
        ),
        pytest.param(
            {"TIERWISE_DATABASE_URL": "mysql://root:hunter2@127.0.0.1/shop"},
            "TIERWISE_DATABASE_URL: must look like postgresql://",
            id="another kind of database",
        ),
        pytest.param(
            {"TIERWISE_DATABASE": "x"}, "TIERWISE_DATABASE: no such setting; there are", id="misspelt setting"
        ),
        pytest.param(
            {"TIERWISE_BATCH_SIZE": "many"}, "TIERWISE_BATCH_SIZE: Input should be a valid integer", id="value"
        ),
    ],
)
def test_trouble_is_told_with_the_way_out(tmp_path: Path, environment: dict[str, str], message: str) -> None:
    there = child_environment({"COLUMNS": "300"} | environment)
    done = tierwise(["campaign", "list"], folder=tmp_path, environment=there, within=60)

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr
    assert done.stdout == ""


def test_a_folder_that_takes_nothing_is_named(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 64)
    there = child_environment({"TIERWISE_HOME": str(home), "TIERWISE_DATABASE_URL": ""})
    done = tierwise(["run"], folder=tmp_path, environment=there, within=60)

    assert done.returncode == 2
    assert done.stderr == (
        f"error: {home}/postgres: File name too long; give this account room and rights there, or name another place\n"
    )


def test_a_full_disk_under_what_is_printed_is_told() -> None:
    said = explained(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    assert said is not None
    assert said.startswith("what is printed could not be written: No space left on device")


def test_an_argument_that_is_no_text_is_told_and_a_bug_of_ours_is_not() -> None:
    with pytest.raises(UnicodeEncodeError) as typed:
        b"\xff".decode(errors="surrogateescape").encode()
    with pytest.raises(UnicodeEncodeError) as bug:
        "é".encode("ascii")

    assert "LC_ALL" in (explained(typed.value) or "")
    assert explained(bug.value) is None


def test_a_database_of_a_later_version_is_not_taken_back(tmp_path: Path, postgres: Cluster) -> None:
    with postgres.clone_of() as url:
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        there = child_environment({"COLUMNS": "300", "TIERWISE_DATABASE_URL": url})
        done = tierwise(["migrate"], folder=tmp_path, environment=there, within=60)

    assert done.returncode == 2
    assert done.stderr == (
        "error: the database was migrated by a later version of Tierwise, to 9999, and there is no way back: use that "
        "version, or restore a backup of before\n"
    )


def test_a_database_that_nobody_migrated_is_told_by_what_it_lacks(tmp_path: Path, postgres: Cluster) -> None:
    with postgres.clone_of("template1") as url:
        there = child_environment({"COLUMNS": "300", "TIERWISE_DATABASE_URL": url})
        done = tierwise(["campaign", "list"], folder=tmp_path, environment=there, within=60)

    assert done.returncode == 2
    assert 'relation "campaigns" does not exist): run `tierwise migrate`' in done.stderr
    assert "Traceback" not in done.stderr


def test_a_login_that_owns_nothing_is_told_who_migrates(tmp_path: Path, postgres: Cluster) -> None:
    with postgres.clone_of("template1") as url:
        postgres.execute("CREATE ROLE guest LOGIN")
        there = child_environment({"COLUMNS": "300", "TIERWISE_DATABASE_URL": url.replace("tierwise@", "guest@")})
        done = tierwise(["migrate"], folder=tmp_path, environment=there, within=60)
        postgres.execute("DROP ROLE guest")

    assert done.returncode == 2
    assert "permission denied for schema public): `tierwise migrate` needs the database's owner" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_cannot_keep_every_text_is_refused(tmp_path: Path, postgres: Cluster) -> None:
    postgres.execute("CREATE DATABASE bytes ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    there = child_environment({"COLUMNS": "300", "TIERWISE_DATABASE_URL": postgres.url("bytes")})
    done = tierwise(["migrate"], folder=tmp_path, environment=there, within=60)
    postgres.execute("DROP DATABASE bytes WITH (FORCE)")

    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: the database keeps text as SQL_ASCII, and Tierwise needs UTF8: create another"
    )


def test_a_server_of_before_is_refused() -> None:
    must_be_fit(15, "UTF8")
    with pytest.raises(UnfitDatabase, match="PostgreSQL 14 is too old: Tierwise needs 15 or newer"):
        must_be_fit(14, "UTF8")
