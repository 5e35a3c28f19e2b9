"""No process ever answers from a history that lacks an event which was acknowledged before it asked."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import RawArray, RawValue
from multiprocessing.synchronize import Barrier
from typing import Any

from database.events import states, store
from database.events.memory import Memory
from database.events.recall import glance, recall
from database.glances import Glances
from database.session import Database
from events.event import Event, EventType
from events.packing import unpacked

PROCESSES = get_context("spawn")
NAMES = ("anna", "bert", "cleo")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WRITERS, READERS, WRITES = 2, 2, 40
ROOM = 2**20


class Shared:
    """What all processes see."""

    def __init__(self) -> None:
        self.acknowledged: Any = RawArray("q", WRITERS * len(NAMES))
        """By writer and customer, how many events were committed."""
        self.written: Any = RawValue("b", 0)
        self.begin: Barrier = PROCESSES.Barrier(WRITERS + READERS)


def write(url: str, shared: Shared, writer: int) -> None:
    """Events of all customers in turn, each older or newer than the one before."""
    database = Database.at(url)
    shared.begin.wait()
    for number in range(WRITES):
        who = number % len(NAMES)
        when = NOON + timedelta(minutes=number * 7 % 50)
        event = Event(
            event_id=f"{writer}-{number}", customer_id=NAMES[who], time=when, event_type=EventType.VIEW,
            item_id=str(writer),
        )  # fmt: skip
        with database.writing() as transaction:
            store.insert_events(transaction, [event])
        shared.acknowledged[writer * len(NAMES) + who] += 1
        if number % 5 == writer:
            pack(database)
    database.close()


def pack(database: Database) -> None:
    """As a rescoring does."""
    with database.reading() as snapshot:
        known = recall(snapshot, NAMES)
    with database.writing() as transaction:
        states.keep(transaction, known.read)


def read(url: str, shared: Shared, found: "Queue[int | str]") -> None:
    """As a server does; how often memory answered goes to `found`, or what was amiss."""
    database, memory, answers = Database.at(url), Memory(ROOM), 0
    glances = Glances(database)
    shared.begin.wait()
    last = False
    while not last:
        last = bool(shared.written.value)
        before = list(shared.acknowledged)
        with database.reading() as snapshot:
            known = recall(snapshot, NAMES, memory=memory)
            plain = store.histories(snapshot, NAMES)
        answers += sum(state.version is not None and state.history is None for state in known.states)
        seen = unpacked(known.packed, NAMES)
        if seen.time.tolist() != plain.time.tolist():
            found.put("memory differs from the events of the same snapshot")
            return
        before_glance = list(shared.acknowledged)
        glanced = [each.packed for each in glance(glances, NAMES, memory=memory, seconds=10)]
        if missing := _missing(before, known.packed) or _missing(before_glance, glanced):
            found.put(missing)
            return
    found.put(answers)
    glances.close()
    database.close()


def _missing(acknowledged: Sequence[int], histories: Sequence[bytes | None]) -> str:
    """None where a history would have to be read."""
    for who, (name, history) in enumerate(zip(NAMES, histories, strict=True)):
        writers = [] if history is None else unpacked([history], [name]).item_id.tolist()
        for writer in range(WRITERS):
            seen = writers.count(str(writer))
            if history is not None and seen < acknowledged[writer * len(NAMES) + who]:
                return f"{name}: {seen} events of writer {writer}, {acknowledged} were acknowledged"
    return ""


def test_what_is_recalled_is_never_older_than_what_was_acknowledged(database_url: str) -> None:
    shared = Shared()
    found: Queue[int | str] = PROCESSES.Queue()

    def started(target: Callable[..., None], *more: object) -> BaseProcess:
        process = PROCESSES.Process(target=target, args=(database_url, shared, *more))
        process.start()
        return process

    writers = [started(write, number) for number in range(WRITERS)]
    readers = [started(read, found) for _ in range(READERS)]
    for process in writers:
        process.join()
    shared.written.value = 1
    answers = [found.get(timeout=60) for _ in range(READERS)]
    for process in readers:
        process.join()

    assert [process.exitcode for process in (*writers, *readers)] == [0] * (WRITERS + READERS)
    assert all(isinstance(each, int) and each > 0 for each in answers), answers
    assert sum(shared.acknowledged) == WRITERS * WRITES
