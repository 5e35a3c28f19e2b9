"""A model is let answer by stages, and taken back, on its page."""

from pathlib import Path

from made.campaigns import NOW, add_model, make_score, prove, register_model
from networks.tiny_model import write_tiny_model
from playwright.sync_api import expect
from running.browser import Site, faults, in_chinese, picture

from campaigns.models.comparison import sums_of
from database.models import drift, shadow_comparisons


def test_gates_beside_a_model_that_answers_no_more_prove_nothing(site: Site) -> None:
    add_model(site.database, "m1")
    register_model(site.database, "m2")
    prove(site.database, "m2")
    operator = site.enter("olga", "operator")
    operator.goto("/models/m2")
    expect(operator.get_by_text("These gates are beside m1")).to_have_count(0)
    expect(operator.get_by_label("Although it did not pass")).to_have_count(0)

    add_model(site.database, "m3")
    operator.reload()
    expect(operator.get_by_text("These gates are beside m1, which does not answer now")).to_be_visible()
    operator.get_by_label("Although it did not pass").check()
    operator.get_by_label("Reason, for the audit log").fill("m3 is worse")
    operator.get_by_role("button", name="Let it answer").click()
    expect(operator.get_by_role("row", name="m2 answers 2")).to_be_visible()


def test_markets_that_would_lose_their_adapters_are_asked_about(site: Site, tmp_path: Path) -> None:
    for model_id in ("m2", "m1"):
        add_model(site.database, model_id, str(write_tiny_model(tmp_path, model_id)))
    (tmp_path / "m1" / "adapters").mkdir()
    (tmp_path / "m1" / "adapters" / "fr.safetensors").touch()
    operator = site.enter("olga", "operator")
    operator.goto("/models/m2")
    operator.get_by_role("button", name="Let it answer").click()
    expect(operator.get_by_text("models/m2 has no adapter of fr")).to_be_visible()
    operator.goto("/models/m2")
    operator.get_by_label("Although it has no adapter of fr, which m1 has").check()
    operator.get_by_role("button", name="Let it answer").click()
    expect(operator.get_by_role("row", name="m1 retired 2")).to_be_visible()


def test_an_operator_lets_a_model_answer_by_stages_and_takes_it_back(site: Site) -> None:
    add_model(site.database, "m1")
    register_model(site.database, "m2")
    prove(site.database, "m2")
    pair = make_score("c1", purchase_90=0.3), make_score("c1", purchase_90=0.32, spend_minor=1200, model_id="m2")
    with site.database.writing() as transaction:
        shadow_comparisons.add(transaction, "m2", "m1", "GBP", sums_of([pair]), NOW)
        drift.keep(transaction, "m1", NOW.date(), {"days_since_order": 0.4, "orders": 0.01})
    marketer = site.enter("anna")
    marketer.goto("/")
    marketer.get_by_role("link", name="Look at its features").click()
    expect(marketer.get_by_role("row", name="Since the last order 0.400 another population")).to_be_visible()
    assert faults(marketer) == []
    in_chinese(marketer)
    expect(marketer.get_by_role("row", name="距最近一次下单 0.400")).to_be_visible()
    marketer.get_by_role("button", name="English").click()
    marketer.goto("/models/m2")
    expect(marketer.get_by_text("by m1")).to_be_visible()
    expect(marketer.get_by_text("£2.00")).to_be_visible()
    expect(marketer.get_by_role("button", name="Let it be a canary")).to_have_count(0)

    operator = site.enter("olga", "operator")
    operator.goto("/models/m2")
    operator.get_by_label("Share of the customers of a canary").fill("12.5")
    picture(operator, "model-stage")
    operator.get_by_role("button", name="Let it be a canary").click()
    expect(operator.get_by_role("row", name="m2 canary 12.5% 2")).to_be_visible()
    operator.goto("/models/m2")
    operator.get_by_role("button", name="Let it answer").click()
    expect(operator.get_by_role("row", name="m1 retired 2")).to_be_visible()
    operator.goto("/models/m2")
    assert faults(operator) == []
    operator.get_by_role("button", name="Roll it back").click()
    expect(operator.get_by_role("row", name="m1 answers 2")).to_be_visible()
    expect(operator.get_by_role("row", name="m2 retired 2")).to_be_visible()
