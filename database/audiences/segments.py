"""Saved segments: the rule, and the members that it had when it was last built."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, func, literal, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from database.audiences import fitting
from database.audiences.tables import CustomerFactsRow, SegmentMemberRow, SegmentRow
from database.session import Snapshot, Transaction
from database.work.operations import RUNNING
from database.work.tables import OperationRow
from rules.rule import Rule

OUTDATED = 0
"""Before the revision of any rule."""


class StoredSegment(NamedTuple):
    """A segment, and whether its last build is still under way."""

    row: SegmentRow
    building: bool


class StoredRule(NamedTuple):
    """A segment's rule, and the revision at which it last changed."""

    segment_id: str
    rule: Mapping[str, Any]
    revision: int


class Chunk(NamedTuple):
    """Customers that follow one another by their ids."""

    last: str
    size: int


def add(transaction: Transaction, segment_id: str, values: Mapping[str, Any], now: datetime) -> bool:
    """A new segment without members; False when the id is taken, which changes nothing."""
    new = insert(SegmentRow).values(segment_id=segment_id, create_time=now, update_time=now, **values)
    added = new.on_conflict_do_nothing(index_elements=["segment_id"]).returning(SegmentRow.segment_id)
    return transaction.execute(added).one_or_none() is not None


def get(snapshot: Snapshot, segment_id: str) -> StoredSegment | None:
    return _maybe(snapshot, _stored().where(SegmentRow.segment_id == segment_id))


def locked(transaction: Transaction, segment_id: str) -> StoredSegment | None:
    """A segment that nobody else changes until the transaction ends."""
    query = _stored().where(SegmentRow.segment_id == segment_id)
    return _maybe(transaction, query.with_for_update(of=SegmentRow))


def page(
    snapshot: Snapshot, words: str = "", *, limit: int, after: tuple[datetime, str] | None = None
) -> list[StoredSegment]:
    """Newest first, those with the words in name or id; `after` is (create_time, segment_id) of the last one seen."""
    query = _stored().order_by(SegmentRow.create_time.desc(), SegmentRow.segment_id.desc()).limit(limit)
    if words:
        names = SegmentRow.display_name, SegmentRow.segment_id
        query = query.where(or_(*(each.icontains(words, autoescape=True) for each in names)))
    if after is not None:
        query = query.where(tuple_(SegmentRow.create_time, SegmentRow.segment_id) < after)
    return [StoredSegment(row, state == RUNNING) for row, state in snapshot.execute(query)]


def built(snapshot: Snapshot, segment_ids: frozenset[str]) -> dict[str, bool]:
    """Those of the segments that exist, each with whether it was ever built."""
    query = select(SegmentRow.segment_id, SegmentRow.build).where(SegmentRow.segment_id.in_(segment_ids))
    return {segment_id: build > 0 for segment_id, build in snapshot.execute(query)}


def all_rules(snapshot: Snapshot) -> dict[str, Mapping[str, Any]]:
    """The documents of all segments' rules, by their ids."""
    return dict(snapshot.execute(select(SegmentRow.segment_id, SegmentRow.rule).order_by(SegmentRow.segment_id)).all())


def rules_of_others(snapshot: Snapshot, segment_id: str) -> dict[str, Mapping[str, Any]]:
    """The documents of all other segments' rules."""
    query = select(SegmentRow.segment_id, SegmentRow.rule).where(SegmentRow.segment_id != segment_id)
    return dict(snapshot.execute(query.order_by(SegmentRow.segment_id)).all())


def rules(snapshot: Snapshot, segment_ids: Collection[str]) -> list[StoredRule]:
    """The rules of those of the segments that exist, by their ids."""
    query = select(SegmentRow.segment_id, SegmentRow.rule, SegmentRow.rule_revision)
    query = query.where(SegmentRow.segment_id.in_(segment_ids)).order_by(SegmentRow.segment_id)
    return [StoredRule(*found) for found in snapshot.execute(query)]


def overtaken(snapshot: Snapshot, segment_ids: Collection[str]) -> list[str]:
    """Those of the segments whose members fit an earlier rule than they have, or than one that it asks about."""
    query = select(SegmentRow.segment_id).where(
        SegmentRow.segment_id.in_(segment_ids), SegmentRow.built_revision != SegmentRow.rule_revision
    )
    return list(snapshot.scalars(query.order_by(SegmentRow.segment_id)))


def hold(transaction: Transaction, segment_ids: Collection[str], *, alone: bool = False) -> None:
    """Let nobody change these segments until the transaction ends, nor hold them too if it wants them `alone`."""
    query = select(SegmentRow.segment_id).where(SegmentRow.segment_id.in_(segment_ids))
    transaction.execute(query.order_by(SegmentRow.segment_id).with_for_update(read=not alone))


