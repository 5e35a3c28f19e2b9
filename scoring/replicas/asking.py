"""What a replica is asked about one customer, and what it answers: as bytes, free of tensors.

A score, which is asked for most, is packed by hand both ways; everything else that goes between our own processes is
pickled.
"""

import pickle
import struct
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from rules.sentence import Language
from scoring.score import Explanation, Recommendation, Score, Strategy, Unavailable

HEAD = struct.Struct("<dHI")
"""As-of time in seconds since the epoch, bytes of the customer's id, bytes of the wish."""
SCORE = struct.Struct("<8d3s")
"""Probabilities of purchase and churn, expected spend, its band, expected orders, currency; then model and market."""
APART = "\n"


class Role(StrEnum):
    """For what a model is there."""

    ACTIVE = "active"
    CANARY = "canary"
    """Answers about some customers in the place of the active one."""
    SHADOW = "shadow"
    """Asked after the answer, for comparison."""


class Task(StrEnum):
    """What a model can be asked."""

    SCORE = "score"
    EXPLAIN = "explain"
    RECOMMEND = "recommend"
    SIMILAR = "similar"
    ROUNDED = "rounded"
    """No question about a customer: the roles whose models score in bfloat16, pickled."""


class Terms(NamedTuple):
    """On which customers must agree to be recommended items together."""

    most: int
    strategy: Strategy = Strategy.HYBRID
    diversity: float = 0.0


class Ladder(NamedTuple):
    """Where tiers begin."""

    figure: str
    """The field of a score that places a customer."""
    borders: tuple[float, ...]
    """Lowest value of each tier but the lowest, the lowest tier first."""

    def step(self, score: Score) -> int:
        """How many borders a score reaches."""
        return sum(getattr(score, self.figure) >= border for border in self.borders)


class Telling(NamedTuple):
    """How an explanation is told."""

    language: Language = Language.ENGLISH
    full: bool = False
    """Also what each event is worth, and what more would be enough for a higher step of the ladder."""
    ladder: Ladder | None = None


class Kind(NamedTuple):
    """Of a batch."""

    task: Task
    role: Role = Role.ACTIVE
    terms: Terms | None = None
    """Of recommendations and of similar items."""
    market: str = ""
    """Whose adapter answers, where the model has one; empty for the model as it is."""
    telling: Telling | None = None
    """Of explanations."""
    model_id: str | None = None
    """Of the canary or shadow that is asked, which it may not be any more as the batch ends; None: the active model."""
    unavailable: Unavailable | None = None
    """Of recommendations and of similar items."""


class Wish(NamedTuple):
    """What one customer's recommendations depend on."""

    exclude: frozenset[str] = frozenset()
    context: tuple[str, ...] = ()


class Asked(NamedTuple):
    """About one customer."""

    customer_id: str
    as_of: float
    """Seconds since the epoch."""
    history: bytes
    """Packed."""
    wish: Wish | None = None

    def packed(self) -> bytes:
        """For the replica."""
        name = self.customer_id.encode()
        wish = b"" if self.wish is None else pickle.dumps(self.wish)
        return b"".join((HEAD.pack(self.as_of, len(name), len(wish)), name, wish, self.history))


class Recommended(NamedTuple):
    """Items, and which model named them."""

    model_id: str
    items: list[Recommendation] | None
    """None where the item that was asked about is unknown."""


class ModelFolder(NamedTuple):
    """Where a trained model lies."""

    model_id: str
    folder: Path
    registered: str = "{}"
    """The manifest with which it was registered, as JSON: the folder still says so, or is not asked."""


def asked_of(payload: bytes | memoryview) -> Asked:
    """What was packed."""
    as_of, name, wish = HEAD.unpack_from(payload)
    text = HEAD.size + name
    return Asked(
        customer_id=bytes(payload[HEAD.size : text]).decode(),
        as_of=as_of,
        history=bytes(payload[text + wish :]),
        wish=pickle.loads(payload[text : text + wish]) if wish else None,  # noqa: S301 - packed by our own process
    )


def packed_score(score: Score) -> bytes:
    """What the caller does not know by itself."""
    numbers = (
        score.purchase_30, score.purchase_60, score.purchase_90, score.churn, score.spend_minor, score.spend_low_minor,
        score.spend_high_minor, score.expected_orders,
    )  # fmt: skip
    return SCORE.pack(*numbers, score.currency.encode()) + f"{score.model_id}{APART}{score.market}".encode()


def score_of(answer: bytes, customer_id: str, as_of: float) -> Score:
    """The score that was packed, of this customer at this time (seconds since the epoch)."""
    purchase_30, purchase_60, purchase_90, churn, spend, low, high, orders, currency = SCORE.unpack_from(answer)
    model_id, _, market = answer[SCORE.size :].decode().partition(APART)
    return Score(
        customer_id=customer_id, as_of=datetime.fromtimestamp(as_of, UTC), purchase_30=purchase_30,
        purchase_60=purchase_60, purchase_90=purchase_90, churn=churn, spend_minor=int(spend), spend_low_minor=int(low),
        spend_high_minor=int(high), expected_orders=orders, currency=currency.decode(), model_id=model_id,
        market=market,
    )  # fmt: skip


def explanation_of(answer: bytes) -> Explanation:
    """As the replica pickled it."""
    explanation: Explanation = pickle.loads(answer)  # noqa: S301 - by our own process
    return explanation


def recommended_of(answer: bytes) -> Recommended:
    """As the replica pickled it."""
    found: Recommended = pickle.loads(answer)  # noqa: S301 - by our own process
    return found
