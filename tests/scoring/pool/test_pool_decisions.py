"""What the pool computes next, whether it waits, whom it lets in: the decisions, without threads."""

import math
import threading
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from scoring.pool.batch import Release
from scoring.pool.deciding import Backlog, chosen, holding, predicted_wait, units_of, worth_holding
from scoring.pool.lane import LAG, Lane
from scoring.pool.lateness import Lateness
from scoring.pool.pace import Pace
from scoring.pool.queue import Departure, Queue
from scoring.pool.refusals import ReplicaDied
from scoring.pool.row import Loaded, Row
from scoring.pool.waiting import Waiting

NOW = 1000.0


def row(
    size: int = 1, *, kind: str = "a", deadline: float = math.inf, arrival: float = NOW, lane: Lane = Lane.INTERACTIVE
) -> Row[int, None]:
    return Row(tickets=[], arrival=arrival, deadline=deadline, lane=lane, kind=kind, loaded=Loaded(b"", None, size))


def pace(fixed: float, each: float) -> Pace:
    """Learned from batches of two sizes."""
    return Pace().learned(10, fixed + 10 * each).learned(20, fixed + 20 * each)


rows = st.lists(
    st.builds(
        row, st.integers(1, 128), kind=st.sampled_from("ab"), arrival=st.floats(NOW - 5, NOW),
        deadline=st.sampled_from([NOW - 1, NOW + 0.05, NOW + 1, math.inf]), lane=st.sampled_from(Lane),
    ),
    max_size=40,
)  # fmt: skip
paces = st.builds(pace, st.floats(0, 0.1), st.floats(0, 0.01))


def waiting(them: Sequence[Row[int, None]]) -> Waiting[int, None]:
    made = Waiting[int, None]()
    for each in sorted(them, key=lambda one: one.arrival):
        made.add(each)
    return made


@given(rows, paces, st.integers(1, 32))
def test_a_batch_begins_with_the_first_in_time_and_is_of_one_kind(
    them: list[Row[int, None]], learned: Pace, most: int
) -> None:
    queue = waiting(them)
    batch, late = chosen(queue, learned, NOW, most=most)

    alive = [each for each in queue if each.deadline > NOW]
    assert batch[:1] == alive[:1]
    assert len(batch) <= most
    assert len({each.kind for each in batch}) <= 1
    assert not {id(each) for each in batch} & {id(each) for each in late}
    assert all(each.deadline > NOW for each in batch)
    assert all(each.deadline <= NOW + learned.of(each.size) for each in late)


@given(rows, paces)
def test_nobody_is_made_late_by_those_who_come_along(them: list[Row[int, None]], learned: Pace) -> None:
    batch, _ = chosen(waiting(them), learned, NOW, most=32)

    assert len(batch) < 2 or NOW + learned.of(units_of(batch)) <= min(each.deadline for each in batch) + 1e-9


@given(rows, paces, st.integers(1, 32))
def test_nothing_is_left_over_that_would_have_gone_with_the_batch(
    them: list[Row[int, None]], learned: Pace, most: int
) -> None:
    equal = [row(8, arrival=each.arrival) for each in them]

    batch, late = chosen(waiting(equal), learned, NOW, most=most)

    assert (len(batch), late) == (min(len(equal), most), [])


@given(rows)
def test_who_waits_is_in_order_of_rank(them: list[Row[int, None]]) -> None:
    order = list(waiting(them))

    assert [each.rank for each in order] == sorted(each.arrival + LAG[each.lane] for each in them)


@given(rows, st.sampled_from(Lane))
def test_whoever_is_more_urgent_is_ahead(them: list[Row[int, None]], lane: Lane) -> None:
    order = list(Lane)
    ahead = [each for each in them if order.index(each.lane) <= order.index(lane)]

    assert waiting(them).ahead_of(lane) == Backlog(rows=len(ahead), units=sum(each.size for each in ahead))


@given(st.integers(1, 31), st.integers(1, 128), st.floats(0, 0.1), st.floats(0, 0.01), st.floats(1e-6, 0.1))
def test_a_free_replica_waits_only_where_that_brings_the_answers_forward(
    count: int, size: int, fixed: float, each: float, gap: float
) -> None:
    learned = pace(fixed, each)
    held = worth_holding(count, count * size, learned, gap)

    if held:
        assert gap < held <= 3 * gap
        alone, next_alone = learned.of(count * size), learned.of(size)
        together = gap + learned.of((count + 1) * size)
        at_once = count * alone + (alone + next_alone)
        assert (count + 1) * together <= at_once + 1e-9


def test_a_batch_says_why_it_begins() -> None:
    slow_start = pace(fixed=1.0, each=0.01)
    one = [row(deadline=NOW + 100)]

    assert holding([row()] * 4, slow_start, 0.1, NOW, most=4) == (0.0, Release.FULL)
    assert holding(one, slow_start, 5.0, NOW, most=4) == (0.0, Release.IDLE)
    hold, reason = holding(one, slow_start, 0.1, NOW, most=4)
    assert (round(hold, 6), reason) == (0.3, Release.HELD)
    assert holding([row(deadline=NOW + 1.2)], slow_start, 0.1, NOW, most=4) == (0.0, Release.DEADLINE)
    assert holding(one, slow_start, 0.1, NOW, most=4, behind=1) == (0.0, Release.IDLE)