def outdate(transaction: Transaction, segment_ids: Collection[str]) -> None:
    """Let the members of these segments count as those of an earlier rule."""
    which = update(SegmentRow).where(SegmentRow.segment_id.in_(segment_ids), SegmentRow.built_revision.is_not(None))
    transaction.execute(which.values(built_revision=OUTDATED))


def change(transaction: Transaction, segment_id: str, values: Mapping[str, Any], now: datetime) -> None:
    """Set columns, as a new revision."""
    which = update(SegmentRow).where(SegmentRow.segment_id == segment_id)
    transaction.execute(which.values(revision=SegmentRow.revision + 1, update_time=now, **values))


def remove(transaction: Transaction, segment_id: str) -> None:
    """Delete a segment and its members."""
    for row in (SegmentMemberRow, SegmentRow):
        transaction.execute(delete(row).where(row.segment_id == segment_id))


def start_build(transaction: Transaction, segment_id: str, operation_id: str) -> int:
    """Begin a build, and throw away what earlier ones left unfinished; returns its number."""
    which = update(SegmentRow).where(SegmentRow.segment_id == segment_id)
    started = which.values(started_build=SegmentRow.started_build + 1, operation_id=operation_id)
    build, current = transaction.execute(started.returning(SegmentRow.started_build, SegmentRow.build)).one()
    keep_build(transaction, segment_id, current)
    return int(build)


def next_chunk(snapshot: Snapshot, *, after: str, limit: int) -> Chunk | None:
    """The customers with facts that follow the cursor; None at the end."""
    query = select(CustomerFactsRow.customer_id).where(CustomerFactsRow.customer_id > after)
    chunk = query.order_by(CustomerFactsRow.customer_id).limit(limit).subquery()
    last, size = snapshot.execute(select(func.max(chunk.c.customer_id), func.count())).one()
    return None if last is None else Chunk(last, size)


def add_members(transaction: Transaction, segment_id: str, build: int, rule: Rule, *, after: str, through: str) -> None:
    """Write down who of a chunk fits the rule."""
    members = select(literal(segment_id), literal(build), CustomerFactsRow.customer_id).where(
        CustomerFactsRow.customer_id > after, CustomerFactsRow.customer_id <= through, fitting.where(rule)
    )
    new = insert(SegmentMemberRow).from_select(["segment_id", "build", "customer_id"], members)
    transaction.execute(new.on_conflict_do_nothing())


def finish_build(
    transaction: Transaction, segment_id: str, build: int, *, revision: int, seconds: float, now: datetime
) -> int:
    """Let the members of this build count, and no others; returns how many they are."""
    mine = (SegmentMemberRow.segment_id == segment_id, SegmentMemberRow.build == build)
    size = transaction.execute(select(func.count()).select_from(SegmentMemberRow).where(*mine)).scalar_one()
    which = update(SegmentRow).where(SegmentRow.segment_id == segment_id)
    transaction.execute(
        which.values(build=build, built_revision=revision, member_count=size, build_seconds=seconds, built_at=now)
    )
    keep_build(transaction, segment_id, build)
    return size


def keep_build(transaction: Transaction, segment_id: str, build: int) -> None:
    """Delete the members of all other builds."""
    others = delete(SegmentMemberRow).where(SegmentMemberRow.segment_id == segment_id, SegmentMemberRow.build != build)
    transaction.execute(others)


def drop_build(transaction: Transaction, segment_id: str, build: int) -> None:
    """Delete the members of a build that came to nothing; those of the one that counts stay."""
    current = select(SegmentRow.build).where(SegmentRow.segment_id == segment_id).scalar_subquery()
    mine = (SegmentMemberRow.segment_id == segment_id, SegmentMemberRow.build == build)
    transaction.execute(delete(SegmentMemberRow).where(*mine, SegmentMemberRow.build != current))


def members(snapshot: Snapshot, segment_id: str, *, after: str = "", limit: int) -> list[str]:
    """Customers of the last build, by customer_id; the next page is `after` the last one of this."""
    current = select(SegmentRow.build).where(SegmentRow.segment_id == segment_id).scalar_subquery()
    query = select(SegmentMemberRow.customer_id).where(
        SegmentMemberRow.segment_id == segment_id, SegmentMemberRow.build == current,
        SegmentMemberRow.customer_id > after,
    )  # fmt: skip
    return list(snapshot.scalars(query.order_by(SegmentMemberRow.customer_id).limit(limit)))


def _stored() -> Select[SegmentRow, str]:
    return select(SegmentRow, OperationRow.state).outerjoin(
        OperationRow, OperationRow.operation_id == SegmentRow.operation_id
    )


def _maybe(snapshot: Snapshot, query: Select[SegmentRow, str]) -> StoredSegment | None:
    found = snapshot.execute(query).one_or_none()
    return None if found is None else StoredSegment(found[0], found[1] == RUNNING)
