"""Whether the statistics keep their promises: errors of 500 A/A and 500 A/B campaigns, invented and from the simulator.

`python -m bench.experiments` prints, for looks on each of 28 days: how often an interval at the end, any of the daily
intervals of one look, and any of the daily intervals of the confidence sequence misses the truth. The promise is 5 %
for the first and at most 5 % for the last.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean

from bench.figures import Figure, publish
from bench.simulated_campaigns import Campaign, drawn, invented_cohort, shop_cohort, winsorised
from campaigns.experiments.effect import Estimate, compare, difference_interval, fixed_critical_value
from campaigns.experiments.sequential import Boundary, boundary, critical_value, final_time, intrinsic_time
from simulator.shop import Shop

CAMPAIGNS = 500
ALPHA = 0.05
AUDIENCE = 10_000
INVENTED = 100_000
SIMULATED = 10_000


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


def runs() -> dict[str, Iterator[Campaign]]:
    """The campaigns that are judged, by name."""
    plain, lifted = (invented_cohort(INVENTED, effect=effect, seed=1) for effect in (0.0, 0.25))
    shops = [Shop(customers=SIMULATED, seed=5, trial_share=share) for share in (0.0, 1.0)]
    spent, spent_with_coupon = (shop_cohort(shop) for shop in shops)
    bought, bought_with_coupon = (shop_cohort(shop, conversion=True) for shop in shops)
    pairs = {
        "invented, revenue": (winsorised(plain, like=plain), winsorised(lifted, like=plain)),
        "simulator, revenue": (winsorised(spent, like=spent), winsorised(spent_with_coupon, like=spent)),
        "simulator, conversion": (bought, bought_with_coupon),
    }
    made: dict[str, Iterator[Campaign]] = {}
    for name, (without, coupon) in pairs.items():
        made[f"A/A {name}"] = drawn(without, without, CAMPAIGNS, customers=AUDIENCE, seed=len(made))
        made[f"A/B {name}"] = drawn(without, coupon, CAMPAIGNS, customers=AUDIENCE, seed=len(made))
    return made


def main() -> None:
    """Print the table."""
    figures: dict[str, Figure] = {}
    for name, campaigns in runs().items():
        rates = misses(campaigns)
        for label, rate in (
            ("missed, one look at the end", rates.at_the_end),
            ("missed, peeking without a sequence", rates.peeked),
            ("missed, confidence sequence daily", rates.any_time),
        ):
            figures[f"{name}: {label}"] = Figure(
                value=100 * rate, unit="%", against=f"promise {100 * ALPHA:g} %", ratio=rate / ALPHA
            )
        figures[f"{name}: sequence finds an effect"] = Figure(value=100 * rates.found_any_time, unit="%")
        figures[f"{name}: variance left by CUPED"] = Figure(value=100 * rates.variance_left, unit="%")
    publish("experiments", figures, notes=[f"{CAMPAIGNS} campaigns each, 10 % held out, looked at on each of 28 days"])


def _planned(campaign: Campaign) -> Boundary:
    arm, holdout = campaign.arm[-1], campaign.holdout[-1]
    deviation = holdout.variance**0.5
    return boundary(ALPHA, final_time=final_time(arm=arm.count, holdout=holdout.count, standard_deviation=deviation))


def _judged(campaign: Campaign, limit: Boundary) -> tuple[bool, bool, bool, bool, float]:
    estimates = [compare(arm, holdout) for arm, holdout in zip(campaign.arm, campaign.holdout, strict=True)]
    fixed = [difference_interval(estimate, fixed_critical_value(estimate, ALPHA)) for estimate in estimates]
    always = [difference_interval(estimate, _always(estimate, limit)) for estimate in estimates]
    missed = [float(true) not in span for true, span in zip(campaign.truth, fixed, strict=True)]
    return (
        missed[-1],
        any(missed),
        any(float(true) not in span for true, span in zip(campaign.truth, always, strict=True)),
        any(0.0 not in span for span in always),
        estimates[-1].variance_left,
    )


def _always(estimate: Estimate, limit: Boundary) -> float:
    return critical_value(limit, intrinsic_time(estimate))


if __name__ == "__main__":
    main()
