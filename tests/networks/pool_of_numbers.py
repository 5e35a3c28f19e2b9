"""A pool that doubles numbers, whose network and clock do as a test says."""

import threading
from collections.abc import Iterator, Sequence

import pytest

from scoring.pool.batch import Ticket
from scoring.pool.pool import Pool
from scoring.pool.replica import LocalReplica, Payload
from scoring.pool.row import Loaded, Told

WAIT = 60
"""Seconds after which a test that hangs gives up."""
Numbers = Pool[int, int]
Promise = Ticket[Told[int]]


class Clock:
    """Time that moves only when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Network:
    """Doubles numbers; holds each batch until the gate opens, and remembers what it was given."""

    def __init__(self) -> None:
        self.loaded: list[list[int]] = []
        self.patience: list[float] = []
        self.computed: list[list[int]] = []
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.poison: set[int] = set()
        self.seconds = 0.0
        self.clock = Clock()

    def load(self, numbers: Sequence[int], seconds: float) -> list[Loaded[int] | Exception]:
        self.loaded.append(list(numbers))
        self.patience.append(seconds)
        return [LookupError(f"{number} is not known") if number < 0 else payload(number) for number in numbers]

    def compute(self, _kind: object, rows: Sequence[Payload]) -> list[bytes]:
        numbers = [int(bytes(row)) for row in rows]
        self.entered.set()
        assert self.gate.wait(WAIT)
        self.clock.now += self.seconds * len(rows)
        self.computed.append(numbers)
        if bad := self.poison & set(numbers):
            raise ArithmeticError(f"poisoned by {sorted(bad)}")
        return [str(number * 2).encode() for number in numbers]

    def hold(self) -> None:
        """Close the gate for the batches to come."""
        self.gate.clear()
        self.entered.clear()


def payload(number: int, size: int = 1) -> Loaded[int]:
    return Loaded(str(number).encode(), number, size)


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def pool(network: Network) -> Iterator[Numbers]:
    made = Numbers([LocalReplica(network.compute)], load=network.load, batch_size=4, clock=network.clock)
    yield made
    network.gate.set()
    made.close()


def occupied(pool: Numbers, network: Network) -> Promise:
    """Keep the replica busy with one row, so that others wait."""
    network.hold()
    first = pool.submit_loaded(payload(0))
    assert network.entered.wait(WAIT)
    return first


def answer(ticket: Promise) -> int:
    return int(ticket.result(WAIT).answer)
