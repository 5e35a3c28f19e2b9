"""Facts of customers from what is recorded: by hand, against a slow reading in Python, and at any time again."""

from datetime import datetime

from facts_at_hand import AS_OF, ago, facts_now, stock
from sqlalchemy import insert, text, update

from database.audiences import facts
from database.audiences.tables import CustomerFactsRow
from database.coupons.tables import ByHandCouponRow, CouponRow, RedemptionRow
from database.customers.tables import CustomerRow
from database.events.store import insert_events
from database.models.tables import ScoreRow
from database.session import Database, Transaction
from database.terms.tables import CampaignRow
from events.event import Event, EventType
from rules.facts import FACTS

NEVER_SEEN = {
    "has_bought": False, "orders": 0, "orders_30": 0, "orders_90": 0, "orders_365": 0, "spend": 0, "spend_30": 0,
    "spend_90": 0, "spend_365": 0, "categories": frozenset(), "views_30": 0, "carts_30": 0, "reviews": 0,
    "consented_channels": frozenset(), "coupons_issued": 0, "coupons_redeemed": 0, "campaigns": frozenset(),
    "campaigns_30": 0, "messages_30": 0, "on_site_responses": 0, "email_responses": 0, "sms_responses": 0,
    "push_responses": 0,
}  # fmt: skip


def bought(number: int, days: float, item_id: str, *, order: str | None = None, **details: object) -> Event:
    values = {"quantity": 2, "unit_price_minor": 500, "currency": "GBP"} | details
    return Event(
        event_id=f"e{number}", customer_id="anna", time=ago(days), event_type=EventType.PURCHASE, order_id=order,
        item_id=item_id, **values,  # type: ignore[arg-type]  # a test's own shorthand
    )  # fmt: skip


def test_of_someone_who_did_nothing_only_the_zeros_are_known(database: Database) -> None:
    with database.writing() as transaction:
        transaction.execute(insert(CustomerRow).values(customer_id="anna"))

    assert facts_now(database) == NEVER_SEEN


def test_nobody_has_no_facts(database: Database) -> None:
    with database.reading() as snapshot:
        assert facts.facts_of(snapshot, "nobody", AS_OF, currency="GBP") is None
        assert facts.stored_facts(snapshot, "nobody") is None


def test_purchases_make_the_facts_of_orders_and_spend(database: Database) -> None:
    with database.writing() as transaction:
        stock(transaction)
        insert_events(
            transaction,
            [
                bought(1, 400, "boots", order="a"),
                bought(2, 399.9, "hat", order="a"),
                bought(3, 90, "sandals", order="b", unit_price_minor=333),
                bought(4, 10.5, "thing"),
                bought(5, 5, "hat", currency="EUR"),
                bought(6, 0, "boots"),
            ],
        )
    known = facts_now(database)

    assert (known["orders"], known["orders_365"], known["orders_90"], known["orders_30"]) == (4, 3, 3, 2)
    assert (known["spend"], known["spend_365"], known["spend_30"]) == (3_666, 1_666, 1_000)
    assert known["average_order"] == 916 + 1  # 916.5
    assert (known["days_since_purchase"], known["days_as_customer"]) == (5, 400)
    assert (known["first_purchase_time"], known["last_purchase_time"]) == (ago(400), ago(5))
    assert known["categories"] == {"Shoes", "Shoes|Boots", "Shoes|Sandals", "Hats"}
    assert known["last_category"] == "Hats"
    assert known["has_bought"] is True
    assert known["returned_share"] == 0


def test_profile_scores_and_contacts(database: Database) -> None:
    with database.writing() as transaction:
        transaction.execute(
            insert(CustomerRow).values(
                customer_id="anna", country="DE", zone="Europe/Berlin", preferred_channel="SMS",
                consented_channels=["EMAIL", "email", "Sms"],
            )
        )  # fmt: skip
        transaction.execute(
            insert(ScoreRow).values(
                customer_id="anna", model_id="m", as_of=ago(3), purchase_30=0.1, purchase_60=0.2, purchase_90=0.3,
                churn=float("nan"), spend_minor=4_200, spend_low_minor=1, spend_high_minor=2,
                expected_orders=0.75, currency="GBP",
                tier="HIGH", tier_scheme=1, operation_id="o",
            )
        )  # fmt: skip
        give_coupon(transaction, "one", issued=ago(40), redeemed=ago(35))
        give_coupon(transaction, "two", issued=ago(20), redeemed=None)
        give_coupon(transaction, "told", issued=ago(38), redeemed=ago(36))
        transaction.execute(insert(ByHandCouponRow).values(campaign_id="told", code="told"))
        give_coupon(transaction, "later", issued=ago(-1), redeemed=None)
    known = facts_now(database)

    assert known == NEVER_SEEN | {
        "country": "DE", "zone": "Europe/Berlin", "preferred_channel": "sms",
        "consented_channels": frozenset({"email", "sms"}),
        "purchase_30": 0.1, "purchase_60": 0.2, "purchase_90": 0.3, "expected_spend": 4_200, "expected_orders": 0.75,
        "tier": "HIGH",
        "days_since_score": 3, "coupons_issued": 3, "coupons_redeemed": 2, "days_since_coupon": 20,
        "days_since_redemption": 35, "campaigns": frozenset({"one", "two", "told"}), "campaigns_30": 1,
        "email_responses": 1,
    }  # fmt: skip


