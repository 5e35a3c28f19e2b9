"""Where models answer: in processes of their own, or in this one."""

import os
import pickle
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, cast

from scoring.pool.aside import Aside
from scoring.pool.process import ASK_SECONDS, START_SECONDS, Process, ProcessReplica, Wanted
from scoring.pool.refusals import ComputationFailed, GivenUp, ReplicaDied, ReplicaSilent
from scoring.pool.replica import BATCH_SECONDS, LocalReplica, Payload, Replica
from scoring.pool.zygote import Zygote
from scoring.replicas.asking import Kind, ModelFolder, Role, Task
from scoring.score import ModelRejected

if TYPE_CHECKING:
    from scoring.replicas.computing import Computing

Models = Mapping[Role, ModelFolder]
Answer = TypeVar("Answer")
EXACT = frozenset[Role]()
"""Nobody scores in bfloat16."""
CANARY_SECONDS = 10.0
"""That a canary may take for a batch: whoever waits behind it could be answered by the active model."""
STARTS = 3
"""Of processes that end while they load: the model is at fault when all do; whatever killed fewer may be chance."""
GIVING_WAY = 10
"""Of 19: a fraction of a processor that others want, and all of one that nobody does."""


class Seat(NamedTuple):
    """Of one replica among all."""

    number: int
    lists: bool
    """Whether it recommends: only then does it prepare for lists, which takes its time and memory."""


class Replicas(Protocol):
    """All answer with the same models, and change them without losing a batch."""

    def several(self, count: int, *, lists: bool = False) -> Sequence[Replica]:
        """For a pool, which ends them; they recommend quickly where `lists` are asked of it."""

    def hold(self, models: Models, wanted: Wanted | None = None) -> None:
        """Answer with these from the next batch on. Raises ModelRejected, and then goes on as before.

        Whoever loads for long asks whether they are still `wanted`, and else raises GivenUp.
        """

    def check(self, models: Models, wanted: Wanted | None = None) -> None:
        """Raises ModelRejected for models that could not answer, and GivenUp as `hold` does."""

    def beside(self) -> "Replicas":
        """Others of the same kind, with models of their own; they are closed with these."""

    def close(self) -> None:
        """Start nothing any more; what runs ends with its pool."""


class LocalReplicas:
    """In threads of this process: nothing to start, and a large batch holds up whoever speaks to callers."""

    def __init__(self, device: str) -> None:
        self._device = device
        self.computing: Computing | None = None
        self._replicas: list[LocalReplica] = []
        self._lists = False
        self._loading: dict[frozenset[tuple[Role, ModelFolder]], Future[Computing]] = {}

    def several(self, count: int, *, lists: bool = False) -> Sequence[Replica]:
        """For a pool, which ends them."""
        made = [LocalReplica(self._compute, patience=patience_with) for _ in range(count)]
        self._replicas += made
        self._lists |= lists
        return made

    def hold(self, models: Models, wanted: Wanted | None = None) -> None:
        """Answer with these from the next batch on. Raises ModelRejected, GivenUp."""
        self.computing = self._loaded(models, wanted)
        for replica in self._replicas:
            replica.renew()

    def check(self, models: Models, wanted: Wanted | None = None) -> None:
        """Raises ModelRejected for models that could not answer, GivenUp."""
        self._loaded(models, wanted)

    def beside(self) -> "LocalReplicas":
        """Others in this process."""
        return LocalReplicas(self._device)

    def close(self) -> None:
        """Nothing to end."""

    def _loaded(self, models: Models, wanted: Wanted | None) -> "Computing":
        loading = self._under_way(models)
        deadline = time.monotonic() + START_SECONDS
        while not wait([loading], ASK_SECONDS).done:
            if wanted is not None and not wanted():
                raise GivenUp
            if time.monotonic() > deadline:
                raise ModelRejected(f"it did not load within {START_SECONDS:g} s")
        try:
            return loading.result()
        except OSError as error:
            raise _rejected(error) from error

    def _under_way(self, models: Models) -> "Future[Computing]":
        """Nothing can end a thread that hangs: whoever comes again waits for what was begun before."""
        wanted = frozenset(models.items())
        begun = self._loading.get(wanted)
        if begun is None:
            aside = Aside()
            making = partial(_computing, models, self._device, Seat(0, self._lists), rounded=EXACT)
            self._loading[wanted] = begun = aside.begin(making)
            begun.add_done_callback(lambda _: self._loading.pop(wanted, None))
            aside.close()
        return begun

    def _compute(self, kind: Hashable, rows: Sequence[Payload]) -> Sequence[bytes]:
        if self.computing is None:
            raise ComputationFailed("no model is held")
        return self.computing(cast("Kind", kind), rows)


