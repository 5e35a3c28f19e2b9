"""What operators type: each command calls one use case in one transaction and prints JSON for programs."""

from datetime import UTC, datetime, timedelta

import pytest
from made.campaigns import audit_lines, codes_of, counts, issue_chunk, issued_codes, read_operation, store_scores
from running.shell import Shell
from sqlalchemy import text

from admin.typed.discounts import words
from admin.typed.offers import offer_of, typed
from campaigns.faults import Code, Fault
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Fixed, FreeShipping, Gift, Percent, Scope
from campaigns.terms.limits import Budget
from campaigns.tiers.tiers import Tier
from campaigns.work import jobs
from database.session import Database
from database.work import duties
from database.work.duties import Duty

CREATE = (
    "campaign",
    "create",
    "spring",
    "--name",
    "Spring",
    "--offer",
    "HIGH:20%:ON_SITE",
    "--currency",
    "GBP",
    "--holdout",
    "0",
)


@pytest.fixture
def tierwise(database_url: str) -> Shell:
    return Shell(database_url)


def test_a_campaign_from_plan_to_redemption(database: Database, tierwise: Shell) -> None:
    store_scores(database, {"anna": 9000, "bert": 10})
    assert tierwise(*CREATE, "--limit", "5")["state"] == "DRAFT"
    assert tierwise("campaign", "submit", "spring")["state"] == "SUBMITTED"
    assert tierwise("--as", "bo:approver", "campaign", "approve", "spring")["state"] == "APPROVED"
    operation = read_operation(database, tierwise("campaign", "launch", "spring")["operation_id"])
    while not (operation := read_operation(database, operation.operation_id)).done:
        issue_chunk(database, operation)

    (coupon,) = tierwise("coupon", "list", "spring")
    asked = ("--amount", "12.50", "--currency", "GBP", "--customer", "anna")
    worth = tierwise("coupon", "validate", coupon["code"], *asked)
    used = tierwise("coupon", "redeem", coupon["code"].lower(), "--order", "o1", *asked)

    assert (coupon["customer_id"], coupon["tier"]) == ("anna", "HIGH")
    assert (worth["discount_minor"], used["discount_minor"], used["order_minor"]) == (250, 250, 1250)
    assert tierwise("campaign", "show", "spring")["redeemed"] == 1
    assert tierwise("job", "show", operation.operation_id)["response"]["issued_count"] == 1
    assert [tierwise("campaign", verb, "spring")["state"] for verb in ("pause", "resume", "end")] == [
        "PAUSED", "ACTIVE", "ENDED",
    ]  # fmt: skip
    assert [row["campaign_id"] for row in tierwise("campaign", "list")] == ["spring"]
    narrowed = ("campaign", "list", "--state", "ended", "--words", "SPRI", "--since")
    assert [row["campaign_id"] for row in tierwise(*narrowed, "2020-01-01")] == ["spring"]
    assert tierwise(*narrowed, "2099-01-01") == []
    assert [row["kind"] for row in tierwise("job", "list", "--kind", "launch_campaign")] == ["LAUNCH_CAMPAIGN"]
    assert tierwise("job", "list", "--state", "FAILED") == []
    assert tierwise.refusal("job", "list", "--state", "BROKEN").endswith(
        "--state BROKEN: give one of RUNNING, SUCCEEDED, FAILED, CANCELLED"
    )
    with database.writing() as transaction:
        duties.expect(transaction, [Duty.END_CAMPAIGNS], datetime(2026, 1, 2, tzinfo=UTC))
        duties.failed(transaction, Duty.END_CAMPAIGNS, {"code": "UNEXPECTED", "facts": {"type": "E", "log_id": "t7"}})
    row = {"duty": "END_CAMPAIGNS", "done": "2026-01-02T00:00:00+00:00"}
    assert tierwise("job", "duties") == [{**row, "fault": "E; the worker's log says more, by the id t7"}]
    with database.writing() as transaction:
        why = {"code": "MODEL_REJECTED", "facts": {}}
        duties.failed(transaction, Duty.END_CAMPAIGNS, why, error="m1 is not on this machine")
    assert tierwise("job", "duties") == [{**row, "fault": "m1 is not on this machine"}]


