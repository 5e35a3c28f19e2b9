"""The report of an evaluation is one page that says what was found, in a browser without a network."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser
from running.browser import faults, picture

from admin.web.evaluation_page import page
from training.evaluating.comparison import compare
from training.evaluating.evaluation import Evaluation, Products
from training.evaluating.groups import groups_of
from training.evaluating.slices import Slice
from training.metrics import (
    AMOUNTS,
    CHANCES,
    COUNTS,
    SINGLE,
    SLICED,
    calibration_table,
    decile_table,
    lift_table,
    roc,
    tier_table,
)

RANDOM = np.random.default_rng(5)
CHANCE = RANDOM.uniform(0.05, 0.95, 200)
CAME = (RANDOM.random(200) < CHANCE).astype(float)
SPEND = CAME * RANDOM.lognormal(4, 1, 200)
SAID = {"model": CHANCE, "trees": RANDOM.permutation(CHANCE)}
VALUES = {name: said * 90 for name, said in SAID.items()}


@pytest.fixture(scope="module")
def found() -> Evaluation:
    """Two hundred customers, of whom the model knows much and the trees nothing; one slice is a lottery."""
    products = Products(
        purchase=compare(CAME, SAID, CHANCES, seed=0),
        churn=compare(1 - CAME, {name: 1 - p for name, p in SAID.items()}, CHANCES, seed=0),
    )
    lottery = compare(RANDOM.permutation(CAME), SAID, SLICED, seed=0)
    few = compare(CAME[:40], {name: said[:40] for name, said in SAID.items()}, SLICED, seed=0)
    return Evaluation(
        cutoff=datetime(2026, 4, 2, tzinfo=UTC), records_begin=datetime(2025, 3, 1, tzinfo=UTC), strays=1,
        currency="GBP", everybody=products,
        value=compare(SPEND, VALUES, AMOUNTS, seed=0).beside(compare(SPEND, VALUES, SINGLE, seed=0)),
        orders=compare(2 * CAME, {name: 2 * said for name, said in SAID.items()}, COUNTS, seed=0),
        slices={
            Slice.ESTABLISHED: Products(purchase=few, churn=few),
            Slice.ONE_ORDER: Products(purchase=lottery, churn=lottery),
        },
        roc={name: roc(CAME, said) for name, said in SAID.items()},
        calibration=calibration_table(CAME, CHANCE),
        deciles=decile_table(SPEND, VALUES["model"]),
        order_deciles=decile_table(2 * CAME, 2 * CHANCE, word="ordered"), lift=lift_table(CAME, CHANCE),
        tiers=tier_table(SPEND, VALUES["model"], {"HIGH": 70.0, "MID": 40.0}),
        bands=[{"tier": "all", "customers": 200, "held": 0.845, "due": 0.82}],
        shares={
            "networks": {"auc": 0.81, "purchase_share": 0.6, "spend_share": 1.0},
            "closed_form": {"auc": 0.75, "purchase_share": 0.4, "spend_share": 0.0},
            "trees": {"auc": 0.7, "purchase_share": 0.0, "spend_share": 0.0},
        },
    )  # fmt: skip


def test_the_report_needs_nothing_beside_it(found: Evaluation) -> None:
    html = page(found)

    assert "<script" not in html
    assert not re.findall(r'(?:src|href)="|url\(|@import', html)
    assert html.count("<svg") == 7 == html.count('role="img"')
    assert page(found) == html


def test_the_report_says_who_is_ahead_who_has_a_say_and_where_it_is_a_lottery(found: Evaluation) -> None:
    words = " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page(found), flags=re.DOTALL).split())

    assert "The records begin on 2025-03-01. 1 event before then counts as its customer&#39;s history" in words
    assert "the model is better" in words
    assert "all 200 84.5% 82.0%" in words
    assert "helps with: chance of an order, amount" in words
    assert "BG/NBD 40.0% 0.0% 0.7500 helps with: chance of an order" in words
    assert "boosted trees 0.0% 0.0% 0.7000 adds nothing to the others on unseen windows" in words
    assert "Established (two orders or more, the last within 90 days): who stays? Of 40 customers" in words
    assert words.count("Too few customers to judge by.") == 2
    assert words.count("Near chance") == 2


def test_groups_are_told_with_how_often_each_is_selected(found: Evaluation) -> None:
    values = ["north" if chance > 0.5 else "<south>" for chance in CHANCE]
    html = page(replace(found, groups=groups_of(values, CAME, CHANCE, seed=0)), by="region")
    words = " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL).split())

    assert "Groups by region" in words
    assert "&lt;south&gt; " in words
    assert "<south>" not in html
    assert "selected 0.00 times as often as the one selected most, less than the four fifths that are usual" in words


def test_a_model_without_shares_is_reported_too(found: Evaluation) -> None:
    assert "The model keeps no shares." in page(replace(found, shares={}))


def test_a_browser_shows_it_offline(found: Evaluation, chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(page(found))
    context = chromium.new_context(offline=True)
    shown = context.new_page()
    problems: list[str] = []
    shown.on("console", lambda message: problems.append(message.text))
    shown.goto((tmp_path / "report.html").as_uri())
    for scheme in ("light", "dark"):
        shown.emulate_media(color_scheme=scheme)
        picture(shown, f"evaluation-{scheme}")
        assert faults(shown) == []

    assert problems == []
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
