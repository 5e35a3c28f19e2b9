"""Why a customer is scored so: the active model is read here and asked, as a server asks it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from admin.shell.output import fail
from admin.shell.transactions import reading
from admin.typed.times import written
from campaigns.customers import profiles
from campaigns.models import registry
from campaigns.tiers import schemes
from campaigns.tiers.ladder import ladder_of
from campaigns.tiers.tiers import TierScheme, measured
from database.events.store import histories
from rules.sentence import Language
from scoring.replicas.asking import Telling
from scoring.score import Explanation, ModelRejected, NoNumber

TITLES: Mapping[str, str] = {
    "event_effects": "What an event is worth: everything asked anew without it; they do not add up",
    "contrasts": "What more would be enough for a higher tier, by the model; no causes",
}  # fmt: skip

SHOWN = 12
"""Reasons and events for people; programs get all."""
UNKNOWN = {Language.ENGLISH: "a customer of whom nothing is known", Language.CHINESE: "尚无任何记录的客户"}
SMALLER = {Language.ENGLISH: "{} smaller reasons together", Language.CHINESE: "其余 {} 项较小的原因合计"}


def for_people(told: Mapping[str, Any], language: Language) -> dict[str, list[dict[str, Any]]]:
    """What `explain` told, without the many small things; reasons still add up to the score."""
    reasons, smaller = told["contributions"][:SHOWN], told["contributions"][SHOWN:]
    rows = [told["base"] | {"words": UNKNOWN[language]}, *reasons]
    if smaller:
        rest = {name: sum(each[name] for each in smaller) for name in ("points", "logit")}
        rows.append(rest | {"words": SMALLER[language].format(len(smaller))})
    effects = told["event_effects"][:SHOWN]
    return {
        "contributions": _points(rows), "event_effects": _points(effects), "contrasts": list(told["contrasts"]),
    }  # fmt: skip


def _points(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: each[name] for name in ("points", "logit", "words")} for each in rows]


def explain(customer_id: str, *, full: bool, language: Language, database_url: str | None) -> dict[str, Any]:
    """For `--json`. Raises CustomerNotFound, NoActiveModel."""
    now = datetime.now(UTC)
    with reading(database_url) as snapshot:
        profiles.get(snapshot, customer_id)
        model, scheme = registry.in_force(snapshot), schemes.active(snapshot)
        history = histories(snapshot, [customer_id], before=now)
    # Half a second of imports, which a refusal does without.
    from scoring.replicas.computing import explained  # noqa: PLC0415
    from scoring.scorer import Scorer  # noqa: PLC0415

    telling = Telling(language, full, ladder_of(scheme) if full else None)
    try:
        scorer = Scorer.load(Path(model.folder), model_id=model.model_id, registered=model.manifest)
        return _told(explained(scorer, telling, history, np.full(1, now.timestamp()))[0], scheme)
    except (ModelRejected, NoNumber) as refusal:
        fail(str(refusal))


def _told(explanation: Explanation, scheme: TierScheme | None) -> dict[str, Any]:
    score = explanation.score
    return {
        "score": {
            "customer_id": score.customer_id,
            "model_id": score.model_id,
            "purchase_90": score.purchase_90,
            "spend_minor": score.spend_minor,
            "expected_orders": score.expected_orders,
            "currency": score.currency,
        },
        "base": {"points": 100 * float(expit(explanation.base_logit)), "logit": explanation.base_logit},
        "contributions": [
            {"name": each.name, "points": each.points, "logit": each.logit, "words": each.words}
            for each in explanation.contributions
        ],
        "event_effects": [
            {
                "name": each.name, "time": written(each.time), "points": each.points,
                "logit": each.logit, "words": each.words,
            }
            for each in explanation.event_effects
        ],
        "contrasts": [
            {
                "change": each.change, "count": each.count, "words": each.words,
                "purchase_90": each.score.purchase_90, "spend_minor": each.score.spend_minor,
                "tier": None if scheme is None or scheme.bounds is None
                else scheme.bounds.reached(measured(scheme.measure, each.score)),
            }
            for each in explanation.contrasts
        ],
    }  # fmt: skip
