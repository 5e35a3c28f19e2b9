"""What a text must be that LightGBM is to read trees from.

Its reader trusts the text: one that is wrong inside a tree ends the whole process, and a loop between two nodes is
walked for ever. A text that passes here has whole trees of numbers on features that there are.
"""

import re
from collections.abc import Iterator, Mapping

HEAD: Mapping[str, str] = {"version": "v4", "num_class": "1", "num_tree_per_iteration": "1"}
PLAIN: Mapping[str, str] = {"num_cat": "0", "is_linear": "0"}
"""Of every tree here: no categories, and a constant in each leaf."""
OF_SPLITS = ("split_gain", "threshold", "internal_value", "internal_weight", "internal_count")
OF_LEAVES = ("leaf_value", "leaf_weight", "leaf_count")
WHOLE = re.compile(r"-?[0-9]{1,9}")
NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*(e[-+]?[0-9]{1,3})?|inf|nan)")
END = "end of trees\n"


def check(text: str) -> None:
    """Raises ValueError."""
    head, begun, rest = text.partition("\nTree=0\n")
    stated = _lines(head)
    if not text.startswith("tree\n") or not begun or not text.isascii():
        raise ValueError("no trees in the form of LightGBM")
    _expect(stated, HEAD)
    features = _wholes(stated, "max_feature_idx", 1)[0] + 1
    trees = f"Tree=0\n{rest}"
    for number, size in enumerate(_wholes(stated, "tree_sizes")):
        tree, trees = trees[:size], trees[size:]
        if size <= 0 or not tree.startswith(f"Tree={number}\n") or not tree.endswith("\n\n"):
            raise ValueError(f"tree {number} is not where the text says")
        _check_tree(_lines(tree), features, f"tree {number}")
    if not trees.lstrip("\n").startswith(END):
        raise ValueError("more trees than the text says")


def _check_tree(tree: Mapping[str, str], features: int, name: str) -> None:
    _expect(tree, PLAIN)
    leaves = _wholes(tree, "num_leaves", 1)[0]
    splits = leaves - 1
    if splits < 0:
        raise ValueError(f"{name} has {leaves} leaves")
    of_leaves = OF_LEAVES if splits else ("leaf_value",)
    for fields, count in ((OF_SPLITS, splits), (of_leaves, leaves)):
        for field in fields:
            if field in tree and not _are(NUMBER, tree[field].split(" "), count):
                raise ValueError(f"{name}: {field} is not {count} numbers")
    if "leaf_value" not in tree or (splits and "threshold" not in tree):
        raise ValueError(f"{name} has no values")
    if not all(0 <= feature < features for feature in _wholes(tree, "split_feature", splits)):
        raise ValueError(f"{name} asks for features that there are not")
    _wholes(tree, "decision_type", splits)
    # Leaves are negative from -1 on. Each, and each split but the first, stands below one split.
    below = sorted(_wholes(tree, "left_child", splits) + _wholes(tree, "right_child", splits))
    if splits and below != [*range(-leaves, 0), *range(1, splits)]:
        raise ValueError(f"{name} is no tree: a node stands in two places, or in none")


def _lines(text: str) -> Mapping[str, str]:
    pairs = dict(_pairs(text))
    if len(pairs) != sum(1 for _ in _pairs(text)):
        raise ValueError("something is said twice")
    return pairs


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, said, value = line.partition("=")
        if said:
            yield name, value


def _expect(found: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    for name, value in wanted.items():
        if found.get(name) != value:
            raise ValueError(f"{name} is {found.get(name)!r}, expected {value!r}")


def _wholes(found: Mapping[str, str], name: str, count: int | None = None) -> list[int]:
    """So many, or any number of them."""
    words = found[name].split(" ") if found.get(name) else []
    if not _are(WHOLE, words, len(words) if count is None else count):
        raise ValueError(f"{name} is not {count} whole numbers")
    return list(map(int, words))


def _are(form: re.Pattern[str], words: list[str], count: int) -> bool:
    written = [] if words == [""] else words
    return len(written) == count and all(map(form.fullmatch, written))