def test_a_code_is_held_released_used_and_refunded(database: Database, tierwise: Shell) -> None:
    code = issued_codes(database, ["anna"])["anna"]
    # The plan of the factories lies in the past of the clock that commands read.
    with database.writing() as transaction:
        transaction.execute(text("UPDATE campaigns SET end_time = now() + interval '1 day'"))
    order = (code, "--order", "o1", "--amount", "20.00", "--currency", "GBP")

    first = tierwise("coupon", "reserve", *order, "--minutes", "5")
    released = tierwise("coupon", "release", first["reservation_id"])
    held = tierwise("coupon", "reserve", *order)
    used = tierwise("coupon", "redeem", *order, "--reservation", held["reservation_id"])
    part = tierwise("coupon", "refund", used["redemption_id"], "--key", "r1", "--amount", "0.50")
    rest = tierwise("coupon", "refund", used["redemption_id"], "--key", "r2")

    assert (first["state"], released["state"], first["discount_minor"]) == ("HELD", "RELEASED", 200)
    assert [(each["refund_minor"], each["refunded_minor"]) for each in (part, rest)] == [(50, 50), (150, 200)]
    assert [entry["kind"] for entry in tierwise("coupon", "history", code)] == [
        "RESERVE", "RELEASE", "RESERVE", "REDEEM", "REFUND", "REFUND",
    ]  # fmt: skip
    said = tierwise.refusal("coupon", "refund", used["redemption_id"], "--key", "r3")
    assert "REFUND_BEYOND_DISCOUNT" in said


def test_a_budget_is_planned_in_money(database: Database, tierwise: Shell) -> None:
    made = tierwise(*CREATE, "--budget", "5000.00", "--confidence", "0.9", "--refund-gives-code-back")

    assert (made["budget_minor"], made["refund_gives_code_back"]) == (500_000, True)
    assert "a budget is more than nothing" in tierwise.refusal(*CREATE, "--budget", "0")


def test_a_budget_is_shown_with_what_is_reserved_committed_and_spent(database: Database, tierwise: Shell) -> None:
    codes = issued_codes(database, ["anna", "bert"], budget=Budget(limit_minor=100_000), redemption_limit=9)
    with database.writing() as transaction:
        transaction.execute(text("UPDATE campaigns SET end_time = now() + interval '1 day'"))
    tierwise("coupon", "redeem", codes["anna"], "--order", "o1", "--amount", "20.00", "--currency", "GBP")

    shown = tierwise("campaign", "budget", "spring")

    redemptions, money = shown["uses"]
    assert redemptions == {"of": "redemptions", "limit": 9, "reserved": 0, "committed": 1, "spent": 1}
    assert (money["limit"], money["reserved"], money["spent"]) == (100_000, 0, 200)
    assert money["committed"] > 0
    assert (shown["confidence"], shown["over_budget"], shown["refused"]) == (0.95, 0, {})
    assert 0 <= shown["overspend_probability"] < 0.05

    asked = tierwise("campaign", "update", "spring", "--budget", "2000.00", "--end", "2099-12-24T20:00")
    assert (asked["state"], asked["version"], asked["proposed_version"]) == ("ACTIVE", 1, 2)
    stale = ("campaign", "update", "spring", "--budget", "3000.00", "--etag", str(int(asked["etag"]) - 1))
    assert "CAMPAIGN_CHANGED" in tierwise.refusal(*stale)
    assert "only its budget and its end" in tierwise.refusal("campaign", "update", "spring", "--name", "Summer")
    assert "not both" in tierwise.refusal("campaign", "update", "spring", "--days", "3", "--end", "2099-12-24T20:00")
    assert "the budget is at least 2.22 GBP" in tierwise.refusal("campaign", "update", "spring", "--budget", "2.00")
    assert tierwise("campaign", "withdraw", "spring")["proposed_version"] is None


def test_ledgers_are_reconciled_and_a_difference_fails_and_is_named(database: Database, tierwise: Shell) -> None:
    issued_codes(database, ["anna"])
    agreed = tierwise("job", "reconcile", "--campaign", "spring")
    with database.writing() as transaction:
        transaction.execute(text("UPDATE budget_shards SET spent_minor = 7 WHERE shard = 3"))

    differing = tierwise("job", "reconcile", status=1)

    assert (agreed["campaigns"], agreed["differences"]) == (1, [])
    assert differing["differences"] == [
        {"campaign_id": "spring", "figure": "spent_minor of shard 3", "truth": 0, "counter": 7}
    ]
    assert tierwise("job", "show", differing["operation_id"])["state"] == "SUCCEEDED"


