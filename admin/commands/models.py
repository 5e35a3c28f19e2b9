"""`tierwise models`: which trained networks there are, and which one answers."""

from pathlib import Path
from typing import Annotated

import typer

from admin.output import emit, fail
from admin.transactions import AsJson, DatabaseUrl, Limit, Reason, changing, reading
from campaigns import registry
from database import models
from database.models import RegisteredModel
from scoring.score import ModelRejected
from scoring.scorer import Scorer

app = typer.Typer(
    help="Trained networks: list them, make one known, choose the one that answers.", no_args_is_help=True
)

FIGURES = ("auc", "gini", "ece")


@app.command("list")
def list_models(*, limit: Limit = 50, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show the registered models, newest first, with figures of their rehearsal."""
    with reading(database_url) as snapshot:
        found = models.page(snapshot, limit=limit)
    emit([_row(model) for model in found], as_json=as_json, title="Models")


@app.command()
def register(
    folder: Annotated[Path, typer.Argument(help="A folder that `tierwise train` wrote.", file_okay=False)],
    *,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Check a model folder and make it known to the database."""
    try:
        scorer = Scorer.load(folder)
    except ModelRejected as refusal:
        fail(str(refusal))
    name = registry.name(scorer.model_id)
    with changing(database_url, reason, action="models.register", object_name=name) as (transaction, cause):
        model = registry.register(
            transaction, cause, scorer.model_id, folder=str(folder.resolve()), manifest=scorer.manifest
        )
    emit(_row(model), as_json=as_json, title="Registered")


@app.command()
def activate(
    model_id: Annotated[str, typer.Argument(help="As `tierwise models list` shows it.")],
    *,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Let a model answer from now on; the one that did is retired."""
    name = registry.name(model_id)
    with changing(database_url, reason, action="models.activate", object_name=name) as (transaction, cause):
        model = registry.activate(transaction, cause, model_id)
    emit(_row(model), as_json=as_json, title="Active")


def _row(model: RegisteredModel) -> dict[str, object]:
    metrics = model.manifest.get("metrics", {})
    return {
        "model_id": model.model_id,
        "state": model.state,
        "as_of": model.manifest.get("as_of"),
        "created": model.create_time.isoformat(timespec="seconds"),
        **{figure: metrics.get(figure) for figure in FIGURES},
        "folder": model.folder,
    }
