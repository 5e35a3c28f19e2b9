"""`tierwise customer`: why somebody is scored so, and forget somebody who asks for it."""

from typing import Annotated

import typer

from admin.models import explanations
from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit
from admin.shell.transactions import Etag, Reason, changing
from admin.shell.waiting import show_begun
from campaigns.customers import erasure
from rules.sentence import Language

app = typer.Typer(no_args_is_help=True, add_completion=False)
CustomerId = Annotated[str, typer.Argument(help="The shop's own id.")]


@app.command()
def erase(
    customer_id: CustomerId, *, etag: Etag = None, reason: Reason = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Forget a customer at once; a worker takes what was being written meanwhile (`tierwise job watch`)."""
    about = f"customers/{customer_id}"
    with changing(database_url, reason, action=erasure.ACTION, object_name=about) as (transaction, cause):
        operation = erasure.begin(transaction, cause, customer_id, etag=etag)
    show_begun(operation, title="Erased", as_json=as_json)


@app.command()
def readmit(
    customer_id: CustomerId, *, reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Let events of an erased id be recorded again, for a customer who knows nothing of the earlier one."""
    about = f"customers/{customer_id}"
    with changing(database_url, reason, action="customers.readmit", object_name=about) as (transaction, cause):
        erasure.readmit(transaction, cause, customer_id)
    emit({"customer_id": customer_id, "readmitted": True}, as_json=as_json, title="Readmitted")


@app.command()
def explain(
    customer_id: CustomerId,
    *,
    full: Annotated[
        bool, typer.Option("--full", help="Also what each event is worth, and what more a higher tier would take.")
    ] = False,
    language: Annotated[Language, typer.Option(help="Of the words.")] = Language.ENGLISH,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say why the active model scores a customer as it does at this moment; --json tells all reasons and events."""
    told = explanations.explain(customer_id, full=full, language=language, database_url=database_url)
    if as_json:
        emit(told, as_json=True)
        return
    emit(told["score"], as_json=False, title="Score")
    shown = explanations.for_people(told, language)
    emit(shown["contributions"], as_json=False, title="What made it; points of the chance to buy within 90 days")
    for name, title in explanations.TITLES.items() if full else ():
        emit(shown[name], as_json=False, title=title)
