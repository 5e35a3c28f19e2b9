"""Dividing a limit and moving it about never makes or loses any of it, and refuses nobody while something is left."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns.budgets.shards import HOT_FROM, SHARDS, divided, home, rebalanced, shard_count
from campaigns.coupons.codes import mint

limits = st.integers(0, 10**12)
counts = st.integers(1, 40)


@st.composite
def standings(draw: st.DrawFn) -> tuple[list[int], list[int], int]:
    """Quotas, what is used of each, and a place."""
    used = draw(st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
    left = draw(st.lists(st.integers(0, 10**3), min_size=len(used), max_size=len(used)))
    place = draw(st.integers(0, len(used) - 1))
    return [each + more for each, more in zip(used, left, strict=True)], used, place


@given(limit=limits, count=counts)
def test_a_limit_is_divided_without_rest_and_evenly(limit: int, count: int) -> None:
    quotas = divided(limit, count)

    assert (len(quotas), sum(quotas)) == (count, limit)
    assert max(quotas) - min(quotas) <= 1


@given(standing=standings(), need=st.integers(0, 25_000))
def test_what_is_left_anywhere_is_found_and_the_limit_stays(
    standing: tuple[list[int], list[int], int], need: int
) -> None:
    quotas, used, place = standing
    left = sum(quotas) - sum(used)

    moved = rebalanced(quotas, used, place=place, need=need)

    if need > left:
        assert moved is None
        return
    assert moved is not None
    assert sum(moved) == sum(quotas)
    remaining = [quota - each for quota, each in zip(moved, used, strict=True)]
    assert min(remaining) >= 0
    assert remaining[place] >= need
    others = [each - need * (number == place) for number, each in enumerate(remaining)]
    assert max(others) - min(others) <= 1


@given(
    limit=st.integers(0, 60),
    count=st.integers(1, 8),
    wanted=st.lists(st.tuples(st.integers(0, 7), st.integers(1, 7)), max_size=60),
)
def test_shards_give_exactly_what_one_counter_would(limit: int, count: int, wanted: list[tuple[int, int]]) -> None:
    quotas, used, one = divided(limit, count), [0] * count, 0
    for place, need in ((place % count, need) for place, need in wanted):
        if used[place] + need > quotas[place]:
            found = rebalanced(quotas, used, place=place, need=need)
            assert (found is None) == (one + need > limit)
            if found is None:
                continue
            quotas = found
        used[place] += need
        one += need
        assert all(each <= quota for each, quota in zip(used, quotas, strict=True))

    assert sum(used) == one <= limit


def test_small_limits_have_one_shard_and_hot_ones_many() -> None:
    assert [shard_count(limit) for limit in (1, HOT_FROM - 1, HOT_FROM, None)] == [1, 1, SHARDS, SHARDS]


def test_codes_spread_over_shards_and_stay_there() -> None:
    codes = mint(4_800)
    places = [home(code, SHARDS) for code in codes]

    assert places == [home(code, SHARDS) for code in codes]
    assert all(200 < places.count(shard) < 400 for shard in range(SHARDS))
