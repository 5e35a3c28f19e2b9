"""Labels of a file of texts: two or many, rare ones, in any script; where the line between them is drawn."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small_texts import TINY

from events.files.reading import FileNotUsable
from training.text import classifier_folder
from training.text.classifier import teach
from training.text.documents import Documents, DocumentsNotUsable, parts_at_random, parts_of_file
from training.text.line import Line, best_line
from training.text.ngrams import fit_ngrams
from training.text.report import report_of

ROOMS = {"kitchen": ("pan", "fork", "oven"), "garden": ("rake", "hose", "seed"), "bath": ("soap", "towel", "tub")}


def of_rooms(count: int = 150) -> tuple[list[str], list[str]]:
    random, rooms = np.random.default_rng(0), list(ROOMS)
    labels = [rooms[place % len(rooms)] for place in range(count)]
    return [f"a {random.choice(ROOMS[label])} and a {random.choice(ROOMS[label])}" for label in labels], labels


def written(folder: Path, **columns: object) -> Path:
    pl.DataFrame(columns).write_parquet(folder / "texts.parquet")
    return folder / "texts.parquet"


def test_three_labels_are_taught_reported_and_kept(tmp_path: Path) -> None:
    texts, labels = of_rooms()
    parts = parts_of_file(written(tmp_path, body=texts, room=labels), ["body"], "room", 0)
    recipe = replace(TINY, epochs=4)
    taught = teach(parts, recipe, seed=0, progress=lambda *_: None)
    report = taught.reports["test"]["classifier"]
    folder = classifier_folder.write(taught, parts, recipe, seed=0, folder=tmp_path / "model")

    assert parts.names == ("bath", "garden", "kitchen")
    assert {name: row["support"] for name, row in report.labels.items()} == {"bath": 10, "garden": 10, "kitchen": 10}
    assert report.figures["macro_f1"] == report.figures["accuracy"] == report.figures["auc"] == 1.0
    chances = taught.classifier.chances(parts.test.texts)
    assert np.exp(chances).sum(axis=1) == pytest.approx(1.0)
    assert taught.classifier.line.threshold is None
    again = classifier_folder.read(folder)
    assert again.chances(parts.test.texts) == pytest.approx(chances, abs=1e-6)
    assert (again.line.said(chances) == parts.test.labels).all()
    assert json.loads((folder / "encoder" / "config.json").read_bytes())["id2label"] == {
        "0": "bath", "1": "garden", "2": "kitchen"
    }  # fmt: skip


def test_what_is_in_no_part_is_told(tmp_path: Path) -> None:
    texts, labels = of_rooms(60)
    path = written(tmp_path, body=[*texts, " ", "pan", "x", "y"], room=[*labels, "bath", None, "attic", ""])
    parts = parts_of_file(path, ["body"], "room", 0)

    assert parts.left_out == ("3 rows without a text or a label", "labels of fewer than 10 texts: attic: 1")
    assert sum(map(len, (parts.training, parts.validation, parts.test))) == 60


def test_numbers_as_labels_stand_in_their_order_and_one_that_is_no_number_is_not_known(tmp_path: Path) -> None:
    stars = [float(place % 2 * 8 + 2) for place in range(40)]
    path = written(tmp_path, body=["a pan"] * 41, stars=[*stars, float("nan")])
    parts = parts_of_file(path, ["body"], "stars", 0)

    assert parts.names == ("2.0", "10.0")
    assert parts.left_out == ("1 rows without a text or a label",)


@pytest.mark.parametrize(
    ("rooms", "said"),
    [
        ([f"room {place}" for place in range(60)], "--label room: 0 of its 60 values have at least 10 texts; 2 to 64"),
        (["bath"] * 55 + ["attic"] * 5, "--label room: 1 of its 2 values have at least 10 texts"),
    ],
)
def test_a_column_that_is_no_label_is_refused(rooms: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(DocumentsNotUsable, match=said):
        parts_of_file(written(tmp_path, body=of_rooms(60)[0], room=rooms), ["body"], "room", 0)


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotUsable, match="there are no rows"):
        parts_of_file(written(tmp_path, body=[], room=[]), ["body"], "room", 0)


def test_words_of_chinese_are_its_characters_and_pairs_of_them() -> None:
    texts, labels = (
        ["质量很好，我喜欢", "我不喜欢，质量差", "喜欢，很好", "差，不好 abc"] * 3,
        np.array([1, 0, 1, 0] * 3),
    )
    ngrams = fit_ngrams(texts, labels, 2)

    assert {"喜", "喜 欢", "abc"} <= set(ngrams.vocabulary)
    assert (ngrams.chances(["很好看", "太差了"]).argmax(axis=1) == [1, 0]).all()


def test_texts_in_which_no_word_counts_say_how_frequent_labels_are() -> None:
    ngrams = fit_ngrams(["!", "?", "…", "--"] * 5, np.array([0, 1, 1, 1] * 5), 2)

    assert np.exp(ngrams.chances(["!", "well"])) == pytest.approx(np.array([[0.25, 0.75]] * 2), abs=0.05)


def test_the_line_is_drawn_where_rare_labels_are_found_and_not_by_a_few_texts() -> None:
    random = np.random.default_rng(1)
    labels = (random.random(2_000) < 0.1).astype(np.int64)
    odds = random.normal(size=2_000) + 1.5 * labels + np.log(0.1 / 0.9) - 1.125
    chances = np.column_stack([-np.logaddexp(0, odds), -np.logaddexp(0, -odds)])
    line, likeliest = best_line(labels, chances, seed=0), Line(np.zeros(2))

    def macro_f1(chosen: Line) -> float:
        return report_of(labels, chances, ("no", "yes"), chosen).figures["macro_f1"]

    assert line.threshold is not None
    assert 0.1 < line.threshold < 0.4
    assert macro_f1(line) > macro_f1(likeliest) + 0.05
    certain = np.log(np.where(np.eye(2)[[0, 1] * 10] > 0, 0.99, 0.01))
    assert best_line(np.array([0, 1] * 10), certain, seed=0).threshold == pytest.approx(0.5)


def test_each_label_needs_some_texts() -> None:
    with pytest.raises(DocumentsNotUsable, match="each label needs at least 10 texts: bad: 3, good: 17"):
        parts_at_random(Documents(("a",) * 20, np.array([0] * 3 + [1] * 17)), ("bad", "good"), 0)
