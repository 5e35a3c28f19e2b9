"""The pool batches whoever waits, loses nobody, and computes nothing that nobody waits for."""

import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks.pool_of_numbers import WAIT, Network, Numbers, answer, occupied, payload

from scoring.pool.batch import Batch, Release
from scoring.pool.lane import Lane
from scoring.pool.refusals import Closed, ComputationFailed
from scoring.pool.replica import LocalReplica
from scoring.pool.row import Loaded


def test_a_lone_caller_is_served_at_once(pool: Numbers, network: Network) -> None:
    network.gate.set()

    assert answer(pool.submit(21)) == 42

    assert (network.loaded, network.computed) == ([[21]], [[21]])


def test_all_who_wait_share_a_batch_up_to_its_size(pool: Numbers, network: Network) -> None:
    first = occupied(pool, network)
    waiting = [pool.submit_loaded(payload(number)) for number in range(1, 7)]
    network.gate.set()

    assert [answer(ticket) for ticket in [first, *waiting]] == [0, 2, 4, 6, 8, 10, 12]

    assert network.computed == [[0], [1, 2, 3, 4], [5, 6]]
    figures = pool.figures()
    assert (figures.total.submitted, figures.total.answered, figures.rows, figures.total.waiting) == (7, 7, 7, 0)


def test_who_waits_while_others_are_computed_is_loaded_meanwhile(pool: Numbers, network: Network) -> None:
    first = occupied(pool, network)
    second = pool.submit(1)
    while not network.loaded:
        pass
    network.gate.set()

    assert [answer(ticket) for ticket in (first, second)] == [0, 2]
    assert second.result().beside == 1


def test_who_comes_during_a_batch_is_loaded_together_when_it_is_nearly_over(pool: Numbers, network: Network) -> None:
    network.gate.set()
    network.seconds = 1.0
    pool.submit(0).result(WAIT)
    first = occupied(pool, network)
    waiting = [pool.submit(number) for number in (1, 2, 3)]
    network.gate.set()

    assert [answer(ticket) for ticket in [first, *waiting]] == [0, 2, 4, 6]
    assert network.loaded == [[0], [1, 2, 3]]


def test_whom_the_loader_refuses_is_refused_alone(pool: Numbers, network: Network) -> None:
    network.gate.set()
    good, bad = pool.submit(1), pool.submit(-1)

    with pytest.raises(LookupError, match="-1 is not known"):
        bad.result(WAIT)
    assert answer(good) == 2


def test_lanes_go_before_each_other_and_none_waits_for_ever(pool: Numbers, network: Network) -> None:
    first = occupied(pool, network)
    background = [pool.submit_loaded(payload(number), lane=Lane.BACKGROUND) for number in (1, 2)]
    network.clock.now += 0.95
    batch = [pool.submit_loaded(payload(number), lane=Lane.BATCH) for number in (3, 4)]
    interactive = [pool.submit_loaded(payload(5))]
    network.clock.now += 0.2
    interactive.append(pool.submit_loaded(payload(6)))
    network.gate.set()
    for ticket in [first, *background, *batch, *interactive]:
        ticket.result(WAIT)

    assert network.computed == [[0], [5, 1, 2, 3], [4, 6]]


def test_what_is_of_another_kind_is_computed_apart(pool: Numbers, network: Network) -> None:
    first = occupied(pool, network)
    waiting = [pool.submit_loaded(payload(number), kind=number % 2) for number in (1, 2, 3, 4)]
    network.gate.set()

    assert [answer(ticket) for ticket in [first, *waiting]] == [0, 2, 4, 6, 8]
    assert network.computed == [[0], [1, 3], [2, 4]]


def test_equal_requests_share_a_row_while_it_is_not_loaded(network: Network) -> None:
    gate, began = threading.Event(), threading.Event()

    def load(numbers: Sequence[int], seconds: float) -> list[Loaded[int] | Exception]:
        began.set()
        assert gate.wait(WAIT)
        return network.load(numbers, seconds)

    pool = Numbers([LocalReplica(network.compute)], load=load, clock=network.clock)
    network.gate.set()
    being_loaded = pool.submit(1, key="same")
    assert began.wait(WAIT)
    waits, joins, other = pool.submit(2, key="same"), pool.submit(3, key="same"), pool.submit(4, key="other")
    pool.cancel(waits)
    gate.set()

    assert [answer(ticket) for ticket in (being_loaded, joins, other)] == [2, 6, 8], "the newest asks for all"
    with pytest.raises(CancelledError):
        waits.result(WAIT)
    assert network.loaded == [[1], [3, 4]]
    assert pool.figures().lanes[Lane.INTERACTIVE].shared == 1
    pool.close()


def test_a_cancelled_request_leaves_the_queue(pool: Numbers, network: Network) -> None:
    first = occupied(pool, network)
    gone, stays = pool.submit_loaded(payload(1)), pool.submit_loaded(payload(2))

    pool.cancel(gone)
    assert pool.figures().total.waiting == 1
    network.gate.set()

    assert (answer(first), answer(stays)) == (0, 4)
    with pytest.raises(CancelledError):
        gone.result(WAIT)
    assert network.computed == [[0], [2]]
    assert pool.figures().total.cancelled == 1


