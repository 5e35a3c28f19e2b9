"""Campaigns side by side: pages of them by what people look for, and what stands beside each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from database.budgets.tables import BudgetShardRow
from database.life.tables import ApprovalRow, CampaignVersionRow
from database.reporting.tables import ResultReadingRow
from database.session import Snapshot
from database.terms.tables import CampaignRow

ITS_VERSION = and_(
    CampaignVersionRow.campaign_id == CampaignRow.campaign_id, CampaignVersionRow.version == CampaignRow.version
)
ASKED = func.coalesce(CampaignRow.proposed_version, CampaignRow.version)
"""The version that approvers are asked about, where they are."""
ASKED_VERSION = and_(CampaignVersionRow.campaign_id == CampaignRow.campaign_id, CampaignVersionRow.version == ASKED)
ITS_DECISIONS = and_(ApprovalRow.campaign_id == CampaignRow.campaign_id, ApprovalRow.version == ASKED)
REJECTED = select(ApprovalRow).where(ITS_DECISIONS, ApprovalRow.verdict == "REJECTED").exists()
AWAITED = or_(CampaignRow.state == "SUBMITTED", and_(CampaignRow.proposed_version.is_not(None), ~REJECTED))
"""A version waits for approvers: submitted, or proposed while the campaign runs by another."""
LIVE = text("state IN ('LAUNCHING', 'ACTIVE', 'PAUSED')")
"""Written out, so that the index of live campaigns is known to fit."""


class Order(StrEnum):
    """What stands first."""

    NEWEST = "newest"
    NAME = "name"
    END = "end"
    """Whose end comes first."""


COLUMNS = {
    Order.NEWEST: CampaignRow.create_time, Order.NAME: CampaignRow.display_name, Order.END: CampaignRow.end_time,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which campaigns; what is empty leaves all."""

    states: Collection[str] = ()
    words: str = ""
    """Somewhere in the name or in the id, in whatever case."""
    since: datetime | None = None
    """Whose window reaches this time."""
    until: datetime | None = None
    """Whose window begins before this time."""
    awaited: bool = False
    """Only those of which a version waits for approvers."""
    author: str = ""
    """Part of the name of somebody who had a hand in the version that each has, in whatever case."""


EVERY = Sought()


class Submitted(NamedTuple):
    """A campaign whose version waits for approvers."""

    row: CampaignRow
    writers: Sequence[str]
    """Who wrote it, or the rules of its segments."""
    deciders: Sequence[str]
    """Who has decided about it."""


class Decided(NamedTuple):
    """A campaign about whose version an approver decided last."""

    row: CampaignRow
    writers: Sequence[str]
    """Who wrote it, or the rules of its segments."""
    approver: str
    """Empty where none was needed."""
    comment: str


def page(
    snapshot: Snapshot,
    sought: Sought = EVERY,
    order: Order = Order.NEWEST,
    *,
    limit: int,
    after: tuple[datetime | str, str] | None = None,
) -> list[CampaignRow]:
    """`after` is what the order goes by, and campaign_id, of the last one seen."""
    column, ident = COLUMNS[order], CampaignRow.campaign_id
    query = select(CampaignRow).where(*_conditions(sought))
    if order is Order.NEWEST:
        query = query.order_by(column.desc(), ident.desc())
        past = None if after is None else tuple_(column, ident) < after
    else:
        query = query.order_by(column, ident)
        past = None if after is None else tuple_(column, ident) > after
    query = query if past is None else query.where(past)
    return list(snapshot.scalars(query.limit(limit)))


def _conditions(sought: Sought) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if sought.states:
        conditions.append(CampaignRow.state.in_(sought.states))
    if sought.awaited:
        conditions.append(AWAITED)
    if sought.words:
        names = CampaignRow.display_name, CampaignRow.campaign_id
        conditions.append(or_(*(each.icontains(sought.words, autoescape=True) for each in names)))
    if sought.author:
        names_of_all = func.array_to_string(CampaignVersionRow.authors, "\n")
        written = select(CampaignVersionRow).where(ITS_VERSION, names_of_all.icontains(sought.author, autoescape=True))
        conditions.append(written.exists())
    if sought.since is not None:
        conditions.append(CampaignRow.end_time > sought.since)
    if sought.until is not None:
        conditions.append(CampaignRow.start_time < sought.until)
    return conditions


def live(snapshot: Snapshot, *, limit: int, after: tuple[datetime, str] | None = None) -> list[CampaignRow]:
    """Launched and not over, whose end comes first; `after` is (end_time, campaign_id) of the last one seen."""
    query = select(CampaignRow).where(LIVE).order_by(CampaignRow.end_time, CampaignRow.campaign_id)
    if after is not None:
        query = query.where(tuple_(CampaignRow.end_time, CampaignRow.campaign_id) > after)
    return list(snapshot.scalars(query.limit(limit)))


