"""`make check` for migrations: they lead to the shape that the tables say, and none can hurt a running shop."""

import contextlib
import io
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from alembic import command

from database import embedded
from database.migrate import configuration, migrate

SQUAWK = Path(sysconfig.get_path("scripts")) / "squawk"
IGNORED = {
    "ban-drop-constraint": "a promise is given up on purpose, and the table's docstring says why",
    "prefer-robust-stmts": "every migration runs in one transaction, so it cannot stop half way",
    "prefer-text-field": "the only one is Alembic's own table of versions",
    "prefer-bigint-over-int": "days and counts of one customer fit, and a row of facts is read a million times",
    "prefer-bigint-over-smallint": "event types and ratings are enumerations, and events are many",
}


def offline_sql() -> str:
    """Every statement of every migration, as it would be run."""
    written = io.StringIO()
    config = configuration("postgresql://")
    config.output_buffer = written
    with contextlib.redirect_stdout(written):
        command.upgrade(config, "head", sql=True)
    return written.getvalue()


def lint(sql: str) -> int:
    """Squawk's verdict on the statements: 0 is clean."""
    excluded = [f"--exclude={','.join(IGNORED)}"]
    return subprocess.run([SQUAWK, *excluded], input=sql, text=True, check=False).returncode


def compare() -> None:
    """Migrate an empty server and compare with the tables of `database`; raises on a difference."""
    with tempfile.TemporaryDirectory(prefix="tierwise-check-") as folder:
        Path(folder).chmod(0o755)
        server = embedded.start(Path(folder) / "postgres", durable=False)
        try:
            migrate(server.url())
            command.check(configuration(server.url()))
        finally:
            server.stop()


def main() -> None:
    """Exit 0 only when both agree."""
    compare()
    sys.exit(lint(offline_sql()))


if __name__ == "__main__":
    main()
