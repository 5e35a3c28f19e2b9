"""`tierwise segment`: rules with a name, and the customers who fitted when each was last built."""

from pathlib import Path
from typing import Annotated

import typer

from admin.files.rule_files import SOURCE, read_rule
from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit
from admin.shell.transactions import Etag, Limit, Reason, changing, reading
from admin.shell.waiting import show_begun
from admin.typed.times import written
from campaigns.audiences import segment_building, segments
from campaigns.audiences.segments import Segment
from rules.document import to_data
from rules.sentence import Speaker
from settings import settings

app = typer.Typer(no_args_is_help=True, add_completion=False)
SegmentIdArgument = Annotated[str, typer.Argument(help="Its id, such as loyal-buyers.")]


@app.command()
def create(
    segment_id: SegmentIdArgument,
    *,
    name: Annotated[str, typer.Option(help="For people.")],
    rule: Annotated[Path, typer.Option(help=SOURCE, allow_dash=True)],
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Save a rule under a name; it has no members before it is built."""
    who = read_rule(rule, as_json=as_json)
    about = f"segments/{segment_id}"
    with changing(database_url, reason, action="segments.create", object_name=about) as (transaction, cause):
        segment = segments.create(transaction, cause, segment_id, display_name=name, rule=who)
    emit(_row(segment), as_json=as_json, title="Created")


@app.command("list")
def list_segments(*, limit: Limit = 50, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show the segments, newest first."""
    with reading(database_url) as snapshot:
        found = segments.page(snapshot, limit=limit)
    emit([_row(segment) for segment in found], as_json=as_json, title="Segments")


@app.command()
def show(segment_id: SegmentIdArgument, *, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show one segment with its rule."""
    with reading(database_url) as snapshot:
        segment = segments.get(snapshot, segment_id)
    emit({**_row(segment), "rule": to_data(segment.rule)}, as_json=as_json, title=segment.name)


@app.command()
def update(
    segment_id: SegmentIdArgument,
    *,
    name: Annotated[str | None, typer.Option(help="For people; default: as it was.")] = None,
    rule: Annotated[Path | None, typer.Option(help=f"{SOURCE} Default: as it was.", allow_dash=True)] = None,
    etag: Etag = None,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Change the name or the rule; the members stay those of the last build."""
    who = None if rule is None else read_rule(rule, as_json=as_json)
    about = f"segments/{segment_id}"
    with changing(database_url, reason, action="segments.update", object_name=about) as (transaction, cause):
        segment = segments.update(transaction, cause, segment_id, display_name=name, rule=who, etag=etag)
    emit(_row(segment), as_json=as_json, title="Updated")


@app.command()
def delete(
    segment_id: SegmentIdArgument, *, etag: Etag = None, reason: Reason = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Delete a segment that no other one asks about."""
    about = f"segments/{segment_id}"
    with changing(database_url, reason, action="segments.delete", object_name=about) as (transaction, cause):
        segments.delete(transaction, cause, segment_id, etag=etag)
    emit({"segment_id": segment_id, "deleted": True}, as_json=as_json, title="Deleted")


@app.command()
def build(
    segment_id: SegmentIdArgument, *, etag: Etag = None, reason: Reason = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write down who fits the rule now; `tierwise job show` tells how far it is, `tierwise job cancel` stops it."""
    about = f"segments/{segment_id}"
    with changing(database_url, reason, action="segments.build", object_name=about) as (transaction, cause):
        operation = segment_building.begin(transaction, cause, segment_id, etag=etag)
    show_begun(operation, title="Building", as_json=as_json)


@app.command()
def members(
    segment_id: SegmentIdArgument,
    *,
    after: Annotated[str, typer.Option(help="The last customer seen, for the next page.")] = "",
    limit: Limit = 50,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the members of the last build, by customer id."""
    with reading(database_url) as snapshot:
        found = segments.members(snapshot, segment_id, after=after, limit=limit)
    emit([{"customer_id": customer_id} for customer_id in found], as_json=as_json, title=f"segments/{segment_id}")


def _row(segment: Segment) -> dict[str, object]:
    return {
        "segment_id": segment.segment_id,
        "name": segment.display_name,
        "state": segment.state,
        "members": segment.member_count,
        "who": Speaker(currency=settings().currency).sentence(segment.rule),
        "built": written(segment.built_at),
        "build_seconds": segment.build_seconds,
        "etag": segment.etag,
    }
