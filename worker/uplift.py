"""What measured campaigns teach of whom an offer changes: read, learned between two transactions, written down."""

from datetime import datetime

import polars as pl

from campaigns.actor import BEAT, Cause
from campaigns.forecast import changing
from database import patience
from database.forecast.uplifts import FEATURES, Uplift
from database.session import Database
from training.uplift.findings import Findings, learn, model
from training.uplift.reading import Treatment, TrialNotUsable, read
from worker.schedule import Enough, while_there_is_time

PARTS = 5
SEED = 0


def learn_from_campaigns(
    database: Database, now: datetime, *, currency: str, seconds: float, enough: Enough
) -> list[str]:  # fmt: skip
    """Of each campaign that was measured and of which nothing was learned; which they were."""
    with database.reading() as snapshot:
        waiting = changing.due(snapshot)
    learned = []
    for campaign_id in while_there_is_time(waiting, enough):
        with database.reading() as snapshot:
            patience.limit(snapshot, seconds)
            members = changing.experience(snapshot, campaign_id, currency=currency)
        found = lesson(campaign_id, members)
        with database.writing() as transaction:
            if changing.keep(transaction, Cause(actor=BEAT, now=now), found):
                learned.append(campaign_id)
    return learned


def lesson(campaign_id: str, members: pl.DataFrame) -> Uplift:
    """What there is to learn of `treated`, `bought` and FEATURES; also that there is nothing, which stays so."""
    try:
        reading = read(members, treatment=Treatment.read("treated"), outcome="bought", features=FEATURES)
    except TrialNotUsable as refusal:
        return Uplift(
            campaign_id=campaign_id, model=None, learner=None, reason=str(refusal), customers=len(members)
        )  # fmt: skip
    found = learn(reading.trial, seed=SEED, progress=lambda *_: None, given=True, parts=PARTS)
    return _kept(campaign_id, found, model(reading, found, seed=SEED).to_json())


def _kept(campaign_id: str, found: Findings, kept: str) -> Uplift:
    qini = found.choice.figures[found.choice.learner].qini
    return Uplift(
        campaign_id=campaign_id, model=kept, learner=found.choice.learner, reason=found.choice.reason,
        customers=len(found.trial), effect=found.effect.value, effect_low=found.effect.low,
        effect_high=found.effect.high, qini=qini.value, qini_low=qini.low, qini_high=qini.high,
    )  # fmt: skip
