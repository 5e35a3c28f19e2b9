"""Whom the launch reached, who fell away, and each customer with the coupon."""

import csv
from collections.abc import Iterator
from io import StringIO

from babel.numbers import format_decimal
from starlette.responses import Response, StreamingResponse

from admin.files.coupon_rows import COLUMNS, PAGE_ROWS, row_of
from admin.web.charts import BarChart, bar_chart
from admin.web.language import locale_of, translations
from admin.web.pages.campaigns.sheet import tab
from admin.web.visit import Visit
from campaigns.coupons import exporting, reach, redemption
from campaigns.coupons.reach import Funnel
from campaigns.life import campaigns

PAGE = 50


def audience(visit: Visit) -> Response:
    """The funnel of a launch that is over."""
    with visit.reading() as snapshot:
        campaign = campaigns.get(snapshot, visit.campaign_id)
        found = reach.funnel(snapshot, campaign)
    return tab(visit, "audience", campaign, found=found, chart=None if found is None else _chart(visit, found))


def coupons(visit: Visit) -> Response:
    """A page of customers, without whole codes."""
    with visit.reading() as snapshot:
        campaign = campaigns.get(snapshot, visit.campaign_id)
        found = reach.page(snapshot, campaign.campaign_id, limit=PAGE, after=visit.field("after"), with_codes=False)
    return tab(visit, "coupons", campaign, found=found, since=visit.field("after"), whole=False)


def codes(visit: Visit) -> Response:
    """The same page with whole codes, which is on record, as the next one will be."""
    name, since = visit.campaign_id, visit.field("after")
    with visit.changing("coupons.export", f"campaigns/{name}") as (transaction, cause):
        campaign, found = exporting.show(transaction, cause, name, limit=PAGE, after=since)
    here = f"/campaigns/{name}/coupons"
    return tab(visit, "coupons", campaign, found=found, since=since, whole=True, path=here)


def file(visit: Visit) -> Response:
    """Every coupon with its whole code as a CSV file, which is on record."""
    name = visit.campaign_id
    with visit.changing("coupons.export", f"campaigns/{name}") as (transaction, cause):
        exporting.begin(transaction, cause, name)
    named = {"content-disposition": f'attachment; filename="{name}-coupons.csv"'}
    return StreamingResponse(_lines(visit, name), media_type="text/csv; charset=utf-8", headers=named)


def _lines(visit: Visit, campaign_id: str) -> Iterator[str]:
    """A snapshot for each page: none is held while the browser takes it."""
    after, found = "", list[tuple[str, ...]]([COLUMNS])
    while found:
        part = StringIO()
        csv.writer(part).writerows(found)
        yield part.getvalue()
        with visit.reading() as snapshot:
            coupons = redemption.page(snapshot, campaign_id, limit=PAGE_ROWS, after=after)
        found, after = list(map(row_of, coupons)), coupons[-1].customer_id if coupons else after


def _chart(visit: Visit, found: Funnel) -> BarChart:
    said = translations(visit.language).gettext
    steps = [
        (said("Fit tier and rule"), found.fitted), (said("In the audience"), found.audience),
        (said("Got a coupon"), found.issued), (said("Used it"), found.redeemed),
    ]  # fmt: skip
    locale = locale_of(visit.language)
    return bar_chart(
        [(name, float(count)) for name, count in steps], words=lambda value: format_decimal(round(value), locale=locale)
    )
