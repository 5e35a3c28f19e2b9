"""The pool batches whoever waits, loses nobody, and computes nothing that nobody waits for."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.batch import Batch, Release
from scoring.pool import Closed, Expired, Overloaded, Pool

WAIT = 10
"""Seconds after which a test that hangs gives up."""


class Clock:
    """Time that moves only when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Network:
    """Doubles numbers; holds each batch until the gate opens, and remembers what it was given."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.patience: list[float] = []
        self.computed: list[list[int]] = []
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.poison: set[int] = set()
        self.seconds = 0.0
        self.clock = Clock()

    def load(self, numbers: Sequence[int], seconds: float) -> list[int]:
        self.batches.append(list(numbers))
        self.patience.append(seconds)
        self.entered.set()
        assert self.gate.wait(WAIT)
        return [number * 2 for number in numbers]

    def run(self, numbers: Sequence[int], loaded: list[int]) -> list[int]:
        self.computed.append(list(numbers))
        self.clock.now += self.seconds
        if bad := self.poison & set(numbers):
            raise ArithmeticError(f"poisoned by {sorted(bad)}")
        return loaded

    def hold(self) -> None:
        """Close the gate for the batches to come."""
        self.gate.clear()
        self.entered.clear()


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def pool(network: Network) -> Iterator[Pool[int, list[int], int]]:
    made = Pool(load=network.load, run=network.run, batch_size=4, queue_size=8, clock=network.clock)
    yield made
    network.gate.set()
    made.close()


def occupied(pool: Pool[int, list[int], int], network: Network) -> "Future[int]":
    """Keep the dispatcher busy with one request, so that others wait."""
    network.hold()
    first = pool.submit(0)
    assert network.entered.wait(WAIT)
    return first


def test_a_lone_caller_is_served_at_once(pool: Pool[int, list[int], int], network: Network) -> None:
    network.gate.set()

    assert pool.submit(21).result(WAIT) == 42

    assert network.batches == [[21]]


def test_all_who_wait_share_a_batch_up_to_its_size(pool: Pool[int, list[int], int], network: Network) -> None:
    first = occupied(pool, network)
    waiting = [pool.submit(number) for number in range(1, 7)]
    network.gate.set()

    assert [future.result(WAIT) for future in [first, *waiting]] == [0, 2, 4, 6, 8, 10, 12]

    assert network.batches == [[0], [1, 2, 3, 4], [5, 6]]
    figures = pool.figures()
    assert (figures.submitted, figures.answered, figures.rows, figures.waiting) == (7, 7, 7, 0)


def test_what_expires_in_the_queue_is_never_computed(pool: Pool[int, list[int], int], network: Network) -> None:
    first = occupied(pool, network)
    brief = pool.submit(1, deadline=network.clock.now + 1)
    patient = pool.submit(2, deadline=network.clock.now + 60)
    network.clock.now += 5
    network.gate.set()

    with pytest.raises(Expired):
        brief.result(WAIT)
    assert (first.result(WAIT), patient.result(WAIT)) == (0, 4)

    assert network.computed == [[0], [2]]
    assert pool.figures().expired == 1


def test_a_deadline_in_the_past_is_refused_on_arrival(pool: Pool[int, list[int], int], network: Network) -> None:
    with pytest.raises(Expired):
        pool.submit(1, deadline=network.clock.now)

    assert network.batches == []


def test_the_patience_of_the_most_patient_caller_goes_to_the_loader(
    pool: Pool[int, list[int], int], network: Network
) -> None:
    occupied(pool, network)
    last = [pool.submit(number, deadline=network.clock.now + number) for number in (3, 9, 6)]
    network.gate.set()
    for future in last:
        future.result(WAIT)

    assert network.patience == [float("inf"), 9.0]


def test_a_full_queue_refuses_and_says_when_to_come_back(pool: Pool[int, list[int], int], network: Network) -> None:
    first = occupied(pool, network)
    waiting = [pool.submit(number) for number in range(8)]

    with pytest.raises(Overloaded, match="8 calls are waiting") as refused:
        pool.submit(99)
    network.gate.set()

    assert refused.value.retry_after > 0
    assert [future.result(WAIT) for future in waiting] == [number * 2 for number in range(8)]
    assert first.result(WAIT) == 0
    assert pool.figures().refused == 1
    assert [99] not in network.computed


def test_who_cannot_make_it_is_refused_by_the_predicted_wait(pool: Pool[int, list[int], int], network: Network) -> None:
    network.gate.set()
    network.seconds = 2.0
    pool.submit(0).result(WAIT)
    occupied(pool, network)

    with pytest.raises(Overloaded) as refused:
        pool.submit(1, deadline=network.clock.now + 3.9)
    accepted = pool.submit(2, deadline=network.clock.now + 4.1)
    network.gate.set()

    assert refused.value.retry_after == 4.0
    assert accepted.result(WAIT) == 4


def test_a_slow_past_never_refuses_the_first_caller(pool: Pool[int, list[int], int], network: Network) -> None:
    network.gate.set()
    network.seconds = 50.0
    pool.submit(0).result(WAIT)
    while pool.figures().batches < 1:
        pass

    assert pool.submit(1, deadline=network.clock.now + 1).result(WAIT) == 2


def test_a_cancelled_request_leaves_the_queue(pool: Pool[int, list[int], int], network: Network) -> None:
    first = occupied(pool, network)
    gone, stays = pool.submit(1), pool.submit(2)

    assert gone.cancel()
    assert pool.figures().waiting == 1
    network.gate.set()

    assert (first.result(WAIT), stays.result(WAIT)) == (0, 4)
    with pytest.raises(CancelledError):
        gone.result(WAIT)
    assert network.batches == [[0], [2]]
    assert pool.figures().cancelled == 1


def test_only_the_poisonous_request_fails(pool: Pool[int, list[int], int], network: Network) -> None:
    network.poison = {3}
    first = occupied(pool, network)
    waiting = {number: pool.submit(number) for number in (1, 2, 3, 4)}
    network.gate.set()

    with pytest.raises(ArithmeticError, match=r"poisoned by \[3\]"):
        waiting.pop(3).result(WAIT)
    assert {number: future.result(WAIT) for number, future in waiting.items()} == {1: 2, 2: 4, 4: 8}
    assert first.result(WAIT) == 0
    assert (pool.figures().failed, pool.figures().answered) == (1, 4)


def test_a_failing_load_fails_for_all_and_is_not_repeated() -> None:
    calls: list[int] = []

    def load(numbers: Sequence[int], _seconds: float) -> None:
        calls.append(len(numbers))
        raise ConnectionError("away")

    pool = Pool[int, None, int](load=load, run=lambda numbers, _: numbers, batch_size=4, queue_size=4)

    with pytest.raises(ConnectionError):
        pool.submit(1).result(WAIT)

    assert calls == [1]
    pool.close()


def test_too_few_answers_are_a_failure_not_a_mix_up() -> None:
    pool = Pool[int, None, int](load=lambda _n, _s: None, run=lambda _n, _l: [], batch_size=4, queue_size=4)

    with pytest.raises(RuntimeError, match="1 requests got 0 answers"):
        pool.submit(1).result(WAIT)

    pool.close()


def test_closing_answers_what_waits_and_takes_no_more(network: Network) -> None:
    pool = Pool(load=network.load, run=network.run, batch_size=2, queue_size=8, clock=network.clock)
    first = occupied(pool, network)
    waiting = [pool.submit(number) for number in (1, 2, 3)]
    closing = threading.Thread(target=pool.close)
    closing.start()
    network.gate.set()
    closing.join(WAIT)

    assert not closing.is_alive()
    assert [future.result(0) for future in [first, *waiting]] == [0, 2, 4, 6]
    with pytest.raises(Closed):
        pool.submit(4)


def test_whoever_observes_is_told_of_each_batch_before_its_callers(network: Network) -> None:
    told: list[Batch] = []
    pool = Pool(
        load=network.load, run=network.run, batch_size=2, queue_size=8, name="numbers", clock=network.clock,
        observe=told.append,
    )  # fmt: skip
    first = occupied(pool, network)
    network.seconds = 3.0
    waiting = [pool.submit(1, mark="one"), pool.submit(2), pool.submit(3, mark="three")]
    network.clock.now += 5
    network.gate.set()
    for ticket in [first, *waiting]:
        ticket.result(WAIT)
    pool.close()

    assert [(batch.pool, batch.reason, batch.waits, batch.marks) for batch in told] == [
        ("numbers", Release.IDLE, (0.0,), ()),
        ("numbers", Release.FULL, (8.0, 8.0), ("one",)),
        ("numbers", Release.IDLE, (11.0,), ("three",)),
    ]
    assert [(batch.load_seconds, batch.run_seconds) for batch in told] == [(5.0, 3.0), (0.0, 3.0), (0.0, 3.0)]
    assert [ticket.batch for ticket in waiting] == [told[1], told[1], told[2]]
    assert [ticket.waited for ticket in waiting] == [8.0, 8.0, 11.0]


@settings(max_examples=25, deadline=None)
@given(numbers=st.lists(st.integers(), max_size=60), batch_size=st.integers(1, 9))
def test_batches_of_any_size_answer_as_singles_do(numbers: list[int], batch_size: int) -> None:
    pool = Pool[int, None, int](
        load=lambda _n, _s: None, run=lambda asked, _: [number * 3 for number in asked],
        batch_size=batch_size, queue_size=64,
    )  # fmt: skip

    futures = [pool.submit(number) for number in numbers]

    assert [future.result(WAIT) for future in futures] == [number * 3 for number in numbers]
    pool.close()
