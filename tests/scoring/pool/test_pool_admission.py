"""A pool lets in whom it can answer in time, and nobody waits in it for an answer that comes too late."""

import pytest
from networks.pool_of_numbers import WAIT, Network, Numbers, answer, occupied, payload

from scoring.pool.refusals import Closed, Expired, Overloaded, ReplicaSilent
from scoring.pool.replica import LocalReplica


def test_what_expires_in_the_queue_is_never_computed(pool: Numbers, network: Network) -> None:
    first = occupied(pool, network)
    brief = pool.submit_loaded(payload(1), deadline=network.clock.now + 1)
    patient = pool.submit_loaded(payload(2), deadline=network.clock.now + 60)
    network.clock.now += 5
    network.gate.set()

    with pytest.raises(Expired):
        brief.result(WAIT)
    assert (answer(first), answer(patient)) == (0, 4)

    assert network.computed == [[0], [2]]
    assert pool.figures().total.expired == 1


def test_a_deadline_in_the_past_is_refused_on_arrival(pool: Numbers, network: Network) -> None:
    with pytest.raises(Expired):
        pool.submit(1, deadline=network.clock.now)

    assert network.loaded == []


def test_the_patience_of_the_most_patient_caller_goes_to_the_loader(pool: Numbers, network: Network) -> None:
    network.gate.set()

    pool.submit(3, deadline=network.clock.now + 9).result(WAIT)

    assert network.patience == [9.0]


def test_who_cannot_make_it_is_refused_and_told_when_to_come_back(pool: Numbers, network: Network) -> None:
    network.gate.set()
    network.seconds = 2.0
    pool.submit(0).result(WAIT)
    occupied(pool, network)

    with pytest.raises(Overloaded, match=r"takes about 4\.00 s") as refused:
        pool.submit_loaded(payload(1), deadline=network.clock.now + 3.9)
    accepted = pool.submit_loaded(payload(2), deadline=network.clock.now + 4.1)
    network.gate.set()

    assert refused.value.retry_after == 4.0
    assert answer(accepted) == 4
    assert pool.figures().total.refused == 1
    assert [1] not in network.computed


def test_a_caller_is_let_in_before_anything_is_known_of_the_request(pool: Numbers, network: Network) -> None:
    assert pool.admit(network.clock.now + 0.1) is None, "nothing is known of the pace"
    network.gate.set()
    network.seconds = 2.0
    pool.submit(0).result(WAIT)
    assert pool.admit(network.clock.now + 0.1) == network.clock.now + 2.0, "nobody waits"
    under_way = occupied(pool, network)

    with pytest.raises(Overloaded, match=r"what waits takes about 4\.00 s") as refused:
        pool.admit(network.clock.now + 3.9)
    assert refused.value.retry_after == 4.0
    assert pool.admit(network.clock.now + 4.1) == network.clock.now + 4.0
    assert (pool.figures().total.refused, pool.figures().total.submitted) == (1, 2)
    network.gate.set()
    answer(under_way)
    pool.close()
    assert pool.admit(network.clock.now + 0.1) is None, "who asks is told that it is closed"


def test_whoever_was_let_in_is_not_refused_when_the_request_comes(pool: Numbers, network: Network) -> None:
    network.gate.set()
    network.seconds = 2.0
    pool.submit(0).result(WAIT)
    deadline = network.clock.now + 2.5
    expected = pool.admit(deadline)
    under_way = occupied(pool, network)

    let_in = pool.submit(2, deadline=deadline, expected=expected)
    with pytest.raises(Overloaded):
        pool.submit(3, deadline=deadline)

    network.gate.set()
    answer(under_way)
    assert answer(let_in) == 4
    pool.close()
    with pytest.raises(Closed):
        pool.submit(4, expected=network.clock.now + 2.0)


def test_who_was_let_in_and_sends_the_request_late_keeps_nobody_else_out(pool: Numbers, network: Network) -> None:
    network.gate.set()
    network.seconds = 2.0
    pool.submit(0).result(WAIT)
    expected = pool.admit(network.clock.now + 100.0)
    network.clock.now += 60.0
    assert answer(pool.submit(1, deadline=network.clock.now + 40.0, expected=expected)) == 2

    under_way = occupied(pool, network)
    assert pool.admit(network.clock.now + 10.0) == network.clock.now + 4.0
    network.gate.set()
    answer(under_way)


def test_nobody_waits_longer_than_the_longest_wait_whatever_the_deadline(network: Network) -> None:
    pool = Numbers([LocalReplica(network.compute)], batch_size=1, longest_wait=7.0, clock=network.clock)
    network.gate.set()
    network.seconds = 2.0
    pool.submit_loaded(payload(0)).result(WAIT)
    first = occupied(pool, network)
    waiting = [pool.submit_loaded(payload(number)) for number in (1, 2)]

    with pytest.raises(Overloaded):
        pool.submit_loaded(payload(3))
    network.gate.set()

    assert [answer(ticket) for ticket in [first, *waiting]] == [0, 2, 4]
    pool.close()


def test_a_pool_that_answers_later_than_foretold_lets_fewer_in(pool: Numbers, network: Network) -> None:
    network.gate.set()
    network.seconds = 1.0
    pool.submit_loaded(payload(0)).result(WAIT)
    first = occupied(pool, network)
    in_time = pool.submit_loaded(payload(1), deadline=network.clock.now + 2.1)
    network.clock.now += 0.05
    network.gate.set()
    assert [answer(ticket) for ticket in (first, in_time)] == [0, 2]
    second = occupied(pool, network)

    with pytest.raises(Overloaded):
        pool.submit_loaded(payload(2), deadline=network.clock.now + 2.01)
    patient = pool.submit_loaded(payload(3), deadline=network.clock.now + 3.0)
    network.gate.set()

    assert [answer(ticket) for ticket in (second, patient)] == [0, 6]


def test_nobody_waits_for_a_replica_that_has_been_silent_for_longer_than_they_would(
    pool: Numbers, network: Network
) -> None:
    network.gate.set()
    network.seconds = 2.0
    pool.submit(0).result(WAIT)
    under_way = occupied(pool, network)
    network.clock.now += 2.0 + 5.0
    hasty, patient = network.clock.now + 4.9, network.clock.now + 9.0

    assert pool.admit(hasty) is None, "who asks is told why"
    with pytest.raises(ReplicaSilent, match=r"for 5\.0 s longer"):
        pool.submit(1, deadline=hasty)
    waits = pool.submit(2, deadline=patient)
    network.gate.set()

    assert (answer(under_way), answer(waits), answer(pool.submit(3, deadline=hasty + 90))) == (0, 4, 6)


def test_a_slow_past_never_refuses_the_first_caller(pool: Numbers, network: Network) -> None:
    network.gate.set()
    network.seconds = 50.0
    pool.submit(0).result(WAIT)
    while pool.figures().running:
        pass

    assert answer(pool.submit(1, deadline=network.clock.now + 1)) == 2