def test_a_refusal_says_why_changes_nothing_and_is_on_record(database: Database, tierwise: Shell) -> None:
    tierwise(*CREATE)

    said = tierwise.refusal("campaign", "pause", "spring", "--reason", "typo")

    assert "CAMPAIGN_NOT_MOVABLE: campaigns/spring is DRAFT and cannot pause; possible: edit, submit" in said
    assert audit_lines(database)[-1] == ("campaigns.pause", "campaigns/spring", "DENIED")
    assert tierwise("audit", "list", "--of", "campaigns/spring")[0]["reason"] == "typo"
    assert tierwise("campaign", "show", "spring")["state"] == "DRAFT"


def test_tiers_are_made_listed_and_shown(database: Database, tierwise: Shell) -> None:
    store_scores(database, {"anna": 9000})

    made = tierwise("tier", "scheme", "--method", "QUANTILE", "--high", "0.2", "--mid", "0.3")

    assert (made["version"], made["active"], made["high_from"]) == (2, True, None)
    assert (made["margin"], made["grace_days"]) == (0.1, 14)
    assert [row["version"] for row in tierwise("tier", "list")] == [2, 1]
    shown = tierwise("tier", "show", "anna")
    assert (shown["tier"], shown["since"]) == ("HIGH", "2026-11-20T12:00:00+00:00")
    assert (shown["below_since"], shown["tier_scheme"], shown["tier_model"]) == (None, 1, "m1")
    assert "INVALID_TIER_SCHEME" in tierwise.refusal(
        "tier", "scheme", "--method", "QUANTILE", "--high", "0.9", "--mid", "0.3"
    )
    assert "zoe has no stored score" in tierwise.refusal("tier", "show", "zoe")


def test_a_campaign_from_a_template_and_an_order_with_its_lines(database: Database, tierwise: Shell) -> None:
    shown = tierwise("campaign", "create", "value", "--name", "Value", "--template", "value-tiers", "--currency", "GBP")
    assert shown["offers"] == "HIGH:20%:EMAIL,PUSH,ON_SITE, MID:10%:EMAIL,PUSH,ON_SITE, LOW:new+15%:ON_SITE"
    back = tierwise("campaign", "create", "back", "--name", "Back", "--template", "win-back", "--currency", "GBP")
    assert (shown["who"], back["who"]) == (
        'is in tier "HIGH" or "MID" or has never bought',
        "last bought at least 90 days ago",
    )
    for offers in ((), ("--template", "value-tiers", "--offer", "HIGH:5%:SMS")):
        assert "or a --template" in tierwise.refusal("campaign", "create", "none", "--name", "None", *offers)
    half = Discount(reward=Percent(percent=50), scope=Scope(items=("A:1",)))
    offer = Offer(tier=Tier.HIGH, discount=half, channel=Channel.ON_SITE)
    now = datetime.now(UTC)
    code = issued_codes(
        database, ["anna"], offers=(offer,), start_time=now - timedelta(days=1), end_time=now + timedelta(days=1)
    )["anna"]
    order = ("coupon", "validate", code, "--amount", "30.00", "--currency", "GBP")

    worth = tierwise(*order, "--line", "A:1:2:7.50", "--line", "B:1:3.00", "--shipping", "4.90")

    assert worth["discount_minor"] == 750
    assert "ORDER_LINES_MISSING" in tierwise.refusal(*order)
    assert "--line A:1.5:7: give ITEM:QUANTITY:PRICE" in tierwise.refusal(*order, "--line", "A:1.5:7")


def test_restraint_is_typed_as_it_is_shown(database: Database, tierwise: Shell) -> None:
    options = ("--cap", "1/1", "--cap", "3/30", "--leave-to", "winter", "--audience-limit", "9", "--priority", "5")

    shown = tierwise(*CREATE, *options, "--group", "sale", "--alone")

    assert (shown["caps"], shown["left_to"], shown["audience_limit"]) == ("1/1, 3/30", "winter", 9)
    assert (shown["priority"], shown["group"], shown["alone"]) == (5, "sale", True)
    assert "--cap often: give OFFERS/DAYS" in tierwise.refusal(*CREATE, "--cap", "often")


