"""Models: the networks side by side, how good each proved, whether its scores drift, and what each is there for."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import chain
from typing import Any
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from admin.models import model_folders
from admin.models.figures import Group, better, grouped
from admin.web.charts import LineChart, Series, Words, line_chart
from admin.web.done import Deed
from admin.web.house import House
from admin.web.language import locale_of
from admin.web.look import written_day, written_percent
from admin.web.pages.campaigns.experiment import manner
from admin.web.received import place_of
from admin.web.visit import Visit, page
from campaigns.callers.access import STAFF, Right
from campaigns.errors import Refusal
from campaigns.experiments.results import Metric
from campaigns.models import drift, judging, registry
from campaigns.models.comparison import comparison_of
from campaigns.models.readiness import readiness_of
from campaigns.models.refusals import InvalidStage
from campaigns.models.stages import MOVES, Stage, State
from campaigns.tiers import maturing, rescored, schemes, shadowing
from campaigns.tiers.maturing import Month, Point
from campaigns.tiers.refusals import ModelNotPreviewed, ModelPreviewRunning, NoActiveTierScheme
from campaigns.watching import wellbeing
from database.models import canary_readings, canary_runs, shadow_comparisons
from database.models import readings as model_readings
from database.models import registry as stored_models
from database.models.registry import RegisteredModel
from database.session import Snapshot

SHOWN = 20
IN_FORCE = ("ACTIVE", "CANARY", "SHADOW")
"""They stand first: a shop that trains each night soon has more than a page of newer ones."""
BESIDE = 5
"""Models whose metrics stand side by side."""
LOOKED_BACK = 60
"""Rescorings: two months of nights."""
HORIZON = 90
"""Days: what tiers and campaigns go by."""


def routes(house: House) -> Sequence[Route]:
    """The list, each model, and what would happen if it answered."""
    staff = Right(STAFF)
    return (
        Route("/models", page(house, listing, staff)),
        Route("/models/{model_id}", page(house, detail, staff)),
        Route("/models/{model_id}", page(house, move, staff), methods=["POST"]),
        Route("/models/{model_id}/judge", page(house, judge, staff), methods=["POST"]),
        Route("/models/{model_id}/roll-back", page(house, roll_back, staff), methods=["POST"]),
        Route("/models/{model_id}/preview", page(house, preview, staff)),
        Route("/models/{model_id}/preview", page(house, try_out, staff), methods=["POST"]),
    )


def listing(visit: Visit) -> Response:
    """What answers first, then newest first, and metrics side by side; older pages go on from there."""
    after = place_of(visit.field("before"), visit.field("id"))
    with visit.reading() as snapshot:
        serving = stored_models.serving(snapshot)
        found = stored_models.page(snapshot, limit=SHOWN + 1, after=after)
        past = rescored.latest(snapshot, limit=LOOKED_BACK)
        ready = registry.readiness(snapshot, [*serving.values(), *found])
    first = [] if after else [serving[state] for state in IN_FORCE if state in serving]
    shown = [*first, *(model for model in found[:SHOWN] if model not in first)]
    answering = serving[State.ACTIVE].model_id if State.ACTIVE in serving else None
    moved = None if answering is None else rescored.drift(past, answering)
    beside = shown[:BESIDE]
    return visit.page(
        "models.html", models=shown, beside=beside, groups=_groups(beside), answering=answering, drift=moved,
        some=drift.SOME, much=drift.MUCH, ready=ready, older=found[SHOWN - 1] if len(found) > SHOWN else None,
    )  # fmt: skip


def detail(visit: Visit) -> Response:
    """What a model's manifest says of it, and what came of its scores."""
    model_id = visit.request.path_params["model_id"]
    with visit.reading() as snapshot:
        model = registry.get(snapshot, model_id)
        readings = model_readings.of_model(snapshot, model_id, horizon=HORIZON)
        moved = rescored.drift(rescored.latest(snapshot, limit=LOOKED_BACK), model_id)
        active = stored_models.active(snapshot)
        well = wellbeing.of_model(snapshot, model_id)
        canary = _as_canary(visit, snapshot, model_id)
        stored, report = shadow_comparisons.newest(snapshot, model_id), registry.report(snapshot, model_id)
        lost = model_folders.markets_lost(snapshot, model_id)
    points = maturing.calibration(readings)
    return visit.page(
        "model.html", model=model, groups=grouped(model.manifest.get("metrics", {})), better=better, active=active,
        readiness=readiness_of(model, active, report),
        calibration=_calibration(visit, points), error=maturing.error(points), drift=moved, some=drift.SOME,
        much=drift.MUCH, months=_months(visit, maturing.by_month(readings)), moves=MOVES[State(model.state)],
        compared=None if stored is None else comparison_of(stored), against=stored and stored.against,
        currency=stored and stored.currency, report=report, well=well, lost=lost, **canary,
    )  # fmt: skip


