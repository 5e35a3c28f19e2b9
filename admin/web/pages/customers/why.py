"""Why a customer is scored so: what made the score, and what more would be enough for a higher tier."""

from collections.abc import Sequence
from typing import NamedTuple

from starlette.responses import Response

from admin.web.charts import RowBar, row_bars
from admin.web.pages.customers.named import customer_id_of, home_of
from admin.web.visit import Visit
from campaigns.customers import profiles
from campaigns.models import registry
from campaigns.tiers import schemes
from campaigns.tiers.tiers import Tier, TierScheme, measured
from database.events.store import histories
from database.models import scores
from database.models.registry import RegisteredModel
from database.models.scores import StoredScore
from events.history import Histories
from scoring.score import Contrast, Contribution, Explanation, ModelRejected, NoNumber, Score

REASONS = 12
"""Contributions that are told one by one."""


class Rise(NamedTuple):
    """What more would be enough for a higher tier, by the model."""

    contrast: Contrast
    tier: Tier


class Steps(NamedTuple):
    """From what is said of a customer of whom nothing is known to what is said of this one."""

    base: float
    told: Sequence[tuple[Contribution, RowBar]]
    rest_count: int
    rest_points: float
    rest_bar: RowBar
    end: float


def why(visit: Visit) -> Response:
    """What made the stored score, by the network that made it; a note while that is being read from its folder."""
    customer_id = customer_id_of(visit)
    with visit.reading() as snapshot:
        customer = profiles.get(snapshot, customer_id)
        score = scores.get(snapshot, customer_id)
        model = None if score is None else registry.get(snapshot, score.model_id)
        scheme = schemes.active(snapshot)
        history = None if score is None else histories(snapshot, [customer_id], before=score.as_of)
    told, rejected, rises = None, None, list[Rise]()
    if score is not None and model is not None and history is not None:
        try:
            told = visit.house.explainer.explain(model, history, score.as_of, visit.language)
            rises = _rises(visit, model, history, score, scheme)
        except (ModelRejected, NoNumber) as problem:
            rejected = problem
    steps = None if told is None else _steps(told)
    return visit.part(
        "customer_why.html", home_of(customer_id), customer=customer.customer, score=score,
        steps=steps, rejected=rejected, rises=rises,
    )  # fmt: skip


def _rises(
    visit: Visit, model: RegisteredModel, history: Histories, score: StoredScore, scheme: TierScheme | None
) -> list[Rise]:
    """None where there is no tier yet, and none above it."""
    if scheme is None or scheme.bounds is None or not score.tier:
        return []
    bounds, measure, now = scheme.bounds, scheme.measure, Tier(score.tier)

    def tier_of(changed: Score) -> Tier:
        return bounds.reached(measured(measure, changed))

    found = visit.house.explainer.contrasts(
        model, history, score.as_of, lambda changed: tier_of(changed).rank > now.rank, visit.language
    )
    return [Rise(each, tier_of(each.score)) for each in found]


def _steps(told: Explanation) -> Steps:
    said, rest = told.contributions[:REASONS], told.contributions[REASONS:]
    left = sum(each.points for each in rest)
    *bars, rest_bar = row_bars([*(each.points for each in said), left])
    end = told.score.purchase_90
    return Steps(
        base=end - sum(each.points for each in told.contributions) / 100, told=list(zip(said, bars, strict=True)),
        rest_count=len(rest), rest_points=left, rest_bar=rest_bar, end=end,
    )  # fmt: skip
