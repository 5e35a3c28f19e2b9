"""What `tierwise admin` writes to its log when something breaks."""

import json
from pathlib import Path

import httpx
from running.resident_shell import COMPLAINED, begun
from running.worker_processes import listens, wait_for
from sqlalchemy import text

from database.embedded import free_port
from database.session import Database
from settings import child_environment

SECRET = "correct horse battery"


def test_what_breaks_is_told_without_what_was_typed(database: Database, database_url: str, tmp_path: Path) -> None:
    with database.writing() as transaction:
        transaction.execute(text("ALTER TABLE staff RENAME TO hidden_staff"))
        transaction.execute(text("CREATE VIEW staff AS SELECT * FROM hidden_staff WHERE 1 / (SELECT 0) = 1"))
    port = free_port()
    words = ["admin", "--listen", f"127.0.0.1:{port}", "--database-url", database_url]
    process = begun(words, folder=tmp_path, environment=child_environment({}))
    try:
        wait_for(lambda: listens(port))
        typed = {"name": "anna", "password": SECRET}
        answer = httpx.post(f"http://127.0.0.1:{port}/sign-in", data=typed, timeout=60)
    finally:
        process.terminate()
        process.join()

    assert answer.status_code == 500
    told = (tmp_path / COMPLAINED).read_text()
    (line,) = (json.loads(line) for line in told.splitlines() if line.startswith("{"))
    assert (line["event"], line["path"], line["level"]) == ("page", "/sign-in", "error")
    assert "division by zero" in line["exception"]
    assert SECRET not in told
