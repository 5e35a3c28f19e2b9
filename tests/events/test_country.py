"""A country is spelled in one way, whichever door it came through."""

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from events.written.country import spelled, spelled_as_text
from rules.fact import Spelling


@given(st.text(max_size=4) | st.from_regex("[A-Za-z]{1,4}", fullmatch=True))
@example("gb")
@example("gb\n")
@example("ßa")
@example("Eire")
def test_files_calls_and_rules_spell_a_country_alike(country: str) -> None:
    kept = pl.select(spelled(pl.lit(country))).item()

    assert spelled_as_text(country) == Spelling.CODES.of(country) == kept
