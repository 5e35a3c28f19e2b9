"""Scores, explanations and recommendations on their way to the wire."""

from collections.abc import Sequence
from enum import Enum

from tierwise.v1 import explanation_pb2, recommendation_pb2, score_pb2, tier_pb2
from tierwise.v1.recommendation_service_pb2 import RecommendResponse

from campaigns.tiers.standing import Standing, next_standing
from campaigns.tiers.tiers import Tier, TierScheme, measured
from database.models.scores import StoredScore
from database.tiers.standings import StoredStanding
from rules.sentence import Language
from scoring.reasons.item_words import item_words
from scoring.score import Contrast, EventEffect, Explanation, Recommendation, Score, Why
from server.scoring.attribution import token_of
from server.wire.money import money
from server.wire.names import CUSTOMER, MODEL
from server.wire.seal import Seal
from server.wire.stamps import stamp

FOR_EVERYBODY = frozenset({Why.POPULAR, Why.IN_CATALOGUE})
"""What speaks for an item whoever asks."""


class Degraded(Enum):
    """Why an answer is the last stored one."""

    MODEL_NOT_LOADED = score_pb2.Score.MODEL_NOT_LOADED
    MODEL_FAILED = score_pb2.Score.MODEL_FAILED


def score_message(
    score: Score, standing: StoredStanding | None, scheme: TierScheme | None, seal: Seal
) -> score_pb2.Score:
    """A fresh score, with the tier that a rescoring would give at this moment."""
    message = _score(score, seal)
    message.market = score.market
    if scheme is not None and scheme.bounds is not None:
        before = None if standing is None else Standing.of(standing)
        placement = next_standing(before, measured(scheme.measure, score), scheme.bounds, score.as_of)
        message.tier = tier_pb2.Tier.Value(placement.standing.tier)
        message.tier_scheme_version = scheme.version
    return message


def stored_score_message(score: StoredScore, reason: Degraded, seal: Seal) -> score_pb2.Score:
    """The last stored score, and why it is not a fresh one."""
    message = _score(score, seal)
    message.degraded = True
    message.degraded_reason = reason.value
    if score.tier is not None and score.tier_scheme is not None:
        message.tier = tier_pb2.Tier.Value(score.tier)
        message.tier_scheme_version = score.tier_scheme
    return message


def explanation_message(
    explanation: Explanation, score: score_pb2.Score, scheme: TierScheme | None, *, most: int
) -> explanation_pb2.Explanation:
    """All contributions, or the `most` largest and the sum of the others; contrasts with tiers above the score's."""
    ordered = sorted(explanation.contributions, key=lambda each: -abs(each.logit))
    named = ordered[:most] if most else ordered
    others = ordered[len(named) :]
    return explanation_pb2.Explanation(
        score=score, base_logit=explanation.base_logit,
        contributions=[
            explanation_pb2.Contribution(
                kind=explanation_pb2.Contribution.Kind.Value(each.kind.upper()), name=each.name, logit=each.logit,
                points=each.points, description=each.words,
                event_time=None if each.time is None else stamp(each.time),
            )
            for each in named
        ],
        other_logit=sum(each.logit for each in others), other_points=sum(each.points for each in others),
        event_effects=map(_event_effect, explanation.event_effects),
        contrasts=_contrasts(explanation.contrasts, score, scheme),
    )  # fmt: skip


def _event_effect(effect: EventEffect) -> explanation_pb2.EventEffect:
    return explanation_pb2.EventEffect(
        name=effect.name, event_time=stamp(effect.time), logit=effect.logit, points=effect.points,
        description=effect.words,
    )  # fmt: skip


def _contrasts(
    contrasts: Sequence[Contrast], score: score_pb2.Score, scheme: TierScheme | None
) -> list[explanation_pb2.Contrast]:
    """Whoever keeps a higher tier for a while needs nothing more to have it."""
    if scheme is None or scheme.bounds is None:
        return []
    now, bounds = Tier(tier_pb2.Tier.Name(score.tier)), scheme.bounds
    placed = [(each, bounds.reached(measured(scheme.measure, each.score))) for each in contrasts]
    return [_contrast(each, tier) for each, tier in placed if tier.rank > now.rank]


def _contrast(contrast: Contrast, tier: Tier) -> explanation_pb2.Contrast:
    return explanation_pb2.Contrast(
        change=explanation_pb2.Contrast.Change.Value(contrast.change.upper()), count=contrast.count,
        description=contrast.words, tier=tier_pb2.Tier.Value(tier), purchase_probability=contrast.score.purchase_90,
        expected_spend=money(contrast.score.spend_minor, contrast.score.currency),
    )  # fmt: skip


def recommendation_messages(
    found: Sequence[Recommendation], language: Language
) -> list[recommendation_pb2.Recommendation]:
    """For the wire, in their order, with reasons in words of a language."""
    return [
        recommendation_pb2.Recommendation(
            item_id=each.item_id, score=each.score, reason=item_words(each.reason, language),
            reason_code=recommendation_pb2.Recommendation.Reason.Value(each.reason.why.upper()),
            source_item_id=each.reason.source_id or "",
        )
        for each in found
    ]  # fmt: skip


def basis_of(found: Sequence[Recommendation], *, recorded: bool) -> RecommendResponse.Basis.ValueType:
    """From what a list was made: of a customer of whom something is recorded, or else as its reasons say."""
    if recorded:
        return RecommendResponse.HISTORY
    return (
        RecommendResponse.SESSION
        if any(each.reason.why not in FOR_EVERYBODY for each in found)
        else RecommendResponse.POPULAR
    )


def _score(score: Score | StoredScore, seal: Seal) -> score_pb2.Score:
    return score_pb2.Score(
        customer=f"{CUSTOMER}{score.customer_id}", as_of_time=stamp(score.as_of),
        purchase_probabilities=[
            score_pb2.PurchaseProbability(horizon_days=days, probability=probability)
            for days, probability in ((30, score.purchase_30), (60, score.purchase_60), (90, score.purchase_90))
        ],
        expected_spend=score_pb2.SpendEstimate(
            expected=money(score.spend_minor, score.currency), low=money(score.spend_low_minor, score.currency),
            high=money(score.spend_high_minor, score.currency),
        ),
        expected_orders=score.expected_orders, churn_probability=score.churn, model=f"{MODEL}{score.model_id}",
        attribution_token=token_of(seal, score.model_id, score.customer_id, score.as_of),
    )  # fmt: skip