def test_a_request_that_is_cancelled_while_it_is_loaded_is_not_computed(network: Network) -> None:
    loading, loaded = threading.Event(), threading.Event()

    def load(numbers: Sequence[int], seconds: float) -> list[Loaded[int] | Exception]:
        loading.set()
        assert loaded.wait(WAIT)
        return network.load(numbers, seconds)

    pool = Numbers([LocalReplica(network.compute)], load=load, batch_size=4, clock=network.clock)
    network.gate.set()
    gone = pool.submit(1)
    assert loading.wait(WAIT)

    pool.cancel(gone)
    loaded.set()

    assert answer(pool.submit(2)) == 4
    assert gone.cancelled()
    assert network.computed == [[2]]
    assert pool.figures().total.cancelled == 1
    pool.close()


def test_only_the_poisonous_request_fails(pool: Numbers, network: Network) -> None:
    network.poison = {3}
    first = occupied(pool, network)
    waiting = {number: pool.submit_loaded(payload(number)) for number in (1, 2, 3, 4)}
    network.gate.set()

    with pytest.raises(ComputationFailed, match=r"poisoned by \[3\]"):
        waiting.pop(3).result(WAIT)
    assert {number: answer(ticket) for number, ticket in waiting.items()} == {1: 2, 2: 4, 4: 8}
    assert answer(first) == 0
    assert (pool.figures().total.failed, pool.figures().total.answered) == (1, 4)


def test_a_failing_load_fails_for_all_and_is_not_repeated() -> None:
    calls: list[int] = []

    def load(numbers: Sequence[int], _seconds: float) -> list[Loaded[int] | Exception]:
        calls.append(len(numbers))
        raise ConnectionError("away")

    pool = Numbers([LocalReplica(lambda _, rows: [bytes(row) for row in rows])], load=load)

    with pytest.raises(ConnectionError):
        pool.submit(1).result(WAIT)

    assert calls == [1]
    pool.close()


def test_too_few_answers_are_a_failure_not_a_mix_up() -> None:
    pool = Numbers([LocalReplica(lambda _kind, _rows: [])])

    with pytest.raises(RuntimeError, match="1 rows got 0 answers"):
        pool.submit_loaded(payload(1)).result(WAIT)

    pool.close()


def test_closing_answers_what_waits_and_takes_no_more(network: Network) -> None:
    pool = Numbers([LocalReplica(network.compute)], load=network.load, batch_size=2, clock=network.clock)
    first = occupied(pool, network)
    waiting = [pool.submit(number) for number in (1, 2, 3)]
    closing = threading.Thread(target=pool.close)
    closing.start()
    network.gate.set()
    closing.join(WAIT)

    assert not closing.is_alive()
    assert [int(ticket.result(0).answer) for ticket in [first, *waiting]] == [0, 2, 4, 6]
    with pytest.raises(Closed):
        pool.submit(4)


def test_whoever_observes_is_told_of_each_batch_before_its_callers(network: Network) -> None:
    told: list[Batch] = []
    pool = Numbers(
        [LocalReplica(network.compute)], batch_size=2, name="numbers", clock=network.clock, observe=told.append
    )
    first = occupied(pool, network)
    network.seconds = 3.0
    waiting = [
        pool.submit_loaded(payload(1), mark="one"), pool.submit_loaded(payload(2), lane=Lane.BATCH),
        pool.submit_loaded(payload(3), mark="three", lane=Lane.BATCH),
    ]  # fmt: skip
    network.gate.set()
    for ticket in [first, *waiting]:
        ticket.result(WAIT)
    pool.close()

    assert [(batch.pool, batch.reason, batch.waits, batch.lane, batch.marks) for batch in told] == [
        ("numbers", Release.IDLE, (0.0,), Lane.INTERACTIVE, ()),
        ("numbers", Release.FULL, (3.0, 3.0), Lane.INTERACTIVE, ("one",)),
        ("numbers", Release.IDLE, (9.0,), Lane.BATCH, ("three",)),
    ]
    assert [(batch.load_seconds, batch.run_seconds) for batch in told] == [(0.0, 3.0), (0.0, 6.0), (0.0, 3.0)]
    assert [ticket.batch for ticket in waiting] == [told[1], told[1], told[2]]
    assert [ticket.waited for ticket in waiting] == [3.0, 3.0, 9.0]


@settings(max_examples=25, deadline=None)
@given(numbers=st.lists(st.integers(), max_size=60), batch_size=st.integers(1, 9), replicas=st.integers(1, 3))
def test_batches_of_any_size_answer_as_singles_do(numbers: list[int], batch_size: int, replicas: int) -> None:
    pool = Numbers(
        [LocalReplica(lambda _, rows: [bytes(row) * 3 for row in rows]) for _ in range(replicas)],
        load=lambda asked, _: [payload(number) for number in asked], batch_size=batch_size,
    )  # fmt: skip

    tickets = [pool.submit(number) for number in numbers]

    assert [ticket.result(WAIT).answer for ticket in tickets] == [str(number).encode() * 3 for number in numbers]
    pool.close()
