"""What a campaign's channels were given: by channel and what became of it, by the hour, and customer by customer."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from typing import Any

from campaigns import trail
from campaigns.faults import Code
from campaigns.terms.campaign import Campaign
from database.audit.log import AuditEntry, Wanted
from database.coupons import messages
from database.session import Snapshot
from database.work import operations
from database.work.operations import Operation

FATES = ("HANDED_OVER", "REFUSED", "NO_CONSENT", "LAPSED")
"""States that are final; what was refused waits again in the next hand-over."""
EXPORTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ByChannel:
    """The messages of one channel."""

    channel: str
    due: int
    """Coupons of the channel when the hand-over last began."""
    fates: Mapping[str, int]

    @property
    def waiting(self) -> int:
        """Not settled yet, as far as is counted."""
        return max(0, self.due - sum(self.fates.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """How the hand-over of a campaign stands."""

    channels: Sequence[ByChannel]
    hours: Sequence[tuple[datetime, int]]
    """Handed over, by the hour; hours without are left out."""
    work: Operation | None
    """The hand-over that began last."""
    exports: Sequence[AuditEntry]
    """Who took the codes instead, newest first."""

    @property
    def due(self) -> int:
        """Coupons in all."""
        return sum(each.due for each in self.channels)

    @property
    def settled(self) -> int:
        """Of them, those of which it is known what became of them, whatever was given out since they were counted."""
        return sum(each.due - each.waiting for each in self.channels)

    @property
    def quiet(self) -> Sequence[tuple[str, datetime]]:
        """Channels for the end of whose quiet hours messages wait, and that end; none where something else leaves."""
        why = None if self.work is None else self.work.why
        if why is None or why["code"] not in (Code.QUIET_HOURS, Code.QUIET_UNTIL_OVER):
            return ()
        return quiet_of(why["facts"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A customer's message."""

    customer_id: str
    channel: str
    state: str
    note: str | None
    claim_time: datetime
    settle_time: datetime | None

    def facts(self) -> dict[str, Any]:
        """In JSON."""
        settled = None if self.settle_time is None else self.settle_time.isoformat(timespec="seconds")
        return {
            "customer_id": self.customer_id, "channel": self.channel, "state": self.state, "note": self.note,
            "claimed": self.claim_time.isoformat(timespec="seconds"), "settled": settled,
        }  # fmt: skip


def quiet_facts(quiet: Sequence[tuple[str, datetime]]) -> dict[str, str]:
    """Channels and the ends of their quiet hours, soonest first: one end where it is that of all."""
    ends = [until.isoformat() for _, until in quiet]
    return {
        "channel": ", ".join(name for name, _ in quiet),
        "until": ", ".join(ends if len(set(ends)) > 1 else ends[:1]),
    }


def quiet_of(facts: Mapping[str, str]) -> Sequence[tuple[str, datetime]]:
    """The same from the facts of a fault."""
    names, ends = facts["channel"].split(", "), facts["until"].split(", ")
    return [(name, datetime.fromisoformat(end)) for name, end in zip(names, cycle(ends), strict=False)]


def deliveries(snapshot: Snapshot, campaign: Campaign) -> Deliveries:
    """From kept counts: no message is looked at."""
    due: dict[str, int] = defaultdict(int)
    fates: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(FATES, 0))
    hours: dict[datetime, int] = defaultdict(int)
    for tally in messages.tallies(snapshot, campaign.campaign_id):
        if tally.state == messages.DUE:
            due[tally.channel] += tally.messages
            continue
        fates[tally.channel][tally.state] += tally.messages
        if tally.state == FATES[0]:
            hours[tally.hour] += tally.messages
    return Deliveries(
        channels=[ByChannel(channel=name, due=due[name], fates=fates[name]) for name in sorted({*due, *fates})],
        hours=sorted(hours.items()),
        work=operations.newest(snapshot, operations.HAND_OVER_COUPONS, campaign_id=campaign.campaign_id),
        exports=trail.page(snapshot, Wanted(object_name=campaign.name, action="coupons.export"), limit=EXPORTS),
    )


def page(snapshot: Snapshot, campaign_id: str, *, state: str | None, limit: int, after: str = "") -> list[Delivery]:
    """By customer_id; the next page is `after` the last customer of this one."""
    found = messages.page(snapshot, campaign_id, state=state, limit=limit, after=after)
    return [row.held(Delivery) for row in found]
