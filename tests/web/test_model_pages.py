"""Models stand side by side, and one is tried out before it answers."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from made.campaigns import NOW, audit_lines, make_cause, prove, register_model, rescore, shadow
from playwright.sync_api import expect
from running.browser import Site, faults, in_chinese
from shops.known_shop import known_shop, work_off

from campaigns.models import registry
from campaigns.models.gates import Verdict
from campaigns.tiers import shadowing
from database.models.tables import ModelReadingRow


@pytest.fixture
def shop(site: Site, tmp_path: Path) -> Site:
    return known_shop(site, tmp_path)


def test_models_stand_side_by_side_with_what_came_of_their_scores(shop: Site) -> None:
    with shop.database.writing() as transaction:
        metrics = {
            "auc": 0.9137,
            "auc_networks": 0.9101,
            "auc_trees": 0.9,
            "tree_share": 0.35,
            "ece": 0.012,
            "median_mae": 5803.38,
        }
        manifest = {"metrics": metrics, "currency": "GBP"}
        registry.register(transaction, make_cause(), "m2", folder="no-m2", manifest=manifest)
        for month in (date(2026, 6, 1), date(2026, 7, 1)):
            for tenth in range(10):
                reading = ModelReadingRow(
                    month=month, model_id="m1", horizon=90, bin=tenth, customers=100, predicted=10 * tenth + 5,
                    bought=9 * tenth + month.month, squared_error=0,
                )  # fmt: skip
                transaction.add(reading)
    rescore(shop.database, {"c1": 9000, "c2": 2000, "c3": 10}, as_of=NOW + timedelta(days=1))
    page = shop.enter("anna")
    page.goto("/models")

    expect(page.get_by_role("row", name="AUC of the trees alone – 0.9000")).to_be_visible()
    expect(page.get_by_role("row", name="mean error of spend – £58.03")).to_be_visible()
    expect(page.get_by_text("stable", exact=True)).to_be_visible()
    assert faults(page, "models") == []
    page.get_by_role("link", name="m1").first.click()
    expect(page.get_by_role("img", name="What was said (across) and what came (up), 90 days")).to_be_visible()
    expect(page.get_by_text("3.4%")).to_be_visible()
    assert faults(page, "model") == []
    page.set_viewport_size({"width": 400, "height": 800})
    page.emulate_media(color_scheme="dark")
    in_chinese(page)
    expect(page.get_by_text("校准误差").first).to_be_visible()
    assert faults(page, "model-zh-dark-narrow") == []


def test_a_candidate_stands_beside_what_answers_its_verdict_first(shop: Site) -> None:
    figures = {"auc": 0.8, "ece": 0.02, "total_ratio": 0.9, "tree_share": 0.3}
    of_m3 = {"auc": 0.75, "ece": 0.01, "tree_share": 0.4, "median_mae": 5000.0}
    with shop.database.writing() as transaction:
        for model_id, changes in (("m2", {"mae": 7000.0}), ("m3", of_m3)):
            manifest = {"metrics": figures | changes, "currency": "GBP"}
            registry.register(transaction, make_cause(), model_id, folder=f"no-{model_id}", manifest=manifest)
        registry.activate(transaction, make_cause(reason="a test needs it"), "m2", override=True)
    olga = shop.enter("olga", "operator")
    olga.goto("/models/m3")
    expect(olga.get_by_role("heading", level=2).first).to_have_text("It may not answer yet: it was not judged")
    prove(shop.database, "m3", verdict=Verdict.FAILED)
    olga.reload()
    expect(olga.get_by_role("heading", level=2).first).to_have_text("It should not answer: it did not pass its gates")
    expect(olga.get_by_role("region", name="It should not answer")).to_contain_text(
        "it is held back by: calibration error"
    )
    expect(olga.get_by_role("row", name="AUC: ranks buyers 0.7500 0.8000 worse")).to_be_visible()
    expect(olga.get_by_role("row", name="calibration error 0.0100 0.0200 better")).to_be_visible()
    expect(olga.get_by_role("row", name="predicted over actual spend 0.9000 0.9000 as good")).to_be_visible()
    expect(olga.get_by_role("row", name="mean error of spend £50.00 –", exact=True)).to_be_visible()
    expect(olga.get_by_role("row", name="share of the trees in an answer 0.4000 0.3000")).to_be_hidden()
    expect(olga.get_by_role("button", name="Let it answer")).to_have_class("quiet")
    assert faults(olga, "model-candidate") == []
    olga.goto("/jobs")
    expect(olga.get_by_role("row", name="Judge a model m3")).to_contain_text("calibration error: not passed")

    register_model(shop.database, "m4")
    prove(shop.database, "m4")
    register_model(shop.database, "m5")
    olga.goto("/models")
    gates = olga.get_by_role("table", name="Models, newest first").locator("td:last-child")
    expect(gates).to_have_text(["–", "not judged", "passed", "not passed", "–"])
    olga.goto("/models/m4")
    expect(olga.get_by_role("heading", level=2).first).to_have_text("It may answer: it passed its gates")
    expect(olga.get_by_role("button", name="Let it answer")).not_to_have_class("quiet")


def test_what_answers_stands_first_however_many_models_were_trained_since(shop: Site) -> None:
    for night in range(21):
        register_model(shop.database, f"night-{night:02}")
    page = shop.enter("anna")
    page.goto("/models")

    expect(page.get_by_role("definition").first).to_contain_text("m1")
    rows = page.get_by_role("table", name="Models, newest first").get_by_role("rowheader")
    expect(rows).to_have_text(["m1", *(f"night-{night:02}" for night in range(20, 0, -1))])
    page.get_by_role("link", name="Older").click()
    expect(rows).to_have_text(["night-00", "m1"])
    expect(page.get_by_role("definition").first).to_contain_text("m1")


def test_a_model_is_tried_out_before_an_operator_lets_it_answer(shop: Site) -> None:
    register_model(shop.database, "m2")
    prove(shop.database, "m2")
    marketer = shop.enter("anna")
    marketer.goto("/models/m2")
    expect(marketer.get_by_role("button", name="Let it answer")).to_have_count(0)
    marketer.get_by_role("button", name="Try it out").click()
    expect(marketer.get_by_text("A worker scores everyone with it")).to_be_visible()
    with shop.database.reading() as snapshot:
        running = shadowing.running(snapshot, "m2")
    assert running is not None
    shadow(shop.database, running.operation_id, {"c1": 10, "c2": 2000, "c3": 10})

    operator = shop.enter("olga", "operator")
    operator.goto("/models/m2")
    expect(operator.get_by_text("Every customer is being looked at")).to_be_visible()
    work_off(shop)
    expect(operator.get_by_role("row", name="HIGH – – 1 33.3%")).to_be_visible()
    expect(operator.get_by_text("m1 is retired")).to_be_visible()
    assert faults(operator, "model-preview") == []
    operator.get_by_role("button", name="Let it answer").click()

    expect(operator.get_by_role("row", name="m2 answers 2")).to_be_visible()
    assert ("models.move", "models/m2", "OK") in audit_lines(shop.database)
