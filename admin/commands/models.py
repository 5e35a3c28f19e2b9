"""`tierwise models`: which trained networks there are, and what each is there for."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from admin.models import model_folders, tier_previews
from admin.models.shares import why
from admin.models.tier_previews import Examples
from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit, fail, warn
from admin.shell.transactions import Etag, Limit, Reason, changing, reading
from admin.shell.waiting import succeeded
from admin.subcommands.canary import power, results
from admin.typed.times import written
from campaigns.models import judging, registry, retraining
from campaigns.models.comparison import comparison_of
from campaigns.models.gates import Report
from campaigns.models.stages import Stage, State
from campaigns.tiers import schemes, shadowing, tier_preview
from database.models import registry as stored_models
from database.models import shadow_comparisons
from database.models.registry import RegisteredModel
from database.models.shadow_comparisons import StoredComparison
from events.currency import amount
from scoring.score import ModelRejected

app = typer.Typer(no_args_is_help=True, add_completion=False)

for command in (results, power):
    app.command()(command)

ModelId = Annotated[str, typer.Argument(help="As `tierwise models list` shows it.")]
OverrideGates = Annotated[
    bool, typer.Option(help="Let it answer although it was not judged or did not pass; needs --reason.")
]
DropMarkets = Annotated[
    bool, typer.Option(help="Let it answer although markets lose the adapters that the model that answers has.")
]
FIGURES = ("auc", "gini", "ece")


@app.command("list")
def list_models(*, limit: Limit = 50, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show what serves first, then the other models, newest first, with figures of their rehearsal."""
    with reading(database_url) as snapshot:
        serving = stored_models.serving(snapshot)
        found = stored_models.page(snapshot, limit=limit + 1)
        ready = registry.readiness(snapshot, [*serving.values(), *found])
    first = [serving[state] for state in reversed(stored_models.SERVING) if state in serving]
    shown = [*first, *(model for model in found if model not in first)]
    rows = [_row(model) | {"readiness": ready[model.model_id]} for model in shown[:limit]]
    emit(rows, as_json=as_json, title="Models")
    if len(shown) > limit:
        warn(f"there are older models: --limit above {limit} shows them")