class ProcessReplicas:
    """Each in a process of its own, forked from one that has imported everything; each takes the next GPU."""

    def __init__(self, device: str, zygote: Zygote | None = None, *, niceness: int = 0) -> None:
        """`niceness` is by how much they give way to others for a processor."""
        self._device, self._niceness = device, niceness
        self._zygote = zygote or Zygote(["scoring.replicas.computing"])
        self._replicas: list[ProcessReplica] = []
        self._seats: list[Seat] = []

    def several(self, count: int, *, lists: bool = False) -> Sequence[Replica]:
        """For a pool, which ends them."""
        made = [ProcessReplica(self._zygote, patience=patience_with) for _ in range(count)]
        self._replicas += made
        self._seats += [Seat(number, lists) for number in range(len(self._seats), len(self._replicas))]
        return made

    def hold(self, models: Models, wanted: Wanted | None = None) -> None:
        """Answer with these from the next batch on. Raises ModelRejected, GivenUp."""
        rounded: frozenset[Role] | None = None
        ready: list[Process] = []
        with ExitStack() as undone:
            for seat in self._seats:
                process, rounded = _accepted(partial(self._started, models, rounded, seat, wanted))
                ready.append(process)
                undone.callback(process.close)
            undone.pop_all()
        for seat, replica, process in zip(self._seats, self._replicas, ready, strict=True):
            replica.renew(process, self._making(models, rounded, seat, forgiving=True))

    def check(self, models: Models, wanted: Wanted | None = None) -> None:
        """Raises ModelRejected for models that could not answer, GivenUp."""
        process, _ = _accepted(partial(self._started, models, EXACT, Seat(0, lists=True), wanted))
        process.close()

    def beside(self) -> "ProcessReplicas":
        """Others, forked from the same process; they give way to these."""
        return ProcessReplicas(self._device, self._zygote, niceness=GIVING_WAY)

    def close(self) -> None:
        """Start no process any more; those that run end with their pools."""
        self._zygote.close()

    def _making(
        self, models: Models, rounded: frozenset[Role] | None, seat: Seat, *, forgiving: bool = False
    ) -> "Callable[[], Computing]":
        return partial(
            _computing, models, self._device, seat, rounded=rounded, forgiving=forgiving, niceness=self._niceness,
        )  # fmt: skip

    def _started(
        self, models: Models, rounded: frozenset[Role] | None, seat: Seat, wanted: Wanted | None
    ) -> tuple[Process, frozenset[Role]]:
        """A process, and what it rounds: where that is not decided, by its own trial. Raises as Process does."""
        process = Process(self._zygote, self._making(models, rounded, seat), wanted)
        if rounded is not None:
            return process, rounded
        with ExitStack() as undone:
            undone.callback(process.close)
            found = _rounded(process, wanted)
            undone.pop_all()
        return process, found


def _accepted(start: Callable[[], Answer]) -> Answer:
    """What a start comes to, tried again where its process was killed meanwhile. Raises ModelRejected, GivenUp."""
    left = STARTS
    while True:
        left -= 1
        try:
            return start()
        except (ComputationFailed, ReplicaDied) as error:
            if isinstance(error, ComputationFailed | ReplicaSilent) or not left:
                raise _rejected(error) from error


def patience_with(kind: Hashable) -> float:
    """Seconds for a batch of this kind."""
    return BATCH_SECONDS if cast("Kind", kind).role is not Role.CANARY else CANARY_SECONDS


def _rounded(process: Process, wanted: Wanted | None) -> frozenset[Role]:
    """What the first of several found out by its trial, so that all round alike. Raises as `finish` does."""
    process.start(Kind(Task.ROUNDED), [b""])
    found: frozenset[Role] = pickle.loads(process.finish(wanted=wanted)[0])  # noqa: S301 - by our own process
    return found


def _rejected(error: Exception) -> ModelRejected:
    return ModelRejected(str(error).strip().rpartition("\n")[2])


def _computing(
    models: Models, device: str, seat: Seat, *, rounded: frozenset[Role] | None, forgiving: bool = False,
    niceness: int = 0,
) -> "Computing":  # fmt: skip
    from scoring.replicas.computing import computing  # noqa: PLC0415  # takes seconds, which a server with processes saves

    os.nice(niceness)
    return computing(models, device, number=seat.number, rounded=rounded, forgiving=forgiving, lists=seat.lists)
