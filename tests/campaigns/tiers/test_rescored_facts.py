"""A rescoring leaves behind the facts that rules ask about, of the same time and with the final tiers."""

from datetime import UTC, datetime

from sqlalchemy import insert

from campaigns.actor import Actor, Cause
from campaigns.tiers import rescoring
from database.audiences import facts
from database.customers.tables import CustomerRow
from database.models import registry
from database.session import Database
from database.work import operations
from scoring.score import Score

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CAUSE = Cause(actor=Actor(name="anna"), now=NOW)


def scored(customer_id: str, spend_minor: int) -> Score:
    return Score(
        customer_id=customer_id, as_of=NOW, purchase_30=0.1, purchase_60=0.2, purchase_90=0.3, churn=0.4,
        spend_minor=spend_minor, spend_low_minor=0, spend_high_minor=9_999, expected_orders=spend_minor / 100,
        currency="GBP", model_id="m",
    )  # fmt: skip


def test_facts_come_with_the_scores_and_tiers_at_the_end(database: Database) -> None:
    names = [f"c{number}" for number in range(10)]
    with database.writing() as transaction:
        transaction.execute(insert(CustomerRow), [{"customer_id": name} for name in names])
        registry.register(transaction, "m", "folder", {}, NOW)
        registry.move(transaction, "m", "ACTIVE", now=NOW)
        operation = rescoring.begin(transaction, CAUSE)
        scores = [scored(name, 100 * number) for number, name in enumerate(names)]
        assert rescoring.keep(transaction, operation, scores, customers=names, currency="GBP", now=NOW)
        early = facts.stored_facts(transaction, "c9")

        ahead = operations.get(transaction, operation.operation_id)
        assert ahead is not None
        assert rescoring.finish(transaction, ahead, CAUSE)
        tiers = {name: known.facts["tier"] for name in names if (known := facts.stored_facts(transaction, name))}

    assert early is not None
    assert (early.as_of, early.facts["expected_spend"], "tier" in early.facts) == (NOW, 900, False)
    assert early.facts["expected_orders"] == 9
    assert tiers == dict.fromkeys(names[:6], "LOW") | dict.fromkeys(names[6:9], "MID") | {"c9": "HIGH"}
