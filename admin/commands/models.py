"""`tierwise models`: which trained networks there are, and which one answers."""

from pathlib import Path
from typing import Annotated

import typer

from admin.cause import cause_of_operator
from admin.database_address import chosen_url
from admin.output import emit, fail
from admin.training_data import AsJson, DatabaseUrl
from campaigns import registry
from campaigns.errors import ModelNotFound
from database import models
from database.models import RegisteredModel
from database.session import Database
from scoring.score import ModelRejected
from scoring.scorer import Scorer

app = typer.Typer(
    help="Trained networks: list them, make one known, choose the one that answers.", no_args_is_help=True
)

FIGURES = ("auc", "gini", "ece")


@app.command("list")
def list_models(
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Newest first.")] = 50,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the registered models, newest first, with figures of their rehearsal."""
    database = Database.at(chosen_url(database_url))
    try:
        with database.reading() as snapshot:
            found = models.page(snapshot, limit=limit)
    finally:
        database.close()
    emit([_row(model) for model in found], as_json=as_json, title="Models")


@app.command()
def register(
    folder: Annotated[Path, typer.Argument(help="A folder that `tierwise train` wrote.", file_okay=False)],
    *,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Check a model folder and make it known to the database."""
    try:
        scorer = Scorer.load(folder)
    except ModelRejected as refusal:
        fail(str(refusal))
    database, cause = Database.at(chosen_url(database_url)), cause_of_operator()
    try:
        with database.writing() as transaction:
            model = registry.register(
                transaction, cause, scorer.model_id, folder=str(folder.resolve()), manifest=scorer.manifest
            )
    finally:
        database.close()
    emit(_row(model), as_json=as_json, title="Registered")


@app.command()
def activate(
    model_id: Annotated[str, typer.Argument(help="As `tierwise models list` shows it.")],
    *,
    reason: Annotated[str | None, typer.Option(help="For the audit log.")] = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Let a model answer from now on; the one that did is retired."""
    database, cause = Database.at(chosen_url(database_url)), cause_of_operator(reason)
    try:
        with database.writing() as transaction:
            model = registry.activate(transaction, cause, model_id)
    except ModelNotFound as refusal:
        fail(f"{refusal}; see `tierwise models list`")
    finally:
        database.close()
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
