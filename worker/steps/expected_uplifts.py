"""One chunk of what an offer is expected to change of each customer: read, asked of the model, written."""

from datetime import datetime

from campaigns.actor import BEAT, Cause
from campaigns.faults import Code, Hopeless
from campaigns.forecast import expected_uplifts
from campaigns.forecast.expected_uplifts import Pinned
from database.audiences import facts
from database.forecast import expected_uplifts as stored
from database.session import Database
from database.work.operations import Operation
from worker.tools import Tools

DIGITS = 6
"""A ten-thousandth of a point: no experiment tells more, and people read it."""


def begin_due(database: Database, now: datetime) -> Operation | None:
    """After a campaign has taught something, and after each rescoring."""
    with database.writing() as transaction:
        return expected_uplifts.begin_due(transaction, Cause(actor=BEAT, now=now))


def step(tools: Tools, operation: Operation) -> bool:
    """The chunk after the operation's cursor, or the end; False when another worker was faster.

    Raises Hopeless where the lesson reads what a later version no longer knows.
    """
    campaign_id = Pinned.of(operation.request).campaign_id
    model = tools.uplift_model(campaign_id)
    with tools.database.reading() as snapshot:
        known = stored.next_features(snapshot, after=operation.cursor, limit=tools.settings.score_chunk)
    if len(known):
        try:
            effects = model.effect(known).round(DIGITS).tolist()
        except ValueError as error:
            name = f"campaigns/{campaign_id}"
            raise Hopeless(
                Code.LESSON_UNREADABLE, f"what {name} taught cannot be asked: {error}", campaign=name
            ) from error
        customer_ids = known["customer_id"].to_list()
        with tools.database.writing() as transaction:
            return expected_uplifts.keep(transaction, operation, customer_ids, effects, tools.now())
    with tools.database.writing() as transaction:
        finished = expected_uplifts.finish(transaction, operation, tools.cause())
    if finished:
        facts.tidy(tools.database)
    return finished
