"""Replicas in processes: what kills one costs nobody else an answer, and other models come without a gap."""

import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks.doubling import broken, doubling, held_up

from scoring.pool.memory import GRAIN, Block
from scoring.pool.pool import Pool
from scoring.pool.process import Process, ProcessReplica
from scoring.pool.refusals import ComputationFailed, ReplicaDied
from scoring.pool.row import Loaded
from scoring.pool.zygote import Zygote

WAIT = 60
Bytes = Pool[bytes, None]


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    made = Zygote(["networks.doubling"])
    yield made
    made.close()


@pytest.fixture
def replica(zygote: Zygote) -> ProcessReplica:
    return ProcessReplica(zygote, doubling)


@pytest.fixture
def pool(replica: ProcessReplica) -> Iterator[Bytes]:
    made = Bytes([replica], batch_size=8)
    yield made
    made.close()


def ask(pool: Bytes, *payloads: bytes) -> list[bytes | Exception]:
    """All at once."""
    tickets = [pool.submit_loaded(Loaded(payload, None)) for payload in payloads]
    outcomes: list[bytes | Exception] = []
    for ticket in tickets:
        error = ticket.exception(WAIT)
        outcomes.append(error if isinstance(error, Exception) else ticket.result().answer)
    return outcomes


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@given(batches=st.lists(st.lists(st.binary(max_size=3 * GRAIN // 2), max_size=3), min_size=1, max_size=3))
@settings(max_examples=20, deadline=None)
def test_a_block_holds_whatever_rows_were_written_last(batches: list[list[bytes]]) -> None:
    ours = Block.new()
    theirs = Block(os.dup(ours.descriptor))
    for rows in batches:
        ours.write(rows)
        assert [bytes(row) for row in theirs.read()] == rows
    ours.close()
    theirs.close()


def test_rows_of_any_size_come_back_from_a_process(pool: Bytes) -> None:
    payloads = [b"", b"a", bytes(3_000_000), b"b" * 100]

    assert ask(pool, *payloads) == [payload * 2 for payload in payloads]


def test_a_replica_makes_room_for_whoever_takes_calls_up(pool: Bytes, replica: ProcessReplica) -> None:
    assert ask(pool, b"row") == [b"rowrow"]
    assert os.sched_getscheduler(replica.pid) == os.SCHED_BATCH
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_a_killed_replica_is_replaced_and_its_batch_is_answered(pool: Bytes, replica: ProcessReplica) -> None:
    first = replica.pid
    os.kill(first, signal.SIGSTOP)  # so that it does not answer before it is killed
    asked = pool.submit_loaded(Loaded(b"row", None))
    while not pool.figures().running:
        pass
    os.kill(first, signal.SIGKILL)

    assert asked.result(WAIT).answer == b"rowrow"
    assert replica.pid != first
    assert (pool.figures().deaths, pool.figures().total.failed) == (1, 0)


def test_a_batch_that_memory_has_no_room_for_fails_alone(pool: Bytes) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (GRAIN, hard))
    try:
        large, small = ask(pool, bytes(2 * GRAIN), b"well")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert isinstance(large, ReplicaDied)
    assert small == b"wellwell"
    assert ask(pool, bytes(2 * GRAIN)) == [bytes(4 * GRAIN)]


@contextmanager
def calling(call: Callable[[int], None], count: int) -> Iterator[None]:
    """So many threads that call without a pause, until the test is over or has failed."""
    done = threading.Event()

    def caller(number: int) -> None:
        while not done.is_set():
            call(number)

    callers = [threading.Thread(target=caller, args=(number,)) for number in range(count)]
    for each in callers:
        each.start()
    try:
        yield
    finally:
        done.set()
        for each in callers:
            each.join(WAIT)


def test_killed_again_and_again_under_load_no_request_fails(pool: Bytes, replica: ProcessReplica) -> None:
    wrong: list[object] = []

    def call(number: int) -> None:
        payload = str(number).encode()
        if (outcome := ask(pool, payload)) != [payload * 2]:
            wrong.append(outcome)

    with calling(call, 6):
        for deaths in range(1, 4):
            os.kill(replica.pid, signal.SIGKILL)
            answered = pool.figures().total.answered
            while pool.figures().deaths < deaths or pool.figures().total.answered < answered + 20:
                threading.Event().wait(0.01)

    assert wrong == []
    assert pool.figures().total.failed == 0


def test_only_the_row_that_kills_fails(pool: Bytes) -> None:
    ask(pool, b"warm")

    outcomes = ask(pool, b"slow", b"a", b"die", b"b", b"c")

    assert isinstance(outcomes.pop(2), ReplicaDied)
    assert outcomes == [b"slowslow", b"aa", b"bb", b"cc"]


def test_only_the_row_that_raises_fails_and_says_where(pool: Bytes, replica: ProcessReplica) -> None:
    first = replica.pid

    outcomes = ask(pool, b"slow", b"a", b"fail", b"b")

    failed = outcomes.pop(2)
    assert isinstance(failed, ComputationFailed)
    assert "doubling.py" in str(failed)
    assert "asked to fail" in str(failed)
    assert outcomes == [b"slowslow", b"aa", b"bb"]
    assert replica.pid == first


def test_what_a_replica_computes_changes_between_two_batches_under_load(
    pool: Bytes, replica: ProcessReplica, zygote: Zygote
) -> None:
    outcomes: list[bytes | Exception] = []
    old = replica.pid
    with calling(lambda _number: outcomes.extend(ask(pool, b"x")), 4):
        for factor in (3, 4):
            make = partial(doubling, factor)
            replica.renew(Process(zygote, make), make)
            while outcomes[-1:] != [b"x" * factor]:
                threading.Event().wait(0.01)
    os.kill(replica.pid, signal.SIGKILL)

    assert set(outcomes) == {b"xx", b"xxx", b"xxxx"}
    assert ask(pool, b"y") == [b"yyyy"], "what is started in its place computes the same"
    while alive(old):
        threading.Event().wait(0.01)


def test_a_process_that_was_starting_when_another_model_came_does_not_take_its_place(
    zygote: Zygote, tmp_path: Path
) -> None:
    begun, go = tmp_path / "begun", tmp_path / "go"
    go.touch()
    replica = ProcessReplica(zygote, partial(held_up, begun, go))
    for file in (begun, go):
        file.unlink()
    restarting = threading.Thread(target=replica.restart)
    restarting.start()
    while not begun.exists():
        threading.Event().wait(0.01)
    make = partial(doubling, 3)
    replica.renew(Process(zygote, make), make)
    go.touch()
    restarting.join(WAIT)

    replica.start(None, [b"x"])
    assert replica.finish() == [b"xxx"]
    replica.close()


def test_a_process_that_cannot_start_says_why(zygote: Zygote) -> None:
    with pytest.raises(ComputationFailed, match="cannot start"):
        Process(zygote, broken)


def test_without_a_replica_callers_are_told_at_once_and_it_comes_back(pool: Bytes, replica: ProcessReplica) -> None:
    good = replica._make
    replica._make = broken
    os.kill(replica.pid, signal.SIGKILL)

    (lost,) = ask(pool, b"a")
    assert isinstance(lost, ReplicaDied)
    with pytest.raises(ReplicaDied, match="no replica is up"):
        pool.submit_loaded(Loaded(b"b", None))
    assert pool.figures().replicas == 0

    replica._make = good
    while not pool.figures().replicas:
        threading.Event().wait(0.01)
    assert ask(pool, b"c") == [b"cc"]


def test_a_zygote_that_was_killed_is_started_again(zygote: Zygote) -> None:
    ProcessReplica(zygote, doubling).close()
    assert zygote._process is not None
    zygote._process.kill()
    zygote._process.wait()

    again = Bytes([ProcessReplica(zygote, doubling)])

    assert ask(again, b"a") == [b"aa"]
    again.close()


def test_processes_end_with_their_pool(zygote: Zygote) -> None:
    replica = ProcessReplica(zygote, doubling)
    pid = replica.pid
    Bytes([replica]).close()

    while alive(pid):
        threading.Event().wait(0.01)
