"""What events tell of the hidden state: Bayes' rule on the chain of `behaviour`, day by day (a forward filter).

A customer's traits are hidden too: each of K draws from all customers' is a hypothesis, which counts as much as it
makes likely what was seen. So no predictor that reads the same events ranks customers better, but for the draws and
for what `evidence` leaves out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.special import gammaln, softmax, xlogy

from simulator import behaviour as law
from simulator.catalogue import Floats, Ints
from simulator.chain import drift, experience, move
from simulator.evidence import Evidence
from simulator.journeys import Flags
from simulator.seasons import demand, leisure
from simulator.shop import Shop
from simulator.traits import CHANNELS, Traits, draw
from simulator.truth import outlook_from

BLOCK = 100
"""Customers at once."""
IMPOSSIBLE = 1e-100


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """Of n customers, by the events alone."""

    purchase: Floats
    """[n] probability of an order within the 90 days from `as_of`."""
    lapsed: Floats
    """[n] probability to have left for good by `as_of`."""
    hypotheses: Floats
    """[n] as how many equally likely ones those count that the events left: few mean that K was too small."""


def foretell(shop: Shop, seen: Evidence, *, hypotheses: int, seed: int) -> Foretold:
    """By `hypotheses` draws of traits, the same for everybody."""
    drawn = draw(shop, hypotheses, np.random.default_rng(seed))
    parts = [_foretold(shop, seen, drawn, rows) for rows in _blocks(len(seen))]
    return Foretold(**{each.name: np.concatenate([getattr(p, each.name) for p in parts]) for each in fields(Foretold)})


def _blocks(count: int) -> Iterator[Ints]:
    return (np.arange(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK))


def _foretold(shop: Shop, seen: Evidence, drawn: Traits, rows: Ints) -> Foretold:
    count = len(drawn)
    reachable = np.repeat(seen.reachable[rows], count)
    traits = replace(_tiled(drawn, len(rows)), preferred=np.where(reachable, CHANNELS.index("email"), -1))
    chance, told = _filtered(shop, seen, traits, np.repeat(rows, count))
    purchase = outlook_from(shop, traits, chance).purchase[-1]
    weight = softmax(told.reshape(len(rows), count), axis=1)
    means = [(weight * each.reshape(weight.shape)).sum(axis=1) for each in (purchase, chance[law.LAPSED].sum((0, 1)))]
    return Foretold(purchase=means[0], lapsed=means[1], hypotheses=1 / (weight**2).sum(axis=1))


def _tiled(traits: Traits, times: int) -> Traits:
    arrays = {each.name: getattr(traits, each.name) for each in fields(Traits)}
    return Traits(**{name: np.tile(array, (times, *[1] * (array.ndim - 1))) for name, array in arrays.items()})


def _filtered(shop: Shop, seen: Evidence, traits: Traits, customer: Ints) -> tuple[Floats, Floats]:
    """[levels, intents, coupon, M] chances at `as_of`, and [M] log-likelihoods of all that was seen."""
    chance, told = np.zeros((law.LEVELS, law.INTENTS, 2, len(traits))), np.zeros(len(traits))
    for day, (busy, free) in enumerate(zip(demand(shop), leisure(shop), strict=True)):
        if day == shop.days:
            break
        joining = seen.joined[customer] == day
        chance[1:, law.IDLE, 0] = np.where(joining, law.FIRST_LEVEL[1:, None], chance[1:, law.IDLE, 0])
        move(chance[:, :, 1], chance[:, :, 0], law.FORGET_COUPON)
        move(chance[:, :, 0], chance[:, :, 1], seen.coupon[customer, day].astype(np.float64))
        _want(chance, seen, traits, customer, day=day, busy=busy)
        _buy(chance, seen, traits, customer, day=day, free=free)
        drift(traits, chance)
        total = np.maximum(chance.sum(axis=(0, 1, 2)), IMPOSSIBLE)
        here = seen.joined[customer] <= day
        told += np.where(here, np.log(total), 0.0)
        chance /= np.where(here, total, 1.0)
    return chance, told


def _want(chance: Floats, seen: Evidence, traits: Traits, customer: Ints, *, day: int, busy: float) -> None:
    """Needs arise and ripen as views and carts say."""
    messaged, joining = seen.message[customer, day].astype(np.int64), seen.joined[customer] == day
    needing = np.stack(
        [
            [law.onset(traits, need * busy, coupon=coupon, messaged=messaged) for coupon in (0, 1)]
            for need in law.NEED.tolist()
        ]
    )
    views, dwell = seen.views[customer, day], np.exp(seen.dwell[:, :, customer, day])
    usual = law.ENGAGED_VIEWS * traits.curiosity
    engaged = _poisson(views, usual) * dwell[:, 1]
    began = np.where(views > 0, _poisson(np.maximum(views - 1, 0), usual), 0.0) * dwell[:, 1]
    idle = _poisson(views, law.IDLE_VIEWS[:, None] * busy * traits.curiosity) * dwell[:, 0]
    fresh = chance[:, law.IDLE] * np.where(joining, 1.0, needing)
    chance[:, law.IDLE] = (chance[:, law.IDLE] - fresh) * idle[:, None]
    chance[:, law.BROWSING :] *= engaged[:, None, None]
    chance[:, law.BROWSING] += fresh * began[:, None]
    _ripen(chance, seen.carted[customer, day])


def _ripen(chance: Floats, carted: Flags) -> None:
    ripe, faded = law.RIPEN * chance[:, law.BROWSING], law.LOSE_INTEREST * chance[:, law.BROWSING]
    chance[:, law.IDLE] = np.where(carted, 0.0, chance[:, law.IDLE] + faded)
    chance[:, law.READY] = np.where(carted, ripe, chance[:, law.READY])
    chance[:, law.BROWSING] = np.where(carted, 0.0, chance[:, law.BROWSING] - ripe - faded)


def _buy(chance: Floats, seen: Evidence, traits: Traits, customer: Ints, *, day: int, free: float) -> None:
    """Who ordered was ready; whether it turned out well is known by what came back since, and by what was said."""
    buy = np.stack([law.buying(traits, coupon=coupon, leisure=free) for coupon in (0, 1)])
    ordered, ready = seen.ordered[customer, day], chance[:, law.READY]
    bought, abandoned = ready * buy, ready * law.abandoning(buy)
    ready -= bought + abandoned
    chance[:, law.IDLE] += abandoned
    chance *= ~ordered
    bought[:, 0] *= ordered & ~seen.discounted[customer, day]
    bought[:, 1] *= ordered & seen.discounted[customer, day]
    experience(traits, chance, bought, odds=np.exp(seen.told[customer, day]))


def _poisson(count: Ints, mean: Floats) -> Floats:
    chance: Floats = np.exp(xlogy(count, mean) - mean - gammaln(count + 1))
    return chance
