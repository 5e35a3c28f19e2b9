"""Trees that LightGBM wrote are read; of a text that would end its reader, or never end, one is told."""

import re

import numpy as np
import pytest

from scoring.predictors import tree_texts
from scoring.predictors.boosters import lightgbm


@pytest.fixture(scope="module")
def text() -> str:
    random = np.random.default_rng(1)
    known = random.random((200, 5))
    shape = {"verbose": -1, "num_leaves": 8, "min_data_in_leaf": 5, "num_threads": 1}
    grown = lightgbm.train(shape, lightgbm.Dataset(known, known @ np.arange(5.0)), 3)
    return str(grown.model_to_string())


def test_what_was_grown_is_read(text: str) -> None:
    tree_texts.check(text)
    still = lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(np.zeros((30, 1)), np.ones(30)), 2)
    tree_texts.check(still.model_to_string())


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (r"left_child=\S+", "left_child=0"), (r"right_child=\S+", "right_child=99999999"),
        (r"left_child=\S+ \S+", "left_child=1 1"), (r"split_feature=\d", "split_feature=7"),
        (r"split_feature=\d ", "split_feature="), (r"num_leaves=8", "num_leaves=9"), (r"num_leaves=8", "num_leaves=0"),
        (r"leaf_value=\S+", "leaf_value=0x1"), (r"threshold=\S+", "threshold="), (r"num_cat=0", "num_cat=1"),
        (r"is_linear=0", "is_linear=1"), (r"tree_sizes=\d+", "tree_sizes=1"), (r"tree_sizes=\d+", "tree_sizes=99999"),
        (r"tree_sizes=\d+ ", "tree_sizes="), (r"\nTree=1\n", "\nTree=2\n"), (r"num_class=1", "num_class=3"),
        (r"max_feature_idx=4", "max_feature_idx=0"), (r"^tree\n", "tree\nmax_feature_idx=4\n"), (r"(?s)^.*$", ""),
    ],
)  # fmt: skip
def test_what_was_not_grown_is_refused(text: str, pattern: str, instead: str) -> None:
    spoilt = re.sub(pattern, instead, text, count=1)
    assert spoilt != text
    sizes = re.search(r"tree_sizes=(\d+)", spoilt)
    if sizes is not None and "tree_sizes" not in pattern:
        size = spoilt.index("\n\nTree=1\n") - spoilt.index("\nTree=0\n") + 1 if "\nTree=1\n" in spoilt else 0
        spoilt = spoilt.replace(sizes[0], f"tree_sizes={size or sizes[1]}", 1)

    with pytest.raises(ValueError, match=r"\w"):
        tree_texts.check(spoilt)
