"""What measured campaigns teach of whom an offer changes: read, learned between two transactions, written down."""

from datetime import datetime
from functools import partial

import polars as pl

from campaigns.actor import BEAT, Cause
from campaigns.forecast import changing
from database import patience
from database.forecast import uplifts
from database.forecast.uplifts import FEATURES, Uplift
from database.session import Database
from training.uplift.findings import Findings, learn, model
from training.uplift.reading import Treatment, TrialNotUsable, read
from worker.clock.schedule import Enough, each, while_there_is_time

PARTS = 5
SEED = 0


def learn_from_campaigns(
    database: Database, now: datetime, *, currency: str, seconds: float, enough: Enough
) -> list[str]:
    """Of each campaign that was measured and of which nothing was learned; which they were."""
    with database.reading() as snapshot:
        waiting = uplifts.due(snapshot)
    learned = partial(_learned, database, Cause(actor=BEAT, now=now), currency=currency, seconds=seconds)
    found = each(partial(learned, campaign_id) for campaign_id in while_there_is_time(waiting, enough))
    return [campaign_id for campaign_id in found if campaign_id]


def _learned(database: Database, cause: Cause, campaign_id: str, *, currency: str, seconds: float) -> str | None:
    """None where that was done meanwhile."""
    with database.reading() as snapshot:
        patience.limit(snapshot, seconds)
        members = changing.experience(snapshot, campaign_id, currency=currency)
    found = lesson(campaign_id, members)
    with database.writing() as transaction:
        return campaign_id if changing.keep(transaction, cause, found) else None


def lesson(campaign_id: str, members: pl.DataFrame) -> Uplift:
    """What there is to learn of `treated`, `bought` and FEATURES; also that there is nothing, which stays so."""
    try:
        reading = read(members, treatment=Treatment.read("treated"), outcome="bought", features=FEATURES)
    except TrialNotUsable as refusal:
        return Uplift(campaign_id=campaign_id, model=None, learner=None, reason=str(refusal), customers=len(members))
    found = learn(reading.trial, seed=SEED, progress=lambda *_: None, given=True, parts=PARTS)
    return _kept(campaign_id, found, model(reading, found, seed=SEED).to_json())


def _kept(campaign_id: str, found: Findings, kept: str) -> Uplift:
    qini = found.choice.figures[found.choice.learner].qini
    return Uplift(
        campaign_id=campaign_id, model=kept, learner=found.choice.learner, reason=found.choice.reason,
        customers=len(found.trial), effect=found.effect.value, effect_low=found.effect.low,
        effect_high=found.effect.high, qini=qini.value, qini_low=qini.low, qini_high=qini.high,
    )  # fmt: skip
