"""A preview of a model scores everyone once beside the stored scores, whatever is killed, and touches nothing else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from made.campaigns import audit_lines, counts, make_cause, read_operation
from networks.tiny_model import write_tiny_model
from running import working
from running.worker_processes import kill, relaying, wait_for, wait_until_done, worker
from sqlalchemy import text

from campaigns.models import registry
from campaigns.tiers import rescoring, schemes, shadowing, tier_preview
from campaigns.tiers.refusals import ModelNotPreviewed
from campaigns.tiers.tier_preview import TierPreview
from campaigns.work import jobs
from database.events import store
from database.session import Database
from database.work import broker
from database.work.operations import Operation
from simulator.shop import Shop
from simulator.stream import simulate
from worker.advance import give_up

CHUNK = 4
work_on = partial(working.work_on, score_chunk=CHUNK)
CUSTOMERS = 80
SHOP = Shop(customers=CUSTOMERS, seed=3, items=50, days=120)
AS_OF = datetime(2024, 4, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop_events() -> pl.DataFrame:
    return pl.concat(block.events for block in simulate(SHOP))


@pytest.fixture
def shop(database: Database, database_url: str, shop_events: pl.DataFrame, tmp_path: Path) -> Database:
    """Everyone scored by the model `old`; a model `new` is known and says something else."""
    with database.writing() as transaction:
        store.copy_events(transaction, shop_events)
        for seed, model_id in enumerate(("old", "new"), 4):
            folder = write_tiny_model(tmp_path, model_id, seed=seed)
            registry.register(transaction, make_cause(), model_id, folder=str(folder), manifest={})
        registry.activate(transaction, make_cause(), "old")
        operation = rescoring.begin(transaction, make_cause(), as_of=AS_OF)
    work_on(database_url, operation)
    return database


def begin(database: Database, model_id: str = "new") -> Operation:
    with database.writing() as transaction:
        return shadowing.begin(transaction, make_cause(datetime.now(UTC)), model_id)


def preview(database: Database, model_id: str = "new") -> TierPreview:
    with database.reading() as snapshot:
        return tier_preview.preview(snapshot, schemes.in_force(snapshot), model_id=model_id, now=AS_OF, size=5)


def digest(database: Database, query: str) -> str:
    with database.reading() as snapshot:
        return str(snapshot.execute(text(query)).scalar_one())


def stored(database: Database) -> str:
    return digest(database, "SELECT md5(string_agg(scores::text, '|' ORDER BY customer_id)) FROM scores")


def shadowed(database: Database) -> str:
    """Without the operation, which is another one each time."""
    row = "concat_ws('|', customer_id, round(purchase_90::numeric, 4), round(spend_minor / 10.0))"
    return digest(database, f"SELECT string_agg({row}, E'\\n' ORDER BY customer_id) FROM shadow_scores")


def test_a_preview_whose_worker_is_killed_ends_with_the_same_scores_beside_the_stored_ones(
    shop: Database, database_url: str
) -> None:
    work_on(database_url, begin(shop))
    undisturbed, before = shadowed(shop), stored(shop)
    broker.install(database_url)
    operation = begin(shop)
    assert counts(shop, "shadow_scores") == (0,)

    with relaying(shop, database_url):
        with worker(database_url, TIERWISE_SCORE_CHUNK="1") as doomed:
            wait_for(lambda: read_operation(shop, operation.operation_id).done_count >= CHUNK)
            kill(doomed)
        interrupted = read_operation(shop, operation.operation_id)
        with worker(database_url, TIERWISE_SCORE_CHUNK=str(CHUNK)):
            done = wait_until_done(shop, operation)

    assert (interrupted.state, interrupted.done_count < CUSTOMERS) == ("RUNNING", True)
    assert (done.state, done.response) == ("SUCCEEDED", {"scored_count": CUSTOMERS})
    assert (shadowed(shop), stored(shop)) == (undisturbed, before)
    assert counts(shop, "tier_changes") == (CUSTOMERS,)


def test_a_preview_delivered_many_times_at_once_scores_everyone_once(shop: Database, database_url: str) -> None:
    before, operation = stored(shop), begin(shop)

    with ThreadPoolExecutor(4) as threads:
        for _ in range(4):
            threads.submit(work_on, database_url, operation)
    work_on(database_url, operation)

    assert counts(shop, "shadow_scores") == (CUSTOMERS,)
    assert stored(shop) == before
    assert [line for line in audit_lines(shop) if line[0] == "models.preview.finish"] == [
        ("models.preview.finish", "models/new", "OK")
    ]


def test_the_model_that_answers_would_move_nobody_and_another_one_does(shop: Database, database_url: str) -> None:
    work_on(database_url, begin(shop, "old"))
    same = preview(shop, "old")
    work_on(database_url, begin(shop, "new"))
    other = preview(shop)

    assert (same.customer_count, same.moved_count, same.model_id, same.as_of) == (CUSTOMERS, 0, "old", AS_OF)
    assert all(cell.spend_minor == cell.stored_spend_minor for cell in same.cells)
    assert (other.customer_count, other.model_id) == (CUSTOMERS, "new")
    assert other.moved_count > 0
    assert any(mover.value != mover.stored_value for mover in other.movers)
    with shop.reading() as snapshot, pytest.raises(ModelNotPreviewed, match="another model's came after"):
        shadowing.finished(snapshot, "old")


def test_a_model_does_what_its_preview_said(shop: Database, database_url: str) -> None:
    work_on(database_url, begin(shop))
    seen = preview(shop)
    with shop.writing() as transaction:
        registry.activate(transaction, make_cause(reason="a test needs it"), "new", override=True)
        operation = rescoring.begin(transaction, make_cause(), as_of=AS_OF)

    work_on(database_url, operation)

    done = read_operation(shop, operation.operation_id)
    assert done.response is not None
    assert done.response["moved_count"] == seen.moved_count - seen.waiting_count > 0
    assert preview(shop).moved_count == seen.waiting_count


@pytest.mark.parametrize("end", ["CANCELLED", "FAILED"])
def test_a_preview_that_comes_to_nothing_leaves_nothing(shop: Database, database_url: str, end: str) -> None:
    operation = begin(shop)
    work_on(database_url, operation, enough=working.one_chunk)
    assert counts(shop, "shadow_scores") == (CHUNK,)

    if end == "CANCELLED":
        with shop.writing() as transaction:
            jobs.cancel(transaction, make_cause(), operation.operation_id)
        work_on(database_url, operation)
    else:
        with working.tools_on(database_url) as tools:
            give_up(tools, operation.operation_id, ValueError("broken"), "log")

    assert read_operation(shop, operation.operation_id).state == end
    assert counts(shop, "shadow_scores", "scores") == (0, CUSTOMERS)
    with pytest.raises(ModelNotPreviewed, match=end):
        preview(shop)
