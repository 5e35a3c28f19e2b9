"""What was handed over to the channels, watched in the browser."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from made.campaigns import NOW, TEN_PERCENT, add_customers, launch_campaign, make_plan, read_operation, store_scores
from playwright.sync_api import expect
from running.browser import Site, faults, in_chinese
from sqlalchemy import text

from campaigns.faults import Code
from campaigns.terms.campaign import Channel
from channels.message import Note
from database.work import operations
from settings import Settings
from worker.steps import handing_over
from worker.tools import Tools

CROWD = [f"c{number:02}" for number in range(60)]
BY_EMAIL = replace(TEN_PERCENT, channel=Channel.EMAIL)

HELD_UP = text("""
UPDATE operations SET state = 'RUNNING', error = 'messages wait', why = CAST(:why AS jsonb),
  update_time = update_time - interval '6 minutes' WHERE kind = 'HAND_OVER_COUPONS'
""")
QUIET = {"channel": "SMS", "until": "2026-11-20T09:00:00+00:00", "zone": "UTC"}


@pytest.fixture
def tools(site: Site, database_url: str, tmp_path: Path) -> Tools:
    settings = Settings.model_validate({"channels": {"EMAIL": f"file:{tmp_path}"}, "message_chunk": 20})
    return Tools(settings=settings, database_url=database_url)


def work(site: Site, tools: Tools) -> None:
    with site.database.reading() as snapshot:
        (begun,) = operations.page(snapshot, limit=1, kind=operations.HAND_OVER_COUPONS)
    while handing_over.step(tools, read_operation(site.database, begun.operation_id)):
        pass
    tools.database.close()


def test_a_marketer_hands_over_and_sees_who_got_nothing_and_why(site: Site, tools: Tools) -> None:
    add_customers(site.database, CROWD, consented=["email"])
    store_scores(site.database, dict.fromkeys(CROWD, 9000))
    launch_campaign(site.database, make_plan(offers=(BY_EMAIL,), end_time=NOW.replace(year=2099)))
    with site.database.writing() as transaction:
        transaction.execute(text("UPDATE customers SET consented_channels = '{}' WHERE customer_id < 'c03'"))
    anna = site.enter("anna")
    anna.goto("/campaigns/spring/deliveries")
    expect(anna.get_by_text("Nothing was handed over to a channel")).to_be_visible()

    anna.get_by_role("button", name="Hand over what is left").click()
    expect(anna.get_by_text("Being handed over")).to_be_visible()
    work(site, tools)

    row = anna.get_by_role("table", name="Messages by channel").get_by_role("row").last
    expect(row).to_have_text("e-mail60570300")
    anna.reload()
    anna.get_by_label("State").select_option("NO_CONSENT")
    anna.get_by_role("button", name="Show").click()
    expect(anna.get_by_role("table", name="Messages", exact=True).get_by_role("row")).to_have_count(4)
    assert faults(anna, "deliveries") == []
    anna.goto("/campaigns/spring/deliveries")
    anna.get_by_role("link", name="Next page").click()
    expect(anna.get_by_role("table", name="Messages", exact=True).get_by_role("row")).to_have_count(11)

    with site.database.writing() as transaction:
        transaction.execute(text("UPDATE message_counts SET state = 'REFUSED' WHERE state = 'NO_CONSENT'"))
        transaction.execute(text("UPDATE message_counts SET channel = 'SMS' WHERE state = 'DUE'"))
    anna.goto("/campaigns/spring/deliveries")
    expect(anna.get_by_text("What was refused is tried again.")).to_be_visible()
    expect(anna.get_by_role("row", name="text message")).to_contain_text("No address is set up")
    assert faults(anna) == []

    anna.goto("/customers/c01")
    expect(anna.get_by_text("No consent any more")).to_be_visible()
    anna.goto("/customers/c05")
    expect(anna.get_by_text("Handed over")).to_be_visible()

    with site.database.writing() as transaction:
        transaction.execute(text("UPDATE messages SET note = :note WHERE customer_id = 'c05'"), {"note": Note.AWAY})
        transaction.execute(HELD_UP, {"why": json.dumps({"code": Code.MESSAGES_WAIT, "facts": {"note": Note.AWAY}})})
    chen = site.enter("chen", "approver", color_scheme="dark", viewport={"width": 400, "height": 800})
    chen.goto("/")
    in_chinese(chen)
    expect(chen.get_by_text("Spring：消息在等待：未尝试：服务商当时不可用")).to_be_visible()
    with site.database.writing() as transaction:
        transaction.execute(HELD_UP, {"why": json.dumps({"code": Code.QUIET_HOURS, "facts": QUIET})})
    chen.goto("/campaigns/spring/deliveries")
    expect(chen.get_by_text("短信等待至 2026年11月20日 09:00")).to_be_visible()
    expect(chen.get_by_role("button", name="移交剩余的优惠券")).to_have_count(0)
    expect(chen.get_by_role("row", name="c05")).to_contain_text("未尝试：服务商当时不可用")
    assert faults(chen, "deliveries-zh-dark-narrow") == []
    refused = site.enter("ada", "analyst").goto("/campaigns/spring/deliveries")
    assert refused is not None
    assert refused.status == 403
