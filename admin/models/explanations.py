"""Why a customer is scored so: the active model is read here and asked, as a server asks it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

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

TITLES: Mapping[str, str] = MappingProxyType({
    "event_effects": "What each event is worth: everything asked anew without it; they do not add up",
    "contrasts": "What more would be enough for a higher tier, by the model; no causes",
})  # fmt: skip


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
