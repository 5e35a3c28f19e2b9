"""What measured campaigns teach of whom an offer changes: read, learned between two transactions, written down."""

from functools import partial

import polars as pl

from campaigns.forecast import changing
from database import patience
from database.forecast import uplifts
from database.forecast.uplifts import FEATURES, Uplift
from training.uplift.findings import Findings, learn, model
from training.uplift.reading import Treatment, read
from training.uplift.trial import TrialNotUsable
from worker.clock.tick import Tick, each

PARTS = 5
SEED = 0


def learn_from_campaigns(tick: Tick, *, currency: str) -> list[str]:
    """Of each campaign that was measured and of which nothing was learned; which they were."""
    with tick.database.reading() as snapshot:
        waiting = uplifts.due(snapshot)
    found = each(partial(_learned, tick, campaign_id, currency) for campaign_id in tick.in_time(waiting))
    return [campaign_id for campaign_id in found if campaign_id]


def _learned(tick: Tick, campaign_id: str, currency: str) -> str | None:
    """None where that was done meanwhile."""
    with tick.database.reading() as snapshot:
        patience.limit(snapshot, tick.seconds)
        members = changing.experience(snapshot, campaign_id, currency=currency)
    found = lesson(campaign_id, members)
    with tick.database.writing() as transaction:
        return campaign_id if changing.keep(transaction, tick.cause, found) else None


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
