"""What came of a canary's customers, on the model's page; one that was set aside is told on home."""

from dataclasses import replace
from datetime import UTC, date, datetime

from made.campaigns import make_cause
from made.ticks import tick_at
from playwright.sync_api import expect
from running.browser import Site, faults, in_chinese, picture
from shops.canary_shop import compare

from campaigns.faults import Code, Fault
from campaigns.models import registry
from campaigns.models.stages import Stage, State
from database.models import canary_runs
from database.models.tables import SliceReadingRow
from worker.clock import canary


def test_results_of_a_canary_and_one_that_was_set_aside_are_seen(site: Site) -> None:
    compare(site.database)
    now = datetime.now(UTC)
    with site.database.reading() as snapshot:
        run = canary_runs.of_model(snapshot, "m2")[0]
    assert run.end_time is not None
    assert canary.take_readings(tick_at(site.database, run.end_time)) == 1

    with site.database.writing() as transaction:
        transaction.add(
            SliceReadingRow(
                month=date(2026, 10, 1), model_id="m1", horizon=30, kind="SLICE", name="LAPSING", bin=5, customers=300,
                predicted=150.0, bought=30,
            )
        )  # fmt: skip

    analyst = site.enter("ada", "analyst")
    analyst.goto("/models/m2")
    expect(analyst.get_by_text("Its customers do better")).to_be_visible()
    expect(analyst.get_by_role("row", name="m2 30")).to_be_visible()
    picture(analyst, "model-canary")
    assert faults(analyst) == []

    analyst.goto("/")
    analyst.get_by_role("listitem").filter(has_text="m1 said of lapsing customers").get_by_role("link").click()
    expect(analyst.get_by_role("row", name="lapsing customers 300 50.0% 10.0% off")).to_be_visible()
    assert faults(analyst) == []

    cause = make_cause(now, reason="tried")
    fault = Fault(code=Code.CANARY_FAILED, facts={"failed": 10, "asked": 50})
    with site.database.writing() as transaction:
        registry.move(transaction, cause, "m2", Stage(State.CANARY, 0.1), override=True)
        registry.set_aside(transaction, replace(cause, now=datetime.now(UTC)), "m2", fault)
    analyst.goto("/")
    analyst.get_by_role("listitem").filter(has_text="m2 was set aside").get_by_role("link").click()
    expect(analyst.get_by_text("It was set aside by itself.")).to_be_visible()
    in_chinese(analyst)
    expect(analyst.get_by_text("它已被自动停用。")).to_be_visible()
    expect(analyst.get_by_text("最近 50 个问题中有 10 个失败")).to_be_visible()
    assert faults(analyst) == []
