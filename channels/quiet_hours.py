"""Times of day in which a channel is given nothing, such as those of night. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Self
from zoneinfo import ZoneInfo

DAYS_BEFORE = 2
"""Quiet hours that began earlier are over, also where clocks skipped a day."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start`, included, to `end`, excluded, by clocks on the wall; an end before the start is of the next day."""

    start: time
    end: time

    @classmethod
    def read(cls, written: str) -> Self:
        """Of 21:00-08:00. Raises ValueError."""
        start, end = (time.fromisoformat(each) for each in written.split("-"))
        return cls(start, end)

    def until(self, now: datetime, zone: str) -> datetime | None:
        """When they end, in the zone, where they are at `now`; else None.

        They begin at the first of two moments at which clocks show their start and end at the second of those of their
        end. One that clocks skip begins them as much sooner as the clocks jump, or ends them as much later.
        """
        until = now
        for start, end in self._spans(now, ZoneInfo(zone)):
            if start > until:
                break
            until = max(until, end)
        return until.astimezone(ZoneInfo(zone)) if until > now else None

    def _spans(self, now: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        first = now.astimezone(zone).date() - timedelta(days=DAYS_BEFORE)
        for day in (first + timedelta(days=days) for days in count()):
            ends = day if self.start < self.end else day + timedelta(days=1)
            yield (
                min(_shown(datetime.combine(day, self.start), zone)),
                max(_shown(datetime.combine(ends, self.end), zone)),
            )


def _shown(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments of a local time, by the offset from before the clocks are turned and by that from after it."""
    early, late = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return early, late
