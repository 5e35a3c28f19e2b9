"""When a campaign is, as people type it: local times of its zone, once or again and again. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, datetime, time
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from admin.web.forms.typed import Fault, Fields, Mistyped, first, whole_of
from campaigns.terms.campaign import CampaignPlan
from campaigns.terms.recurrence import Recurrence, instant
from events.zones import zones

T = TypeVar("T")
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
LAST_DAY = "L"
"""Of the month, as a cron line has it; a month without day 29, 30 or 31 has no such day."""
DAYS = (*map(str, range(1, 32)), LAST_DAY)
NAMES = {"start_time": "start", "end_time": "end", "zone": "zone", "recurrence.cron": "cron", "recurrence.days": "days"}


class Repeat(StrEnum):
    """How often a campaign happens."""

    ONCE = ""
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    CRON = "cron"
    """As somebody wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Of a plan."""

    start_time: datetime
    end_time: datetime
    zone: str
    recurrence: Recurrence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The schedule of a form, or what stands in its way by field."""

    schedule: Schedule | None
    faults: Mapping[str, Fault]


def of_plan(plan: CampaignPlan) -> Schedule:
    """As it stands."""
    return Schedule(start_time=plan.start_time, end_time=plan.end_time, zone=plan.zone, recurrence=plan.recurrence)


def shown(schedule: Schedule) -> dict[str, list[str]]:
    """The fields of a form that `read` reads back as the same schedule, to the minute."""
    times = {"start": schedule.start_time, "end": schedule.end_time}
    repeated = {} if schedule.recurrence is None else _repeat_fields(schedule.recurrence)
    return {
        "zone": [schedule.zone],
        **{name: [local(moment, schedule.zone)] for name, moment in times.items()},
        **repeated,
    }


def read(fields: Fields, before: Schedule) -> Read:
    """A time that was not touched stays as it was, to the microsecond."""
    zone = first(fields, "zone")
    if zone not in zones():
        return Read(schedule=None, faults={"zone": Fault.ZONE})
    form = _Form(fields)
    start, end = form.moment("start", before.start_time, zone), form.moment("end", before.end_time, zone)
    recurrence = form.recurrence()
    if start is None or end is None or form.faults:
        return Read(schedule=None, faults=form.faults)
    schedule = Schedule(start_time=start, end_time=end, zone=zone, recurrence=recurrence)
    return Read(schedule=schedule, faults={})


def field_of(refused: str) -> str:
    """The field of the form that shows what a refusal names."""
    return NAMES.get(refused, refused)


def local(moment: datetime, zone: str) -> str:
    """As an input for dates and times takes it."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(timespec="minutes")


def _local(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Mistyped(Fault.TIME) from None
    if moment.tzinfo is not None or moment.year in (MINYEAR, MAXYEAR):
        raise Mistyped(Fault.TIME)
    return moment


class _Form:
    """Collects what is wrong, by field."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self.faults: dict[str, Fault] = {}

    def moment(self, name: str, was: datetime, zone: str) -> datetime | None:
        return self._read(name, lambda text: was if text == local(was, zone) else instant(_local(text), zone))

    def recurrence(self) -> Recurrence | None:
        repeat = first(self._fields, "repeat")
        if repeat not in set(Repeat) or repeat == Repeat.ONCE:
            return None
        cron = first(self._fields, "cron") if repeat == Repeat.CRON else self._cron(Repeat(repeat))
        days = self._read("days", whole_of)
        return None if cron is None or days is None else Recurrence(cron=cron, days=days)

    def _cron(self, repeat: Repeat) -> str | None:
        at, on = self._read("at", _clock), self._days_of(repeat)
        return None if at is None or on is None else f"{at.minute} {at.hour} {on}"

    def _days_of(self, repeat: Repeat) -> str | None:
        """As a cron line has them behind minute and hour."""
        if repeat == Repeat.MONTHLY:
            day = self._read("day", _day)
            return None if day is None else f"{day} * *"
        if repeat == Repeat.DAILY:
            return "* * *"
        chosen = [day for day in WEEKDAYS if day in self._fields.get("weekday", ())]
        if not chosen:
            self.faults["weekday"] = Fault.EMPTY
        return f"* * {','.join(chosen)}" if chosen else None

    def _read(self, name: str, reading: Callable[[str], T]) -> T | None:
        text = first(self._fields, name)
        try:
            if text:
                return reading(text)
            self.faults[name] = Fault.EMPTY
        except Mistyped as error:
            self.faults[name] = error.fault
        return None


def _day(text: str) -> str:
    return text if text == LAST_DAY else str(whole_of(text))


def _clock(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a local time of day
    except ValueError:
        raise Mistyped(Fault.TIME) from None


def _repeat_fields(recurrence: Recurrence) -> dict[str, list[str]]:
    """The simplest choice that is read back as the same; cron itself where there is none."""
    minute, hour, day, _, weekdays = recurrence.cron.split()
    common = {"days": [str(recurrence.days)], "at": [f"{hour:0>2}:{minute:0>2}"]}
    simple: list[dict[str, list[str]]] = [
        {"repeat": [Repeat.DAILY]},
        {"repeat": [Repeat.WEEKLY], "weekday": weekdays.split(",")},
        {"repeat": [Repeat.MONTHLY], "day": [day]},
    ]
    found = (common | each for each in simple if _Form(common | each).recurrence() == recurrence)
    return next(found, common | {"repeat": [Repeat.CRON], "cron": [recurrence.cron]})
