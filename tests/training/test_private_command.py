"""Training in private by the command: its promise and price are told, and what makes no sense is refused."""

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from made.histories import AS_OF, random_shop
from networks.small_training import SHOP
from typer.testing import CliRunner

from admin.command_line import main
from events.event import EventType
from scoring.folders.folder import WEIGHTS, read
from training.private.gradients import learning

ITEMS = pl.DataFrame({"item_id": [f"item-{number}" for number in range(12)], "title": "Lamp", "category": "Light"})


def trained(folder: Path, shop: pl.DataFrame) -> dict[str, Any]:
    """What the command says of a model in `folder`."""
    folder.mkdir()
    kinds = {int(kind): kind.word for kind in EventType}
    shop.select(
        "customer_id", pl.col("time").dt.replace_time_zone(None),
        pl.col("event_type").replace_strict(kinds, return_dtype=pl.String), "order_id", "item_id", "quantity",
        unit_price=pl.col("unit_price_minor") / 100,
    ).write_parquet(folder / "events.parquet")  # fmt: skip
    ITEMS.write_parquet(folder / "items.parquet")
    done = CliRunner().invoke(
        main,
        ["train", "--events", str(folder / "events.parquet"), "--items", str(folder / "items.parquet"), "--as-of",
         AS_OF.isoformat(), "--private-epsilon", "2", "--private-steps", "12", "--private-seed", "5", "--epochs", "1",
         "--out", str(folder / "models" / "private"), "--json"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return trained(tmp_path_factory.mktemp("private") / "shop", SHOP)


def test_the_command_and_the_manifest_tell_the_promise_its_price_and_what_it_covers(said: dict[str, Any]) -> None:
    folder = Path(said["folder"])
    manifest, privacy = json.loads((folder / "manifest.json").read_bytes()), said["privacy"]

    assert manifest["privacy"] == privacy
    assert privacy["unit"] == "customer"
    assert 1.98 < privacy["epsilon"] <= 2
    assert privacy["delta"] == pytest.approx(120**-1.1)
    assert (privacy["steps"], privacy["sample_rate"], privacy["clipping"]) == (12, 0.2, 8.0)
    assert set(privacy["price"]) == {"private", "same_network_without_privacy", "usual_model"}
    assert all(set(each) == {"auc", "gini", "log_loss", "seconds"} for each in privacy["price"].values())
    assert privacy["covers"]["weights.safetensors, model_id"] == "covered by epsilon and delta"
    assert privacy["covers"]["metrics, privacy.price"].startswith("not covered")
    assert manifest["data"] == {"customers": 120}
    assert [path.name for path in folder.parent.iterdir()] == ["private"]
    assert not {"tiers", "histograms", "split", "predictors"} & set(manifest)


def test_nothing_in_the_folder_but_weights_was_learned_from_customers(said: dict[str, Any], tmp_path: Path) -> None:
    """As many other customers give the same model but for its weights, their names and its figures."""
    folders = [Path(each["folder"]) for each in (said, trained(tmp_path / "other", random_shop(120, seed=12)))]
    first, second = (json.loads((folder / "manifest.json").read_bytes()) for folder in folders)
    for manifest in (first, second):
        del manifest["model_id"], manifest["metrics"], manifest["privacy"]["price"], manifest["files"][WEIGHTS]
    ours, theirs = map(read, folders)
    weights, others = (model.networks[0].state_dict() for model in (ours, theirs))

    assert first == second
    assert ours.together.weights.nnz == 0
    assert not ours.together.popular.any()
    assert ours.further is None
    assert {name for name, each in weights.items() if not each.equal(others[name])} == set(learning(ours.networks[0]))


COMMAND = ("train", "--as-of", AS_OF.isoformat(), "--private-epsilon", "4")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--pictures", "pictures"), "--pictures: not together with --private-epsilon"),
        (("--tower", "scratch", "--members", "2"), "--members, --tower: not together with --private-epsilon"),
        (("--pretrain", "1"), "--pretrain: not together"),
        (("--backbone", "text"), "--backbone: not together"),
        (("--configuration", "tuned.json"), "--configuration: not together"),
        (("--private-epsilon", "0"), "--private-epsilon: must be above 0 and finite, is 0.0"),
        (("--private-clipping", "-1"), "--private-clipping: must be above 0"),
    ],
)
def test_what_makes_no_sense_in_private_is_refused(options: tuple[str, ...], said: str) -> None:
    assert said in refused(*COMMAND, *options)


def test_in_private_the_time_to_stand_at_is_told() -> None:
    assert "--as-of: give it with --private-epsilon" in refused("train", "--private-epsilon", "4")


def test_a_promise_without_epsilon_is_refused() -> None:
    said = refused("train", "--private-steps", "9", "--private-delta", "1e-5")

    assert "--private-steps, --private-delta: only with --private-epsilon" in said


def test_processes_that_learn_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "together")

    assert "torchrun: not together with --private-epsilon" in refused(*COMMAND)


def test_without_its_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "admin.learning.private_training", raising=False)
    for name in [name for name in sys.modules if name.startswith("training.private.promise")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opacus", None)
    monkeypatch.setitem(sys.modules, "opacus.accountants", None)

    assert "private models need `pip install tierwise[privacy]`" in refused(*COMMAND)


def refused(*command: str) -> str:
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2, done.output
    return " ".join(done.stderr.split())