@app.command()
def register(
    folder: Annotated[Path, typer.Argument(help="A folder that `tierwise train` wrote.", file_okay=False)],
    *,
    moved: Annotated[
        bool, typer.Option(help="Let a model that is known already lie here from now on, wherever it was registered.")
    ] = False,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Check a model folder and make it known to the database."""
    from scoring.scorer import Scorer  # noqa: PLC0415  # two seconds of imports, which the other commands do without

    try:
        scorer = Scorer.load(folder)
    except ModelRejected as refusal:
        fail(str(refusal))
    name = registry.name(scorer.model_id)
    with changing(database_url, reason, action="models.register", object_name=name) as (transaction, cause):
        model = registry.register(
            transaction, cause, scorer.model_id, folder=str(folder.resolve()), manifest=scorer.manifest, moved=moved
        )
    emit(_row(model), as_json=as_json, title="Registered")
    if model.folder != str(folder.resolve()):
        warn(f"{name} is known already and stays in {model.folder}; if it was moved here, say so: --moved")


@app.command()
def preview(
    model_id: Annotated[str | None, typer.Argument(help="Default: the newest.")] = None,
    *,
    wait: Annotated[bool, typer.Option(help="Until it is over, then show who would move.")] = True,
    examples: Examples = 5,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Score everyone with a model that does not answer, beside the stored scores, and show who would move."""
    chosen = model_id or _newest(database_url)
    name = registry.name(chosen)
    with changing(database_url, reason, action="models.preview", object_name=name) as (transaction, cause):
        operation = shadowing.running(transaction, chosen) or shadowing.begin(transaction, cause, chosen)
    if succeeded(operation, database_url, wait=wait, title="Previewing", as_json=as_json) is None:
        return
    with reading(database_url) as snapshot:
        scheme = schemes.in_force(snapshot)
        found = tier_preview.preview(snapshot, scheme, model_id=chosen, now=datetime.now(UTC), size=examples)
    tier_previews.show(found, as_json=as_json)


@app.command()
def activate(
    model_id: ModelId,
    *,
    override_gates: OverrideGates = False,
    drop_markets: DropMarkets = False,
    etag: Etag = None,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Let a model answer from now on, as `move ID ACTIVE` does; the one that did is retired."""
    name = registry.name(model_id)
    with changing(database_url, reason, action="models.activate", object_name=name) as (transaction, cause):
        model_folders.check_move(transaction, model_id, State.ACTIVE)
        model = registry.activate(
            transaction, cause, model_id, etag=etag, override=override_gates, drop_markets=drop_markets,
            lost=model_folders.markets_lost(transaction, model_id),
        )  # fmt: skip
    emit(_row(model), as_json=as_json, title="Active")


@app.command()
def move(
    model_id: ModelId,
    state: Annotated[State, typer.Argument(case_sensitive=False, help="SHADOW, CANARY, ACTIVE or RETIRED.")],
    *,
    canary_share: Annotated[
        float | None, typer.Option(help="Of a CANARY: for which share of the customers it answers, at most 0.5.")
    ] = None,
    override_gates: OverrideGates = False,
    drop_markets: DropMarkets = False,
    etag: Etag = None,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Let a model be a shadow, a canary, the one that answers, or retired; servers take it up within seconds."""
    name = registry.name(model_id)
    with changing(database_url, reason, action="models.move", object_name=name) as (transaction, cause):
        model_folders.check_move(transaction, model_id, state)
        moved = registry.move(
            transaction, cause, model_id, Stage(state, canary_share), etag=etag, override=override_gates,
            drop_markets=drop_markets, lost=model_folders.markets_lost(transaction, model_id),
        )  # fmt: skip
    emit(_row(moved), as_json=as_json, title="Moved")


@app.command()
def judge(
    model_id: Annotated[str | None, typer.Argument(help="Default: the newest.")] = None,
    *,
    wait: Annotated[bool, typer.Option(help="Until it is over, then show the gates.")] = True,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Measure a model beside the one that answers; only one that passed may become CANARY or ACTIVE."""
    chosen = model_id or _newest(database_url)
    name = registry.name(chosen)
    with changing(database_url, reason, action="models.judge", object_name=name) as (transaction, cause):
        operation = judging.begin(transaction, cause, chosen)
    if succeeded(operation, database_url, wait=wait, title="Judging", as_json=as_json) is None:
        return
    with reading(database_url) as snapshot:
        report = registry.report(snapshot, chosen)
    emit(_gates(report), as_json=as_json, title=f"Gates of {name}")


@app.command()
def retrain(
    *,
    wait: Annotated[bool, typer.Option(help="Until the candidate is there; judging it follows.")] = True,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Let a worker train a candidate as the active model was, on everything but the last 30 days, which judge it."""
    with changing(database_url, reason, action="models.retrain", object_name="models") as (transaction, cause):
        operation = retraining.begin(transaction, cause)
    ended = succeeded(operation, database_url, wait=wait, title="Training", as_json=as_json)
    if ended is not None:
        emit(dict(ended.response or {}), as_json=as_json, title="Trained")


@app.command()
def rollback(
    model_id: Annotated[str | None, typer.Argument(help="Default: the one that answers.")] = None,
    *,
    etag: Etag = None,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Retire the model that answers, and let the one before answer again."""
    with reading(database_url) as snapshot:
        chosen = model_id or registry.in_force(snapshot).model_id
    name = registry.name(chosen)
    with changing(database_url, reason, action="models.rollBack", object_name=name) as (transaction, cause):
        lost = model_folders.lost_by_earlier(transaction, chosen)
        back = registry.roll_back(transaction, cause, chosen, etag=etag, lost=lost)
    emit(_row(back), as_json=as_json, title="Answers again")
    if lost:
        warn(f"it has no adapter of {', '.join(lost)}, which {name} has: `tierwise adapt` teaches it")


@app.command()
def show(model_id: ModelId, *, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show one model: what its rehearsal found, who shares its answers and why, what it said as a shadow."""
    with reading(database_url) as snapshot:
        model = registry.get(snapshot, model_id)
        compared = shadow_comparisons.newest(snapshot, model_id)
        gates = _gates(registry.report(snapshot, model_id))
    shown, predictors = _row(model) | ({} if compared is None else _compared(compared)), _predictors(model)
    metrics = model.manifest.get("metrics", {})
    if as_json:
        emit(shown | {"gates": gates, "metrics": metrics, "predictors": predictors}, as_json=True)
        return
    emit(shown, as_json=False, title="Model")
    emit(gates, as_json=False, title="Gates")
    emit(metrics, as_json=False, title="On windows that its rehearsal had not seen")
    emit(predictors, as_json=False, title="Predictors, each alone, and their shares")


def _predictors(model: RegisteredModel) -> list[dict[str, object]]:
    return [
        {"predictor": name, **figures, "why": why(figures)}
        for name, figures in model.manifest.get("predictors", {}).items()
    ]


def _newest(database_url: str | None) -> str:
    with reading(database_url) as snapshot:
        found = stored_models.page(snapshot, limit=1)
    if not found:
        fail("there is no model yet: `tierwise train` makes one")
    return found[0].model_id


def _row(model: RegisteredModel) -> dict[str, object]:
    metrics = model.manifest.get("metrics", {})
    return {
        "model_id": model.model_id,
        "state": model.state,
        "canary_share": model.canary_share,
        "etag": model.etag,
        "as_of": model.manifest.get("as_of"),
        "created": written(model.create_time),
        **{figure: metrics.get(figure) for figure in FIGURES},
        "folder": model.folder,
        "folder_removed": None if model.give_up_time is None else written(model.give_up_time),
    }


def _gates(report: Report | None) -> list[dict[str, object]]:
    return [
        {"name": gate.name, "value": gate.value, "limit": gate.limit, "verdict": gate.verdict, "reason": gate.reason}
        for gate in (report.gates if report else ())
    ]


def _compared(stored: StoredComparison) -> dict[str, object]:
    found = comparison_of(stored)
    return {
        "shadow_of": stored.against,
        "answers": found.count,
        "purchase_difference": found.purchase_difference,
        "spend_difference": amount(round(found.spend_difference_minor), stored.currency),
        "stability": found.stability,
        "rank_correlation": found.rank_correlation,
        "failed": stored.sums.failed_count,
        "skipped": stored.sums.skipped_count,
    }
