"""A shop of three customers that the web admin shows: their tiers and events, and a scheme that waits."""

from datetime import timedelta
from pathlib import Path

from made.campaigns import NOW, add_customers, add_model, look, make_cause, store_scores
from networks.tiny_model import write_tiny_model
from running.browser import Site

from campaigns.tiers import schemes
from campaigns.tiers.tiers import Hysteresis, Levels, Measure, Method
from database.events.store import insert_events
from database.work import operations
from events.event import Event, EventType


def known_shop(site: Site, folder: Path) -> Site:
    """Three customers with tiers, 45 views of one of them, and a scheme by which one would move."""
    add_model(site.database, "m1", str(write_tiny_model(folder, "m1")))
    add_customers(site.database, ["c1", "c2", "c3"], consented=["EMAIL"])
    store_scores(site.database, {"c1": 9000, "c2": 2000, "c3": 10})
    with site.database.writing() as transaction:
        insert_events(
            transaction,
            [
                Event(event_id=f"e{n:02}", customer_id="c1", time=NOW - timedelta(days=n), event_type=EventType.VIEW,
                      item_id=f"i{n}", text="<script>document.title='stolen'</script>" if n == 0 else None)
                for n in range(45)
            ],
        )  # fmt: skip
        schemes.create(
            transaction, make_cause(), measure=Measure.EXPECTED_VALUE, method=Method.ABSOLUTE,
            parameters=Levels(high=1500, mid=1000), hysteresis=Hysteresis(margin=0, grace_days=0),
        )  # fmt: skip
    return site


def work_off(site: Site) -> None:
    """The preview of tiers that a page began."""
    with site.database.reading() as snapshot:
        begun = operations.running(snapshot, operations.PREVIEW_TIERS)
    assert begun is not None
    look(site.database, begun)
