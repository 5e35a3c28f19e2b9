"""Tiers and models: the thresholds in force, who would move by other ones, and the networks that give the scores."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from admin.web.house import House
from admin.web.visit import Visit, page
from campaigns import registry
from campaigns.callers.access import STAFF, Right
from campaigns.tiers import schemes, tier_preview
from campaigns.tiers.tiers import Tier
from database import models

SHOWN = 20
EXAMPLES = 5


def routes(house: House) -> Sequence[Route]:
    """Versions, a preview of each, and models."""
    staff = Right(STAFF)
    return (
        Route("/tiers", page(house, listing, staff), name="tiers"),
        Route("/tiers/{version:int}", page(house, preview, staff), name="tier_preview"),
        Route("/tiers/{version:int}", page(house, activate, staff), methods=["POST"], name="tier_activate"),
        Route("/models", page(house, networks, staff), name="models"),
        Route("/models/{model_id}", page(house, network, staff), name="model"),
        Route("/models/{model_id}", page(house, let_answer, staff), methods=["POST"], name="model_activate"),
    )


def listing(visit: Visit) -> Response:
    """Versions of the thresholds, newest first."""
    with visit.reading() as snapshot:
        found = schemes.page(snapshot, limit=SHOWN)
    return visit.page("tiers.html", schemes=found)


def preview(visit: Visit) -> Response:
    """Who would move between tiers, before the version is in force."""
    with visit.reading() as snapshot:
        scheme = schemes.get(snapshot, visit.request.path_params["version"])
        seen = tier_preview.preview(snapshot, scheme, now=visit.now, size=EXAMPLES)
    cells = {(cell.from_tier, cell.to_tier): cell for cell in seen.cells}
    rows = [(was, [cells.get((was, to.value)) for to in Tier]) for was in (*(tier.value for tier in Tier), None)]
    examples = seen.movers if visit.may("campaigns.end") else []
    return visit.page("tier_preview.html", scheme=scheme, seen=seen, rows=rows, tiers=list(Tier), examples=examples)


def activate(visit: Visit) -> Response:
    """Put a version in force for the next rescoring."""
    version = visit.request.path_params["version"]
    change = visit.changing("tiers.activate", f"tierSchemes/{version}", reason=visit.field("reason"))
    with change as (transaction, cause):
        schemes.activate(transaction, cause, version, etag=visit.field("etag"))
    return visit.go("/tiers")


def networks(visit: Visit) -> Response:
    """Models, newest first."""
    with visit.reading() as snapshot:
        found = models.page(snapshot, limit=SHOWN)
    return visit.page("models.html", models=found)


def network(visit: Visit) -> Response:
    """What a model's manifest says of it."""
    with visit.reading() as snapshot:
        model = registry.get(snapshot, visit.request.path_params["model_id"])
    return visit.page("model.html", model=model, metrics=model.manifest.get("metrics", {}))


def let_answer(visit: Visit) -> Response:
    """Let a model answer from here on."""
    model_id = visit.request.path_params["model_id"]
    change = visit.changing("models.activate", registry.name(model_id), reason=visit.field("reason"))
    with change as (transaction, cause):
        registry.activate(transaction, cause, model_id, etag=visit.field("etag"))
    return visit.go("/models")
