"""When a campaign is, as people type it: local times of its zone, once or again and again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from admin.web.forms.typed import Fault, Fields, Mistyped, first, whole_of
from campaigns.terms.campaign import CampaignPlan
from campaigns.terms.recurrence import Recurrence, instant
from events.zones import zones

NOON = "12:00"
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
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
    return Schedule(
        start_time=plan.start_time, end_time=plan.end_time, zone=plan.zone, recurrence=plan.recurrence
    )  # fmt: skip


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
    faults: dict[str, Fault] = {}
    zone = first(fields, "zone")
    if zone not in zones():
        return Read(schedule=None, faults={"zone": Fault.ZONE})
    times = {}
    for name, was in (("start", before.start_time), ("end", before.end_time)):
        text = first(fields, name)
        try:
            times[name] = was if text == local(was, zone) else instant(_local(text), zone)
        except Mistyped as error:
            faults[name] = error.fault
    try:
        recurrence = _recurrence(fields)
    except Mistyped as error:
        recurrence = None
        faults["at" if error.fault is Fault.TIME else "days"] = error.fault
    if faults:
        return Read(schedule=None, faults=faults)
    schedule = Schedule(start_time=times["start"], end_time=times["end"], zone=zone, recurrence=recurrence)
    return Read(schedule=schedule, faults={})


def field_of(refused: str) -> str:
    """The field of the form that shows what a refusal names."""
    return NAMES.get(refused, refused)


def local(moment: datetime, zone: str) -> str:
    """As an input for dates and times takes it."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(timespec="minutes")


def _local(text: str) -> datetime:
    if not text:
        raise Mistyped(Fault.EMPTY)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Mistyped(Fault.TIME) from None
    if moment.tzinfo is not None or moment.year in (MINYEAR, MAXYEAR):
        raise Mistyped(Fault.TIME)
    return moment


def _recurrence(fields: Fields) -> Recurrence | None:
    repeat = first(fields, "repeat")
    if repeat not in set(Repeat) or repeat == Repeat.ONCE:
        return None
    days = whole_of(first(fields, "days") or "1")
    if repeat == Repeat.CRON:
        return Recurrence(cron=first(fields, "cron"), days=days)
    hour, minute = _clock(first(fields, "at"))
    on = {
        Repeat.DAILY: "* * *",
        Repeat.WEEKLY: f"* * {','.join(day for day in WEEKDAYS if day in fields.get('weekday', ())) or WEEKDAYS[0]}",
        Repeat.MONTHLY: f"{whole_of(first(fields, 'day') or '1')} * *",
    }[Repeat(repeat)]
    return Recurrence(cron=f"{minute} {hour} {on}", days=days)


def _clock(text: str) -> tuple[int, int]:
    try:
        moment = datetime.strptime(text or NOON, "%H:%M")  # noqa: DTZ007 - a local time of day
    except ValueError:
        raise Mistyped(Fault.TIME) from None
    return moment.hour, moment.minute


def _repeat_fields(recurrence: Recurrence) -> dict[str, list[str]]:
    """The simplest choice that is read back as the same; cron itself where there is none."""
    minute, hour, day, _, weekdays = recurrence.cron.split()
    common = {"days": [str(recurrence.days)], "at": [f"{hour:0>2}:{minute:0>2}"]}
    simple: list[dict[str, list[str]]] = [
        {"repeat": [Repeat.DAILY]},
        {"repeat": [Repeat.WEEKLY], "weekday": weekdays.split(",")},
        {"repeat": [Repeat.MONTHLY], "day": [day]},
    ]
    for each in simple:
        try:
            if _recurrence(common | each) == recurrence:
                return common | each
        except Mistyped:
            continue
    return common | {"repeat": [Repeat.CRON], "cron": [recurrence.cron]}