def test_a_rescoring_is_begun_as_of_a_time_and_cancelled(database: Database, tierwise: Shell) -> None:
    assert "NO_ACTIVE_MODEL" in tierwise.refusal("job", "rescore")
    store_scores(database, {"anna": 9000})

    begun = tierwise("job", "rescore", "--as-of", "2026-01-02T03:04:05")
    fault = Fault(code=Code.MESSAGES_WAIT, facts={"note": "HTTP 503"})
    with database.writing() as transaction:
        jobs.stumble(transaction, begun["operation_id"], fault)
    shown = tierwise("job", "show", begun["operation_id"])

    assert (shown["error"], shown["fault"]) == ("messages wait: HTTP 503", "MESSAGES_WAIT")
    assert shown["fault_facts"] == {"note": "HTTP 503"}
    assert shown["request"]["as_of"] == "2026-01-02T03:04:05+00:00"
    assert "RESCORING_RUNNING" in tierwise.refusal("job", "rescore")
    assert tierwise("job", "cancel", begun["operation_id"])["cancel_requested"] is True
    assert "OPERATION_NOT_RETRYABLE" in tierwise.refusal("job", "retry", begun["operation_id"])
    assert [row["state"] for row in tierwise("job", "list")] == ["RUNNING", "SUCCEEDED"]
    assert "give a time in the past" in tierwise.refusal("job", "rescore", "--as-of", "2999-01-01")
    assert "--as-of soon" in tierwise.refusal("job", "rescore", "--as-of", "soon")


@pytest.mark.parametrize(
    ("typed", "discount"),
    [
        ("20%", Discount(reward=Percent(percent=20))),
        ("10%max5.00", Discount(reward=Percent(percent=10, maximum_minor=500))),
        ("2.50", Discount(reward=Fixed(amount_minor=250))),
        ("new+15%", Discount(reward=Percent(percent=15), first_order_only=True)),
        ("new+3.00", Discount(reward=Fixed(amount_minor=300), first_order_only=True)),
        ("shipping", Discount(reward=FreeShipping())),
        ("shippingmax4.90", Discount(reward=FreeShipping(maximum_minor=490))),
        ("gift=A 1/7:x", Discount(reward=Gift(item_id="A 1/7:x"))),
        ("over30.00+5.00", Discount(reward=Fixed(amount_minor=500), minimum_minor=3000)),
        (
            "new+over1.00+item=A1+item=A2+category=Hats|Straw+10%max5.00",
            Discount(
                reward=Percent(percent=10, maximum_minor=500),
                first_order_only=True,
                minimum_minor=100,
                scope=Scope(items=("A1", "A2"), categories=("Hats|Straw",)),
            ),
        ),
    ],
)
def test_offers_are_typed_as_they_are_shown(typed: str, discount: Discount) -> None:
    assert offer_of(f"mid:{typed}:email", "GBP") == Offer(tier=Tier.MID, discount=discount, channel=Channel.EMAIL)
    assert words(discount, "GBP") == typed


def test_channels_after_the_first_are_fallbacks() -> None:
    read = offer_of("high:20%:email,sms,on_site", "GBP")

    assert (read.channel, read.fallbacks) == (Channel.EMAIL, (Channel.SMS, Channel.ON_SITE))
    assert typed(read, "GBP") == "HIGH:20%:EMAIL,SMS,ON_SITE"


def test_money_is_read_in_the_currencys_own_units() -> None:
    assert offer_of("LOW:500:SMS", "JPY").discount == Discount(reward=Fixed(amount_minor=500))
    assert words(Discount(reward=Fixed(amount_minor=500)), "JPY") == "500"


@pytest.mark.parametrize(
    "offer", ["HIGH", "TOP:10%:EMAIL", "HIGH:10%:FAX", "HIGH:10%:EMAIL,FAX", "HIGH:ten:EMAIL", "HIGH:1.234:EMAIL"]
)
def test_an_offer_that_cannot_be_read_is_refused_with_the_syntax(
    database: Database, tierwise: Shell, offer: str
) -> None:
    said = tierwise.refusal("campaign", "create", "spring", "--name", "Spring", "--offer", offer, "--currency", "GBP")

    assert f"--offer {offer}" in said
    assert counts(database, "campaigns", "audit_log") == (0, 0)


def test_codes_are_those_of_the_database(database: Database, tierwise: Shell) -> None:
    for shown in ("list", "messages"):
        assert "there is no campaigns/spring" in tierwise.refusal("coupon", shown, "spring")
    assert codes_of(database) == {}
    assert "INVALID_CODE" in tierwise.refusal("coupon", "validate", "nothing", "--amount", "5")
    for amount, way_out in (("five", "such as 12.50"), ("nan", "such as 12.50"), ("-inf", "such as 12.50"),
                            ("1e999999", "is larger than any price")):  # fmt: skip
        said = tierwise.refusal("coupon", "validate", "nothing", "--amount", amount)
        assert f"--amount {amount}: " in said
        assert way_out in said
