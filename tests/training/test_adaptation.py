"""Adapters learn a market with few numbers; what they learned is what the scorer applies."""

import copy
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import torch
from made.histories import AS_OF, DAY, NOW, at, bought, frame, histories, row
from networks.small_training import trained
from networks.tiny_model import tiny_model
from typer.testing import CliRunner

from admin.command_line import main
from events.event import EventType
from events.history import Histories
from scoring.adapters import Adapter, Method, adapted
from scoring.scorer import Scorer
from training.adaptation import Plan, _Lesson
from training.grafting import graft, harvest, learning_parameters
from training.material.preparation import tokens_from

pytestmark = pytest.mark.usefixtures("home")

KNOWN = histories(bought(9, item_id="item-0"), bought(5, item_id="item-4"))
METHODS = list(Method)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_harvested_answers_as_what_learned(method: Method) -> None:
    model = tiny_model()
    network = copy.deepcopy(model.networks[0])
    grafted = graft(network, method, 2, 100)
    before = Scorer(replace(model, networks=(network.eval(),))).score(KNOWN, at())
    torch.manual_seed(0)
    with torch.no_grad():
        for each in learning_parameters(network):
            each.add_(torch.randn_like(each) * 0.05)
    learned = Scorer(replace(model, networks=(network.eval(),))).score(KNOWN, at())[0]
    tensors = {f"0:{name}": tensor for name, tensor in harvest(network, method).items()}
    applied = Scorer(adapted(model, Adapter(market="fr", method=method, base="tiny-1", tensors=tensors)))

    assert before[0].purchase_90 == pytest.approx(Scorer(model).score(KNOWN, at())[0].purchase_90, abs=0.01)
    assert applied.score(KNOWN, at())[0].purchase_90 == pytest.approx(learned.purchase_90, abs=1e-5)
    assert learned.purchase_90 != pytest.approx(before[0].purchase_90, abs=1e-4)
    assert (grafted.share < 0.01) == (method is not Method.FULL)


def test_a_market_that_buys_more_is_learned_and_written_as_a_small_file(tmp_path: Path) -> None:
    """The base saw an ordinary shop; in the market everybody buys in every window."""
    model = trained(tmp_path / "model")
    rows = [
        bought(days + number % 19, 900, f"customer-{number:03d}", item_id="item-1")
        for number in range(60) for days in range(1, 300, 20)
    ]  # fmt: skip
    frame(rows).write_parquet(tmp_path / "market.parquet")
    words = ["adapt", str(model), "--market", "fr", "--events", str(tmp_path / "market.parquet")]

    done = CliRunner().invoke(main, [*words, "--as-of", AS_OF.isoformat(), "--epochs", "4", "--json"])
    later = (AS_OF + timedelta(days=90)).isoformat()
    told = CliRunner().invoke(main, [*words, "--as-of", later, "--epochs", "1", "--out", str(tmp_path / "later")])

    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["known_to_base"]
    assert "which neither learned from" in " ".join(told.stdout.split())
    assert found["after"]["network_log_loss"] < found["before"]["network_log_loss"]
    assert Path(found["file"]) == model / "adapters" / "fr.safetensors"
    assert found["bytes"] < (model / "weights.safetensors").stat().st_size / 10

    frame([row(EventType.VIEW, days) for days in range(1, 300, 20)]).write_parquet(tmp_path / "market.parquet")
    refused = CliRunner().invoke(main, [*words, "--as-of", AS_OF.isoformat()])

    assert "is a purchase, so nothing tells who buys" in refused.stderr
    assert Scorer.load(model).model_id  # an adapter in its folder does not spoil the base


def test_the_height_of_a_markets_season_tells_an_adapter_little() -> None:
    """One of five buys every month, and everybody within the latest window that it may learn from."""
    names = [f"customer-{number:03d}" for number in range(200)]
    first, height = (
        [bought(begin - number % 20, 900, name) for number, name in enumerate(names)] for begin in (650, 120)
    )
    monthly = [
        bought(days - number % 20, 900, name) for number, name in enumerate(names[::5]) for days in range(90, 620, 30)
    ]
    tokens = tokens_from(Histories.from_frame(frame([*first, *monthly, *height])), tiny_model().catalogue)
    learned = _Lesson(tiny_model(), tokens, NOW - 90 * DAY, Plan())._learned
    weight = {
        round((NOW - time) / DAY): learned.weight[learned.pairs.as_of == time].max()
        for time in set(learned.pairs.as_of)
    }

    assert weight[180] < 0.01
    assert max(weight.values()) > 1.0
