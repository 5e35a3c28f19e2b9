"""A language model learns labels from texts, runs no code of others, and stays out of the process that answers."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

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
        TINY, encoder=str(saved(tmp_path / "encoder")), method=method, rank=2, ngrams=False, epochs=2,
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


def test_the_command_teaches_and_reports(tmp_path: Path) -> None:
    documents = reviews(100)
    pl.DataFrame({"body": documents.texts, "liked": documents.labels}).write_csv(tmp_path / "reviews.csv")
    more = ["--label", "liked", "--epochs", "1", "--out", str(tmp_path / "model"), "--json"]
    words = ["train", "--backbone", "text", "--documents", str(tmp_path / "reviews.csv"), "--text", "body"]

    refused = CliRunner().invoke(main, words)
    done = CliRunner().invoke(main, [*words, *more])

    assert "--documents needs --text and --label" in refused.stderr
    found = json.loads(done.stdout)
    assert found["learned_from"] == 70
    assert set(found["reports"]["test"]) == {"transformer", "ngrams", "classifier"}
    assert (tmp_path / "model" / "encoder" / "model.safetensors").is_file()


ANSWERING = ("server.assembly", "worker.tasks", "admin.web.application", "scoring.scorer", "training.fit")


def test_the_processes_that_answer_never_import_language_models() -> None:
    program = (
        f"import importlib, sys\nfor name in {ANSWERING}: importlib.import_module(name)\n"
        "print([name for name in ('transformers', 'tokenizers', 'peft', 'optuna') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.stdout.strip() == "[]", done.stderr
