"""How a model comes to answer, and goes: the moves between stages that there are. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from campaigns.models.refusals import InvalidStage, ModelNotMovable, NoActiveModel, StageTaken

LARGEST_SHARE = 0.5
"""Of the customers: the model that answers keeps the most of them."""


class State(StrEnum):
    """What a model is there for."""

    CANDIDATE = "CANDIDATE"
    """Nothing yet."""
    SHADOW = "SHADOW"
    """Asked after the answer, and never heard by callers."""
    CANARY = "CANARY"
    """Answers about a share of the customers."""
    ACTIVE = "ACTIVE"
    """Answers about everybody else."""
    RETIRED = "RETIRED"
    """Nothing any more."""


class Stage(NamedTuple):
    """Where a model stands, or should."""

    state: State
    canary_share: float | None = None
    """Of the customers; of a CANARY only."""


MOVES: Mapping[State, frozenset[State]] = {
    State.CANDIDATE: frozenset({State.SHADOW, State.CANARY, State.ACTIVE, State.RETIRED}),
    State.SHADOW: frozenset({State.CANARY, State.ACTIVE, State.RETIRED}),
    State.CANARY: frozenset({State.SHADOW, State.CANARY, State.ACTIVE, State.RETIRED}),
    State.ACTIVE: frozenset(),
    State.RETIRED: frozenset({State.SHADOW, State.CANARY, State.ACTIVE}),
}
"""A model that answers goes when another one takes its place. CANARY to CANARY is another share."""
ANSWERING = (State.CANARY, State.ACTIVE)
BESIDE_THE_ACTIVE = (State.SHADOW, State.CANARY)


def check_move(name: str, now: Stage, wanted: Stage, holders: Mapping[State, str]) -> None:
    """`holders` names the model of each state that one model has at a time.

    Raises InvalidStage, ModelNotMovable, NoActiveModel, StageTaken.
    """
    _check_share(wanted)
    if wanted.state not in MOVES[now.state]:
        possible = ", ".join(sorted(MOVES[now.state])) or "another model takes its place, or it is rolled back"
        raise ModelNotMovable(
            f"{name} is {now.state} and cannot become {wanted.state}; possible: {possible}",
            model=name, state=now.state, wanted=wanted.state,
        )  # fmt: skip
    if wanted.state not in BESIDE_THE_ACTIVE:
        return
    if State.ACTIVE not in holders:
        raise NoActiveModel(f"no model is active, beside which {name} could be {wanted.state}: activate one first")
    holder = holders.get(wanted.state, name)
    if holder != name:
        raise StageTaken(f"{holder} is {wanted.state}: retire it first, or let it answer", model=holder)


def _check_share(wanted: Stage) -> None:
    share = wanted.canary_share
    if wanted.state is not State.CANARY and share is not None:
        raise InvalidStage(f"canary_share: only a CANARY has one, not {wanted.state}", field="canary_share")
    if wanted.state is State.CANARY and not (share is not None and 0 < share <= LARGEST_SHARE):
        message = f"canary_share: a CANARY answers about a share of the customers, above 0 and at most {LARGEST_SHARE}"
        raise InvalidStage(message, field="canary_share")
