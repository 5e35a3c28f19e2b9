"""Which sequences are computed together: nothing is left out, and padding is worth it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scoring.seen.blocks import Passes, blocks

lengths = st.lists(st.integers(0, 128), max_size=80).map(lambda drawn: np.array(drawn, dtype=np.int64))
passes = st.builds(Passes, st.integers(1, 32), st.integers(0, 400))


@given(lengths, passes)
def test_each_sequence_has_its_place_in_one_pass_the_shortest_in_the_first(drawn: "np.ndarray", cost: Passes) -> None:
    found = list(blocks(drawn, cost))

    places = np.concatenate([np.zeros(0, dtype=np.int64), *found])
    assert sorted(places.tolist()) == list(range(len(drawn)))
    assert drawn[places].tolist() == sorted(drawn.tolist())
    assert all(1 <= len(block) <= cost.most for block in found)


@given(lengths, passes)
def test_passes_and_padding_never_cost_more_than_without_divisions(drawn: "np.ndarray", cost: Passes) -> None:
    rising = np.sort(drawn)
    whole = [rising[start : start + cost.most] for start in range(0, len(rising), cost.most)]

    def tokens(parts: "list[np.ndarray]") -> int:
        return sum(cost.tokens + len(part) * int(part.max()) for part in parts)

    assert tokens([drawn[block] for block in blocks(drawn, cost)]) <= tokens(whole)


def test_a_pass_is_divided_where_padding_takes_longer_than_another_pass() -> None:
    mixed = np.array([128, 10, 12, 128, 11])

    assert [block.tolist() for block in blocks(mixed, Passes(32, 200))] == [[1, 4, 2], [0, 3]]
    assert [block.tolist() for block in blocks(mixed, Passes(32, 348))] == [[1, 4, 2, 0, 3]]
    assert [block.tolist() for block in blocks(mixed, Passes(2, 200))] == [[1, 4], [2, 0], [3]]
