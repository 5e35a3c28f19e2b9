"""A token bucket is what the one stored time means, whatever the order of tries."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.callers.guessing import Allowance, charge
from database.session import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def charged(database: Database) -> Callable[[str, datetime], datetime]:
    def pay(caller: str, now: datetime) -> datetime:
        with database.writing() as transaction:
            return charge(transaction, Allowance(burst=3, per_second=0.5), caller, now)

    return pay


def test_so_many_are_free_at_once_and_then_one_for_each_time_that_goes_by(
    charged: Callable[[str, datetime], datetime],
) -> None:
    opens = [charged("shop", NOW) for _ in range(4)]

    assert [max(each, NOW) - NOW for each in opens] == [0 * SECOND, 0 * SECOND, 2 * SECOND, 4 * SECOND]
    assert charged("other", NOW) < NOW, "each caller has an allowance of their own"
    assert charged("shop", NOW + 8 * SECOND) == NOW + 6 * SECOND
    assert charged("shop", NOW + 1000 * SECOND) == NOW + 998 * SECOND, "more than the burst is never saved up"


def test_tries_at_the_same_moment_are_all_paid(charged: Callable[[str, datetime], datetime]) -> None:
    with ThreadPoolExecutor(4) as servers:
        list(servers.map(lambda _: charged("shop", NOW), range(40)))

    assert charged("shop", NOW) == NOW + (41 - 2) * 2 * SECOND


@given(
    burst=st.integers(1, 5),
    gaps=st.lists(st.integers(0, 6), min_size=1, max_size=30),
    per_second=st.sampled_from([1, 0.5, 0.25]),
)
def test_it_opens_exactly_when_a_bucket_with_tokens_would(burst: int, gaps: list[int], per_second: float) -> None:
    allowance, tokens, now, paid = Allowance(burst=burst, per_second=per_second), float(burst), NOW, NOW
    for gap in gaps:
        now, tokens = now + gap * SECOND, min(burst, tokens + gap * per_second)
        assert (allowance.opens(paid) <= now) == (tokens >= 1)
        if tokens >= 1:
            tokens -= 1
            paid = max(paid, now) + allowance.cost
