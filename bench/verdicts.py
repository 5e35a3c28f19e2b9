"""What campaigns are told beside the truth: small ones, of rare buyers, of heavy spenders, of lapsed ones, short ones.

`python -m bench.verdicts` draws campaigns whose true effect is known, plans and judges them as results do
(`campaigns.results.measuring`), and looks on every day until the week after the end is over. Each customer orders at a
rate of their own; an offer changes it while it lasts, takes a tenth off six orders of ten, and some orders come back.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from bench.figures import Figure, publish
from campaigns.experiments.assignment import HOLDOUT, Design
from campaigns.experiments.decision import Verdict, decide
from campaigns.experiments.moments import Moments
from campaigns.experiments.power import (
    Baseline,
    Criterion,
    baselines_of_scores,
    power_for,
    revenue_baseline,
    sizes_of,
)
from campaigns.experiments.results import Metric, Plan, results

CAMPAIGNS = 500
SEED = 1
MANY = 200_000
"""Customers from whom promised power is reckoned."""
ARM = "offer"
METRICS = (Metric.CONVERSION, Metric.REVENUE)
AFTER, YEAR, FORETOLD = 7, 365, 90
"""Days that are counted after the end, that say how customers differ, and that scores tell of."""
QUIET = 90
"""Days for which nobody bought whom a campaign wants to win back."""
SHAPE, ORDER = 0.6, 8.0
"""Of the gamma law of customers' rates; of the logarithm of an order's worth in minor units."""
USED, TAKES_OFF = 0.6, 0.1
RETURNED, DAYS_UNTIL_RETURN = 0.1, 10.0

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Of campaigns."""

    customers: int = 10_000
    holdout: float = 0.1
    orders: float = 0.35
    """Of a customer in 28 days, in the mean."""
    spread: float = 0.9
    """Of the logarithm of an order's worth: 1.6 is a shop with wholesale orders among the others."""
    lift: float = 0.0
    """Orders more while the offer lasts, as a part."""
    days: int = 28
    coupon: bool = False
    """Whether the offer takes anything off."""
    lapsed: bool = False

    @property
    def counted(self) -> int:
        """Days."""
        return self.days + AFTER

    @property
    def worth(self) -> float:
        """Of an order in the mean."""
        return float(np.exp(ORDER + self.spread**2 / 2))

    @property
    def truth(self) -> Floats:
        """[counted] revenue more per customer by the end of each day, after discounts and returns."""
        daily, today = self.orders / 28 * self.worth, np.arange(self.counted)[:, None]
        # [counted, days] how many days ago the orders of each day were made.
        old = today - np.arange(self.days)
        kept = np.where(old >= 0, 1 - RETURNED * (1 - np.exp(-old / DAYS_UNTIL_RETURN)), 0.0).sum(axis=1)
        off = self.coupon * USED * TAKES_OFF * (1 + self.lift) * (old >= 0).sum(axis=1)
        more: Floats = daily * (self.lift * kept - off)
        return more


