"""Whether the statistics keep their promises: errors of 500 campaigns of each kind, invented and from the simulator.

`python -m bench.experiments` prints, for looks on each of 28 days: how often an interval at the end, any of the daily
intervals of one look, and any of the daily intervals of the confidence sequence misses the truth. The promise is 5 %
for the first and at most 5 % for the last. Of campaigns with several arms: how often any arm that changes nothing is
found to work, and how often the interval of each arm, and of any, misses the truth.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Annotated

import typer

from bench.figures import Figure, publish
from bench.several_arms import FamilyMisses, family_misses
from bench.simulated_campaigns import Campaign, Cohort, drawn, invented_cohort, shop_cohort
from campaigns.experiments.assignment import HOLDOUT
from campaigns.experiments.effect import Estimate, compare, difference_interval, fixed_critical_value
from campaigns.experiments.multiplicity import shared_alpha
from campaigns.experiments.sequential import Boundary, boundary, critical_value, final_time, intrinsic_time
from simulator.shop import Shop

CAMPAIGNS = 500
ALPHA = 0.05
AUDIENCE = 10_000
INVENTED = 100_000
SIMULATED = 10_000
ARM = "offer"
"""Of campaigns with one."""
COUPONS = {"nothing": 0.0, "coupon": 1.0}
"""What the simulator gives, and to which share of its customers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is simulated."""

    campaigns: int = CAMPAIGNS
    """Of each kind."""
    audience: int = AUDIENCE
    invented: int = INVENTED
    """Customers of the invented shop, from whom audiences are drawn."""
    simulated: int = SIMULATED
    """Of the simulator's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shops:
    """Each shop as it would be without a campaign, and with each offer for everyone."""

    revenue: Mapping[str, Cohort]
    """Invented; with no offer, and with offers that bring an eighth and a quarter more orders."""
    spent: Mapping[str, Cohort]
    """The simulator's revenue, with no offer and with its coupon."""
    bought: Mapping[str, Cohort]
    """The simulator's conversion, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misses:
    """Of many campaigns, the share whose interval leaves out the truth."""

    campaigns: int
    at_the_end: float
    """Welch's interval, looked at once."""
    peeked: float
    """Any of Welch's daily intervals: what looking early without a sequence does."""
    any_time: float
    """Any of the daily intervals of the confidence sequence."""
    found_any_time: float
    """Share whose sequence leaves out zero some day: power for an A/B campaign."""
    variance_left: float
    """What the prediction left of the variance, in the mean."""


def misses(campaigns: Iterable[Campaign]) -> Misses:
    """Judge each campaign at the end of each day; the boundary is fixed by the first campaign, as by a plan."""
    limit: Boundary | None = None
    seen: list[tuple[bool, bool, bool, bool, float]] = []
    for campaign in campaigns:
        limit = limit or _planned(campaign)
        seen.append(_judged(campaign, limit))
    end, peeked, always, found, left = zip(*seen, strict=True)
    return Misses(
        campaigns=len(seen),
        at_the_end=fmean(end),
        peeked=fmean(peeked),
        any_time=fmean(always),
        found_any_time=fmean(found),
        variance_left=fmean(left),
    )


def shops(scale: Scale) -> Shops:
    """The same every time."""
    effects = {"nothing": 0.0, "an eighth": 0.125, "a quarter": 0.25}
    revenue = {name: invented_cohort(scale.invented, effect=effect, seed=1) for name, effect in effects.items()}
    made = {name: Shop(customers=scale.simulated, seed=5, trial_share=share) for name, share in COUPONS.items()}
    spent = {name: shop_cohort(shop) for name, shop in made.items()}
    return Shops(
        revenue=revenue,
        spent=spent,
        bought={name: shop_cohort(shop, conversion=True) for name, shop in made.items()},
    )


def pairs(made: Shops, scale: Scale) -> dict[str, Iterator[Campaign]]:
    """Campaigns with one arm, by name."""
    kinds = {
        "invented, revenue": (made.revenue, "a quarter"),
        "simulator, revenue": (made.spent, "coupon"),
        "simulator, conversion": (made.bought, "coupon"),
    }
    found: dict[str, Iterator[Campaign]] = {}
    for name, (cohorts, offer) in kinds.items():
        for kind, with_it in (("A/A", cohorts["nothing"]), ("A/B", cohorts[offer])):
            found[f"{kind} {name}"] = _drawn(cohorts["nothing"], {ARM: with_it}, scale, seed=len(found))
    return found


