"""The daily walk of one block of customers through the laws of behaviour, as arrays of what they did."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from simulator import behaviour as law
from simulator.catalogue import ANY_COLLECTION, COMPLEMENT, Catalogue, Floats, Ints
from simulator.seasons import demand, leisure
from simulator.shop import Shop
from simulator.traits import Traits, categories

Flags = npt.NDArray[np.bool_]


@dataclass(slots=True, kw_only=True)
class State:
    """Where n customers stand at the beginning of a day; every array is [n]."""

    level: Ints
    intent: Ints
    coupon: Ints
    last_category: Ints
    """Of the last purchase; -1 before the first."""
    episode: Ints
    """Number of the need being followed; meaningless when idle."""
    item: Ints
    """Main item of that need."""

    def copy(self) -> "State":
        """The same state, no longer moving."""
        return State(
            level=self.level.copy(), intent=self.intent.copy(), coupon=self.coupon.copy(),
            last_category=self.last_category.copy(), episode=self.episode.copy(), item=self.item.copy(),
        )  # fmt: skip


@dataclass(slots=True)
class Log:
    """Rows of equally long columns, collected piece by piece."""

    pieces: list[tuple[Ints, ...]] = field(default_factory=list)

    def add(self, *columns: Ints) -> None:
        """Append rows."""
        if len(columns[0]):
            self.pieces.append(columns)

    def columns(self, count: int) -> tuple[Ints, ...]:
        """The `count` columns as whole arrays."""
        if not self.pieces:
            return tuple(np.zeros(0, dtype=np.int64) for _ in range(count))
        return tuple(np.concatenate(column) for column in zip(*self.pieces, strict=True))


@dataclass(slots=True, kw_only=True)
class Journeys:
    """What a block did over history and future, day by day."""

    views: Log = field(default_factory=Log)
    """day, customer, episode or -1, level"""
    carts: Log = field(default_factory=Log)
    """day, customer, episode"""
    orders: Log = field(default_factory=Log)
    """day, customer, episode, coupon used, turned out bad"""
    coupons: Log = field(default_factory=Log)
    """day, customer"""
    messages: Log = field(default_factory=Log)
    """day, customer"""
    episodes: Log = field(default_factory=Log)
    """Main item of each need, by the number of the episode."""
    count: int = 0
    """Number of episodes."""
    in_trial: Flags
    """[n] who got a coupon at `as_of` in the shop's A/B test."""


def walk(shop: Shop, goods: Catalogue, traits: Traits, rng: np.random.Generator) -> tuple[Journeys, State]:
    """Everything the block does, and the state it was in at `as_of`."""
    nobody = np.full(len(traits), -1, dtype=np.int64)
    idle = np.zeros(len(traits), dtype=np.int64)
    state = State(
        level=idle.copy(), intent=idle.copy(), coupon=idle.copy(),
        last_category=nobody, episode=nobody.copy(), item=nobody.copy(),
    )  # fmt: skip
    journeys, at_cut = Journeys(in_trial=rng.random(len(traits)) < shop.trial_share), state
    for day, (busy, free) in enumerate(zip(demand(shop), leisure(shop), strict=True)):
        if day == shop.days:
            at_cut = state.copy()
        state.level = np.where(traits.joined == day, 1 + _first_levels(len(traits), rng), state.level)
        messaged = _address(shop, traits, state, journeys, day=day, rng=rng)
        _want(goods, traits, state, journeys, day=day, busy=busy, messaged=messaged, rng=rng)
        _buy(goods, traits, state, journeys, day=day, free=free, rng=rng)
        _drift(traits, state, rng.random(len(traits)))
    return journeys, at_cut


def campaign_day(day: int, every: int) -> bool:
    """Whether something that happens every so many days happens on this one."""
    return day % every == every - 1


def _first_levels(count: int, rng: np.random.Generator) -> Ints:
    return np.searchsorted(np.cumsum(law.FIRST_LEVEL[1:])[:-1], rng.random(count), side="right")


def _address(
    shop: Shop, traits: Traits, state: State, journeys: Journeys, *, day: int, rng: np.random.Generator
) -> Ints:
    """Coupons are forgotten and issued, messages sent; who got a message today."""
    chance = rng.random((3, len(traits)))
    reachable = traits.addressable & (traits.joined < day)
    state.coupon &= chance[0] >= law.FORGET_COUPON
    given = np.zeros(len(traits), dtype=bool)
    if campaign_day(day, shop.campaign_every_days):
        given = reachable & (chance[1] < shop.coupon_share)
    if day == shop.days:
        given |= journeys.in_trial
    messaged = np.zeros(len(traits), dtype=bool)
    if campaign_day(day, shop.message_every_days):
        messaged = reachable & (chance[2] < shop.message_share)
    state.coupon |= given
    journeys.coupons.add(*_on(day, np.flatnonzero(given)))
    journeys.messages.add(*_on(day, np.flatnonzero(messaged)))
    return messaged.astype(np.int64)


