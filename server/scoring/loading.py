"""Questions about customers, and what the database knows of them: one query for all who wait."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from campaigns.customers.refusals import CustomerNotFound
from database import patience
from database.events.memory import Memory
from database.events.recall import glance, recall
from database.events.states import State
from database.failures import Failure, failure_of
from database.glances import Glances
from database.session import Database, Snapshot
from database.tiers.standings import StoredStanding
from events.event import Event
from events.packing import latest, nothing, packed, rows, unpacked
from scoring.pool.row import Loaded
from scoring.replicas.asking import Asked, Telling, Terms, Wish
from scoring.score import Strategy
from server.customers.events import AHEAD
from server.scoring.session_histories import present, with_sessions

LARGEST = 128
"""A row's size is that of its history, up to as many actions as the network reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Of whom, and as of when."""

    customer_id: str
    session: tuple[Event, ...]
    as_of: datetime | None
    """None for the present."""
    now: datetime
    market: str = ""
    """Whose adapter answers; empty for the model as it is."""
    telling: Telling | None = None
    """Of explanations."""

    @property
    def terms(self) -> Terms | None:
        """On which customers must agree to be answered together."""
        return None

    @property
    def wish(self) -> Wish | None:
        """Of this customer alone."""
        return None

    @property
    def of_anybody(self) -> bool:
        """Whether there is an answer of whom nothing is known."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemQuestion(Question):
    """Which items to recommend."""

    count: int
    strategy: Strategy
    diversity: float
    context: tuple[str, ...]
    exclude: frozenset[str]

    @property
    def terms(self) -> Terms:
        """On which customers must agree to be answered together."""
        return Terms(self.count, self.strategy, self.diversity)

    @property
    def wish(self) -> Wish:
        """Of this customer alone."""
        return Wish(self.exclude, self.context)

    @property
    def of_anybody(self) -> bool:
        """What is popular is there for everybody."""
        return True


class Place(NamedTuple):
    """What goes with an answer."""

    as_of: float
    """Seconds since the epoch."""
    standing: StoredStanding | None
    """Since the last rescoring; None for who has no tier yet, and where the past is asked about."""
    payload: bytes = b""
    """What the network was asked, for a shadow to be asked the same."""
    recorded: bool = False
    """Whether anything is that the customer did before."""


Outcome = Loaded[Place] | Exception
NOBODY = State(known=False, version=None, history=None, standing=None)
"""Whoever asks without an id."""


class Loading:
    """Reads for all questions at once; no connection is held afterwards."""

    def __init__(self, database: Database, memory: Memory) -> None:
        self._database, self._memory, self._glances = database, memory, Glances(database)

    def load(self, questions: Sequence[Question], seconds: float) -> list[Outcome]:
        """A payload for each, or CustomerNotFound, within so many seconds."""
        began = time.monotonic()
        guests = [place for place, question in enumerate(questions) if not question.customer_id]
        found = {place: _outcome(questions[place], NOBODY, nothing()) for place in guests}
        found |= self._glanced(questions, seconds)
        rest = [place for place in range(len(questions)) if place not in found]
        if rest:
            with self._database.reading() as snapshot:
                patience.limit(snapshot, seconds - (time.monotonic() - began))
                for places in _alike(questions, rest):
                    alike = [questions[place] for place in places]
                    found |= dict(zip(places, _loaded(snapshot, alike, self._memory), strict=True))
        return [found[place] for place in range(len(questions))]

    def _glanced(self, questions: Sequence[Question], seconds: float) -> dict[int, Outcome]:
        """By their places, who are asked about as of now and whose events need not be read."""
        places = [place for place, question in enumerate(questions) if question.as_of is None and question.customer_id]
        ids = [questions[place].customer_id for place in places]
        try:
            known = glance(self._glances, ids, memory=self._memory, seconds=seconds) if ids else []
        except Exception as error:
            if failure_of(error) not in (Failure.AWAY, Failure.BUSY):
                raise
            # The connection may have been lost long ago; whether the database is there, and has room, others tell.
            return {}
        return {
            place: _outcome(questions[place], state, history)
            for place, (state, history) in zip(places, known, strict=True)
            if history is not None
        }

    def close(self) -> None:
        """Ask no more."""
        self._glances.close()


def _alike(questions: Sequence[Question], places: Iterable[int]) -> Iterable[list[int]]:
    """Of these, the places of questions that look back from one time."""
    alike: dict[datetime | None, list[int]] = {}
    for place in places:
        alike.setdefault(questions[place].as_of, []).append(place)
    return alike.values()


def _loaded(snapshot: Snapshot, questions: Sequence[Question], memory: Memory) -> Iterator[Outcome]:
    known = recall(snapshot, [question.customer_id for question in questions], before=questions[0].as_of, memory=memory)
    return map(_outcome, questions, known.states, known.packed)


def _outcome(question: Question, state: State, recorded: bytes) -> Outcome:
    """With the session, and the time as of which the customer is looked at."""
    history = _with_session(recorded, question)
    if not state.known and not rows(history) and not question.of_anybody:
        return CustomerNotFound.of(f"customers/{question.customer_id}")
    as_of = _present(history, question) if question.as_of is None else question.as_of.timestamp()
    payload = Asked(question.customer_id, as_of, history, question.wish).packed()
    standing = state.standing if question.as_of is None else None
    place = Place(as_of, standing, payload, recorded=_begun(recorded, as_of))
    return Loaded(payload, place, _size(rows(history)))


def _begun(history: bytes, as_of: float) -> bool:
    """Whether anything happened before a time."""
    if not rows(history) or latest(history) < as_of:
        return rows(history) > 0
    return bool(unpacked([history], [""]).time.min() < as_of)


def _with_session(history: bytes, question: Question) -> bytes:
    if not question.session:
        return history
    return packed(with_sessions(unpacked([history], [question.customer_id]), [question.session]))[0]


def _present(history: bytes, question: Question) -> float:
    """The time of the question, unless something happened later by a clock that is fast."""
    now = question.now.timestamp()
    if latest(history) < now:
        return now
    return float(present(unpacked([history], [question.customer_id]), np.array([now]), AHEAD.total_seconds())[0])


def _size(events: int) -> int:
    return min(max(events, 1), LARGEST)
