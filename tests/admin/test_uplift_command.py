"""`tierwise uplift`, as a person would run it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from admin.command_line import main


def run(*command: object, exit_code: int = 0) -> Any:  # noqa: ANN401  JSON
    done = CliRunner().invoke(main, ["uplift", *map(str, command), "--json"])
    assert done.exit_code == exit_code, done.output
    return json.loads(done.stdout) if exit_code == 0 else " ".join(done.stderr.split())


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV of 900 customers; the mail changes those of the city that seldom visits."""
    random = np.random.default_rng(3)
    city, mail = random.choice(["Ulm", "Bonn"], 900), random.random(900) < 0.5
    visit = random.random(900) < np.where(city == "Ulm", 0.05 + 0.4 * mail, 0.5)
    path = tmp_path_factory.mktemp("trial") / "trial.csv"
    columns = {"customer_id": [f"c{n}" for n in range(900)], "arm": np.where(mail, "mail", "none"), "city": city}
    pl.DataFrame({**columns, "age": random.random(900), "visit": visit.astype(int)}).write_csv(path)
    return path


def test_what_is_learned_from_a_file_is_written_and_kept_for_other_customers(trial: Path, tmp_path: Path) -> None:
    said = run("--data", trial, "--treatment", "arm=mail,none", "--outcome", "visit", "--out", tmp_path / "s.parquet",
               "--save", tmp_path / "model.json")  # fmt: skip
    made = pl.read_parquet(tmp_path / "s.parquet")

    assert said["customers"] == len(made) == 900
    assert said["left_out"] == {}
    assert said["choice"] != "response"
    assert [row["learner"] for row in said["learners"]] == ["response", "S", "T", "X", "DR", "linear"]
    assert 0 < said["qini_low"] < said["qini"] < said["qini_high"]
    assert made.columns == ["row", "customer_id", "score", "uplift", "learner"]
    assert made["learner"].unique().to_list() == [said["choice"]]
    assert made["uplift"].to_numpy().mean() == pytest.approx(said["effect"], abs=0.02)

    applied = run("--data", trial, "--model", tmp_path / "model.json", "--out", tmp_path / "a.parquet")
    there = pl.read_parquet(tmp_path / "a.parquet").join(pl.read_csv(trial), on="customer_id")
    means = {city: part["uplift"].to_numpy().mean() for (city,), part in there.group_by("city")}
    assert means["Ulm"] > means["Bonn"] + 0.15
    assert applied["expected_change"] == pytest.approx(there["uplift"].sum())


def test_errors_name_the_column_and_the_way_out(trial: Path, tmp_path: Path) -> None:
    said = run("--data", trial, "--treatment", "arm", "--outcome", "visit", exit_code=2)
    assert said == "error: arm is not 0 and 1 but mail, none: say which is the treatment, arm=VALUE,CONTROL"
    said = run("--data", trial, "--treatment", "arm=mail", "--outcome", "visits", exit_code=2)
    assert said.startswith("error: there is no column visits: there are customer_id, arm,")
    assert "--treatment and --outcome: name the columns" in run("--data", trial, exit_code=2)
    (tmp_path / "kept.json").write_bytes(b"PAR1\xc0")
    assert "kept.json: not a model of uplift" in run("--data", trial, "--model", tmp_path / "kept.json", exit_code=2)
    for described in ("--outcome", "--ignore"):
        said = run("--data", trial, "--model", tmp_path / "kept.json", described, "visit", exit_code=2)
        assert said.startswith("error: --model has learned already")
    assert "there is no such file" in run("--data", tmp_path / "no.csv", exit_code=2)
    asked = ("--data", trial, "--treatment", "arm=mail,none", "--outcome", "visit")
    assert "Invalid value for '--out'" in run(*asked, "--out", trial / "s.parquet", exit_code=2)
    (tmp_path / "bad.json").write_text("{}")
    assert "not a model of uplift" in run("--data", trial, "--model", tmp_path / "bad.json", exit_code=2)
