"""`tierwise customer`: forget somebody who asks for it."""

from typing import Annotated

import typer

from admin.output import emit
from admin.transactions import AsJson, DatabaseUrl, Etag, Reason, changing
from campaigns.customers import erasure

app = typer.Typer(help="Customers: erase one, or let an erased id be used again.", no_args_is_help=True)
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
    emit({"operation_id": operation.operation_id, "state": operation.state}, as_json=as_json, title="Erased")


@app.command()
def readmit(
    customer_id: CustomerId, *, reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Let events of an erased id be recorded again, for a customer who knows nothing of the earlier one."""
    about = f"customers/{customer_id}"
    with changing(database_url, reason, action="customers.readmit", object_name=about) as (transaction, cause):
        erasure.readmit(transaction, cause, customer_id)
    emit({"customer_id": customer_id, "readmitted": True}, as_json=as_json, title="Readmitted")
