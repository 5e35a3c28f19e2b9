"""A shop on disk: complete or absent, and written with as little memory for many customers as for few."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import typer
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from admin.commands.simulate import simulate as simulate_command
from simulator.catalogue import catalogue
from simulator.files import Written, write
from simulator.shop import Shop
from simulator.stream import simulate

SHOP = Shop(customers=250, seed=9, days=90, block_size=100)
FILES = {"customers.parquet", "events.parquet", "future.parquet", "items.parquet", "truth.parquet"}


def test_files_hold_what_is_simulated(tmp_path: Path) -> None:
    steps: list[int] = []
    written = write(SHOP, tmp_path / "new" / "shop", progress=steps.append)
    folder = written.folder
    assert steps == [100, 100, 50]
    assert {path.name for path in folder.iterdir()} == FILES
    for name in ("customers", "events", "future", "truth"):
        expected = pl.concat(getattr(block, name) for block in simulate(SHOP))
        assert_frame_equal(pl.read_parquet(folder / f"{name}.parquet"), expected)
    assert_frame_equal(pl.read_parquet(folder / "items.parquet"), catalogue(SHOP))
    events, future = (len(pl.read_parquet(folder / f"{name}.parquet")) for name in ("events", "future"))
    assert written == Written(folder=folder, customers=250, items=1200, events=events, future_events=future)


def test_an_interrupted_run_leaves_the_earlier_files(tmp_path: Path) -> None:
    write(SHOP, tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in FILES}

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(Shop(customers=250, seed=10, days=90, block_size=100), tmp_path, progress=interrupt)
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == before


PEAK = """
import resource, sys, pathlib
from simulator.files import write
from simulator.shop import Shop
peaks = []
def progress(_):
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
shop = Shop(customers=60_000, seed=1, days=60, block_size=3_000)
write(shop, pathlib.Path(sys.argv[1]), progress=progress)
print(peaks[4], peaks[-1])
"""


def test_memory_does_not_grow_with_the_customers(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PEAK, str(tmp_path)], capture_output=True, text=True, check=True)
    early, late = (int(kilobytes) / 1024 for kilobytes in done.stdout.split())
    assert late < early + 60, f"peak grew from {early:.0f} to {late:.0f} MiB between 15,000 and 60,000 customers"


@pytest.fixture
def command() -> typer.Typer:
    """The command on its own."""
    app = typer.Typer()
    app.command()(simulate_command)
    return app


def test_the_command_prints_what_it_wrote(tmp_path: Path, command: typer.Typer) -> None:
    arguments = ["--customers", "60", "--seed", "3", "--days", "40", "--out", str(tmp_path), "--json"]
    ended = CliRunner().invoke(command, arguments)
    assert ended.exit_code == 0
    printed = json.loads(ended.stdout)
    assert printed["customers"] == 60
    assert printed["as_of"] == "2024-02-10T00:00:00+00:00"
    assert printed["events"] == len(pl.read_parquet(tmp_path / "events.parquet"))


def test_the_command_names_the_field_that_is_wrong(tmp_path: Path, command: typer.Typer) -> None:
    ended = CliRunner().invoke(command, ["--customers", "60", "--days", "4", "--out", str(tmp_path / "shop")])
    assert ended.exit_code == 2
    assert "days must be between 30 and 3,650, and is 4" in ended.stderr
    assert not (tmp_path / "shop").exists()
