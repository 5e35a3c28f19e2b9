"""Many campaigns whose true effect is known, as the daily sums that a database would hand to the statistics."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from campaigns.experiments.assignment import HOLDOUT, Arm, Design, groups_of
from campaigns.experiments.moments import Moments
from events.event import EventType
from simulator.shop import Shop
from simulator.stream import simulate

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

DAYS = 28
ORDERS = 0.35
"""Mean number of orders of a customer in the window."""
ORDER_LOGARITHM, ORDER_SPREAD = 8.0, 0.9
"""Of the lognormal order value in minor units."""
MEAN_ORDER = float(np.exp(ORDER_LOGARITHM + ORDER_SPREAD**2 / 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """N customers and their M purchases after the launch, those of each customer together and in order of time."""

    prediction: Floats
    """[N] expected spend, or purchase probability, from before the launch."""
    customer: Ints
    """[M] index into `prediction`."""
    day: Ints
    """[M] 0 on the day of the launch."""
    value: Floats
    """[M] in minor units; for conversion 1 for a first purchase and 0 for others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign: the sums of each group at the end of each day, and the true effects by then."""

    groups: Mapping[str, tuple[Moments, ...]]
    """[DAYS] of the holdout, then of each arm."""
    truth: Mapping[str, Floats]
    """[DAYS] of each arm, the true difference per customer from the holdout."""

    @property
    def design(self) -> Design:
        """A tenth is held out, and all arms are alike."""
        return Design(arms=tuple(Arm(name=name) for name in self.truth))


def drawn(
    plain: Cohort, offered: Mapping[str, Cohort], campaigns: int, *, customers: int, seed: int
) -> Iterator[Campaign]:
    """Campaigns whose audience is drawn with replacement from one shop, known without and with each arm for everyone.

    An arm whose cohort is `plain` changes nothing. The truth is the mean over the shop, of which audiences are samples.
    """
    truth = {name: _daily_mean(cohort) - _daily_mean(plain) for name, cohort in offered.items()}
    design = Design(arms=tuple(Arm(name=name) for name in offered))
    ids = pl.Series([f"C{number:08d}" for number in range(customers)])
    for number in range(campaigns):
        rng = np.random.default_rng([seed, number])
        groups = groups_of(design, campaign_id=f"drawn-{seed}-{number}", customer_ids=ids).to_physical().to_numpy()
        cohort = _drawn(rng, [plain, *offered.values()], groups)
        members = enumerate((HOLDOUT, *offered))
        yield Campaign(groups={name: daily_moments(cohort, groups == place) for place, name in members}, truth=truth)


def invented_cohort(customers: int, *, effect: float, seed: int) -> Cohort:
    """A shop with some heavy buyers, heavy-tailed orders and a prediction that is roughly right.

    `effect` is the relative change of the number of orders; the customers depend on `seed` alone.
    """
    nature, chance = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1, int(effect > 0)])
    rate = nature.gamma(0.6, ORDERS / 0.6, customers)
    customer = np.repeat(np.arange(customers), chance.poisson(rate * (1 + effect)))
    day = chance.integers(0, DAYS, len(customer))
    return Cohort(
        prediction=rate * nature.lognormal(0.0, 0.4, customers) * MEAN_ORDER,
        customer=customer,
        day=day[np.lexsort((day, customer))],
        value=chance.lognormal(ORDER_LOGARITHM, ORDER_SPREAD, len(customer)),
    )


def shop_cohort(shop: Shop, *, conversion: bool = False) -> Cohort:
    """The first DAYS days after `as_of` of a simulated shop, with the truth about the untreated as the prediction."""
    blocks = list(simulate(shop))
    truth = pl.concat(block.truth for block in blocks).with_row_index("customer")
    future = pl.concat(block.future for block in blocks).filter(pl.col("event_type") == EventType.PURCHASE)
    bought = (
        future.with_columns(day=(pl.col("time") - shop.as_of).dt.total_days())
        .filter(pl.col("day") < DAYS)
        .join(truth.select("customer_id", "customer"), on="customer_id")
        .sort("customer", "time", "event_id")
        .with_columns(value=pl.col("quantity") * pl.col("unit_price_minor"))
    )
    if conversion:
        bought = bought.with_columns(value=pl.col("customer").is_first_distinct().cast(pl.Float64))
    return Cohort(
        prediction=truth["purchase_probability_30" if conversion else "expected_spend_minor"].to_numpy(),
        customer=bought["customer"].cast(pl.Int64).to_numpy(),
        day=bought["day"].to_numpy(),
        value=bought["value"].to_numpy(),
    )


def daily_moments(cohort: Cohort, members: Flags) -> tuple[Moments, ...]:
    """[DAYS] the sums of the customers that `members` [N] names, over what they did by the end of each day."""
    mine = members[cohort.customer]
    customer, day, value = cohort.customer[mine], cohort.day[mine], cohort.value[mine]
    after = _running_total(customer, value)
    square = after**2 - (after - value) ** 2
    outcome, squared, product = (
        np.cumsum(np.bincount(day, weights=weights, minlength=DAYS))
        for weights in (value, square, value * cohort.prediction[customer])
    )
    predicted = cohort.prediction[members]
    return tuple(
        Moments(
            count=len(predicted),
            outcome=float(outcome[today]),
            outcome_squared=float(squared[today]),
            covariate=float(predicted.sum()),
            covariate_squared=float(predicted @ predicted),
            product=float(product[today]),
        )
        for today in range(DAYS)
    )


def _running_total(customer: Ints, value: Floats) -> Floats:
    """[M] what each customer has spent up to and including each purchase."""
    total = np.cumsum(value)
    first = np.flatnonzero(np.diff(customer, prepend=-1))
    before = np.repeat(total[first] - value[first], np.diff(np.append(first, len(customer))))
    running: Floats = total - before
    return running


def _drawn(rng: np.random.Generator, cohorts: Sequence[Cohort], groups: npt.NDArray[np.integer]) -> Cohort:
    """The customers of each group as they are in its cohort."""
    predicted = cohorts[0].prediction
    chosen = rng.integers(0, len(predicted), len(groups))
    parts = [_picked(cohort, chosen, groups == place) for place, cohort in enumerate(cohorts)]
    place, day, value = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(place, kind="stable")
    return Cohort(
        prediction=predicted[chosen],
        customer=place[order].astype(np.int64),
        day=day[order].astype(np.int64),
        value=value[order].astype(np.float64),
    )


def _picked(cohort: Cohort, chosen: Ints, wanted: Flags) -> tuple[Ints, Ints, Floats]:
    """Place in the audience, day and value of the purchases of the customers that were chosen and are wanted."""
    orders = np.bincount(cohort.customer, minlength=len(cohort.prediction))
    count = orders[chosen[wanted]]
    first = (np.cumsum(orders) - orders)[chosen[wanted]]
    row = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
    return np.repeat(np.flatnonzero(wanted), count), cohort.day[row], cohort.value[row]


def _daily_mean(cohort: Cohort) -> Floats:
    """[DAYS] mean over all customers of what they did by the end of each day."""
    daily = np.bincount(cohort.day, weights=cohort.value, minlength=DAYS)
    mean: Floats = np.cumsum(daily) / len(cohort.prediction)
    return mean