def queue_of(told: list[int]) -> Queue[int, None]:
    """For one replica; `told` gets how many were told of a failure at once."""
    return Queue(
        batch_size=4, replicas=1, longest_wait=10.0, clock=lambda: NOW, fail=lambda rows, _: told.append(len(rows))
    )


def test_whoever_waits_for_company_is_begun_when_somebody_comes_who_is_none() -> None:
    queue, replica = queue_of([]), object()
    for size in (10, 20):
        queue.put(row(size))
        left = queue.next_batch(replica, wait=True)
        assert left is not None
        queue.done(replica, left.rows, 1.0 + 0.01 * size)

    queue.put(first := row(kind="a"))
    assert queue.next_batch(replica, wait=False) == Departure([], Release.IDLE), "company is expected"
    queue.put(row(kind="b"))

    assert queue.next_batch(replica, wait=False) == Departure([first], Release.IDLE)


def test_whoever_waits_when_the_last_replica_is_lost_is_told_and_counted() -> None:
    told: list[int] = []
    queue = queue_of(told)
    for _ in range(2):
        queue.put(row())
    queue.lost(ReplicaDied("it does not come back"))

    figures = queue.figures()
    assert (figures.total.submitted, figures.total.failed, figures.total.waiting) == (2, 2, 0)
    assert told == [2]


def test_a_replica_that_comes_back_is_told_of_after_the_one_that_was_lost() -> None:
    told: list[int] = []
    lost = threading.Event()

    def slow(replicas: int, _error: Exception | None) -> None:
        if replicas == 0:
            lost.set()
            comes_back.join(0.1)
        told.append(replicas)

    queue = Queue[int, None](
        batch_size=4, replicas=1, longest_wait=10.0, clock=lambda: NOW, fail=lambda _rows, _error: None, staffed=slow
    )

    def found_again() -> None:
        lost.wait()
        queue.found()

    comes_back = threading.Thread(target=found_again)
    comes_back.start()
    queue.lost(ReplicaDied("it is started again"))
    comes_back.join()

    assert told == [0, 1]


def test_who_is_told_of_replicas_may_wait_for_one_who_asks_the_queue() -> None:
    let_in = list[bool]()

    def told(_replicas: int, _error: Exception | None) -> None:
        asking = threading.Thread(target=queue.admit, args=(NOW + 1,))
        asking.start()
        asking.join(0.5)
        let_in.append(not asking.is_alive())

    queue = Queue[int, None](
        batch_size=4, replicas=1, longest_wait=10.0, clock=lambda: NOW, fail=lambda _rows, _error: None, staffed=told
    )
    queue.lost(ReplicaDied("it is started again"))
    queue.found()

    assert let_in == [True, True]


def test_the_wait_is_that_of_the_batches_ahead() -> None:
    learned = pace(fixed=1.0, each=0.5)
    ahead = Backlog(rows=5, units=10, running=0.25)

    assert predicted_wait(Backlog(rows=0, units=0), 1, learned, most=4, replicas=1) == 0.0
    assert round(predicted_wait(ahead, 2, learned, most=4, replicas=1), 6) == 0.25 + 2 * 1.0 + 0.5 * 12
    assert round(predicted_wait(ahead, 2, learned, most=4, replicas=2), 6) == (0.25 + 2 * 1.0 + 0.5 * 12) / 2


@given(st.floats(1e-4, 1), st.floats(1e-5, 0.1), st.lists(st.integers(1, 500), min_size=2, max_size=30, unique=True))
def test_a_pace_is_learned_from_batches_of_different_sizes(fixed: float, each: float, sizes: list[int]) -> None:
    learned = Pace()
    for size in sizes:
        learned = learned.learned(size, fixed + each * size)

    assert math.isclose(learned.of(250), fixed + each * 250, rel_tol=0.05)


@given(st.lists(st.tuples(st.integers(1, 500), st.floats(0, 10)), max_size=30), st.integers(1, 1000))
def test_a_pace_is_never_negative(seen: list[tuple[int, float]], units: int) -> None:
    learned = Pace()
    for size, seconds in seen:
        learned = learned.learned(size, seconds)

    assert learned.each >= 0
    assert learned.fixed >= 0
    assert learned.of(units) >= 0


def test_the_margin_grows_with_what_came_late_and_with_how_unsteadily() -> None:
    steady, unsteady = Lateness(), Lateness()
    for place in range(60):
        steady, unsteady = steady.learned(0.02), unsteady.learned(0.04 * (place % 2))

    assert Lateness().margin == 0.0
    assert round(steady.margin, 3) == 0.02
    assert unsteady.margin > steady.margin


def test_what_comes_early_needs_no_margin_and_a_bad_time_is_forgotten() -> None:
    late = Lateness().learned(8.0)
    recovered = late
    for _ in range(60):
        recovered = recovered.learned(-0.01)

    assert late.margin > 1.0
    assert recovered.margin == 0.0
