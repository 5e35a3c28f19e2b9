"""What learning must not get wrong: the level, the future, and being killed."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from made.histories import AS_OF, NOW, bought, frame, random_shop, row
from networks.small_training import ASKED, LONGER, SHOP, SMALL, course, prepared, trained
from running.forked import FORKS
from running.worker_processes import wait_for
from scipy.special import expit, logit

from events.event import EventType
from events.history import Histories
from scoring.answers import Calibration, ask, outlook_of
from scoring.folders.folder import WEIGHTS, read
from scoring.networks.network import Network
from scoring.scorer import Scorer
from scoring.seen.actions import actions_of, pairs_of
from scoring.seen.feature_registry import NAMES
from scoring.seen.features import raw_features
from scoring.seen.view import DAY
from scoring.threads import limit_threads
from settings import child_environment
from training.configuration import ITEM_WEIGHT, Configuration
from training.course import HistoryTooShort, learn_members
from training.evaluating.judging import drifts
from training.fit import fit, train
from training.material.preparation import base_rates
from training.metrics import auc
from training.predictors.linear_start import solve_linear
from training.purpose import Purpose
from training.rehearsal import rehearse, split_of

ROOT = Path(__file__).resolve().parents[2]
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the small shop teaches."""
    return trained(tmp_path_factory.mktemp("usual") / "model")


