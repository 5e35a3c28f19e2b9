"""A line says who did what to which version, from what, and how it ended; it never says which customer."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made.campaigns import NOW, add_customers, counts, launch_campaign, make_cause, make_plan, store_scores
from sqlalchemy import text

from campaigns import trail
from campaigns.basis import Basis, rule_digest
from campaigns.customers import erasure, profiles
from campaigns.faults import Fault
from campaigns.life import drafts
from campaigns.life.refusals import CampaignNotFound
from campaigns.models import registry
from database.audit import subjects
from database.audit.log import AuditEntry, Wanted
from database.customers import tombstones
from database.session import Database
from events.event import Customer
from rules.rule import Compare, Every, IsKnown, Operator

RICH = Compare("expected_spend", Operator.AT_LEAST, 9000)


def lines(database: Database, wanted: Wanted | None = None) -> list[AuditEntry]:
    with database.reading() as snapshot:
        return trail.page(snapshot, wanted or Wanted(), limit=99)


def test_a_line_carries_everything_that_was_known(database: Database) -> None:
    basis = Basis(models=("m1",), tier_schemes=(4,), campaign="campaigns/spring@3", rule="ab")
    with database.writing() as transaction:
        trail.done(
            transaction, make_cause(reason="easter", request_id="r-1"), "campaigns.launch", "campaigns/spring",
            before={"state": "DRAFT"}, after={"state": "LAUNCHING"}, version=3, basis=basis,
        )  # fmt: skip

    (line,) = lines(database)

    assert line == AuditEntry(
        audit_id=1, time=NOW, actor="operator:anna", action="campaigns.launch", object_name="campaigns/spring",
        object_version=3, outcome="OK", before={"state": "DRAFT"}, after={"state": "LAUNCHING"},
        basis={"models": ["m1"], "tier_schemes": [4], "campaign": "campaigns/spring@3", "rule": "ab"},
        reason="easter", request_id="r-1",
    )  # fmt: skip
    assert line.role == "operator"


def test_each_outcome_has_its_word(database: Database) -> None:
    with database.writing() as transaction:
        trail.tried(transaction, make_cause(), "campaigns.preview", "campaigns/spring", after={"audience": 7})
        trail.denied(transaction, make_cause(), "campaigns.end", "campaigns/x", CampaignNotFound("none"))
        trail.failed(transaction, make_cause(), "operations.fail", "operations/1", "the disk is full")

    assert [(line.outcome, line.after, line.basis) for line in lines(database)] == [
        ("FAILED", {"error": "the disk is full"}, None),
        ("DENIED", {"refusal": "CAMPAIGN_NOT_FOUND"}, None),
        ("DRY_RUN", {"audience": 7}, None),
    ]


def test_lines_are_found_by_each_of_their_sides(database: Database) -> None:
    with database.writing() as transaction:
        trail.done(transaction, make_cause(), "campaigns.create", "campaigns/a")
        trail.tried(transaction, make_cause(NOW.replace(hour=13)), "campaigns.launch", "campaigns/b")

    for wanted in (
        Wanted(object_name="campaigns/b"), Wanted(action="campaigns.launch"), Wanted(outcome="DRY_RUN"),
        Wanted(since=NOW.replace(minute=1)), Wanted(actor="operator:anna", since=NOW.replace(hour=13)),
        Wanted(object_names=("campaigns/b", "segments/b"), actors=("marketer:anna", "operator:anna")),
    ):  # fmt: skip
        assert [line.object_name for line in lines(database, wanted)] == ["campaigns/b"], wanted
    assert [line.object_name for line in lines(database, Wanted(until=NOW.replace(hour=13)))] == ["campaigns/a"]
    assert lines(database, Wanted(actor="operator:bert")) == []


def test_changes_name_the_version_that_they_left(database: Database) -> None:
    with database.writing() as transaction:
        drafts.create(transaction, make_cause(), "spring", make_plan())
        drafts.update(transaction, make_cause(), "spring", lambda plan: replace(plan, display_name="Summer"))
        registry.register(transaction, make_cause(), "m1", folder="nowhere", manifest={})
        registry.activate(transaction, make_cause(), "m1")

    assert [(line.action, line.object_version) for line in reversed(lines(database))] == [
        ("campaigns.create", 1), ("campaigns.update", 2), ("models.register", 1), ("models.activate", 2),
    ]  # fmt: skip


def test_automatic_decisions_name_model_scheme_and_rule(database: Database) -> None:
    store_scores(database, {"anna": 9000, "bert": 10})
    launch_campaign(database, make_plan(rule=RICH))

    (finished,) = lines(database, Wanted(action="campaigns.launch.finish"))
    (rescored,) = lines(database, Wanted(action="customers.rescore.finish"))

    assert finished.basis == {
        "models": ["m1"], "tier_schemes": [1], "campaign": "campaigns/spring@1", "rule": rule_digest(RICH),
    }  # fmt: skip
    assert rescored.basis == {"models": ["m1"], "tier_schemes": [1]}


def test_a_customer_is_spoken_of_by_another_name_in_every_part_of_a_line(database: Database) -> None:
    add_customers(database, ["anna-17"])
    with database.writing() as transaction:
        profiles.update(
            transaction, make_cause(reason="anna-17 asked by mail"), "anna-17",
            lambda _: Customer(customer_id="anna-17", country="France"),
        )  # fmt: skip
        trail.done(
            transaction, make_cause(), "campaigns.except", "campaigns/spring",
            after={"of": ["customers/anna-17", {"also": "customers/anna-17"}]},
        )  # fmt: skip
        subject = subjects.find(transaction, "anna-17")

    excepted, updated = lines(database)

    assert updated.object_name == f"subjects/{subject}"
    assert updated.reason == f"subjects/{subject} asked by mail"
    assert excepted.after == {"of": [f"subjects/{subject}", {"also": f"subjects/{subject}"}]}
    with database.reading() as snapshot:
        assert "anna" not in snapshot.execute(text("SELECT string_agg(after::text, '') FROM audit_log")).scalar_one()
    assert [line.action for line in lines(database, Wanted(object_name="customers/anna-17"))] == ["customers.update"]


@pytest.mark.parametrize("who", ["anna-17", "crm:17", "a.b@shop.example", "anna o'neil", 'a "b", c'])
def test_a_reason_and_an_error_may_speak_of_customers_anywhere(database: Database, who: str) -> None:
    add_customers(database, [who])
    with database.writing() as transaction:
        cause = make_cause(reason=f"as customers/{who}, and customers/no:body too, wished, and customers/{who}.")
        trail.done(transaction, cause, "campaigns.pause", "campaigns/spring")
        fault = Fault(
            code="CUSTOMER_NOT_SCORED", facts={"customer": f"customers/{who}", "within": f"customers/{who}: 1"}
        )
        trail.failed(transaction, make_cause(), "a.b", "operations/1", f"customers/{who}: no score", fault=fault)
        subject = f"subjects/{subjects.find(transaction, who)}"

    broken, paused = lines(database)

    assert paused.reason == f"as {subject}, and customers too, wished, and {subject}."
    assert broken.after == {
        "error": f"{subject}: no score",
        "why": {"code": "CUSTOMER_NOT_SCORED", "facts": {"customer": subject, "within": f"{subject}: 1"}},
    }


def test_an_id_with_spaces_is_not_said_after_its_customer_was_erased_either(database: Database) -> None:
    add_customers(database, ["anna", "anna may smith"])
    with database.writing() as transaction:
        tombstones.keep(transaction, "anna may smith", NOW)
        transaction.execute(text("DELETE FROM customers WHERE customer_id = 'anna may smith'"))
        cause = make_cause(reason="customers/anna may smith wrote, customers/ did not")
        trail.done(transaction, cause, "campaigns.pause", "campaigns/spring")

    assert [line.reason for line in lines(database)] == ["customers wrote, customers/ did not"]


def test_who_is_not_known_here_leaves_no_name(database: Database) -> None:
    with database.writing() as transaction:
        trail.denied(transaction, make_cause(), "customers.erase", "customers/nobody", CampaignNotFound("none"))

    assert [line.object_name for line in lines(database)] == ["customers"]
    assert counts(database, "audit_subjects") == (0,)


def test_an_erased_customer_cannot_be_found_in_the_log_that_still_stands(database: Database) -> None:
    add_customers(database, ["anna"])
    with database.writing() as transaction:
        profiles.update(transaction, make_cause(), "anna", lambda customer: replace(customer, country="GB"))
        erasure.begin(transaction, make_cause(), "anna")

    updated = lines(database)[-1]
    assert [line.object_name for line in lines(database)] == [updated.object_name] * 2
    assert counts(database, "audit_subjects") == (0,)
    assert lines(database, Wanted(object_name="customers/anna")) == []


def test_a_bare_id_is_a_mistake_of_ours(database: Database) -> None:
    with pytest.raises(ValueError, match="customers/ID"), database.writing() as transaction:
        trail.done(transaction, make_cause(), "a.b", "c", after={"list": [{"customer_id": "anna"}]})

    assert counts(database, "audit_log") == (0,)


@settings(max_examples=25)
@given(st.permutations(["orders", "churn", "reviews"]))
def test_equal_rules_have_equal_digests_and_others_do_not(names: list[str]) -> None:
    rule = Every(tuple(IsKnown(name) for name in names))

    assert rule_digest(rule) == rule_digest(Every(tuple(IsKnown(name) for name in names)))
    assert (rule_digest(rule) == rule_digest(Every((IsKnown("orders"), IsKnown("churn"), IsKnown("reviews"))))) is (
        names == ["orders", "churn", "reviews"]
    )
    assert json.dumps(rule_digest(rule)).isascii()
