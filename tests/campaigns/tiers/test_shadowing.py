"""A preview of a model is begun, and refused, by what there is to compare."""

import pytest
from made.campaigns import (
    NOW,
    add_customers,
    audit_lines,
    counts,
    make_cause,
    make_score,
    read_operation,
    register_model,
    rescore,
    shadow,
    store_scores,
)
from running.databases import filled_once

from campaigns.customers import erasure
from campaigns.errors import Refusal
from campaigns.models.refusals import ModelNotFound
from campaigns.tiers import schemes, shadowing, tier_preview
from campaigns.tiers.refusals import CustomersNotScored, ModelNotPreviewed, ModelPreviewRunning, NoActiveTierScheme
from campaigns.tiers.tier_preview import TierPreview
from campaigns.tiers.tier_words import because
from campaigns.tiers.tiers import Tier
from database.session import Database
from database.tiers.previews import Cell
from database.work.operations import Operation


@filled_once
def shop(database: Database) -> None:
    """Scored by m1, HIGH from 5,000 and MID from 1,000; m2 is known."""
    add_customers(database, ["anna", "bert", "cleo"])
    store_scores(database, {"anna": 9000, "bert": 900})
    register_model(database, "m2")


def begin(database: Database, model_id: str = "m2") -> Operation:
    with database.writing() as transaction:
        return shadowing.begin(transaction, make_cause(), model_id)


def previewed(database: Database, spends: dict[str, int]) -> TierPreview:
    """By m2, which says this."""
    shadow(database, begin(database).operation_id, spends)
    with database.reading() as snapshot:
        return tier_preview.preview(snapshot, schemes.in_force(snapshot), model_id="m2", now=NOW, size=5)


def refused(database: Database, refusal: type[Refusal], model_id: str = "m2") -> Refusal:
    before = counts(database, "operations", "outbox", "shadow_scores", "audit_log")
    with pytest.raises(refusal) as raised:
        begin(database, model_id)
    assert counts(database, "operations", "outbox", "shadow_scores", "audit_log") == before
    return raised.value


def test_a_preview_is_pinned_to_the_time_of_the_stored_scores(shop: Database) -> None:
    operation = begin(shop)

    assert operation.request == {"model_id": "m2", "tier_scheme": 1, "as_of": NOW.isoformat()}
    assert (operation.kind, operation.total_count) == ("PREVIEW_MODEL", 3)
    assert audit_lines(shop)[-1] == ("models.preview", "models/m2", "OK")


def test_of_two_workers_at_one_chunk_one_writes(shop: Database) -> None:
    operation = begin(shop)
    scored = [make_score("anna", model_id="m2")]
    with shop.writing() as transaction:
        assert shadowing.keep(transaction, operation, scored, cursor="anna", now=NOW)
        assert not shadowing.keep(transaction, operation, scored, cursor="anna", now=NOW)
        assert not shadowing.finish(transaction, operation, make_cause())

    ahead = read_operation(shop, operation.operation_id)
    assert (ahead.state, ahead.done_count) == ("RUNNING", 1)
    assert counts(shop, "shadow_scores") == (1,)


def test_the_matrix_is_from_the_stored_tier_to_that_of_the_other_model(shop: Database) -> None:
    seen = previewed(shop, {"anna": 4000, "bert": 1000, "cleo": 6000})

    assert seen.cells == [
        Cell("HIGH", "MID", 1, 1, 4000, 9000), Cell("LOW", "MID", 1, 0, 1000, 900), Cell(None, "HIGH", 1, 0, 6000, 0)
    ]  # fmt: skip
    assert (seen.moved_count, seen.waiting_count, seen.moved_spend_minor) == (2, 1, 5000)
    spend = "the expected spend of"
    assert {mover.customer_id: because(mover, seen) for mover in seen.movers} == {
        "anna": f"{spend} 40.00 GBP (90.00 GBP by the stored score) lies below 45.00 GBP, which keeps HIGH",
        "bert": f"{spend} 10.00 GBP (9.00 GBP by the stored score) reaches 10.00 GBP, where MID begins",
    }


def test_one_preview_runs_at_a_time_and_the_next_takes_its_place(shop: Database) -> None:
    running = begin(shop)
    assert refused(shop, ModelPreviewRunning).metadata == {"operation": running.name}
    assert refused(shop, ModelPreviewRunning, "m1").metadata == {"operation": running.name}
    with shop.reading() as snapshot, pytest.raises(ModelPreviewRunning):
        shadowing.finished(snapshot, "m2")
    with shop.writing() as transaction:
        shadowing.finish(transaction, running, make_cause())

    previewed(shop, {"anna": 4000})
    previewed(shop, {"bert": 1000})

    assert counts(shop, "shadow_scores") == (1,)


def test_a_preview_needs_a_model_scores_and_a_scheme(database: Database) -> None:
    register_model(database, "m2")
    refused(database, NoActiveTierScheme)
    with database.writing() as transaction:
        schemes.ensure(transaction, make_cause())
    refused(database, CustomersNotScored)
    assert refused(database, ModelNotFound, "m9").metadata == {"model": "models/m9"}
    with database.reading() as snapshot:
        with pytest.raises(ModelNotPreviewed, match="preview it"):
            shadowing.finished(snapshot, "m2")
        with pytest.raises(ModelNotFound):
            shadowing.finished(snapshot, "m9")


def test_a_customer_who_is_erased_leaves_the_preview_too(shop: Database) -> None:
    previewed(shop, {"anna": 4000, "bert": 1000})
    rescore(shop, {"anna": 100}, as_of=NOW)
    with shop.writing() as transaction:
        erasure.begin(transaction, make_cause(), "anna")

    assert counts(shop, "shadow_scores", "scores", "tier_changes") == (1, 1, 1)
    with shop.reading() as snapshot:
        seen = tier_preview.preview(snapshot, schemes.in_force(snapshot), model_id="m2", now=NOW, size=5)
    assert [(cell.from_tier, cell.to_tier, cell.customers) for cell in seen.cells] == [(Tier.LOW, Tier.MID, 1)]