@pytest.fixture(scope="module")
def longer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in three epochs, from beginning to end."""
    return trained(tmp_path_factory.mktemp("longer") / "model", configuration=LONGER)


def test_the_heads_begin_at_the_base_rates() -> None:
    data = prepared(course())
    labels = data.examples.labels
    hazards = 1 / (1 + np.exp(-base_rates(labels)[:3]))

    rates = [(labels.interval == step)[labels.reached(step)].mean() for step in range(3)]
    assert hazards == pytest.approx(rates, abs=0.01)
    assert base_rates(labels)[3] == pytest.approx(np.log(labels.spend[labels.bought > 0]).mean())


def test_the_mean_prediction_is_the_base_rate_at_every_cut_off(tmp_path: Path) -> None:
    shop = random_shop(400, seed=4)
    lessons = course(shop, folder=tmp_path, memory_days=1e9, direct_penalty=1e-4)
    data = prepared(lessons)
    learned = learn_members(lessons, data, "fit", 3, None)
    closed = data.examples.closed
    pairs, labels = closed.pairs, closed.labels
    answers = ask(learned.networks, lessons.tokens, pairs, closed.tabular, CPU)
    predicted = outlook_of(answers, Calibration(), pairs.as_of).purchase[:, 2]

    assert predicted.mean() == pytest.approx(labels.bought.mean(), rel=0.05)
    for cutoff in np.unique(pairs.as_of):
        at = pairs.as_of == cutoff
        assert predicted[at].mean() == pytest.approx(labels.bought[at].mean(), rel=0.05, abs=2 / np.sqrt(at.sum()))


@pytest.mark.parametrize(("customers", "days"), [(30, 110), (60, 200), (240, 99)])
def test_a_shop_too_small_or_young_to_tell_is_believed_to_be_as_the_closed_form_says(customers: int, days: int) -> None:
    of = course(random_shop(customers, seed=1, days=days))
    data = prepared(of)
    start = solve_linear(data, of.configuration.believing(data.customers), 0).linear
    belief = data.belief
    assert belief is not None
    said = start.hazards(belief.tabular)

    assert np.nanmean(np.abs(said - logit(belief.hazards))) < 0.7
    assert np.nanmean(np.abs(start.log_spend(belief.tabular) - belief.log_spend)) < 0.55
    assert np.nanmax(np.abs(said)) < 4.0, "a handful of customers leaves nothing certain"


@pytest.mark.parametrize("days", [70, 110])
def test_a_young_shop_learns_from_windows_that_are_over_in_part(days: int) -> None:
    of = course(random_shop(400, seed=1, days=days))
    data = prepared(of)
    examples, closed = data.examples, days > 98
    latest = examples.pairs.as_of == examples.pairs.as_of.max()
    assert (NOW - examples.pairs.as_of[latest][0]) / DAY == pytest.approx(30, abs=7)
    assert data.closed == closed
    assert examples.weight[latest].min() > 0

    learned = learn_members(of, data, "fit", 0, None)
    over = examples.labels.reached(0)
    said = expit(learned.start.linear.hazards(examples.tabular)[over, 0])
    assert np.average(said, weights=examples.weight[over]) == pytest.approx(
        np.average(examples.labels.interval[over] == 0, weights=examples.weight[over]), abs=0.02
    )
    apart = np.abs(learned.networks[0].direct.weight.numpy() - learned.start.weights).max()
    assert (apart < 1e-6) == closed, "networks begin at what is believed where no window is closed"


@pytest.mark.parametrize(("customers", "penalty"), [(40, 0.25), (500, 0.02), (1000, 0.01), (90_000, 0.01)])
def test_features_of_few_customers_count_less(customers: int, penalty: float) -> None:
    usual = Configuration(direct_penalty=0.01, prior_customers=10.0)

    assert usual.believing(customers) == replace(usual, direct_penalty=penalty)


def test_a_network_that_learned_in_bfloat16_has_float32_weights_and_says_nearly_the_same(
    usual: Path, tmp_path: Path
) -> None:
    rounding = trained(tmp_path / "rounding", configuration=replace(SMALL, bfloat16=True))
    scorers, histories = [Scorer.load(folder) for folder in (usual, rounding)], Histories.from_frame(SHOP)
    as_of = np.full(len(histories), NOW)
    exact, rounded = (np.array([score.purchase_90 for score in each.score(histories, as_of)]) for each in scorers)

    assert {weight.dtype for weight in scorers[1].model.networks[0].parameters()} == {torch.float32}
    assert 0 < np.abs(exact - rounded).max() < 0.05


def test_a_signal_that_lies_in_the_future_teaches_nothing(tmp_path: Path) -> None:
    """Who buys is pure chance, and every order is announced by a view a second after the cut-off before it."""
    random = np.random.default_rng(0)
    rows = []
    for number in range(300):
        name = f"customer-{number:04d}"
        rows.append(row(EventType.VIEW, 399.0, name, item_id="item-1"))
        for days in (370, 275, 180, 90):
            if random.random() < 0.5:
                rows.append(row(EventType.VIEW, days - 1e-5, name, item_id="item-2"))
                rows.append(bought(days - 30, 1000, name, item_id=f"item-{random.integers(5)}"))
    shop = frame(rows)
    rare = replace(SMALL, spacing_days=95.0, widest_spacing_days=95.0, direct_penalty=1.0)
    model = fit(replace(ASKED, events=shop, configuration=rare), tmp_path)

    assert abs(model.manifest["metrics"]["auc"] - 0.5) < 0.12


def test_the_rehearsal_sees_neither_the_window_nor_the_held_out_customers() -> None:
    of = course()
    split = split_of(of)

    assert split.by_time
    assert split.asked.tolist() == [NOW - days * 86_400 for days in (132, 111, 90)]
    assert split.boundary == NOW - 132 * 86_400
    assert split.cutoffs.max() + 90 * 86_400 <= split.boundary
    assert 0 < split.held.sum() < of.customers


def test_labels_after_the_rehearsals_boundary_do_not_reach_its_weights(tmp_path: Path) -> None:
    """The same history with another last window rehearses to the same network."""
    boundary = AS_OF.timestamp() - 132 * 86_400
    late = (pl.col("time").dt.epoch("us") >= boundary * 1e6) & (pl.col("event_type") == int(EventType.PURCHASE))
    dearer = SHOP.with_columns(pl.when(late).then(pl.col("unit_price_minor") * 3).otherwise("unit_price_minor"))
    weights = []
    for place, shop in enumerate((SHOP, dearer)):
        rehearse(course(shop, folder=tmp_path / str(place), max_epochs=1))
        weights.append(torch.load(tmp_path / str(place) / "rehearsal 1.pt", weights_only=True)["average"])

    for name, tensor in weights[0].items():
        assert torch.equal(tensor, weights[1][name]), name


def test_equal_seeds_give_equal_models_whatever_the_order_of_the_events_and_other_seeds_others(
    usual: Path, tmp_path: Path
) -> None:
    again = trained(tmp_path / "again", events=SHOP.sample(fraction=1.0, shuffle=True, seed=3))
    other = trained(tmp_path / "other", seed=1)

    assert (usual / WEIGHTS).read_bytes() == (again / WEIGHTS).read_bytes()
    assert (usual / "manifest.json").read_bytes() == (again / "manifest.json").read_bytes()
    assert (usual / WEIGHTS).read_bytes() != (other / WEIGHTS).read_bytes()


def test_what_is_trained_for_one_purpose_says_the_same_of_it_and_nothing_else(usual: Path, tmp_path: Path) -> None:
    everything, orders, items = (
        read(folder)
        for folder in (usual, *(trained(tmp_path / each, purpose=each) for each in (Purpose.ORDERS, Purpose.ITEMS)))
    )

    def weights(network: Network | None) -> dict[str, list[float]]:
        assert network is not None
        return {name: tensor.flatten().tolist() for name, tensor in network.state_dict().items()}

    assert weights(orders.networks[0]) == weights(everything.networks[0])
    assert (orders.mixture.purchase, orders.calibration) == (everything.mixture.purchase, everything.calibration)
    assert (orders.next_items, orders.together.weights.nnz) == (None, 0)

    assert weights(items.next_items) == weights(everything.next_items)
    assert (items.together.weights != everything.together.weights).nnz == 0
    assert items.blend == everything.blend
    assert items.manifest["split"]["epochs"] == 0, "of the networks that foretell orders"


def learn(out: Path) -> None:
    """Train in a fork of its own, with what it said beside the folder."""
    said = out.with_name("said")

    def progress(stage: str, done: int, _total: int) -> None:
        with said.open("a") as lines:
            lines.write(f"{stage} {done}\n")

    limit_threads()
    train(replace(ASKED, progress=progress, configuration=LONGER), out)


def test_a_killed_training_resumes_to_the_same_weights(longer: Path, tmp_path: Path) -> None:
    out, said = tmp_path / "killed", tmp_path / "said"
    process = FORKS.Process(target=learn, args=(out,))
    process.start()
    wait_for(lambda: said.exists() and "rehearsal" in said.read_text())
    process.kill()
    process.join()

    rest = said.read_text()
    said.unlink()
    assert rest.startswith("rehearsal")
    assert "final fit" not in rest
    assert not out.exists()
    assert list(tmp_path.glob(".killed.*.checkpoints/*.pt"))

    resumed = FORKS.Process(target=learn, args=(out,))
    resumed.start()
    resumed.join()

    assert resumed.exitcode == 0
    assert "rehearsal 1 1\n" not in said.read_text()
    assert (out / WEIGHTS).read_bytes() == (longer / WEIGHTS).read_bytes()
    assert not list(tmp_path.glob(".killed*"))


def test_another_process_ends_with_the_same_model_whatever_its_hashes_and_threads(longer: Path, tmp_path: Path) -> None:
    """Neither the order of sets nor the number of cores may decide anything."""
    there = tmp_path / "there"
    script = (
        "import pathlib, sys; sys.path[:0] = ['.', 'tests']; from networks.small_training import LONGER, trained; "
        "trained(pathlib.Path(sys.argv[1]), configuration=LONGER)"
    )
    other = {"PYTHONHASHSEED": "4", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "POLARS_MAX_THREADS": "1"}
    subprocess.run(
        [sys.executable, "-c", script, str(there)],
        cwd=ROOT,
        env=child_environment(other),
        capture_output=True,
        check=True,
    )

    for path in sorted(longer.iterdir()):
        assert (there / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_manifest_says_where_the_model_came_from(usual: Path) -> None:
    manifest = json.loads((usual / "manifest.json").read_bytes())

    assert manifest["as_of"] == AS_OF.isoformat()
    assert manifest["currency"] == "GBP"
    assert manifest["data"]["events"] == SHOP.height
    assert manifest["buying"]["records_begin"] == SHOP.select(pl.col("time").dt.epoch("us").min()).item() / 1e6
    assert manifest["data"]["records_begin"] == manifest["data"]["first_event"]
    assert manifest["data"]["strays"] == 0
    assert manifest["data"]["customers"] == 120
    assert manifest["configuration"]["width"] == 16
    assert manifest["split"]["by_time"]
    assert {"auc", "gini", "ece", "log_loss"} <= set(manifest["metrics"])
    assert manifest["tiers"]["purchase_90"]["HIGH"] > manifest["tiers"]["purchase_90"]["MID"]
    kept, dropped = {one["name"] for one in manifest["features"]["selected"]}, set(manifest["features"]["dropped"])
    assert kept == set(manifest["histograms"])
    assert dropped
    assert not kept & dropped


def test_a_history_without_a_closed_window_is_believed_to_go_on_as_the_closed_form_says(tmp_path: Path) -> None:
    young = SHOP.filter(pl.col("time").dt.epoch("s") > NOW - 80 * 86_400)
    scorer = Scorer.load(trained(tmp_path / "model", events=young))
    histories = Histories.from_frame(young)
    actions = actions_of(histories, scorer.model.catalogue)
    raw = raw_features(
        actions, pairs_of(actions, np.arange(len(histories)), np.full(len(histories), NOW)), scorer.model.buying
    )
    said = scorer.score(histories, np.full(len(histories), NOW))
    apart = np.array([score.purchase_90 for score in said]) - raw[:, NAMES.index("chance_90")]

    assert np.nanmean(np.abs(apart)) < 0.05
    assert max(drifts(scorer, histories, AS_OF).values()) < 0.01, "no feature has drifted since the same moment"
    assert scorer.manifest["metrics"].keys() <= {"hybrid_ndcg_10", "ahead_ndcg_10", "newcomers_ndcg_10"} | {
        f"{part}_hit_rate_10"
        for part in ("hybrid", "together", "deep", "content", "popular", "again", "ahead", "newcomers")
    }
    assert all(score.spend_minor > 0 for score in said)


def test_too_few_events_and_customers_and_no_purchase_are_refused(tmp_path: Path) -> None:
    with pytest.raises(HistoryTooShort, match="there are no events before the as-of time"):
        train(replace(ASKED, as_of=AS_OF - timedelta(days=999)), tmp_path / "model")
    with pytest.raises(HistoryTooShort, match="5 customers are too few to learn from"):
        train(replace(ASKED, events=random_shop(5, seed=11)), tmp_path / "model")
    looked_at = SHOP.filter(pl.col("event_type") == int(EventType.VIEW))
    with pytest.raises(HistoryTooShort, match="none of the events before the as-of time is a purchase"):
        train(replace(ASKED, events=looked_at), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_young_shop_of_one_customer_has_a_model_and_nobody_to_rehearse_on(tmp_path: Path) -> None:
    alone = frame([bought(5 + 9 * number, event_id=str(number)) for number in range(12)])
    manifest = json.loads((trained(tmp_path / "model", events=alone) / "manifest.json").read_bytes())

    assert (manifest["split"]["held_out_customers"], manifest["metrics"]) == (0, {})


def test_a_history_of_one_window_is_split_by_customer(tmp_path: Path) -> None:
    young = SHOP.filter(pl.col("time").dt.epoch("s") > NOW - 130 * 86_400)
    manifest = json.loads((trained(tmp_path / "model", events=young) / "manifest.json").read_bytes())

    assert not manifest["split"]["by_time"]


def test_prices_in_two_currencies_are_refused(tmp_path: Path) -> None:
    mixed = SHOP.with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("EUR")).otherwise("currency").alias("currency")
    )

    with pytest.raises(ValueError, match="EUR, GBP"):
        train(replace(ASKED, events=mixed), tmp_path / "model")


def test_where_orders_tell_too_little_the_networks_learn_what_is_bought_next() -> None:
    found = rehearse(course(random_shop(40, seed=8), max_epochs=0, item_weight=0.05))

    assert found.configuration.item_weight == ITEM_WEIGHT


def test_what_can_be_learned_is_learned() -> None:
    """Customers of a fast rhythm buy again: the rehearsal finds that out."""
    found = rehearse(course(random_shop(300, seed=8), folder=Path("/nonexistent-is-never-written"), max_epochs=0))

    assert found.metrics["auc"] > 0.6
    assert found.configuration.item_weight == 0, "another network learns what is bought next"
    assert auc(np.array([1.0, 0.0]), np.array([0.9, 0.1])) == 1.0
