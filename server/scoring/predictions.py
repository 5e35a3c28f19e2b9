"""Scores, explanations and recommendations: one query and one forward pass for all who wait."""

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Generic, NamedTuple, TypeVar

import structlog

from database.events.memory import Memory
from database.session import Database
from database.tiers.standings import StoredStanding
from events.currency import strange
from scoring.pool.batch import Observer
from scoring.pool.figures import PoolFigures
from scoring.pool.lane import Lane
from scoring.pool.pool import Pool
from scoring.pool.refusals import ReplicaDied
from scoring.pool.row import Loaded, Told
from scoring.replicas.asking import Kind, Recommended, Role, Task, Terms, explanation_of, recommended_of, score_of
from scoring.replicas.replicas import Replicas
from scoring.score import Explanation, Recommendation, Score, UnknownItem
from server.answering import call
from server.scoring.canary_watch import CanaryWatch
from server.scoring.headway import Headway
from server.scoring.live import Live
from server.scoring.loading import ItemQuestion, Loading, Place, Question
from server.scoring.shadow import Shadows
from server.scoring.stock import Stock
from server.scoring.stored_answers import StoredAnswers
from server.scoring.waiting import ModelFailed, Promised, Silent, awaited, waited
from server.wire.names import MODEL
from server.wire.refusals import InvalidRequest, ModelUnavailable

EXPLANATIONS_IN_A_BATCH = 4
"""Each takes many forward passes: a larger batch would only make the first wait for the last."""
POOLS: Mapping[Task, str] = {
    Task.SCORE: "scores",
    Task.EXPLAIN: "explanations",
    Task.RECOMMEND: "recommendations",
    Task.SIMILAR: "recommendations",
}

Answer = TypeVar("Answer")
Answering = Callable[[], Told[Place]]
"""Waits for the answer of a question that was asked."""
HandOut = Callable[[Callable[[], None]], None]

log = structlog.get_logger("server")


class Placed(NamedTuple, Generic[Answer]):
    """What the network says, and where the customer stands since the last rescoring."""

    told: Answer
    standing: StoredStanding | None
    """None for who has no tier yet, and where the past is asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Of the pools."""

    replicas: int = 1
    """That score; explanations and recommendations have one each."""
    batch: int = 32
    longest_wait: float = 10.0
    """Seconds that anybody waits for a score, whatever the deadline."""
    memory_bytes: int = 256 * 2**20
    """For histories of customers who were asked about."""


