"""Why a customer got a score: Shapley values of features and events, that add up exactly.

The players are every selected feature that is known (absent: at the mean of the training part), each of the latest
LATEST actions, and the earlier ones by kind (absent: not among the tokens). The value of a coalition is the logit of
purchase_90 that the network gives it, so the base is what it says of a customer of whom nothing is known. Marginal
contributions are averaged over a few random orders of the players and their reverses (antithetic permutation sampling,
Mitchell et al. 2022); along each order they telescope, so no remainder has to be shared out. The season, where the
model knows one, comes before all of them: it is what it adds for the unknown customer.

A query token reads the events but no event reads a query. So all feature coalitions that share their events are queries
of one sequence, and one customer takes ORDERS · (groups + 1) sequences in one forward pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import expit

from events.event import EventType
from scoring.answers import Answers, longest_logit
from scoring.model import Model
from scoring.reasons.deed import deed_of
from scoring.reasons.wording import Wording
from scoring.score import Contribution, Explanation, Score
from scoring.seen.actions import Floats, Integers
from scoring.seen.feature_registry import BY_NAME, NAMES
from scoring.seen.sequence import TOKENS, Tokens, batch_of

LATEST = 5
"""Actions that are explained one by one."""
ORDERS = 2
"""Permutations of the players: one and its reverse. Twelve times as many correlate 0.9998 with these (made shop)."""
SEED = 20_110_909


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer's question as the network was asked it."""

    tokens: Tokens
    first: int
    last: int
    as_of: float
    raw: Floats
    """[F]"""
    tabular: npt.NDArray[np.float32]
    """[S]"""


@dataclass(frozen=True, slots=True)
class Group:
    """Actions that come and go together."""

    name: str
    words: str
    actions: Integers
    time: datetime | None


def explain(
    model: Model, customer: Customer, score: Score, logit: float, device: torch.device, wording: Wording
) -> Explanation:
    """Contributions of one customer's features and events to `logit`, that of `score.purchase_90`."""
    groups = groups_of(model, customer, wording)
    shares, season = shapley(model, customer, groups, device)
    base = logit - float(shares.sum()) - season
    low, high = float(expit(base)), float(expit(logit))
    slope = 100 * ((high - low) / (logit - base) if abs(logit - base) > 1e-9 else high * (1 - high))  # noqa: PLR2004
    players: list[str | Group] = [*model.normaliser.names, *groups]
    said = [
        _contribution(model, customer, player, share, slope, wording)
        for player, share in zip(players, shares.tolist(), strict=True)
        if share
    ]
    if season:
        said.append(
            Contribution(
                kind="season", name="season", logit=season, points=season * slope, words=wording.season(season)
            )
        )
    said.sort(key=lambda contribution: -abs(contribution.logit))
    return Explanation(score=score, base_logit=base, logit=logit, contributions=tuple(said))


def _contribution(
    model: Model, customer: Customer, player: str | Group, share: float, slope: float, wording: Wording
) -> Contribution:
    """Of a feature by its name, or of a group of events; `slope` is points a logit."""
    if isinstance(player, Group):
        return Contribution(
            kind="event", name=player.name, logit=share, points=share * slope, words=player.words, time=player.time
        )
    words = wording.feature(BY_NAME[player], float(customer.raw[NAMES.index(player)]), model.currency)
    return Contribution(kind="feature", name=player, logit=share, points=share * slope, words=words)


def groups_of(model: Model, customer: Customer, wording: Wording) -> list[Group]:
    actions = customer.tokens.actions
    seen = np.arange(max(customer.first, customer.last - TOKENS), customer.last)
    groups = [
        Group(
            name=EventType(int(actions.kind[action])).word,
            words=wording.action(deed_of(actions, action, model.catalogue, model.currency)),
            actions=np.array([action]),
            time=datetime.fromtimestamp(float(actions.time[action]), UTC),
        )
        for action in seen[-LATEST:].tolist()
    ]
    earlier = seen[:-LATEST]
    for number in np.unique(actions.kind[earlier]).tolist():
        kind, some = EventType(number), earlier[actions.kind[earlier] == number]
        groups.append(Group(f"earlier_{kind.word}", wording.group(kind, len(some)), some, None))
    return groups


def shapley(model: Model, customer: Customer, groups: Sequence[Group], device: torch.device) -> tuple[Floats, float]:
    """[S + G] mean marginal contributions over ORDERS permutations, and what the season adds where nobody is there."""
    players = len(customer.tabular) + len(groups)
    # What is not known of a customer stands at the mean, as if it were absent: it has no part, not even by rounding.
    known = np.flatnonzero(np.append(customer.tabular != 0, np.ones(len(groups), dtype=bool)))
    random = np.random.default_rng(SEED)
    half = [random.permutation(known) for _ in range(ORDERS // 2)]
    orders = np.array([*half, *(order[::-1] for order in half)])
    # [ORDERS, known + 1, players]: who is present after each step.
    place = np.full((ORDERS, players), len(known))
    np.put_along_axis(place, orders, np.arange(len(known))[None, :], axis=1)
    present = place[:, None, :] < np.arange(len(known) + 1)[None, :, None]
    answers = answers_of(model, customer, groups, present.reshape(-1, players), device)
    as_of, seasonless = np.full(len(answers.hazards), customer.as_of), replace(model.calibration, seasons=())
    values = longest_logit(answers, model.calibration, as_of).reshape(ORDERS, len(known) + 1)
    shares = np.zeros(players)
    np.add.at(shares, orders, np.diff(values, axis=1))
    return shares / ORDERS, float(values[0, 0] - longest_logit(answers, seasonless, as_of)[0])


def answers_of(
    model: Model, customer: Customer, groups: Sequence[Group], present: npt.NDArray[np.bool_], device: torch.device
) -> Answers:
    """Hazards of n coalitions [n, S + G]: equal events share a sequence."""
    features, first = len(customer.tabular), max(customer.first, customer.last - TOKENS)
    events, sequence = np.unique(present[:, features:], axis=0, return_inverse=True)
    sequence = sequence.reshape(-1)
    order = np.argsort(sequence, kind="stable")
    count = np.bincount(sequence, minlength=len(events))
    query = np.empty(len(present), dtype=np.int64)
    query[order] = np.arange(len(present)) - np.repeat(np.cumsum(count) - count, count)
    times = np.full((len(events), count.max()), np.nan)
    times[sequence, query] = customer.as_of
    tabular = np.zeros((*times.shape, features), dtype=np.float32)
    tabular[sequence, query] = customer.tabular * present[:, :features]
    bounds = (np.full(len(events), first), np.full(len(events), customer.last))
    batch = batch_of(customer.tokens, *bounds, times, tabular)
    for number, group in enumerate(groups):
        absent = np.flatnonzero(~events[:, number])
        batch.kind[np.ix_(absent, group.actions - first)] = 0
    batch = batch.to(device)
    with torch.inference_mode():
        hazards = (
            torch.stack([network(batch, states=False).hazards for network in model.networks])
            .double()
            .mean(dim=0)
            .cpu()
            .numpy()
        )
    mixed = model.mixture.hazards(hazards[sequence, query], tabular[sequence, query])
    nothing = np.zeros(len(present))
    return Answers(hazards=mixed, log_mean=nothing, log_sigma=nothing, silence=nothing)