def _want(
    goods: Catalogue, traits: Traits, state: State, journeys: Journeys, *,
    day: int, busy: float, messaged: Ints, rng: np.random.Generator,
) -> None:  # fmt: skip
    """Needs arise, browsing ripens into a cart or fades, and all of it is seen as views."""
    chance = rng.random((2, len(traits)))
    probability = law.onset(traits, law.NEED[state.level] * busy, coupon=state.coupon, messaged=messaged)
    fresh = (state.level > law.LAPSED) & (state.intent == law.IDLE)
    fresh &= (chance[0] < probability) | (traits.joined == day)
    _begin(goods, traits, state, journeys, np.flatnonzero(fresh), rng)
    engaged = state.intent != law.IDLE
    mean = np.where(engaged, law.ENGAGED_VIEWS, law.IDLE_VIEWS[state.level] * busy) * traits.curiosity
    seen = np.repeat(np.arange(len(traits)), rng.poisson(mean) + fresh)
    episode = np.where(engaged, state.episode, -1)[seen]
    journeys.views.add(*_on(day, seen), episode, state.level[seen])
    browsing = state.intent == law.BROWSING
    ripe = browsing & (chance[1] < law.RIPEN)
    state.intent[ripe] = law.READY
    state.intent[browsing & ~ripe & (chance[1] < law.RIPEN + law.LOSE_INTEREST)] = law.IDLE
    carting = np.flatnonzero(ripe)
    journeys.carts.add(*_on(day, carting), state.episode[carting])


def _begin(
    goods: Catalogue, traits: Traits, state: State, journeys: Journeys, who: Ints, rng: np.random.Generator
) -> None:
    """A need gets its category and its main item."""
    chance = rng.random((4, len(who)))
    last = state.last_category[who]
    follows = (last >= 0) & (chance[0] < law.COMPLEMENT_NEXT)
    category = np.where(follows, COMPLEMENT[last], categories(traits.taste[who], chance[1]))
    loyal = chance[2] < law.FAVOURITE_COLLECTION
    collection = np.where(loyal, traits.favourite[who], ANY_COLLECTION)
    item = goods.draw(chance[3], hunter=traits.hunter[who], category=category, collection=collection)
    state.episode[who] = journeys.count + np.arange(len(who))
    state.item[who] = item
    state.intent[who] = law.BROWSING
    journeys.episodes.add(item)
    journeys.count += len(who)


def _buy(
    goods: Catalogue, traits: Traits, state: State, journeys: Journeys, *,
    day: int, free: float, rng: np.random.Generator,
) -> None:  # fmt: skip
    """Ready customers buy or give up; what they bought turns out well or badly and moves their level."""
    chance = rng.random((3, len(traits)))
    ready = state.intent == law.READY
    probability = law.buying(traits, coupon=state.coupon, leisure=free)
    bought = ready & (chance[0] < probability)
    state.intent[ready & (chance[0] < probability + law.abandoning(probability))] = law.IDLE
    bad = chance[1] < traits.disappointment
    who = np.flatnonzero(bought)
    journeys.orders.add(*_on(day, who), state.episode[who], state.coupon[who], bad[who].astype(np.int64))
    state.coupon[who] = 0
    state.level += bought & ~bad & (chance[2] < law.DELIGHTED) & (state.level < law.KEEN)
    alienated = bought & bad & (chance[2] < law.ALIENATED)
    state.level = np.where(alienated, law.AFTER_BAD[state.level], state.level)
    state.last_category[who] = goods.category[state.item[who]]


def _drift(traits: Traits, state: State, chance: Floats) -> None:
    lapse = law.lapsing(traits, state.level)
    sink = lapse + law.SINK[state.level]
    rise = sink + law.RISE[state.level]
    change = np.select([chance < lapse, chance < sink, chance < rise], [-state.level, -1, 1], 0)
    state.level = state.level + change
    state.intent[state.level == law.LAPSED] = law.IDLE


def _on(day: int, who: Ints) -> tuple[Ints, Ints]:
    return np.full(len(who), day, dtype=np.int64), who
