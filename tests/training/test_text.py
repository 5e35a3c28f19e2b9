"""A language model learns labels from texts, runs no code of others, and stays out of the process that answers."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from made.histories import AS_OF, NOW, bought, frame, random_shop, row
from small_texts import TINY, reviews, saved
from typer.testing import CliRunner

from admin.command_line import main
from events.event import EventType
from events.history import Histories
from scoring.adapters import Method
from scoring.seen.actions import actions_of, pairs_of
from scoring.seen.catalogue import Catalogue
from training.course import HistoryTooShort
from training.encoders.pretrained import EncoderRefused, refuse_code
from training.text import classifier_folder
from training.text.classifier import share_of, teach
from training.text.documents import DocumentsNotUsable, Parts, parts_at_random, parts_of_file
from training.text.encoder import load_classifier
from training.text.histories import parts_of_events
from training.text.narrative import narratives
from training.text.ngrams import NOTHING, fit_ngrams
from training.text.recipe import Recipe
from training.text.scratch import IGNORED, hide
from training.text.tower import SCRATCH, tower_of
from training.text.wordpiece import MASK, SPECIAL, train_tokenizer

pytestmark = pytest.mark.usefixtures("home")

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("bad", "good")


def nothing(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


@pytest.fixture(scope="module")
def parts() -> Parts:
    return parts_at_random(reviews(), NAMES, 0)


def told(*rows: dict[str, object]) -> str:
    catalogue = Catalogue(("item-1", "item-2"), ("Oak Lamp", None), (None, None))
    actions = actions_of(Histories.from_frame(frame(rows)), catalogue)
    return narratives(actions, catalogue, pairs_of(actions, np.array([0]), np.array([NOW])))[0]


def test_a_history_is_told_latest_first_in_rounded_words() -> None:
    text = told(
        bought(100, 1500, item_id="item-1"),
        row(EventType.VIEW, 9, item_id="item-1", dwell_seconds=20.0),
        row(EventType.REVIEW, 3, item_id="item-2", rating=5, text="Lovely"),
    )

    assert text == (
        "1 orders worth 16, known for 90 days. 3 days ago reviewed with 5 stars Lovely. 7 days ago looked at Oak Lamp. "
        "90 days ago bought 1 for 16: Oak Lamp."
    )


def test_what_comes_after_the_as_of_time_is_not_told() -> None:
    assert told(bought(5), bought(-1, 99_000), bought(-2)) == told(bought(5))


def test_histories_are_judged_on_the_last_window_and_learned_from_windows_that_close_before_it() -> None:
    found = parts_of_events(random_shop(60, seed=3, days=500), None, as_of=AS_OF, seed=0)

    assert found.how.startswith("by time: the last window to be judged on, the one before it")
    assert len(found.test) <= 60 < len(found.training)
    with pytest.raises(HistoryTooShort, match="at least 188"):
        parts_of_events(random_shop(30, seed=3, days=150), None, as_of=AS_OF, seed=0)


def test_a_file_is_split_by_label_and_what_it_lacks_is_named(tmp_path: Path) -> None:
    documents = reviews(100)
    path = tmp_path / "reviews.csv"
    pl.DataFrame({"title": ["Well"] * 99 + [None], "body": documents.texts, "liked": documents.labels}).write_csv(path)

    found = parts_of_file(path, ["title", "body"], "liked", 0)

    assert (len(found.training), len(found.validation), len(found.test)) == (70, 10, 20)
    assert found.test.labels.sum() == 13
    assert found.names == ("0", "1")
    assert all("A " in text for text in found.test.texts)
    with pytest.raises(DocumentsNotUsable, match="no column 'stars'; it has title, body, liked"):
        parts_of_file(path, ["body"], "stars", 0)


def test_frequent_words_are_whole_and_rare_ones_are_spelled() -> None:
    texts = ["Sleeping lamp, sleeping chair"] * 2 + ["Walking rug"]
    tokenizer = train_tokenizer(texts, 60, 16)

    assert tokenizer.tokenize("Sleeping lamp") == ["sleeping", "lamp"]
    assert tokenizer.tokenize("walking") == ["w", "##a", "##l", "##k", "##ing"]
    assert tokenizer.tokenize("quick")[0] == "[UNK]"
    assert tokenizer.get_vocab() == train_tokenizer(texts, 60, 16).get_vocab()


def test_words_of_one_person_alone_are_not_kept(tmp_path: Path) -> None:
    documents = reviews(100)
    signed = [f"{text} writes Zwiebelmann" if place < 4 else text for place, text in enumerate(documents.texts)]
    columns = {"customer_id": [max(place, 3) for place in range(100)], "body": signed, "liked": documents.labels}
    pl.DataFrame(columns).write_parquet(tmp_path / "reviews.parquet")
    names = ("Zwiebelmann", "Morgenstern")
    shop = [bought(days, 1500, customer_id=name) for name in names for days in (500, 150, 40)]
    shop += [
        row(EventType.REVIEW, days, name, item_id="item-1", text=f"Lovely, {name}", rating=5)
        for name in names for days in (420, 300, 200, 120)
    ]  # fmt: skip
    told = parts_of_events(frame(shop), None, as_of=AS_OF, seed=0).training
    assert sum("Zwiebelmann" in text for text in told.texts) > 1

    for known in (parts_of_file(tmp_path / "reviews.parquet", ["body"], "liked", 0).training, told):
        words = fit_ngrams(known.texts, np.arange(len(known)) % 2, 2, known.people).vocabulary
        pieces = train_tokenizer(known.texts, 500, 16, known.people).get_vocab()
        assert "lovely" in words
        assert "lovely" in pieces
        assert not [word for word in (*words, *pieces) if "zwiebelmann" in word]
    alone = np.zeros(100, dtype=np.int64)
    assert list(fit_ngrams(signed, documents.labels, 2, alone).vocabulary) == [NOTHING]


def test_only_words_are_hidden_and_what_stood_there_is_kept() -> None:
    torch.manual_seed(0)
    tokens = torch.arange(40).repeat(50, 1)

    hidden, wanted = hide(tokens)

    masked = hidden == MASK
    masked[:, MASK] = False
    assert not masked[:, : len(SPECIAL)].any()
    assert torch.equal(wanted[masked], tokens[masked])
    assert bool((wanted[~masked] == IGNORED).all())
    assert 0.1 < masked[:, len(SPECIAL) :].float().mean() < 0.2


def test_a_language_model_made_from_nothing_learns_and_is_kept_whole(parts: Parts, tmp_path: Path) -> None:
    taught = teach(parts, TINY, seed=0, progress=nothing)
    folder = classifier_folder.write(taught, parts, TINY, seed=0, folder=tmp_path / "model")

    test = taught.reports["test"]
    assert test["classifier"].figures["auc"] == 1.0
    assert test["classifier"].labels["good"]["support"] == parts.test.labels.sum()
    assert test["transformer"].figures["auc"] > 0.9
    texts = parts.test.texts
    assert classifier_folder.read(folder).chances(texts) == pytest.approx(taught.classifier.chances(texts), abs=1e-6)
    again = teach(parts, TINY, seed=0, progress=nothing)
    assert np.array_equal(again.classifier.chances(texts), taught.classifier.chances(texts))
    (folder / "encoder" / "modeling.py").write_text("raise SystemExit")
    with pytest.raises(EncoderRefused, match=r"modeling\.py is code"):
        classifier_folder.read(folder)


def test_an_encoder_of_a_local_folder_is_fine_tuned(parts: Parts, tmp_path: Path) -> None:
    recipe = replace(TINY, encoder=str(saved(tmp_path / "encoder")), ngrams=False)

    taught = teach(parts, recipe, seed=0, progress=nothing)

    assert taught.reports["test"]["transformer"].figures["auc"] > 0.9
    assert taught.classifier.share == 0.0
    assert list(taught.reports["test"]) == ["transformer"]


@pytest.mark.parametrize("method", [Method.LORA, Method.ADALORA, Method.IA3])
def test_few_numbers_learn_and_are_merged_into_the_encoder(method: Method, parts: Parts, tmp_path: Path) -> None:
    recipe = replace(
        TINY, encoder=str(saved(tmp_path / "encoder")), method=method, rank=2, ngrams=False, epochs=1,
        graft_learning_rate=2e-2,
    )  # fmt: skip
    taught = teach(parts, recipe, seed=0, progress=nothing)
    folder = classifier_folder.write(taught, parts, recipe, seed=0, folder=tmp_path / "model")
    texts = parts.test.texts

    assert taught.trainable_share < 0.2
    assert not [
        name for name, _ in taught.classifier.encoder.model.named_parameters() if "lora" in name or "ia3" in name
    ]
    assert classifier_folder.read(folder).chances(texts) == pytest.approx(taught.classifier.chances(texts), abs=1e-5)
    assert np.ptp(taught.classifier.chances(texts)) > 0


def test_a_tower_gives_vectors_of_unit_length_and_remembers_them(tmp_path: Path) -> None:
    found = reviews(60)
    rows = [
        row(EventType.REVIEW, 5, f"customer-{place}", item_id="item-1", text=text, rating=5 if label else 1)
        for place, (text, label) in enumerate(zip(found.texts, found.labels.tolist(), strict=True))
    ]
    items = pl.DataFrame({"item_id": ["item-1"], "title": ["Sturdy lamp"], "category": ["Home|Light"]})
    recipe, cache = replace(TINY, epochs=1, ngrams=False), tmp_path / "vectors"
    frozen, again, tuned = (
        tower_of(SCRATCH, method, frame(rows), items, recipe=recipe, cache=cache, seed=0, progress=nothing)
        for method in (None, None, Method.LORA)
    )
    texts = ["Sturdy lamp", "", "A dull rug"]

    vectors = frozen.vectors(texts)

    assert vectors.shape == (3, 16)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert frozen.fingerprint == again.fingerprint != tuned.fingerprint
    assert np.array_equal(again.vectors(texts[::-1]), vectors[::-1])
    assert not np.array_equal(tuned.vectors(texts), vectors)
    assert {path.stem for path in cache.iterdir()} == {frozen.fingerprint, tuned.fingerprint}
    with pytest.raises(DocumentsNotUsable, match="the shop has no texts"):
        tower_of(SCRATCH, None, frame([]), None, recipe=recipe, cache=cache, seed=0, progress=nothing)


def test_what_cannot_be_merged_into_an_encoder_is_refused(parts: Parts, tmp_path: Path) -> None:
    recipe = replace(TINY, encoder=str(saved(tmp_path / "encoder")), method=Method.PREFIX)

    with pytest.raises(EncoderRefused, match="prefix cannot be merged into an encoder; use one of full, lora"):
        teach(parts, recipe, seed=0, progress=nothing)


def test_a_folder_that_could_run_something_is_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path / "encoder")
    config = json.loads((folder / "config.json").read_bytes())
    (folder / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModel": "evil.Model"}}))
    with pytest.raises(EncoderRefused, match="auto_map names code"):
        load_classifier(str(folder), 2)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(EncoderRefused, match=r"pytorch_model\.bin may hold code"):
        refuse_code(folder)
    with pytest.raises(EncoderRefused, match="nowhere"):
        load_classifier(str(tmp_path / "nowhere"), 2)


def test_who_only_harms_gets_no_share_and_few_texts_tell_little() -> None:
    labels = np.array([0, 1] * 20)
    knowing = np.log(np.where(np.eye(2)[labels] > 0, 0.98, 0.02))
    mistaken = knowing[:, ::-1]
    half = np.where(np.arange(40)[:, None] % 20 < 10, knowing, mistaken)
    other = np.where(np.arange(40)[:, None] % 20 < 10, mistaken, knowing)

    assert share_of(knowing, mistaken, labels, seed=0) == 0.0
    assert share_of(mistaken, knowing, labels, seed=0) == 1.0
    assert 0.3 < share_of(half, other, labels, seed=0) < 0.7


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder with a file of reviews and the classifier `model`, and what the command said."""
    made = tmp_path_factory.mktemp("taught")
    documents = reviews(100)
    pl.DataFrame({"body": documents.texts, "liked": documents.labels}).write_csv(made / "reviews.csv")
    (made / "recipe.json").write_text(json.dumps({"tokens": 12, "width": 16, "layers": 1, "reading_epochs": 0}))
    done = CliRunner().invoke(main, [
        *TEACH, "--documents", str(made / "reviews.csv"), "--text", "body", "--label", "liked", "--epochs", "6",
        "--configuration", str(made / "recipe.json"), "--out", str(made / "model"), "--json",
    ])  # fmt: skip
    assert done.exit_code == 0, done.output
    return made, json.loads(done.stdout)