def families(made: Shops, scale: Scale) -> dict[str, Iterator[Campaign]]:
    """Campaigns with three arms, by name; an arm's name says what it changes."""
    nothing, coupon = made.bought["nothing"], made.bought["coupon"]
    idle = made.revenue["nothing"]
    kinds = {
        "A/A/A/A invented, revenue": (idle, {f"nothing {number}": idle for number in (1, 2, 3)}),
        "A/B/C/D invented, revenue": (idle, made.revenue),
        "A/B/C/D simulator, conversion": (nothing, {"nothing": nothing, "coupon 1": coupon, "coupon 2": coupon}),
    }
    return {
        name: _drawn(plain, offered, scale, seed=100 + number)
        for number, (name, (plain, offered)) in enumerate(kinds.items())
    }


def measured(scale: Scale) -> dict[str, Figure]:
    """What was seen, beside what is stated."""
    made = shops(scale)
    figures: dict[str, Figure] = {}
    for name, campaigns in pairs(made, scale).items():
        figures |= {f"{name}: {label}": figure for label, figure in _of_pair(misses(campaigns)).items()}
    for name, campaigns in families(made, scale).items():
        found = family_misses(campaigns, alpha=ALPHA)
        figures |= {f"{name}: {label}": figure for label, figure in _of_family(found).items()}
    return figures


def main(
    *,
    campaigns: Annotated[int, typer.Option(min=1, help="Of each kind.")] = CAMPAIGNS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure how often the statistics of campaigns are wrong, beside how often they say that they are."""
    notes = [
        f"{campaigns} campaigns of each kind, {AUDIENCE:,} customers each, 10 % held out, looked at on each of 28 days",
        "several arms: intervals cover together (alpha divided by the arms), p-values are adjusted by Holm",
    ]
    publish("experiments", measured(Scale(campaigns=campaigns)), notes=notes, as_json=as_json)


def _of_pair(rates: Misses) -> dict[str, Figure]:
    return {
        "missed, one look at the end": _rate(rates.at_the_end, ALPHA),
        "missed, peeking without a sequence": Figure(value=100 * rates.peeked, unit="%"),
        "missed, confidence sequence daily": _rate(rates.any_time, ALPHA, most=True),
        "sequence finds an effect": Figure(value=100 * rates.found_any_time, unit="%"),
        "variance left by CUPED": Figure(value=100 * rates.variance_left, unit="%"),
    }


def _of_family(found: FamilyMisses) -> dict[str, Figure]:
    each = shared_alpha(ALPHA, len(found.missed))
    return {
        "any false alarm at the end, by Holm": _rate(found.false_alarm_at_the_end, ALPHA, most=True),
        "any false alarm, looked at daily": _rate(found.false_alarm_any_day, ALPHA, most=True),
        **{f"missed at the end, arm {arm}": _rate(rate, each) for arm, rate in found.missed.items()},
        "missed at the end, any arm": _rate(found.any_missed, ALPHA, most=True),
        "missed, any arm's sequence daily": _rate(found.any_missed_any_day, ALPHA, most=True),
        **{f"sequence finds arm {arm}": Figure(value=100 * rate, unit="%") for arm, rate in found.found.items()},
    }


def _rate(seen: float, stated: float, *, most: bool = False) -> Figure:
    against = f"stated {'at most ' if most else ''}{100 * stated:.3g} %"
    return Figure(value=100 * seen, unit="%", against=against, ratio=seen / stated)


def _drawn(plain: Cohort, offered: Mapping[str, Cohort], scale: Scale, *, seed: int) -> Iterator[Campaign]:
    return drawn(plain, offered, scale.campaigns, customers=scale.audience, seed=seed)


def _planned(campaign: Campaign) -> Boundary:
    arm, holdout = campaign.groups[ARM][-1], campaign.groups[HOLDOUT][-1]
    deviation = holdout.variance**0.5
    return boundary(ALPHA, final_time=final_time(arm=arm.count, holdout=holdout.count, standard_deviation=deviation))


def _judged(campaign: Campaign, limit: Boundary) -> tuple[bool, bool, bool, bool, float]:
    days = zip(campaign.groups[ARM], campaign.groups[HOLDOUT], strict=True)
    estimates = [compare(arm, holdout) for arm, holdout in days]
    truth = campaign.truth[ARM]
    fixed = [difference_interval(estimate, fixed_critical_value(estimate, ALPHA)) for estimate in estimates]
    always = [difference_interval(estimate, _always(estimate, limit)) for estimate in estimates]
    missed = [float(true) not in span for true, span in zip(truth, fixed, strict=True)]
    return (
        missed[-1],
        any(missed),
        any(float(true) not in span for true, span in zip(truth, always, strict=True)),
        any(0.0 not in span for span in always),
        estimates[-1].variance_left,
    )


def _always(estimate: Estimate, limit: Boundary) -> float:
    return critical_value(limit, intrinsic_time(estimate))


if __name__ == "__main__":
    typer.run(main)
