"""How many have to agree to a plan, and who may: pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made.campaigns import NOW

from campaigns.actor import is_among
from campaigns.life.approval import Approval, ApprovalPolicy, Verdict, missing, next_authors


@pytest.mark.parametrize(
    ("policy", "budget", "currency", "needed"),
    [
        (ApprovalPolicy(), None, "GBP", 1),
        (ApprovalPolicy(approvals=0), None, "GBP", 0),
        (ApprovalPolicy(large_budget_minor=1000), 1000, "GBP", 1),
        (ApprovalPolicy(large_budget_minor=1000), 1001, "GBP", 2),
        (ApprovalPolicy(large_budget_minor=1000), None, "GBP", 2),
        (ApprovalPolicy(large_budget_minor=1000), 5, "EUR", 2),
        (ApprovalPolicy(approvals=0, large_budget_minor=1000), 5, "GBP", 0),
        (ApprovalPolicy(approvals=0, large_budget_minor=1000), 5000, "GBP", 2),
        (ApprovalPolicy(approvals=3, large_budget_minor=1000), 5000, "GBP", 3),
    ],
)
def test_how_many_have_to_agree(policy: ApprovalPolicy, budget: int | None, currency: str, needed: int) -> None:
    assert policy.needed(budget_minor=budget, currency=currency) == needed


def test_a_large_budget_is_set_in_major_units() -> None:
    pounds = ApprovalPolicy.of(approvals=1, large_budget=10_000, currency="GBP")
    yen = ApprovalPolicy.of(approvals=1, large_budget=10_000, currency="JPY")

    assert (pounds.large_budget_minor, yen.large_budget_minor) == (1_000_000, 10_000)
    assert ApprovalPolicy.of(approvals=1, large_budget=None, currency="GBP") == ApprovalPolicy()


NAMES = st.sampled_from(["anna", "ben", "cleo"])
CASES = st.sampled_from([str.lower, str.upper, str.title])


@given(st.lists(st.tuples(st.builds(lambda name, case: case(name), NAMES, CASES), st.booleans()), min_size=1))
def test_the_authors_are_all_who_edited_since_the_last_approval(edits: list[tuple[str, bool]]) -> None:
    authors: tuple[str, ...] = ()
    since: set[str] = set()
    for editor, approved in edits:
        since = {editor.lower()} if approved else since | {editor.lower()}
        authors = next_authors(authors, approved=approved, editor=editor)

    assert {author.lower() for author in authors} == since
    assert len(authors) == len(since)
    assert authors[-1] == edits[-1][0]


@pytest.mark.parametrize(
    ("name", "same"),
    [("Marie", True), ("MARIE", True), ("\uff2d\uff41\uff52\uff49\uff45", True), ("mari", False), ("marie2", False)],
)
def test_case_and_look_alike_forms_make_no_second_person(name: str, *, same: bool) -> None:
    assert is_among(name, ["bo", "marie"]) is same


def test_letters_whose_small_form_is_longer_are_the_same_too() -> None:
    assert is_among("STRASSE", ["straße"])
    assert is_among("jose\u0301@shop.example", ["JOS\u00c9@shop.example"])


@given(st.integers(0, 5), st.lists(st.sampled_from(Verdict)))
def test_rejections_count_for_nothing_among_approvals(needed: int, verdicts: list[Verdict]) -> None:
    decided = [Approval(approver=str(place), verdict=said, comment="", time=NOW) for place, said in enumerate(verdicts)]

    assert missing(needed, decided) == max(0, needed - verdicts.count(Verdict.APPROVED))