def test_the_command_teaches_by_a_recipe_and_reports(taught: tuple[Path, dict[str, Any]]) -> None:
    folder, found = taught
    manifest = json.loads((folder / "model" / "classifier.json").read_bytes())

    assert found["learned_from"] == 70
    assert set(found["reports"]["test"]) == {"transformer", "ngrams", "classifier"}
    assert (folder / "model" / "encoder" / "model.safetensors").is_file()
    assert {name: manifest["recipe"][name] for name in ("tokens", "layers", "epochs", "batch")} == {
        "tokens": 12, "layers": 1, "epochs": 6, "batch": 32
    }  # fmt: skip


def test_texts_of_a_file_are_labelled(taught: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, _ = taught
    said = ["A perfect lamp for my rug", None, "A crooked mug for my vase", "  "]
    pl.DataFrame({"customer_id": [7, 8, 9, 10], "body": said, "words": said}).write_parquet(tmp_path / "new.parquet")
    more = ["--documents", str(tmp_path / "new.parquet"), "--model", str(folder / "model"), "--json"]

    done = CliRunner().invoke(main, ["predict", *more, "--out", str(tmp_path / "labels.parquet")])
    named = CliRunner().invoke(main, ["predict", *more, "--text", "words", "--out", str(tmp_path / "named.parquet")])

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) | {"seconds": 0} == {
        "texts": 2, "without_text": 2, "model": str(folder / "model"), "labels": {"0": 1, "1": 1},
        "out": str(tmp_path / "labels.parquet"), "seconds": 0,
    }  # fmt: skip
    made = pl.read_parquet(tmp_path / "labels.parquet")
    assert made.columns == ["row", "customer_id", "label", "chance_0", "chance_1"]
    assert made.select("row", "customer_id", "label").rows() == [
        (0, "7", "1"), (1, "8", None), (2, "9", "0"), (3, "10", None)
    ]  # fmt: skip
    chances = classifier_folder.read(folder / "model").chances([said[0] or "", said[2] or ""])
    assert made.drop_nulls()[["chance_0", "chance_1"]].to_numpy() == pytest.approx(np.exp(chances), abs=1e-6)
    assert named.exit_code == 0
    assert pl.read_parquet(tmp_path / "named.parquet").equals(made)


