"""Scores, explanations and recommendations: one query and one forward pass for all who wait."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from campaigns.errors import CustomerNotFound
from database import patience
from database.memory import Memory
from database.recall import recall
from database.session import Database, Snapshot
from database.standings import StoredStanding
from database.states import State
from events.event import Event
from events.history import Histories
from scoring.batch import Observer, Ticket
from scoring.pool import Expired, Pool, PoolFigures
from scoring.score import Explanation, Recommendation, Score, Strategy
from scoring.scorer import Scorer
from server import call
from server.event_messages import AHEAD
from server.live import Live
from server.refusals import CallerGone, ModelUnavailable
from server.session_histories import present, with_sessions

EXPLANATIONS_IN_A_BATCH = 4
"""Each takes many forward passes: a larger batch would only make the first wait for the last."""

Answer = TypeVar("Answer")
Told = TypeVar("Told")
Asked = TypeVar("Asked", bound="Question")
Times = npt.NDArray[np.float64]


class ModelFailed(Exception):
    """The network raised something; the cause says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Of whom, and as of when."""

    customer_id: str
    session: tuple[Event, ...]
    as_of: datetime | None
    """None for the present."""
    now: datetime

    @property
    def likeness(self) -> tuple[object, ...]:
        """Questions of equal likeness are answered together."""
        return (self.as_of,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemQuestion(Question):
    """Which items to recommend."""

    count: int
    strategy: Strategy
    diversity: float
    context: tuple[str, ...]
    exclude: frozenset[str]

    @property
    def likeness(self) -> tuple[object, ...]:
        """Questions of equal likeness are answered together."""
        return (self.as_of, self.count, self.strategy, self.diversity)


class Group(NamedTuple, Generic[Asked]):
    """Questions of equal likeness, with what was recorded before the time that they look back from."""

    places: list[int]
    """In the batch."""
    questions: list[Asked]
    histories: Histories
    times: Times
    """As-of time of each, seconds since the epoch."""
    states: list[State]


class Known(NamedTuple, Generic[Asked]):
    """What the database knows about a batch."""

    groups: list[Group[Asked]]
    strangers: frozenset[str]
    """Ids that belong to nobody."""
    standings: Mapping[str, StoredStanding | None]
    """Of customers who are asked about as of the present."""


class Placed(NamedTuple, Generic[Told]):
    """What the network says, and where the customer stands since the last rescoring."""

    told: Told
    standing: StoredStanding | None
    """None for who has no tier yet, and where the past is asked about."""


class Predictions:
    """Three pools over one loader; each answers with what is in force when its batch begins."""

    def __init__(
        self, database: Database, live: Live, *, batch_size: int, queue_size: int, memory_bytes: int, observe: Observer
    ) -> None:  # fmt: skip
        self._database = database
        self._memory = Memory(memory_bytes)
        self._live = live
        self._window = batch_size
        self._scores = Pool[Question, Known[Question], Placed[Score] | CustomerNotFound](
            load=self._load, run=self._score, batch_size=batch_size, queue_size=queue_size, name="scores",
            observe=observe,
        )  # fmt: skip
        self._explanations = Pool[Question, Known[Question], Placed[Explanation] | CustomerNotFound](
            load=self._load, run=self._explain, batch_size=EXPLANATIONS_IN_A_BATCH, queue_size=queue_size,
            name="explanations", observe=observe,
        )  # fmt: skip
        self._items = Pool[ItemQuestion, Known[ItemQuestion], list[Recommendation] | CustomerNotFound](
            load=self._load, run=self._recommend, batch_size=batch_size, queue_size=queue_size,
            name="recommendations", observe=observe,
        )  # fmt: skip

    def score(self, question: Question) -> Placed[Score]:
        """Raises CustomerNotFound, ModelUnavailable, ModelFailed, Overloaded, Expired."""
        return _waited(self._submitted(self._scores, question))

    def scores(self, questions: Sequence[Question]) -> Iterator[Placed[Score] | Exception]:
        """An answer or the reason why not for each question, in order.

        At most a batch of them waits in the pool at a time, so that single callers find room between them.
        """
        waiting: deque[Ticket[Placed[Score] | CustomerNotFound] | Exception] = deque()
        for question in questions:
            if len(waiting) == self._window:
                yield _outcome(waiting.popleft())
            try:
                waiting.append(self._submitted(self._scores, question))
            except Exception as error:  # noqa: BLE001 - it belongs to this question alone
                waiting.append(error)
        while waiting:
            yield _outcome(waiting.popleft())

    def explain(self, question: Question) -> Placed[Explanation]:
        """Raises as `score` does."""
        return _waited(self._submitted(self._explanations, question))

    def recommend(self, question: ItemQuestion) -> list[Recommendation]:
        """Raises as `score` does."""
        return _waited(self._submitted(self._items, question))

    def figures(self) -> Mapping[str, PoolFigures]:
        """Counters of each pool."""
        return {
            "scores": self._scores.figures(),
            "explanations": self._explanations.figures(),
            "recommendations": self._items.figures(),
        }

    def close(self) -> None:
        """Answer what waits, and take no more."""
        for pool in (self._scores, self._explanations, self._items):
            pool.close()

    def scorer(self) -> Scorer:
        """The loaded model. Raises ModelUnavailable."""
        scorer = self._live.in_force.scorer
        if scorer is None:
            raise ModelUnavailable("no model is loaded; activate one with ActivateModel and try again")
        return scorer

    def _submitted(
        self, pool: Pool[Asked, Known[Asked], Answer | CustomerNotFound], question: Asked
    ) -> Ticket[Answer | CustomerNotFound]:
        self.scorer()
        ticket = pool.submit(question, deadline=call.current().deadline)
        if not call.current().context.add_callback(lambda: _cancel(ticket)):
            ticket.cancel()
        return ticket

    def _load(self, questions: Sequence[Asked], seconds: float) -> Known[Asked]:
        with self._database.reading() as snapshot:
            patience.limit(snapshot, seconds)
            return _known(snapshot, questions, self._memory)

    def _score(self, questions: Sequence[Question], known: Known[Question]) -> list[Placed[Score] | CustomerNotFound]:
        scorer = self.scorer()
        told = _answers(questions, known, lambda group: scorer.score(group.histories, group.times))
        return _placed(questions, known, told)

    def _explain(
        self, questions: Sequence[Question], known: Known[Question]
    ) -> list[Placed[Explanation] | CustomerNotFound]:
        scorer = self.scorer()
        told = _answers(questions, known, lambda group: scorer.explain(group.histories, group.times))
        return _placed(questions, known, told)

    def _recommend(
        self, questions: Sequence[ItemQuestion], known: Known[ItemQuestion]
    ) -> list[list[Recommendation] | CustomerNotFound]:
        scorer = self.scorer()
        return _answers(questions, known, lambda group: _recommended(scorer, group))


def _known(snapshot: Snapshot, questions: Sequence[Asked], memory: Memory) -> Known[Asked]:
    places: dict[tuple[object, ...], list[int]] = {}
    for place, question in enumerate(questions):
        places.setdefault(question.likeness, []).append(place)
    groups = [_looked_up(snapshot, alike, [questions[place] for place in alike], memory) for alike in places.values()]
    strangers, standings = set[str](), dict[str, StoredStanding | None]()
    for group in groups:
        events = np.diff(group.histories.offsets).tolist()
        for question, state, count in zip(group.questions, group.states, events, strict=True):
            if question.as_of is None:
                standings[question.customer_id] = state.standing
            if not count and not state.known:
                strangers.add(question.customer_id)
    return Known(groups, frozenset(strangers), standings)


def _placed(
    questions: Sequence[Question], known: Known[Question], told: Sequence[Told | CustomerNotFound]
) -> list[Placed[Told] | CustomerNotFound]:
    """Each answer with where its customer stands, if it is of the present."""
    return [
        answer if isinstance(answer, CustomerNotFound)
        else Placed(answer, known.standings.get(question.customer_id) if question.as_of is None else None)
        for question, answer in zip(questions, told, strict=True)
    ]  # fmt: skip


def _looked_up(snapshot: Snapshot, places: list[int], questions: list[Asked], memory: Memory) -> Group[Asked]:
    """With the sessions, and the times as of which the customers are looked at."""
    as_of = questions[0].as_of
    known = recall(snapshot, [question.customer_id for question in questions], before=as_of, memory=memory)
    histories = with_sessions(known.histories, [question.session for question in questions])
    times = np.array([(as_of or question.now).timestamp() for question in questions])
    if as_of is None:
        times = present(histories, times, AHEAD.total_seconds())
    return Group(places, questions, histories, times, known.states)


def _recommended(scorer: Scorer, group: Group[ItemQuestion]) -> list[list[Recommendation]]:
    first = group.questions[0]
    return scorer.recommend(
        group.histories, group.times, count=first.count, strategy=first.strategy, diversity=first.diversity,
        exclude=[question.exclude for question in group.questions],
        context_items=[question.context for question in group.questions],
    )  # fmt: skip


def _answers(
    questions: Sequence[Asked], known: Known[Asked], network: Callable[[Group[Asked]], Sequence[Answer]]
) -> "list[Answer | CustomerNotFound]":
    """One answer for each question, in their order; strangers get none."""
    found: dict[int, Answer | CustomerNotFound] = {}
    for group in known.groups:
        try:
            found |= dict(zip(group.places, network(group), strict=True))
        except Exception as error:
            raise ModelFailed(f"the network failed on {len(group.places)} customers") from error
    for place, question in enumerate(questions):
        if question.customer_id in known.strangers:
            name = f"customers/{question.customer_id}"
            found[place] = CustomerNotFound(f"there is no {name}", customer=name)
    return [found[place] for place in range(len(questions))]


def _waited(ticket: Ticket[Answer | CustomerNotFound]) -> Answer:
    """The answer, if it comes before the deadline. Raises what the pool raises."""
    try:
        answer = ticket.result(max(call.current().remaining(), 0))
    except CancelledError as gone:
        raise CallerGone("the call was cancelled") from gone
    except TimeoutError as late:
        ticket.cancel()
        raise Expired("the deadline passed before the answer was ready") from late
    call.current().timings.note(ticket)
    if isinstance(answer, CustomerNotFound):
        raise answer
    return answer


def _outcome(ticket: Ticket[Placed[Score] | CustomerNotFound] | Exception) -> Placed[Score] | Exception:
    if isinstance(ticket, Exception):
        return ticket
    try:
        return _waited(ticket)
    except Exception as error:  # noqa: BLE001 - it belongs to this question alone
        return error


def _cancel(ticket: Ticket[Answer]) -> None:
    ticket.cancel()