def preview(visit: Visit) -> Response:
    """How far its shadow scores are, and when they are there, who would move by the scheme in force."""
    model_id = visit.request.path_params["model_id"]
    running, scheme = None, None
    refusal: Refusal | None = None
    with visit.reading() as snapshot:
        model = registry.get(snapshot, model_id)
        try:
            shadowing.finished(snapshot, model_id)
            scheme = schemes.in_force(snapshot)
        except ModelPreviewRunning as problem:
            running, refusal = shadowing.running(snapshot, model_id), problem
        except (ModelNotPreviewed, NoActiveTierScheme) as problem:
            refusal = problem
    return visit.part(
        "model_preview.html", f"/models/{quote(model_id, safe='')}", model=model, running=running, refusal=refusal,
        scheme=scheme,
    )  # fmt: skip


def try_out(visit: Visit) -> Response:
    """Let a worker score everyone with the model, beside the stored scores."""
    model_id = visit.request.path_params["model_id"]
    with visit.changing("models.preview", registry.name(model_id)) as (transaction, cause):
        if shadowing.running(transaction, model_id) is None:
            shadowing.begin(transaction, cause, model_id)
    return visit.go(f"/models/{model_id}#preview")


def move(visit: Visit) -> Response:
    """Let a model be what the pressed button says."""
    model_id = visit.request.path_params["model_id"]
    change = visit.changing("models.move", registry.name(model_id), reason=visit.field("reason"))
    with change as (transaction, cause):
        wanted = _wanted(visit)
        model_folders.check_move(transaction, model_id, wanted.state)
        registry.move(
            transaction, cause, model_id, wanted, etag=visit.field("etag"),
            override=bool(visit.field("override")), drop_markets=bool(visit.field("drop_markets")),
            lost=model_folders.markets_lost(transaction, model_id),
        )  # fmt: skip
    return visit.go("/models", Deed.MOVED)


def judge(visit: Visit) -> Response:
    """Let a worker measure the model beside the one that answers."""
    model_id = visit.request.path_params["model_id"]
    with visit.changing("models.judge", registry.name(model_id)) as (transaction, cause):
        judging.begin(transaction, cause, model_id)
    return visit.go("/jobs", Deed.BEGUN)


def roll_back(visit: Visit) -> Response:
    """Let the model before answer again."""
    model_id = visit.request.path_params["model_id"]
    change = visit.changing("models.rollBack", registry.name(model_id), reason=visit.field("reason"))
    with change as (transaction, cause):
        lost = model_folders.lost_by_earlier(transaction, model_id)
        registry.roll_back(transaction, cause, model_id, etag=visit.field("etag"), lost=lost)
    return visit.go("/models", Deed.MOVED)


def _as_canary(visit: Visit, snapshot: Snapshot, model_id: str) -> dict[str, Any]:
    """Its newest run as a canary, as kept last, and how right both models were."""
    runs = canary_runs.of_model(snapshot, model_id)
    if not runs:
        return {"run": None}
    kept = canary_readings.of_run(snapshot, runs[0])
    newest = [reading for reading in kept if reading.day == kept[-1].day]
    return {
        "run": runs[0], "readings": newest, "accuracies": canary_readings.accuracy(snapshot, runs[0]),
        "manners": {each.metric: manner(Metric(each.metric), runs[0].currency, visit.language) for each in newest},
    }  # fmt: skip


def _wanted(visit: Visit) -> Stage:
    """Raises InvalidStage."""
    try:
        state = State(visit.field("state"))
        return Stage(state, float(visit.field("canary_percent")) / 100 if state is State.CANARY else None)
    except ValueError as error:
        raise InvalidStage("canary_percent: not a number of percent", field="canary_percent") from error


def _groups(found: Iterable[RegisteredModel]) -> dict[Group, list[str]]:
    """Of all metrics."""
    return grouped(set(chain.from_iterable(model.manifest.get("metrics", {}) for model in found)))


def _calibration(visit: Visit, points: Sequence[Point]) -> LineChart | None:
    """What was said across, what came up; None where nothing came yet."""
    if not points:
        return None
    said, came = [point.predicted for point in points], [point.observed for point in points]
    percent = _percent(visit)
    lines = [Series(name="came", x=said, y=came), Series(name="exact", x=said, y=said)]
    return line_chart(lines, x_words=percent, y_words=percent, from_zero=True)


def _months(visit: Visit, months: Sequence[Month]) -> LineChart | None:
    """None before there are two."""
    if len(months) < 2:  # noqa: PLR2004
        return None
    days, locale = [float(each.month.toordinal()) for each in months], locale_of(visit.language)
    lines = [
        Series(name="came", x=days, y=[each.point.observed for each in months]),
        Series(name="said", x=days, y=[each.point.predicted for each in months]),
    ]
    return line_chart(
        lines, x_words=lambda day: written_day(date.fromordinal(round(day)), locale), y_words=_percent(visit),
        from_zero=True,
    )  # fmt: skip


def _percent(visit: Visit) -> Words:
    locale = locale_of(visit.language)
    return lambda share: written_percent(share, locale)
