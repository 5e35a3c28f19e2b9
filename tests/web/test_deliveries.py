"""What was handed over to the channels, watched in the browser."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from made.campaigns import (
    NOW,
    TEN_PERCENT,
    add_customers,
    create_campaign,
    launch_campaign,
    make_plan,
    read_operation,
    store_scores,
)
from playwright.sync_api import Page, expect
from running.browser import Site, faults, in_chinese
from sqlalchemy import text

from campaigns.faults import Code
from campaigns.terms.campaign import Channel
from channels.message import Note
from database.work import operations
from settings import Settings
from worker import advance
from worker.steps import handing_over
from worker.tools import Tools

CROWD = [f"c{number:02}" for number in range(60)]
BY_EMAIL = replace(TEN_PERCENT, channel=Channel.EMAIL)

HELD_UP = """
UPDATE operations SET state = 'RUNNING', error = 'messages wait', why = CAST(:why AS jsonb),
  update_time = update_time - interval '6 minutes' WHERE kind = 'HAND_OVER_COUPONS'
"""
ANOTHER_COURSE = """
UPDATE message_counts SET state = CASE state WHEN 'NO_CONSENT' THEN 'REFUSED' ELSE state END,
  channel = CASE state WHEN 'DUE' THEN 'SMS' ELSE channel END
