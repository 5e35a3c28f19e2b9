"""A dump is everything: what `pg_dump` writes of a shop is the shop, on a server that never saw it."""

import subprocess
from pathlib import Path

import psycopg
from psycopg import sql
from running.databases import Cluster

from database import embedded
from database.every_table import METADATA
from database.reporting.views import differences


def counts(connection: "psycopg.Connection[tuple[object, ...]]") -> dict[str, object]:
    """Rows of every table, and of the views that keep theirs."""
    kept = connection.execute("SELECT matviewname FROM pg_matviews WHERE schemaname = 'reporting_store'").fetchall()
    places = [("public", name) for name in METADATA.tables] + [("reporting_store", str(name)) for (name,) in kept]
    count = sql.SQL("SELECT count(*) FROM {}")
    return {name: connection.execute(count.format(sql.Identifier(schema, name))).fetchone() for schema, name in places}


def test_a_dump_is_restored_whole(postgres: Cluster, shop_url: str, tmp_path: Path) -> None:
    programs, dump = embedded.newest_binaries(), tmp_path / "dump"

    subprocess.run([programs / "pg_dump", "-Fc", "-f", dump, shop_url], check=True)
    with postgres.clone_of("template0") as empty:
        subprocess.run([programs / "pg_restore", "--exit-on-error", "-d", empty, dump], check=True)

        with psycopg.connect(shop_url) as before, psycopg.connect(empty) as after:
            assert counts(after) == counts(before)
            assert differences(after) == []
