"""A test message goes to whoever was named, by the real channel, and leaves no trace in its campaign."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from made.campaigns import (
    BY_MAIL,
    NOT_OVER,
    NOW,
    TEN_PERCENT,
    add_customers,
    audit_lines,
    counts,
    create_campaign,
    make_cause,
    read_operation,
)
from running.provider import Provider, providing
from running.shell import Shell
from running.worker_processes import wait_for
from sqlalchemy import text

from campaigns import retrying
from campaigns.coupons import codes, message_tests
from campaigns.coupons.message_tests import EXAMPLE, MOST, NOT_TAKEN, SPAN, Trial, Wanted
from campaigns.coupons.refusals import InvalidCode, InvalidTestMessage, NoConsent, TooManyTests
from campaigns.customers import erasure
from campaigns.customers.refusals import CustomerErased
from campaigns.errors import Refusal
from campaigns.life import switches
from campaigns.life.refusals import CouponsStopped
from campaigns.terms.arms import ArmPlan, TierDiscount
from campaigns.terms.campaign import Channel
from campaigns.terms.discount import Discount, Percent
from campaigns.terms.refusals import CampaignNotMovable
from campaigns.tiers.tiers import Tier
from channels.message import Note
from channels.webhook import Webhook
from database.audit import log
from database.session import Database, Transaction
from database.work import operations
from settings import Settings
from worker import advance
from worker.tools import Tools

BOLD = ArmPlan(name="bold", discounts=(TierDiscount(Tier.MID, Discount(reward=Percent(percent=25))),))
MARIE = Wanted(recipient="customers/marie@shop.example")


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing() as made:
        yield made


@pytest.fixture
def tools(database_url: str, provider: Provider) -> Iterator[Tools]:
    made = Tools(settings=Settings(), database_url=database_url)
    made.__dict__["channels"] = {"EMAIL": Webhook(provider.address)}
    yield made
    made.database.close()


def begin(database: Database, wanted: Wanted = MARIE, *, now: datetime = NOW) -> str:
    with database.writing() as transaction:
        return message_tests.begin(transaction, make_cause(now), "spring", wanted).operation_id


def tried(database: Database, tools: Tools, wanted: Wanted = MARIE) -> Trial:
    begun = begin(database, wanted)
    advance.advance(tools, begun, enough=lambda: False)
    return Trial.of(read_operation(database, begun))


def test_a_test_is_marked_has_an_example_for_a_code_and_is_in_no_figure(
    database: Database, tools: Tools, provider: Provider
) -> None:
    create_campaign(database, offers=(TEN_PERCENT, BY_MAIL), arms=(ArmPlan(name="plain"), BOLD))

    sent = tried(database, tools)
    bold = tried(database, tools, replace(MARIE, arm="bold", tier=Tier.MID, channel=Channel.EMAIL))

    assert (sent.tier, sent.channel, sent.arm, sent.outcome) == ("MID", "EMAIL", "plain", "HANDED_OVER")
    assert (bold.outcome, bold.operation.done_count) == ("HANDED_OVER", 1)
    (key, document), (other, varied) = provider.came
    assert document == {
        "key": key, "campaign": "campaigns/spring", "customer": "customers/marie@shop.example", "channel": "EMAIL",
        "tier": "MID", "code": EXAMPLE, "discount": {"kind": "FIXED", "amount_minor": 500}, "currency": "GBP",
        "expire_time": (NOW + timedelta(days=30)).isoformat(), "test": True,
    }  # fmt: skip
    assert (varied["discount"]["kind"], varied["discount"]["percent"]) == ("PERCENT", 25)
    assert key != other, "a provider that keeps answers by the key sends each of them"
    assert counts(database, "messages", "message_counts", "coupons") == (0, 0, 0)
    assert audit_lines(database)[-2:] == [
        ("messages.test", "campaigns/spring", "OK"), ("messages.test.finish", "campaigns/spring", "OK"),
    ]  # fmt: skip
    with database.reading() as snapshot:
        told = log.page(snapshot, log.ALL, limit=9)
    assert "marie" not in str(told), "the log knows no names"


def test_no_till_and_no_file_of_codes_takes_the_example() -> None:
    with pytest.raises(InvalidCode):
        codes.normalise(EXAMPLE)


def test_what_the_provider_answers_is_told_and_a_test_that_did_not_arrive_is_not_tried_later(
    database: Database, tools: Tools, provider: Provider
) -> None:
    create_campaign(database, offers=(replace(BY_MAIL, fallbacks=(Channel.SMS,)),))
    provider.answer, provider.problem = (lambda _: 400), "no such template"

    refused = tried(database, tools)
    provider.answer, provider.problem, provider.retry_after = (lambda _: 503), None, "3600"
    busy = tried(database, tools)
    unaddressed = tried(database, tools, replace(MARIE, channel=Channel.SMS))
    hour = tools.now().hour
    night = {"EMAIL": f"{hour:02}:00-{(hour + 2) % 24:02}:00"}
    tools.settings = Settings.model_validate({"quiet_hours": night})
    quiet = tried(database, tools)

    assert (refused.outcome, refused.note) == ("REFUSED", "HTTP 400: no such template")
    assert (busy.outcome, busy.note) == (NOT_TAKEN, "HTTP 503")
    assert (unaddressed.outcome, unaddressed.note) == (NOT_TAKEN, Note.UNADDRESSED)
    assert (quiet.outcome, quiet.note) == (NOT_TAKEN, Note.QUIET)
    assert all(each.operation.state == operations.SUCCEEDED for each in (refused, busy, unaddressed, quiet))
    assert len(provider.came) == 2


def test_a_test_that_something_overtakes_does_not_leave(database: Database, tools: Tools, provider: Provider) -> None:
    add_customers(database, ["cleo", "dora"], consented=["EMAIL"])
    create_campaign(database, offers=(BY_MAIL,))
    begun = [begin(database, Wanted(recipient=f"customers/{name}")) for name in ("cleo", "dora", "marie", "nina")]
    notes = []
    for operation_id, meanwhile in zip(begun, (withdraw, erase, stop, end), strict=True):
        with database.writing() as transaction:
            meanwhile(transaction)
        advance.advance(tools, operation_id, enough=lambda: False)
        notes.append(Trial.of(read_operation(database, operation_id)).note)
        if meanwhile is stop:
            assert refusal(database) is CouponsStopped

    assert notes == [Note.UNWANTED, Note.UNWANTED, Note.STOPPED, Note.OVER]
    assert provider.came == []


def withdraw(transaction: Transaction) -> None:
    transaction.execute(text("UPDATE customers SET consented_channels = '{}' WHERE customer_id = 'cleo'"))


def erase(transaction: Transaction) -> None:
    erasure.begin(transaction, make_cause(), "dora")


def stop(transaction: Transaction) -> None:
    switches.stop(transaction, make_cause(reason="a leak"), "spring")


def end(transaction: Transaction) -> None:
    transaction.execute(text("UPDATE campaigns SET state = 'ENDED'"))


def refusal(database: Database, wanted: Wanted = MARIE) -> type[Refusal]:
    with pytest.raises(Refusal) as raised:
        begin(database, wanted)
    return type(raised.value)


def test_who_disagrees_or_is_forgotten_gets_no_test_and_a_campaign_has_so_many_an_hour(database: Database) -> None:
    add_customers(database, ["ben"])
    add_customers(database, ["cleo"], consented=["email"])
    create_campaign(database, offers=(TEN_PERCENT, BY_MAIL))
    assert refusal(database, Wanted(recipient="customers/ben")) is NoConsent
    assert refusal(database, Wanted(recipient="customers/")) is InvalidTestMessage
    assert refusal(database, replace(MARIE, tier=Tier.HIGH)) is InvalidTestMessage, "its coupons wait on the site"
    with database.writing() as transaction:
        begun = message_tests.begin(transaction, make_cause(), "spring", Wanted(recipient="customers/cleo"))
        operations.cancel(transaction, begun.operation_id, NOW)
    with database.writing() as transaction:
        assert retrying.retry(transaction, make_cause(), begun.operation_id).request == begun.request
        erasure.begin(transaction, make_cause(), "cleo")
    assert refusal(database, Wanted(recipient="customers/cleo")) is CustomerErased

    for _ in range(MOST - 2):
        begin(database)

    assert refusal(database) is TooManyTests
    begin(database, now=NOW + SPAN)
    with database.writing() as transaction:
        end(transaction)
    assert refusal(database) is CampaignNotMovable


def test_the_command_tells_how_it_went_and_fails_where_nobody_took_it(
    database: Database, database_url: str, tools: Tools, provider: Provider
) -> None:
    tierwise, asked = Shell(database_url), ("coupon", "test-message", "spring", "--to", "marie")
    create_campaign(database, offers=(BY_MAIL,), end_time=NOT_OVER)
    provider.answer = lambda _: 422
    begun = tierwise("--as", "ann:marketer", *asked, "--no-wait")
    advance.advance(tools, begun["operation_id"], enough=lambda: False)

    with ThreadPoolExecutor(1) as pool:
        worked = pool.submit(_work_on_what_comes, database, tools)
        told = tierwise("--as", "ann:marketer", *asked, status=1)
    worked.result()

    assert told == {
        "campaign_id": "spring", "recipient": "marie", "arm": "offer", "tier": "MID", "channel": "EMAIL",
        "example_code": "TEST-TEST-TESTS", "outcome": "REFUSED", "note": "HTTP 422",
    }  # fmt: skip
    assert "PERMISSION_DENIED" in tierwise.refusal("--as", "ada:analyst", *asked)


def _work_on_what_comes(database: Database, tools: Tools) -> None:
    def found() -> list[str]:
        with database.reading() as snapshot:
            return [each.operation_id for each in operations.under_way(snapshot, operations.SEND_TEST_MESSAGE)]

    wait_for(lambda: bool(found()))
    advance.advance(tools, found()[0], enough=lambda: False)
