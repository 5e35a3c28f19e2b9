"""The report counts what the data look like before and after, and its page stands alone."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from events.loading import load_events
from events.quality.figures import Distribution
from events.quality.report import quality, summary
from events.quality.report_page import page


@pytest.fixture
def report(tmp_path: Path) -> dict[str, Any]:
    """Six rows as they come back from JSON: one duplicate, one without customer, one at no price, one return."""
    path = tmp_path / "shop.csv"
    path.write_text(
        "customer_id,time,event_type,item_id,quantity,unit_price,colour\n"
        "anna,2026-01-05,purchase,a,1,2.50,red\n"
        "anna,2026-01-05,purchase,a,1,2.50,blue\n"
        ",2026-01-05,purchase,a,2,2.50,red\n"
        "bert,2026-01-12,purchase,b,4,0,red\n"
        "bert,2026-01-13,purchase,b,4,2.555,red\n"
        "bert,2026-01-14,return,b,4,2.50,red\n"
    )
    loaded = load_events(path, currency="GBP", now=datetime(2026, 6, 1, tzinfo=UTC))
    told: dict[str, Any] = json.loads(json.dumps(loaded.report.as_dict()))
    return told


def test_the_file_is_described_before_and_after(report: dict[str, Any]) -> None:
    before, after = report["before"], report["after"]
    assert (before["rows"], before["duplicates"], before["cancellations"], before["customers"]) == (6, 1, 1, 2)
    assert (after["rows"], after["duplicates"], after["cancellations"], after["customers"]) == (3, 0, 1, 2)
    assert before["missing"]["customer_id"] == 1
    assert set(after["missing"].values()) == {0}
    assert before["weeks"] == {"2026-01-05": 3, "2026-01-12": 3}
    assert after["weeks"] == {"2026-01-05": 1, "2026-01-12": 2}


def test_rows_in_are_rows_out_and_rejected_ones(report: dict[str, Any]) -> None:
    assert (report["rows_in"], report["rejected"], report["rows_out"]) == (6, 3, 3)
    assert report["rounded_prices"] == 1
    assert report["irrelevant_columns"] == ["colour"]
    for name in ("quantity", "unit_price"):
        assert sum(report["before"][name]["counts"]) == 6
        assert sum(report["after"][name]["counts"]) == 3


def test_a_distribution_counts_what_lies_outside_its_edges() -> None:
    values = pl.Series([-3.0, 0.5, 1.0, 1.9, 2.0, 99.0, None])
    assert Distribution.of(values, (1.0, 2.0)).counts == (2, 2, 2)


def test_the_summary_names_what_each_step_did(report: dict[str, Any]) -> None:
    told = {row["step"]: (row["rejected"], row["what"]) for row in summary(report)}
    assert next(iter(told)) == "irrelevant columns"
    assert told["irrelevant columns"] == (0, "left out colour")
    assert told["duplicates"] == (1, "DUPLICATE 1")
    assert told["missing values"] == (1, "MISSING_CUSTOMER_ID 1")
    assert told["non-positive prices"] == (1, "NON_POSITIVE_PRICE 1")


def test_the_comparison_puts_what_is_missing_most_first(report: dict[str, Any]) -> None:
    measures = [str(row["measure"]) for row in quality(report)]
    assert measures[:2] == ["rows", "duplicates"]
    assert next(measure for measure in measures if measure.startswith("missing")) == "missing customer_id"


def test_the_page_needs_nothing_beside_it(report: dict[str, Any]) -> None:
    html = page(report, file_name="<shop>.csv", import_id="0123")

    addresses = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert all(address.startswith("#") for address in addresses)
    assert "<script" not in html
    assert "&lt;shop&gt;.csv" in html
    assert "<shop>" not in html
    labels = re.findall(r'<svg role="img" aria-label="([^"]+)"', html)
    assert len(labels) == 5 == html.count("<svg")
    assert "customer_id 1" in labels[1]
    assert "MISSING_CUSTOMER_ID 1" in html


def test_the_page_is_the_same_every_time(report: dict[str, Any]) -> None:
    assert page(report, file_name="f", import_id="0") == page(report, file_name="f", import_id="0")


def test_a_file_of_which_nothing_is_left_has_a_page_too(tmp_path: Path) -> None:
    path = tmp_path / "nothing.csv"
    path.write_text("customer_id,time,event_type\n,2026-01-05,view\n")
    loaded = load_events(path, now=datetime(2026, 6, 1, tzinfo=UTC))
    assert "no event is left" in page(loaded.report.as_dict(), file_name="nothing.csv", import_id="0")
    assert loaded.items.is_empty()
