"""Whoever is excluded is excluded from the holdout and the arms alike, and it shows when not."""

import polars as pl

from campaigns.experiments.assignment import Design, groups_of
from campaigns.experiments.exclusions import divided, excluded, taking_part
from campaigns.experiments.sample_ratio import check_exclusions, check_ratio

DESIGN = Design(holdout=0.2)
AUDIENCE = pl.DataFrame({"customer_id": [f"C{number}" for number in range(20_000)]}).with_row_index()


def test_the_tallies_add_up_to_the_audience() -> None:
    reasons = pl.when(pl.col("index") % 10 == 0).then(pl.lit("no consent"))
    frame = divided(AUDIENCE.with_columns(excluded_because=reasons), DESIGN, campaign_id="spring")
    part, out = taking_part(frame, DESIGN), excluded(frame, DESIGN)
    assert sum(part.values()) == 18_000
    assert sum(out["no consent"].values()) == 2_000
    assert list(part) == list(out["no consent"]) == ["holdout", "offer"]


def test_a_reason_that_spares_a_group_counts_zero_there() -> None:
    audience = pl.DataFrame({"customer_id": ["C1"], "excluded_because": ["cap"]})
    group = groups_of(DESIGN, campaign_id="spring", customer_ids=audience["customer_id"])[0]
    tally = excluded(divided(audience, DESIGN, campaign_id="spring"), DESIGN)["cap"]
    assert tally == {"holdout": 0, "offer": 0} | {group: 1}


def test_rules_that_do_not_look_at_the_group_pass_the_check() -> None:
    reasons = pl.when(pl.col("index") % 3 == 0).then(pl.lit("cap")).when(pl.col("index") % 7 == 0).then(pl.lit("quiet"))
    frame = divided(AUDIENCE.with_columns(excluded_because=reasons), DESIGN, campaign_id="spring")
    assert [check.mismatch for check in check_exclusions(excluded(frame, DESIGN), DESIGN.shares)] == [False, False]
    assert not check_ratio(taking_part(frame, DESIGN), DESIGN.shares).mismatch


def test_a_cap_that_only_the_arms_have_is_found_and_named() -> None:
    frame = divided(AUDIENCE.with_columns(excluded_because=pl.lit(None, pl.String)), DESIGN, campaign_id="spring")
    capped = pl.when((pl.col("group") == "offer") & (pl.col("index") % 10 == 0)).then(pl.lit("cap"))
    lopsided = frame.with_columns(excluded_because=capped)
    (check,) = check_exclusions(excluded(lopsided, DESIGN), DESIGN.shares)
    assert check.mismatch
    assert "customers excluded because of cap" in check.message
    assert "holdout has 0" in check.message


def test_nobody_excluded_is_nothing_to_check() -> None:
    assert check_exclusions({}, DESIGN.shares) == ()
