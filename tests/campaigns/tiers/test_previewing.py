"""A preview of tiers is worked out once, kept, and shown as long as the scores are those that it looked at."""

from datetime import datetime, timedelta

import pytest
from made.campaigns import (
    NOW,
    audit_lines,
    counts,
    look,
    make_cause,
    read_operation,
    register_model,
    shadow,
    store_scores,
)
from running.databases import filled_once

from campaigns.customers import erasure
from campaigns.errors import Refusal
from campaigns.tiers import previewing, schemes, shadowing, tier_preview
from campaigns.tiers.previewing import Looked
from campaigns.tiers.refusals import CustomersNotScored, ModelNotPreviewed, TierSchemeNotFound
from campaigns.tiers.tier_preview import TierPreview
from campaigns.tiers.tiers import Levels, Measure, Method
from database.session import Database
from database.work.operations import Operation


@filled_once
def shop(database: Database) -> None:
    """Scored by m1, HIGH from 5,000; by scheme 2, HIGH begins at 8,000."""
    store_scores(database, {"anna": 9000, "bert": 6000, "cleo": 10})
    with database.writing() as transaction:
        schemes.create(
            transaction, make_cause(), measure=Measure.EXPECTED_VALUE, method=Method.ABSOLUTE,
            parameters=Levels(high=8000, mid=1000),
        )  # fmt: skip


def begin(database: Database, version: int = 2, model_id: str | None = None, *, now: datetime = NOW) -> Operation:
    with database.writing() as transaction:
        return previewing.begin(transaction, make_cause(now), version, model_id=model_id)


def looked(database: Database, version: int = 2, model_id: str | None = None) -> Looked:
    with database.reading() as snapshot:
        return previewing.looked(snapshot, version, model_id=model_id)


def found(database: Database, version: int = 2, model_id: str | None = None) -> TierPreview:
    seen = looked(database, version, model_id).seen
    assert seen is not None
    return seen


def test_what_was_found_is_what_one_would_find(shop: Database) -> None:
    assert looked(shop) == Looked(operation=None, seen=None, current=False)
    begun = begin(shop)
    assert looked(shop) == Looked(operation=begun, seen=None, current=False)

    assert look(shop, begun)

    with shop.reading() as snapshot:
        assert found(shop) == tier_preview.preview(snapshot, schemes.get(snapshot, 2), now=NOW, size=10)
    assert looked(shop).current
    assert [mover.customer_id for mover in found(shop).movers] == ["bert"]
    assert (read_operation(shop, begun.operation_id).done_count, looked(shop, 1).seen) == (3, None)
    assert audit_lines(shop)[-2:] == [
        ("tiers.preview", "tierSchemes/2", "OK"), ("tiers.preview.finish", "tierSchemes/2", "OK")
    ]  # fmt: skip


def test_who_asks_while_it_runs_joins_it(shop: Database) -> None:
    begun = begin(shop)
    before = counts(shop, "operations", "outbox", "audit_log")

    assert begin(shop) == begun

    assert counts(shop, "operations", "outbox", "audit_log") == before
    assert begin(shop, 1) != begun


def test_of_two_workers_one_keeps_what_it_found(shop: Database) -> None:
    begun = begin(shop)

    assert look(shop, begun)
    before = counts(shop, "audit_log")
    assert not look(shop, begun)

    assert counts(shop, "audit_log") == before


def test_what_was_found_before_a_rescoring_is_of_other_scores(shop: Database) -> None:
    look(shop, begin(shop, now=NOW - timedelta(hours=1)))
    assert (looked(shop).seen is None, looked(shop).current) == (False, False)

    look(shop, begin(shop))

    assert looked(shop).current


def test_a_model_is_looked_at_when_its_shadow_scores_are_there(shop: Database) -> None:
    register_model(shop, "m2")
    assert refused(shop, ModelNotPreviewed, model_id="m2").metadata == {"model": "models/m2"}
    with shop.writing() as transaction:
        running = shadowing.begin(transaction, make_cause(), "m2")
    shadow(shop, running.operation_id, {"anna": 100, "bert": 9000, "cleo": 10})

    look(shop, begin(shop, model_id="m2"))

    seen = found(shop, model_id="m2")
    assert (seen.model_id, seen.moved_count, looked(shop).seen) == ("m2", 1, None)


def test_there_is_nothing_to_look_at_without_scores_or_a_scheme(database: Database, shop: Database) -> None:
    assert refused(shop, TierSchemeNotFound, version=9).metadata == {"tier_scheme": "tierSchemes/9"}
    with database.writing() as transaction:
        transaction.connection().exec_driver_sql("DELETE FROM scores")
    refused(shop, CustomersNotScored)


def test_who_is_erased_is_named_no_more(shop: Database) -> None:
    begun = begin(shop)
    look(shop, begun)
    with shop.writing() as transaction:
        erasing = erasure.begin(transaction, make_cause(), "bert")
    for _ in range(2):
        with shop.writing() as transaction:
            erasure.step(transaction, read_operation(shop, erasing.operation_id), make_cause())

    (mover,) = found(shop).movers
    assert mover.customer_id.startswith("erased-")


def refused(database: Database, refusal: type[Refusal], *, version: int = 2, model_id: str | None = None) -> Refusal:
    before = counts(database, "operations", "outbox", "audit_log")
    with pytest.raises(refusal) as raised:
        begin(database, version, model_id)
    assert counts(database, "operations", "outbox", "audit_log") == before
    return raised.value