"""
MANY_REFUSED = """
WITH one AS (UPDATE messages SET state = 'REFUSED', note = 'HTTP 400' WHERE customer_id = 'c01')
UPDATE message_counts SET count = 30 WHERE state = 'REFUSED'
"""
QUIET = {
    "channel": "SMS, PUSH", "until": "2026-11-20T09:00:00+00:00, 2099-12-20T09:00:00+00:00", "zone": "UTC",
    "campaign": "campaigns/spring",
}  # fmt: skip


@pytest.fixture
def tools(site: Site, database_url: str, tmp_path: Path) -> Iterator[Tools]:
    settings = Settings.model_validate({"channels": {"EMAIL": f"file:{tmp_path}"}, "message_chunk": 20})
    made = Tools(settings=settings, database_url=database_url)
    yield made
    made.database.close()


def change(site: Site, statement: str, **values: object) -> None:
    with site.database.writing() as transaction:
        transaction.execute(text(statement), values)


def hold_up(site: Site, code: Code, facts: dict[str, str]) -> None:
    """The work stands for six minutes, and says why."""
    change(site, HELD_UP, why=json.dumps({"code": code, "facts": facts}))


def work(site: Site, tools: Tools) -> None:
    with site.database.reading() as snapshot:
        (begun,) = operations.page(snapshot, limit=1, kind=operations.HAND_OVER_COUPONS)
    while handing_over.step(tools, read_operation(site.database, begun.operation_id)):
        pass


def test_a_marketer_sees_a_message_before_anybody_else_and_what_the_provider_says_of_it(
    site: Site, tools: Tools, tmp_path: Path
) -> None:
    add_customers(site.database, ["ben"])
    with_text = replace(BY_EMAIL, fallbacks=(Channel.SMS,))
    create_campaign(site.database, offers=(with_text,), end_time=NOW.replace(year=2099))
    marie = site.enter("marie", viewport={"width": 375, "height": 700})
    marie.goto("/campaigns/spring/deliveries")
    marie.get_by_label("Recipient").fill("marie@shop.example")
    marie.get_by_role("button", name="Send a test").click()
    table = marie.get_by_role("table", name="Test messages")
    expect(table.get_by_role("row").last).to_contain_text("On its way")

    send(site, tools)

    expect(table.get_by_role("row").last).to_contain_text("Handed over")
    (file,) = (tmp_path / "email").iterdir()
    assert json.loads(file.read_text())["customer"] == "customers/marie@shop.example"
    marie.get_by_label("Recipient").fill("marie")
    marie.get_by_label("Message", exact=True).select_option(label="HIGH · text message · 10% off")
    marie.get_by_role("button", name="Send a test").click()
    send(site, tools)
    expect(table.get_by_role("row").nth(1)).to_contain_text("Not taken")
    assert faults(marie, "test-message-narrow") == []
    in_chinese(marie)
    expect(marie.get_by_role("table", name="测试消息").get_by_role("row").nth(1)).to_contain_text(
        "该渠道没有配置地址（TIERWISE_CHANNELS）"
    )
    assert faults(marie, "test-message-zh-narrow") == []

    marie.get_by_label("收件人").fill("ben")
    marie.get_by_label("消息", exact=True).select_option("offer.HIGH.SMS")
    marie.get_by_role("button", name="发送测试").click()
    expect(marie.get_by_text("该客户未同意此渠道。")).to_be_in_viewport()
    expect(marie.get_by_label("收件人")).to_have_value("ben")
    expect(marie.get_by_label("消息", exact=True)).to_have_value("offer.HIGH.SMS")
    assert faults(marie, "test-message-refused-zh-narrow") == []
    marie.get_by_role("button", name="Menu").or_(marie.get_by_role("button", name="菜单")).click()
    marie.get_by_role("button", name="English").click()
    expect(marie.get_by_role("heading", name="Test message")).to_be_visible()
    expect(marie).to_have_url(f"{site.address}/campaigns/spring/deliveries")
    arthur = site.enter("arthur", "approver", color_scheme="dark")
    arthur.goto("/campaigns/spring/deliveries")
    expect(arthur.get_by_role("table", name="Test messages")).to_be_visible()
    expect(arthur.get_by_role("button", name="Send a test")).to_have_count(0)
    assert faults(arthur, "test-message-dark") == []
    arthur.goto("/audit")
    expect(arthur.get_by_role("row").filter(has_text="send a test message").first).to_contain_text("spring")


def send(site: Site, tools: Tools) -> None:
    with site.database.reading() as snapshot:
        (begun,) = operations.under_way(snapshot, operations.SEND_TEST_MESSAGE)
    advance.advance(tools, begun.operation_id, enough=lambda: False)


def see_the_end(page: Page, site: Site, tools: Tools) -> None:
    """The whole tab is renewed, and what is typed in it stays."""
    recipient = page.get_by_label("Recipient")
    recipient.fill("somebody")
    recipient.evaluate("each => each.setAttribute('style', '')")  # as an extension of a browser does
    work(site, tools)

    row = page.get_by_role("table", name="Messages by channel").get_by_role("row").last
    expect(row).to_have_text("e-mail60570300")
    expect(page.get_by_role("table", name="Messages", exact=True).get_by_role("row")).to_have_count(51)
    expect(page.get_by_role("button", name="Try again now")).to_have_count(0)
    expect(recipient).to_have_value("somebody")
    expect(recipient).to_be_focused()


def test_a_marketer_hands_over_and_sees_who_got_nothing_and_why(site: Site, tools: Tools) -> None:
    add_customers(site.database, CROWD, consented=["email"])
    store_scores(site.database, dict.fromkeys(CROWD, 9000))
    launch_campaign(site.database, make_plan(offers=(BY_EMAIL,), end_time=NOW.replace(year=2099)))
    change(site, "UPDATE customers SET consented_channels = '{}' WHERE customer_id < 'c03'")
    anna = site.enter("anna")
    anna.goto("/campaigns/spring/deliveries")
    expect(anna.get_by_text("Nothing was handed over to a channel")).to_be_visible()

    anna.get_by_role("button", name="Hand over what is left").click()
    expect(anna.get_by_text("Being handed over")).to_be_visible()
    see_the_end(anna, site, tools)
    anna.get_by_label("State").select_option("NO_CONSENT")
    anna.get_by_role("button", name="Show").click()
    expect(anna.get_by_role("table", name="Messages", exact=True).get_by_role("row")).to_have_count(4)
    assert faults(anna, "deliveries") == []
    anna.goto("/campaigns/spring/deliveries")
    anna.get_by_role("link", name="Next page").click()
    expect(anna.get_by_role("table", name="Messages", exact=True).get_by_role("row")).to_have_count(11)

    change(site, ANOTHER_COURSE)
    anna.goto("/campaigns/spring/deliveries")
    expect(anna.get_by_text("What was refused is tried again.")).to_be_visible()
    expect(anna.get_by_role("row", name="text message")).to_contain_text("No address is set up")
    assert faults(anna) == []

    anna.goto("/customers/c01")
    expect(anna.get_by_text("No consent any more")).to_be_visible()
    anna.goto("/customers/c05")
    expect(anna.get_by_text("Handed over")).to_be_visible()

    change(site, "UPDATE messages SET note = :note WHERE customer_id = 'c05'", note=Note.AWAY)
    hold_up(site, Code.MESSAGES_WAIT, {"note": Note.AWAY})
    chen = site.enter("chen", "approver", color_scheme="dark", viewport={"width": 400, "height": 800})
    chen.goto("/")
    in_chinese(chen)
    expect(chen.get_by_text("Spring：消息在等待：未尝试：服务商当时不可用")).to_be_visible()
    hold_up(site, Code.QUIET_UNTIL_OVER, QUIET)
    change(site, MANY_REFUSED)
    chen.reload()
    expect(chen.get_by_text("Spring，电子邮件：87 条消息中有 30 条被拒绝：HTTP 400。")).to_be_visible()
    expect(chen.get_by_text("推送等待至 2099年12月20日 09:00：静默时段。活动在此之前结束")).to_be_visible()
    assert faults(chen, "home-refused-zh-dark-narrow") == []
    chen.goto("/campaigns/spring/deliveries")
    expect(chen.get_by_text("短信等待至 2026年11月20日 09:00")).to_be_visible()
    expect(chen.get_by_text("推送等待至 2099年12月20日 09:00")).to_contain_text("这些消息不会发出")
    expect(chen.get_by_role("button", name="移交剩余的优惠券")).to_have_count(0)
    expect(chen.get_by_role("row", name="c05")).to_contain_text("未尝试：服务商当时不可用")
    assert faults(chen, "deliveries-zh-dark-narrow") == []
    refused = site.enter("ada", "analyst").goto("/campaigns/spring/deliveries")
    assert refused is not None
    assert refused.status == 403