TEACH = ["train", "--backbone", "text"]
PREDICT = ["predict", "--out", "never.parquet"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([*TEACH, "--documents", "r.csv", "--text", "body"], "--documents needs --text and --label"),
        ([*TEACH, "--documents", "r.csv", "--as-of", "2026-01-01"], "--as-of: not with --documents"),
        ([*TEACH, "--text", "body"], "--text: only with --documents"),
        ([*TEACH, "--tower", "scratch", "--members", "2"], "--members, --tower: not with --backbone text"),
        ([*TEACH, "--configuration", "r.json"], "tokens: '96' is no whole number from 1 on; give JSON as"),
        (["train", "--documents", "r.csv", "--label", "liked"], "--documents, --label: only with --backbone text"),
        (["train", "--method", "lora"], "--method: only with --tower or --backbone text"),
        ([*PREDICT, "--documents", "r.csv"], "--documents needs --model: a classifier"),
        ([*PREDICT, "--documents", "r.csv", "--horizon", "30"], "--horizon: not with --documents"),
        ([*PREDICT, "--text", "body"], "--text: only with --documents"),
        ([*PREDICT, "--documents", "r.csv", "--model", "."], "classifier.json is missing"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.json").write_text('{"tokens": "96"}')
    done = CliRunner().invoke(main, words)

    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


def test_a_classifier_of_texts_is_asked_about_no_histories(taught: tuple[Path, dict[str, Any]]) -> None:
    done = CliRunner().invoke(main, [*PREDICT, "--model", str(taught[0] / "model")])

    assert "tells texts apart: give it a file of them, --documents" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"encoder": 5}, "encoder: 5 names no encoder"),
        ({"depth": 2}, "depth: a recipe has no such field"),
        ({"batch": 0}, "batch: 0 is no whole number from 1 on"),
        ({"warm_up": 1.0}, "warm_up: 1.0 does not lie between 0 and 1"),
        ({"bfloat16": 1}, "bfloat16: 1 is neither true nor false"),
        ({"method": "magic"}, "'magic' is not a valid Method"),
        ({"width": 30}, "width: 30 cannot be divided among 4 heads"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Recipe.from_json(given)
    assert Recipe.from_json(TINY.to_json()) == TINY


ANSWERING = ("server.assembly", "worker.tasks", "admin.web.application", "scoring.scorer", "training.fit")


def test_the_processes_that_answer_never_import_language_models() -> None:
    program = (
        f"import importlib, sys\nfor name in {ANSWERING}: importlib.import_module(name)\n"
        "print([name for name in ('transformers', 'tokenizers', 'peft', 'optuna') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.stdout.strip() == "[]", done.stderr