KINDS: Mapping[str, Kind] = {
    "nothing changes": Kind(),
    "5 % held out": Kind(holdout=0.05),
    "20 % held out": Kind(holdout=0.2),
    "half held out": Kind(holdout=0.5),
    "1,000 customers": Kind(customers=1_000),
    "rare buyers": Kind(orders=0.02, customers=30_000),
    "wholesale": Kind(spread=1.6),
    "wholesale, 5 % held out": Kind(spread=1.6, holdout=0.05),
    "lapsed": Kind(orders=0.1, lapsed=True),
    "lapsed, wholesale": Kind(orders=0.1, lapsed=True, spread=1.6),
    "three days": Kind(days=3),
    "gives away and changes nothing": Kind(coupon=True),
    "15 % more": Kind(lift=0.15),
    "15 % fewer": Kind(lift=-0.15),
    "half as many again": Kind(lift=0.5),
    "half as many again, with a coupon": Kind(lift=0.5, coupon=True),
    "lapsed, as many again": Kind(orders=0.1, lapsed=True, lift=1.0),
    "three days, 2.5 times more": Kind(days=3, lift=2.5),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Of one campaign."""

    difference: float
    """At the end."""
    missed: bool
    """By the interval of one look at the end."""
    missed_any_day: bool
    """By the confidence sequence on any day."""
    verdict: Verdict
    """When all is counted."""
    variance_left: float


def told(kind: Kind, number: int) -> Told:
    """One campaign, drawn and judged."""
    rng = np.random.default_rng([SEED, number])
    rate = rng.gamma(SHAPE, kind.orders / 28 / SHAPE, kind.customers)
    offered = rng.random(kind.customers) >= kind.holdout
    revenue, bought = _lived(kind, rate, offered, rng)
    spend = rate * FORETOLD * kind.worth * rng.lognormal(0.0, 0.4, kind.customers)
    chance = 1 - np.exp(-rate * FORETOLD * rng.lognormal(0.0, 0.2, kind.customers))
    plan = _plan(kind, _past(kind, rate, rng), chance=float(chance.mean()), spend=float(spend.mean()))
    groups = {ARM: offered, HOLDOUT: ~offered}
    sums = {
        name: list(zip(_daily(bought[who], chance[who]), _daily(revenue[who], spend[who]), strict=True))
        for name, who in groups.items()
    }
    missed_any_day = False
    for day, true in enumerate(kind.truth):
        found = results({name: dict(zip(METRICS, daily[day], strict=True)) for name, daily in sums.items()}, plan)
        effect = found.overall[Metric.REVENUE]
        missed_any_day |= float(true) not in effect.any_time.difference
    return Told(
        difference=effect.difference, missed=float(true) not in effect.at_the_end.difference,
        missed_any_day=missed_any_day, verdict=decide(found, plan, finished=True).overall.verdict,
        variance_left=effect.variance_left,
    )  # fmt: skip


def seen(kind: Kind, campaigns: int) -> dict[str, Figure]:
    """Of so many campaigns of a kind."""
    all_told = [told(kind, number) for number in range(campaigns)]
    verdicts = Counter(each.verdict for each in all_told)
    differences = np.array([each.difference for each in all_told])
    found = [each.difference for each in all_told if each.verdict is Verdict.SHIP]
    figures = {
        "true difference": Figure(value=float(kind.truth[-1]), unit="minor"),
        "mean of what is told": Figure(value=float(differences.mean()), unit="minor"),
        "its error": Figure(value=float(differences.std()) / campaigns**0.5, unit="minor"),
        "missed, one look": Figure(value=100 * fmean(each.missed for each in all_told), unit="%"),
        "missed, daily": Figure(value=100 * fmean(each.missed_any_day for each in all_told), unit="%"),
        **{verdict.value: Figure(value=100 * verdicts[verdict] / campaigns, unit="%") for verdict in Verdict},
        "variance left": Figure(value=100 * fmean(each.variance_left for each in all_told), unit="%"),
    }
    if kind.truth[-1]:
        figures["promised power"] = Figure(value=100 * promised(kind), unit="%")
    if found:
        figures["mean of what is told where it is SHIP"] = Figure(value=fmean(found), unit="minor")
    return figures


def promised(kind: Kind) -> float:
    """The chance to find the true effect by the planned end, as `campaigns.forecast.outlook` foretells it."""
    rng = np.random.default_rng(0)
    rate = rng.gamma(SHAPE, kind.orders / 28 / SHAPE, MANY)
    past = np.zeros(MANY) if kind.lapsed else _spent(kind, rate * FORETOLD, rng)
    part, chance = kind.counted / FORETOLD, float(1 - np.exp(-rate * FORETOLD).mean())
    _, scored = baselines_of_scores(chance, float(rate.mean()) * FORETOLD * kind.worth, part=part)
    revenue = revenue_baseline(_differing(past), scored, part=part)
    sizes = sizes_of(Design(holdout=kind.holdout), kind.customers)[ARM]
    return power_for(float(kind.truth[-1]), revenue, sizes, Criterion())


def main(
    *,
    campaigns: Annotated[int, typer.Option(min=1, help="Of each kind.")] = CAMPAIGNS,
    only: Annotated[str, typer.Option(help="Kinds whose name begins so.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Set what campaigns are told beside the truth."""
    figures = {
        f"{name}: {what}": figure
        for name, kind in KINDS.items()
        if name.startswith(only)
        for what, figure in seen(kind, campaigns).items()
    }
    notes = [f"{campaigns} campaigns of each kind, looked at on each day until a week after the end"]
    publish("verdicts", figures, notes=notes, as_json=as_json)


def _lived(kind: Kind, rate: Floats, offered: Flags, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """[customers, counted] revenue so far and whether anything was bought, by the end of each day."""
    while_on = rng.poisson(rate * np.where(offered, 1 + kind.lift, 1.0) * kind.days)
    afterwards = rng.poisson(rate * AFTER)
    who = np.repeat(np.tile(np.arange(len(rate)), 2), np.concatenate([while_on, afterwards]))
    starts, days = np.repeat([[0, kind.days], [kind.days, AFTER]], [while_on.sum(), afterwards.sum()], axis=1)
    day = starts + np.floor(rng.random(len(who)) * days).astype(int)
    worth = np.round(rng.lognormal(ORDER, kind.spread, len(who)))
    used = kind.coupon & offered[who] & (day < kind.days) & (rng.random(len(who)) < USED)
    paid = np.zeros((len(rate), kind.counted))
    np.add.at(paid, (who, day), worth - used * np.round(worth * TAKES_OFF))
    # An order comes back before the end of a later day.
    back = day + np.ceil(rng.exponential(DAYS_UNTIL_RETURN, len(who))).astype(int)
    comes = (rng.random(len(who)) < RETURNED) & (back < kind.counted)
    np.add.at(paid, (who[comes], back[comes]), -worth[comes])
    first = np.full(len(rate), kind.counted)
    np.minimum.at(first, who, day)
    return np.cumsum(paid, axis=1), (first[:, None] <= np.arange(kind.counted)).astype(np.float64)


def _past(kind: Kind, rate: Floats, rng: np.random.Generator) -> Floats:
    """[customers] spent in the year before."""
    return _spent(kind, rate * (YEAR - QUIET * kind.lapsed), rng)


def _spent(kind: Kind, orders: Floats, rng: np.random.Generator) -> Floats:
    """[customers] by so many orders of each, in the mean."""
    who = np.repeat(np.arange(len(orders)), rng.poisson(orders))
    worth = rng.lognormal(ORDER, kind.spread, len(who))
    spent: Floats = np.bincount(who, weights=worth, minlength=len(orders)).astype(np.float64)
    return spent


def _plan(kind: Kind, past: Floats, *, chance: float, spend: float) -> Plan:
    """As `campaigns.results.measuring` makes it."""
    bought, scored = baselines_of_scores(chance, spend, part=kind.counted / FORETOLD)
    revenue = revenue_baseline(_differing(past), scored, part=kind.counted / YEAR)
    return Plan(
        design=Design(holdout=kind.holdout), customers=kind.customers, primary=Metric.REVENUE,
        baselines={Metric.CONVERSION: bought, Metric.REVENUE: revenue},
    )  # fmt: skip


def _differing(past: Floats) -> Baseline:
    return Baseline(mean=float(past.mean()), standard_deviation=float(past.std()))


def _daily(outcome: Floats, prediction: Floats) -> list[Moments]:
    """The sums of a group by the end of each day."""
    columns = zip(outcome.sum(axis=0), (outcome**2).sum(axis=0), prediction @ outcome, strict=True)
    return [
        Moments(
            count=len(prediction), outcome=float(total), outcome_squared=float(squared),
            covariate=float(prediction.sum()), covariate_squared=float(prediction @ prediction), product=float(product),
        )
        for total, squared, product in columns
    ]  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
