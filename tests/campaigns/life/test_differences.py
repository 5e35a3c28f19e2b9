"""Differences name each field once, and nothing that stayed."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made.campaigns import NOW, TEN_PERCENT, make_plan

from campaigns.life.differences import AS_ONE, Difference, Json, differences
from campaigns.terms import stored
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Fixed
from campaigns.tiers.tiers import Tier
from rules.rule import Compare, Every, Operator

BY_MAIL = Offer(tier=Tier.MID, discount=Discount(reward=Fixed(amount_minor=500)), channel=Channel.EMAIL)
NAMES = st.text("abc", min_size=1, max_size=2)
LEAVES: st.SearchStrategy[Json] = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "y"])
DOCUMENTS: st.SearchStrategy[Json] = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner.filter(lambda each: each is not None), max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
    ),
    max_leaves=12,
)


def rich(spend: int, orders: int) -> Every:
    return Every(
        (
            Compare("expected_spend", Operator.AT_LEAST, spend),
            Compare("orders", Operator.AT_LEAST, orders),
        )
    )


def test_the_fields_of_a_plan_have_paths_that_read() -> None:
    before = stored.plan_document(make_plan(rule=rich(100, 2)))
    after = stored.plan_document(make_plan(rule=rich(100, 3), offers=(TEN_PERCENT, BY_MAIL), redemption_limit=5))

    assert differences(before, after) == (
        Difference(
            path="offers.MID", before=None,
            after={"channel": "EMAIL", "discount": {"kind": "FIXED", "amount_minor": 500}, "fallbacks": []},
        ),
        Difference(path="redemption_limit", before=None, after=5),
        Difference(path="rule.every[1].compare.value", before=2, after=3),
    )  # fmt: skip


def test_what_people_read_as_one_sentence_is_one_difference() -> None:
    before = stored.plan_document(make_plan(rule=rich(100, 2)))
    after = stored.plan_document(make_plan(rule=rich(100, 3)))

    assert differences(before, after, as_one=AS_ONE) == (
        Difference(path="rule", before=before["rule"], after=after["rule"]),
    )


@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        ([1, 2], [1], ["[1]"]),
        ({"a": 1}, {"a": True}, ["a"]),
        ({"a": []}, {"a": {}}, ["a"]),
        ({"a": None}, {}, []),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 2, "c": 3}}, ["a.b", "a.c"]),
    ],
)
def test_each_field_that_differs_is_named_once(before: Json, after: Json, paths: list[str]) -> None:
    assert [each.path for each in differences(before, after)] == paths


@given(DOCUMENTS, DOCUMENTS)
def test_putting_the_differences_into_the_earlier_document_makes_the_later_one(before: Json, after: Json) -> None:
    made: Any = json.loads(json.dumps({"root": before}))
    for each in differences({"root": before}, {"root": after}):
        *way, last = re.findall(r"\[(\d+)\]|(\w+)", each.path)
        place = made
        for step in way:
            place = place[int(step[0])] if step[0] else place[step[1]]
        if last[0] and int(last[0]) >= len(place):
            place.append(each.after)
        else:
            place[int(last[0]) if last[0] else last[1]] = each.after

    assert _without_nulls(made["root"]) == _without_nulls(after)


def _without_nulls(document: Any) -> Any:  # noqa: ANN401 - JSON
    """Null and absent are the same field; a list may have become shorter."""
    if isinstance(document, dict):
        return {name: _without_nulls(value) for name, value in document.items() if value is not None}
    if isinstance(document, list):
        cleared = [_without_nulls(value) for value in document]
        while cleared and cleared[-1] is None:
            cleared.pop()
        return cleared
    return document


def test_a_plan_comes_back_from_its_document_as_it_was() -> None:
    plan = make_plan(
        rule=rich(1, 2), offers=(TEN_PERCENT, BY_MAIL), redemption_limit=3, start_time=NOW, zone="Asia/Tokyo"
    )

    assert stored.plan(json.loads(json.dumps(stored.plan_document(plan)))) == plan
