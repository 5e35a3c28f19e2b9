"""From all customers to those whom a rule means."""

import pytest
from made.campaigns import store_scores
from sqlalchemy import text

from campaigns.audiences import counting
from campaigns.audiences.counting import EVERYONE
from campaigns.terms.templates import Template, offers_of, rule_of
from campaigns.tiers.tiers import Tier
from database.audiences.fitting import Estimate
from database.session import Database
from rules.check import find_problems
from rules.rule import Compare, Every, Not, Operator, Rule, Some, Within

HIGH_OR_MID = Within("tier", ("HIGH", "MID"))
HIGH = Compare("tier", Operator.EQUALS, "HIGH")


@pytest.mark.parametrize(
    ("rule", "lefts"),
    [
        (None, []),
        (EVERYONE, [4]),
        (HIGH, [1]),
        (Every((HIGH_OR_MID, Not(HIGH))), [3, 2]),
        (Every((HIGH, HIGH_OR_MID)), [1, 1]),
        (Some((HIGH, HIGH_OR_MID)), [3]),
    ],
)
def test_each_condition_is_asked_of_those_whom_the_ones_before_it_left(
    database: Database, rule: Rule | None, lefts: list[int]
) -> None:
    store_scores(database, {"c1": 9000, "c2": 2000, "c3": 1500, "c4": 10})

    with database.reading() as snapshot:
        narrowing = counting.narrowing(snapshot, rule)
        about = counting.about(snapshot, rule)

    left = lefts[-1] if lefts else 4
    assert (narrowing.customers, [step.left for step in narrowing.steps]) == (4, lefts)
    assert narrowing.left == left
    assert about == Estimate(count=left, low=left, high=left, sampled_share=1.0)


@pytest.mark.parametrize("template", Template)
def test_a_template_is_whole(template: Template) -> None:
    rule = rule_of(template)

    assert [offer.tier for offer in offers_of(template)] == list(Tier)
    assert rule is None or not list(find_problems(rule))


def test_a_coupon_for_a_first_order_is_for_those_who_can_use_it(database: Database) -> None:
    store_scores(database, {"high": 9000, "mid": 2000, "new": 10, "old": 20})
    with database.writing() as transaction:
        transaction.execute(text("UPDATE customer_facts SET has_bought = customer_id <> 'new'"))
    with database.reading() as snapshot:
        narrowing = counting.narrowing(snapshot, rule_of(Template.VALUE_TIERS))

    assert narrowing.left == 3
