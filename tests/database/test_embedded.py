"""The embedded PostgreSQL starts anywhere, keeps what was committed, and leaves nothing running."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from database import embedded


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that an account without rights can enter (pytest's own are private to the user)."""
    with tempfile.TemporaryDirectory(prefix="tierwise-embedded-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_what_was_committed_is_there_after_a_restart(folder: Path) -> None:
    first = embedded.start(folder / "postgres")
    with psycopg.connect(first.url()) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('tier')")
    first.stop()

    second = embedded.start(folder / "postgres")

    with psycopg.connect(second.url()) as connection:
        assert connection.execute("SELECT word FROM kept").fetchall() == [("tier",)]
    second.stop()
    assert second.process.returncode == 0


def test_a_killed_server_recovers_what_was_committed(folder: Path) -> None:
    first = embedded.start(folder / "postgres")
    with psycopg.connect(first.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
        os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()

    second = embedded.start(folder / "postgres")

    with psycopg.connect(second.url()) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(1,)]
    second.stop()


def test_it_listens_on_loopback_only_and_has_no_rights_of_root(folder: Path) -> None:
    server = embedded.start(folder / "postgres")
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
    owner = Path(f"/proc/{server.process.pid}").stat().st_uid
    server.stop()
    assert owner != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to an account that may lack access")
def test_a_folder_out_of_reach_is_refused_with_the_way_out(folder: Path) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)

    with pytest.raises(embedded.EmbeddedPostgresError, match="set TIERWISE_HOME to a folder that it can reach"):
        embedded.start(private / "postgres")

    assert not (private / "postgres" / "data").exists()


def test_two_servers_on_one_folder_are_refused_and_the_first_lives_on(folder: Path) -> None:
    first = embedded.start(folder / "postgres")

    with pytest.raises(embedded.EmbeddedPostgresError, match=f"served already by process {first.process.pid}"):
        embedded.start(folder / "postgres")

    with psycopg.connect(first.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    first.stop()


def test_a_start_that_was_killed_while_making_the_folder_is_begun_anew(folder: Path) -> None:
    half_made = folder / "postgres" / "data.unfinished"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18")

    server = embedded.start(folder / "postgres")

    assert not half_made.exists()
    server.stop()