class Predictions:
    """Three pools over one loader; each answers with the models that its replicas hold when a batch begins."""

    def __init__(
        self, database: Database, live: Live, replicas: Replicas, sizes: Sizes, *, hand_out: HandOut,
        observe: Observer, staffed: Callable[[str, int], None],
    ) -> None:  # fmt: skip
        """Callers get their answers where `hand_out` calls back: in the event loop, once a batch.

        `staffed` is told of a pool by its name how many replicas it has, when that changes.
        """
        self._tell_staff = staffed
        self._live, self._at_once = live, sizes.batch * sizes.replicas
        self._window = self._at_once + sizes.batch
        self.canary, self.stock, self.stored = CanaryWatch(database, live), Stock(database), StoredAnswers()
        self.shadows = Shadows(database, replicas, lambda: live.in_force, observe)
        self._loading = Loading(database, Memory(sizes.memory_bytes))
        self._pools = {
            name: Pool[Question, Place](
                replicas.several(count, lists=name == POOLS[Task.RECOMMEND]), load=self._loading.load,
                batch_size=batch, longest_wait=sizes.longest_wait, name=name, hand_out=hand_out, observe=observe,
                died=partial(self._died, name), staffed=partial(self._staffed, name),
            )
            for name, count, batch in (
                ("scores", sizes.replicas, sizes.batch),
                ("explanations", 1, EXPLANATIONS_IN_A_BATCH),
                ("recommendations", 1, sizes.batch),
            )
        }  # fmt: skip
        self._asked = {task: self._pools[name] for task, name in POOLS.items()}

    async def score(self, question: Question) -> Placed[Score]:
        """Raises CustomerNotFound, ModelUnavailable, ModelFailed, Overloaded, Expired.

        For the event loop; all others are for threads.
        """
        canary = self.canary.asked_about(question.customer_id)

        async def ask(canary: str | None, expected: float | None = None) -> Told[Place]:
            ticket = self._submitted(Task.SCORE, question, Lane.INTERACTIVE, canary, expected)
            with self._patient(Task.SCORE, ticket) as silent:
                return await awaited(ticket, silent)

        try:
            told = await ask(canary, call.current().expected)
        except (ModelFailed, ModelUnavailable) as error:
            self.canary.excuse(canary, error)
            told = await ask(None)
            self.canary.note(canary, failed=True)
        else:
            self.canary.note(canary, failed=False)
        return self._score(question, told)

    def admit(self, deadline: float) -> float | None:
        """Let in whoever asks for a score now, with this deadline: when the answer is expected, if that is known.

        Raises Overloaded.
        """
        return self._asked[Task.SCORE].admit(deadline)

    def scores(self, questions: Sequence[Question]) -> Iterator[Placed[Score] | Exception]:
        """An answer or the reason why not for each question, in order.

        At most a batch for each replica and the one after it are in the pool at a time: no replica waits for its next
        batch, and single callers find room between them. Raises Overloaded where all would come too late.
        """
        waiting: deque[tuple[Question, Answering | Exception]] = deque()
        headway = Headway(len(questions), every=self._at_once)
        for question in questions:
            if len(waiting) == self._window:
                yield self._outcome(*waiting.popleft())
                headway.answered(time.monotonic(), call.current().deadline)
            try:
                waiting.append((question, self._answering(Task.SCORE, question, Lane.BATCH)))
            except Exception as error:  # noqa: BLE001 - it belongs to this question alone
                waiting.append((question, error))
        while waiting:
            yield self._outcome(*waiting.popleft())

    def explain(self, question: Question) -> Placed[Explanation]:
        """Raises as `score` does."""
        told = self._answering(Task.EXPLAIN, question, Lane.INTERACTIVE)()
        explanation = explanation_of(told.answer)
        _of_one_currency(question, explanation.score)
        return Placed(explanation, told.beside.standing)

    def recommend(self, question: ItemQuestion) -> tuple[Recommended, bool]:
        """The items, and whether anything is recorded of the customer. Raises as `score` does, of nobody that not."""
        told = self._answering(Task.RECOMMEND, question, Lane.INTERACTIVE)()
        return recommended_of(told.answer), told.beside.recorded

    def similar(self, item_id: str, count: int) -> tuple[str, list[Recommendation]]:
        """The model's id and the items. Raises UnknownItem, and as `score` does."""
        asked = Loaded(item_id.encode(), Place(time.time(), None))
        pool = self._asked[Task.SIMILAR]
        kind = Kind(Task.SIMILAR, terms=Terms(count), unavailable=self.stock.unavailable)
        ticket = self._promised(pool, partial(pool.submit_loaded, asked, kind=kind))
        with self._patient(Task.SIMILAR, ticket) as silent:
            found = recommended_of(waited(ticket, silent).answer)
        if found.items is None:
            raise UnknownItem(item_id)
        return found.model_id, found.items

    def figures(self) -> Mapping[str, PoolFigures]:
        """Counters of each pool."""
        return {**{name: pool.figures() for name, pool in self._pools.items()}, **self.shadows.figures()}

    def close(self) -> None:
        """Answer what waits, and take no more."""
        for pool in self._pools.values():
            pool.close()
        self._loading.close()

    def _died(self, pool: str, kind: Hashable, error: ReplicaDied) -> None:
        log.warning("replica died", pool=pool, error=str(error))
        self.canary.died(kind, error)

    def _staffed(self, pool: str, replicas: int, error: Exception | None) -> None:
        if error is None:
            log.info("replica is back", pool=pool)
        else:
            log.error("replica does not start", pool=pool, exc_info=error)
        self._tell_staff(pool, replicas)

    def _answering(self, task: Task, question: Question, lane: Lane) -> Answering:
        """Ask the model that answers about this customer; where a canary cannot, the active one is asked after it."""
        canary = self.canary.asked_about(question.customer_id)
        ticket = self._submitted(task, question, lane, canary)

        def answer() -> Told[Place]:
            try:
                with self._patient(task, ticket) as silent:
                    told = waited(ticket, silent)
            except (ModelFailed, ModelUnavailable) as error:
                self.canary.excuse(canary, error)
                again = self._submitted(task, question, lane, None)
                with self._patient(task, again) as silent:
                    told = waited(again, silent)
                self.canary.note(canary, failed=True)
            else:
                self.canary.note(canary, failed=False)
            return told

        return answer

    def _submitted(
        self, task: Task, question: Question, lane: Lane, canary: str | None, expected: float | None = None
    ) -> Promised:
        pool = self._asked[task]
        role = Role.ACTIVE if canary is None else Role.CANARY
        unavailable = self.stock.unavailable if task is Task.RECOMMEND else None
        kind = Kind(task, role, question.terms, question.market, question.telling, canary, unavailable)
        submit = partial(pool.submit, question, lane=lane, kind=kind, key=_key(kind, question), expected=expected)
        return self._promised(pool, submit)

    @contextmanager
    def _patient(self, task: Task, ticket: Promised) -> Iterator[Silent]:
        """Nobody waits for a silent replica, and nothing is computed for who waits no longer."""
        pool = self._asked[task]
        try:
            yield partial(pool.silent_for, ticket, call.current().deadline)
        except ModelUnavailable:
            pool.cancel(ticket)
            raise

    def _score(self, question: Question, told: Told[Place]) -> Placed[Score]:
        score = score_of(told.answer, question.customer_id, told.beside.as_of)
        _of_one_currency(question, score)
        if not question.market:
            self.shadows.ask(score, told.beside)
        return Placed(score, told.beside.standing)

    def _outcome(self, question: Question, answer: Answering | Exception) -> Placed[Score] | Exception:
        if isinstance(answer, Exception):
            return answer
        try:
            return self._score(question, answer())
        except Exception as error:  # noqa: BLE001 - it belongs to this question alone
            return error

    def _promised(self, pool: Pool[Question, Place], submit: Callable[..., Promised]) -> Promised:
        """For the call at hand: until its deadline, and as long as its caller is there."""
        if self._live.in_force.model is None:
            refused = self._live.refused
            why = "no model is loaded" if refused is None else f"{MODEL}{refused} cannot be loaded: the log says why"
            raise ModelUnavailable(f"{why}; activate one with ActivateModel and try again")
        current = call.current()
        try:
            ticket = submit(deadline=current.deadline, mark=current.mark())
        except ReplicaDied as error:
            raise ModelUnavailable(f"the model cannot answer: {error}") from error
        current.hangup.then(lambda: pool.cancel(ticket))
        return ticket


def _key(kind: Kind, question: Question) -> Hashable:
    """Of questions that are answered alike; the times at which they were asked do not count, as the latest is taken."""
    return (kind, question.customer_id, question.as_of, question.session, question.wish)


def _of_one_currency(question: Question, score: Score) -> None:
    """Raises InvalidRequest where the session has prices that the model would take for its own money."""
    for place, event in enumerate(question.session):
        if strange([event.currency], score.currency):
            field = f"session_events[{place}].unit_price.currency_code"
            raise InvalidRequest.of(field, f"{event.currency}: the model's money is in {score.currency}")
