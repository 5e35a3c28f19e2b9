"""What was handed over to the channels: how it stands, by the hour, and customer by customer."""

from itertools import accumulate
from typing import Any

from starlette.responses import Response

from admin.web.charts import LineChart, Series, line_chart
from admin.web.done import Deed
from admin.web.language import locale_of, translations
from admin.web.look import written_number
from admin.web.pages.campaigns.audience import PAGE
from admin.web.pages.campaigns.hours import DAY_HOURS, marks, place, words
from admin.web.pages.campaigns.sheet import tab
from admin.web.visit import UNUSABLE, Visit
from campaigns.coupons import deliveries, handing_over, message_tests
from campaigns.coupons.deliveries import Deliveries
from campaigns.coupons.refusals import InvalidTestMessage
from campaigns.errors import CouponRefused, Invalid, Refusal, TooMany, WrongState
from campaigns.life import campaigns
from campaigns.terms.campaign import Campaign, State

TESTS = 5
SHOWN = (*deliveries.FATES, "WAITING", "SENDING")


def listing(visit: Visit) -> Response:
    """Counts of the whole campaign and a page of its messages; while work is under way the page asks for itself."""
    return _page(visit)


def _page(visit: Visit, refusal: Refusal | None = None) -> Response:
    """With why a test message was refused, and what was typed for it."""
    state = visit.field("state") if visit.field("state") in SHOWN else None
    with visit.reading() as snapshot:
        campaign = campaigns.get(snapshot, visit.campaign_id)
        standing = deliveries.deliveries(snapshot, campaign)
        tests = message_tests.newest(snapshot, campaign.campaign_id, limit=TESTS)
        found = deliveries.page(snapshot, campaign.campaign_id, state=state, limit=PAGE + 1, after=visit.field("after"))
    values: dict[str, Any] = {
        "standing": standing, "found": found[:PAGE], "after": found[PAGE - 1].customer_id if len(found) > PAGE else "",
        "state": state or "", "shown": SHOWN, "chart": _by_hour(visit, campaign, standing),
        "leaves": bool(handing_over.needed(campaign)), "ready": campaign.state is State.ACTIVE,
        "refused": sum(each.fates["REFUSED"] for each in standing.channels),
        "tests": tests, "samples": () if campaign.state is State.ENDED else message_tests.samples(campaign.plan),
        "running": standing.work is not None and not standing.work.done, "refusal": refusal,
        "recipient": visit.field("recipient"), "chosen": visit.field("sample"),
    }  # fmt: skip
    return tab(
        visit, "deliveries", campaign, status=UNUSABLE if refusal else 200, path=_address(campaign.campaign_id),
        **values,
    )  # fmt: skip


def tests(visit: Visit) -> Response:
    """The last test messages, for a page that stands while one is on its way."""
    with visit.reading() as snapshot:
        campaign = campaigns.get(snapshot, visit.campaign_id)
        found = message_tests.newest(snapshot, campaign.campaign_id, limit=TESTS)
    return visit.part("test_messages.html", _address(visit.campaign_id), campaign=campaign, tests=found)


def send_test(visit: Visit) -> Response:
    """The message and the recipient of the form."""
    name, chosen = visit.campaign_id, visit.field("sample")
    try:
        with visit.changing(message_tests.ACTION, f"campaigns/{name}") as (transaction, cause):
            offered = {each.key: each for each in message_tests.samples(campaigns.get(transaction, name).plan)}
            if chosen not in offered:
                raise InvalidTestMessage("the plan has changed: choose the message again", field="sample")
            message_tests.begin(transaction, cause, name, offered[chosen].for_(f"customers/{visit.field('recipient')}"))
    except (Invalid, WrongState, CouponRefused, TooMany) as refusal:
        return _page(visit, refusal)
    return visit.go(_address(name), Deed.TESTED)


def hand_over(visit: Visit) -> Response:
    """Begin, or go on at once with what waits."""
    name = visit.campaign_id
    with visit.changing(handing_over.ACTION, f"campaigns/{name}") as (transaction, cause):
        handing_over.begin(transaction, cause, name)
    return visit.go(_address(name), Deed.BEGUN)


def _address(campaign_id: str) -> str:
    return f"/campaigns/{campaign_id}/deliveries"


def _by_hour(visit: Visit, campaign: Campaign, standing: Deliveries) -> LineChart | None:
    """How many are handed over in all, after each hour."""
    if len(standing.hours) <= 1:
        return None
    zone, locale = campaign.plan.zone, locale_of(visit.language)
    totals = accumulate(count for _, count in standing.hours)
    ends = [place(hour, zone) + 1 / DAY_HOURS for hour, _ in standing.hours]
    series = Series(
        name=translations(visit.language).gettext("Handed over"), x=[place(standing.hours[0][0], zone), *ends],
        y=[0.0, *map(float, totals)],
    )  # fmt: skip
    return line_chart(
        [series], x_words=words(visit.language), y_words=lambda value: written_number(value, locale), from_zero=True,
        marks=marks,
    )  # fmt: skip