def between(snapshot: Snapshot, since: datetime, until: datetime, *, limit: int) -> list[CampaignRow]:
    """Whose window lies in a span of time, at least in part; by their start."""
    query = select(CampaignRow).where(CampaignRow.end_time > since, CampaignRow.start_time < until)
    return list(snapshot.scalars(query.order_by(CampaignRow.start_time, CampaignRow.campaign_id).limit(limit)))


def submitted(snapshot: Snapshot) -> list[Submitted]:
    """Versions that wait for approvers, the oldest campaign first."""
    deciders = select(func.array_agg(ApprovalRow.approver)).where(ITS_DECISIONS)
    version = CampaignVersionRow.authors, CampaignVersionRow.rule_authors
    query = select(CampaignRow, *version, deciders.scalar_subquery()).join(CampaignVersionRow, ASKED_VERSION)
    query = query.where(AWAITED).order_by(CampaignRow.create_time, CampaignRow.campaign_id)
    return [Submitted(row, [*own, *rules], deciders or []) for row, own, rules, deciders in snapshot.execute(query)]


def rejected(snapshot: Snapshot) -> list[Decided]:
    """Whose draft, or what is proposed while it runs, was rejected and not changed since; the last decision first."""
    asked = or_(CampaignRow.state == "DRAFT", CampaignRow.proposed_version.is_not(None))
    return _decided(snapshot, asked, ApprovalRow.verdict == "REJECTED")


def approved(snapshot: Snapshot, now: datetime) -> list[Decided]:
    """What may be launched and is not over, the last decision first."""
    return _decided(snapshot, CampaignRow.state == "APPROVED", CampaignRow.end_time > now)


def _decided(snapshot: Snapshot, *conditions: ColumnElement[bool]) -> list[Decided]:
    version = CampaignVersionRow.authors, CampaignVersionRow.rule_authors
    decision = ApprovalRow.approver, ApprovalRow.comment
    query = select(CampaignRow, *version, *decision).ext(distinct_on(CampaignRow.campaign_id))
    query = query.join(CampaignVersionRow, ASKED_VERSION).outerjoin(ApprovalRow, ITS_DECISIONS).where(*conditions)
    found = snapshot.execute(query.order_by(CampaignRow.campaign_id, ApprovalRow.create_time.desc()))
    decided = [
        Decided(row, [*own, *rules], approver or "", comment or "") for row, own, rules, approver, comment in found
    ]
    return sorted(decided, key=lambda each: each.row.update_time, reverse=True)


def awaited(snapshot: Snapshot, campaign_ids: Sequence[str]) -> set[str]:
    """Those of which a version waits for approvers."""
    query = select(CampaignRow.campaign_id).where(CampaignRow.campaign_id.in_(campaign_ids), AWAITED)
    return set(snapshot.scalars(query))


def authors(snapshot: Snapshot, campaign_ids: Sequence[str]) -> Mapping[str, list[str]]:
    """Who wrote the version that each has, the last one at the end."""
    query = select(CampaignRow.campaign_id, CampaignVersionRow.authors).join(CampaignVersionRow, ITS_VERSION)
    return dict(snapshot.execute(query.where(CampaignRow.campaign_id.in_(campaign_ids))).all())


def used_minor(snapshot: Snapshot, campaign_ids: Sequence[str]) -> Mapping[str, int]:
    """Money of each that is reserved or spent; none for those whose audience was never frozen."""
    used = func.sum(BudgetShardRow.reserved_minor + BudgetShardRow.spent_minor)
    query = select(BudgetShardRow.campaign_id, used).where(BudgetShardRow.campaign_id.in_(campaign_ids))
    return {name: int(minor) for name, minor in snapshot.execute(query.group_by(BudgetShardRow.campaign_id))}


def newest_results(snapshot: Snapshot, campaign_ids: Sequence[str], metric: str) -> Mapping[str, ResultReadingRow]:
    """Of all arms as one, as they were kept last."""
    query = select(ResultReadingRow).ext(distinct_on(ResultReadingRow.campaign_id))
    query = query.where(ResultReadingRow.campaign_id.in_(campaign_ids), ResultReadingRow.arm == "ALL")
    query = query.where(ResultReadingRow.metric == metric)
    found = snapshot.scalars(query.order_by(ResultReadingRow.campaign_id, ResultReadingRow.day.desc()))
    return {row.campaign_id: row for row in found}
