"""Tiers: how many customers have which, the thresholds in force, and who would move by other ones."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from admin.web.charts import BarChart, LineChart, Series, bar_chart, line_chart
from admin.web.done import Deed
from admin.web.house import House
from admin.web.language import locale_of
from admin.web.look import written_day, written_number, written_percent
from admin.web.visit import Visit, page
from campaigns.callers.access import STAFF, Right
from campaigns.errors import Refusal
from campaigns.tiers import previewing, rescored, schemes
from campaigns.tiers.refusals import CustomersNotScored, ModelNotPreviewed, ModelPreviewRunning
from campaigns.tiers.rescored import Rescored
from campaigns.tiers.tier_preview import TierPreview
from campaigns.tiers.tiers import Tier
from database.models import scores
from database.session import Snapshot

SHOWN = 20
SHADES = 4
"""Of cells from which customers move: the darker, the more."""
LOOKED_BACK = 60
"""Rescorings: two months of nights."""


def routes(house: House) -> Sequence[Route]:
    """Versions, and a preview of each."""
    staff = Right(STAFF)
    return (
        Route("/tiers", page(house, listing, staff)),
        Route("/tiers/{version:version}", page(house, scheme_page, staff)),
        Route("/tiers/{version:version}", page(house, activate, staff), methods=["POST"]),
        Route("/tiers/{version:version}/preview", page(house, preview, staff)),
        Route("/tiers/{version:version}/preview", page(house, look, staff), methods=["POST"]),
    )


def listing(visit: Visit) -> Response:
    """How the last rescoring left the tiers, how they were before, and versions of the thresholds, newest first."""
    with visit.reading() as snapshot:
        found = schemes.page(snapshot, limit=SHOWN)
        past = rescored.latest(snapshot, limit=LOOKED_BACK)
        currency = scores.scored_currency(snapshot) or visit.house.currency
    last = past[-1] if past else None
    return visit.page(
        "tiers.html", schemes=found, last=last, distribution=None if last is None else _distribution(visit, last),
        shares=_shares(visit, past), currency=currency,
    )  # fmt: skip


def scheme_page(visit: Visit) -> Response:
    """What it says, and who would move: a worker finds out where nobody asked since the last rescoring."""
    with visit.reading() as snapshot:
        scheme = schemes.get(snapshot, visit.request.path_params["version"])
        values = _looked(visit, snapshot)
    return visit.page("tier_scheme.html", scheme=scheme, **values)


def preview(visit: Visit) -> Response:
    """Who would move between tiers by the version, and by a model if one is named."""
    with visit.reading() as snapshot:
        values = _looked(visit, snapshot)
    return visit.part("tier_previewing.html", _home(values["version"], values["model_id"]), **values)


def look(visit: Visit) -> Response:
    """Let a worker look at every customer, if none does already."""
    version, model_id = visit.request.path_params["version"], visit.field("model") or None
    with visit.changing(previewing.ACTION, f"tierSchemes/{version}") as (transaction, cause):
        previewing.begin(transaction, cause, version, model_id=model_id)
    if visit.fragment:
        return preview(visit)
    return visit.go(_home(version, model_id))


def activate(visit: Visit) -> Response:
    """Put a version in force for the next rescoring."""
    version = visit.request.path_params["version"]
    change = visit.changing("tiers.activate", f"tierSchemes/{version}", reason=visit.field("reason"))
    with change as (transaction, cause):
        schemes.activate(transaction, cause, version, etag=visit.field("etag"))
    return visit.go("/tiers", Deed.IN_FORCE)


def _home(version: int, model_id: str | None) -> str:
    """The page that shows who would move."""
    return f"/tiers/{version}" if model_id is None else f"/models/{quote(model_id, safe='')}#preview"


def _looked(visit: Visit, snapshot: Snapshot) -> dict[str, Any]:
    """Values of `tier_previewing.html`; what was found of other scores than today's is not shown."""
    version, model_id = visit.request.path_params["version"], visit.field("model") or None
    found = previewing.looked(snapshot, version, model_id=model_id)
    operation, seen = found.operation, found.seen if found.current else None
    running = operation is not None and not operation.done
    refusal: Refusal | None = None
    if seen is None and not running:
        try:
            previewing.check(snapshot, model_id)
        except (CustomersNotScored, ModelNotPreviewed, ModelPreviewRunning) as problem:
            refusal = problem
    return {
        "version": version, "model_id": model_id, "running": running, "refusal": refusal, "seen": None,
        "failed": None if operation is None or found.current or operation.error is None else operation,
        "asks": operation is None or (found.seen is not None and not found.current),
        "time": None if operation is None else operation.update_time,
        **({} if seen is None else _moves(visit, seen)),
    }  # fmt: skip


def _distribution(visit: Visit, last: Rescored) -> BarChart:
    total = sum(last.tiers.values()) or 1
    bars = [(tier.value, float(count)) for tier, count in last.tiers.items()]
    locale = locale_of(visit.language)
    return bar_chart(
        bars, words=lambda count: f"{written_number(count, locale)} · {written_percent(count / total, locale)}"
    )


def _shares(visit: Visit, past: Sequence[Rescored]) -> LineChart | None:
    """None before there are two to compare."""
    if len(past) < 2:  # noqa: PLR2004
        return None
    days = [each.pinned.as_of.timestamp() for each in past]
    totals = [sum(each.tiers.values()) or 1 for each in past]
    series = [
        Series(
            name=tier.value, x=days, y=[each.tiers[tier] / all_of for each, all_of in zip(past, totals, strict=True)]
        )
        for tier in Tier
    ]
    locale = locale_of(visit.language)
    return line_chart(
        series, x_words=lambda time: written_day(datetime.fromtimestamp(time, UTC).date(), locale),
        y_words=lambda share: written_percent(share, locale), from_zero=True,
    )  # fmt: skip


def _moves(visit: Visit, seen: TierPreview) -> dict[str, Any]:
    """Values of `tier_preview.html`; who moves by name only for those who may look at single customers."""
    cells = {(cell.from_tier, cell.to_tier): cell for cell in seen.cells}
    rows = [(was, [cells.get((was, to.value)) for to in Tier]) for was in (*(tier.value for tier in Tier), None)]
    most = max((cell.customers for cell in seen.moving), default=1)
    return {
        "heat": {cell: 1 + cell.customers * (SHADES - 1) // most for cell in seen.moving},
        "seen": seen, "rows": rows, "tiers": list(Tier), "examples": seen.movers if visit.may("campaigns.end") else [],
    }  # fmt: skip