def give_coupon(transaction: Transaction, campaign_id: str, *, issued: datetime, redeemed: datetime | None) -> None:
    transaction.execute(
        insert(CampaignRow).values(
            campaign_id=campaign_id, display_name="", state="ACTIVE", offers={}, zone="UTC", start_time=ago(100),
            end_time=ago(-100), currency="GBP",
        )
    )  # fmt: skip
    transaction.execute(
        insert(CouponRow).values(
            code=campaign_id, campaign_id=campaign_id, customer_id="anna", tier="HIGH", channel="EMAIL", discount={},
            state="ISSUED", issue_time=issued,
        )
    )  # fmt: skip
    if redeemed is not None:
        transaction.execute(
            insert(RedemptionRow).values(
                redemption_id=campaign_id, code=campaign_id, campaign_id=campaign_id, customer_id="anna", order_id="o",
                order_minor=1, discount_minor=1, currency="GBP", redeem_time=redeemed,
            )
        )  # fmt: skip


def test_a_refresh_of_some_leaves_the_others(database: Database) -> None:
    with database.writing() as transaction:
        transaction.execute(insert(CustomerRow), [{"customer_id": name} for name in ("anna", "ben")])

        assert facts.refresh(transaction, ["anna", "nobody"], as_of=AS_OF, currency="GBP") == 1
        assert facts.stored_facts(transaction, "ben") is None


def test_a_late_refresh_does_not_undo_a_newer_one(database: Database) -> None:
    with database.writing() as transaction:
        insert_events(transaction, [bought(1, 10, "hat")])
        facts.refresh(transaction, ["anna"], as_of=AS_OF, currency="GBP")

        assert facts.refresh(transaction, ["anna"], as_of=ago(20), currency="GBP") == 0
        stored = facts.stored_facts(transaction, "anna")

    assert stored is not None
    assert (stored.as_of, stored.facts["days_since_purchase"]) == (AS_OF, 10)


def test_new_tiers_reach_the_facts(database: Database) -> None:
    with database.writing() as transaction:
        transaction.execute(insert(CustomerRow).values(customer_id="anna"))
        transaction.execute(
            insert(ScoreRow).values(
                customer_id="anna", model_id="m", as_of=AS_OF, purchase_30=0, purchase_60=0, purchase_90=0, churn=0,
                spend_minor=0, spend_low_minor=0, spend_high_minor=0, currency="GBP", operation_id="o",
            )
        )  # fmt: skip
        facts.refresh(transaction, ["anna"], as_of=AS_OF, currency="GBP")
        transaction.execute(update(ScoreRow).values(tier="MID", tier_since=ago(30), below_since=ago(2)))

        assert facts.take_tiers(transaction) == 1
        assert facts.take_tiers(transaction) == 0
        stored = facts.stored_facts(transaction, "anna")
        fresh = facts.facts_of(transaction, "anna", ago(-1), currency="GBP")

    for known, later in ((stored, 0), (fresh, 1)):
        assert known is not None
        assert known.facts["tier"] == "MID"
        assert (known.facts["days_in_tier"], known.facts["days_below_tier"]) == (30 + later, 2 + later)


def test_buyers_are_ranked_in_fifths_and_who_are_alike_have_the_same_score(database: Database) -> None:
    orders = {"a": 1, "b": 1, "c": 1, "d": 2, "e": 3, "f": 4, "g": 4, "h": 5, "i": 6, "j": 9}
    with database.writing() as transaction:
        transaction.execute(insert(CustomerRow).values(customer_id="never"))
        rows = [
            {"customer_id": name, "as_of": AS_OF, "has_bought": True, "orders": count, "spend": 100 * place,
             "days_since_purchase": count}
            for place, (name, count) in enumerate(orders.items())
        ]  # fmt: skip
        transaction.execute(insert(CustomerFactsRow), rows)
        facts.refresh(transaction, ["never"], as_of=AS_OF, currency="GBP")

        assert facts.rank_buyers(transaction) == 10
        assert facts.rank_buyers(transaction) == 0
        scores = {}
        for name in (*orders, "never"):
            known = facts.stored_facts(transaction, name)
            assert known is not None
            scores[name] = [known.facts.get(f"rfm_{each}") for each in ("recency", "frequency", "monetary")]

    assert scores == {
        "a": [4, 1, 1], "b": [4, 1, 1], "c": [4, 1, 2], "d": [4, 2, 2], "e": [3, 3, 3], "f": [2, 3, 3],
        "g": [2, 3, 4], "h": [2, 4, 4], "i": [1, 5, 5], "j": [1, 5, 5], "never": [None, None, None],
    }  # fmt: skip


def test_a_refresh_keeps_the_ranks_of_the_last_rescoring(database: Database) -> None:
    with database.writing() as transaction:
        insert_events(transaction, [bought(1, 10, "hat")])
        facts.refresh(transaction, ["anna"], as_of=AS_OF, currency="GBP")
        facts.rank_buyers(transaction)
        facts.refresh(transaction, ["anna"], as_of=ago(-1), currency="GBP")
        stored = facts.stored_facts(transaction, "anna")
        fresh = facts.facts_of(transaction, "anna", ago(-1), currency="GBP")

    assert stored is not None
    assert stored.facts["rfm_recency"] == 1
    assert stored == fresh


def test_the_statement_answers_for_every_fact(database: Database) -> None:
    with database.writing() as transaction:
        transaction.execute(insert(CustomerRow).values(customer_id="anna"))
        row = transaction.execute(
            text(facts.THESE), facts._parameters(AS_OF, "GBP") | {"customer_ids": ["anna"]}
        ).mappings().one()  # fmt: skip

    assert set(row) == {"customer_id", *FACTS}
