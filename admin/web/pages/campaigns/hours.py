"""Days and hours of a campaign's zone along the line below a picture, counted in local days."""

from collections.abc import Callable
from datetime import date, datetime
from math import ceil
from zoneinfo import ZoneInfo

from admin.web.language import locale_of
from admin.web.look import written_day
from rules.sentence import Language

DAY_HOURS, HOUR_MINUTES = 24, 60
STEPS = (1, 2, 3, 6, 12)
"""Hours between two marks of less than a day."""
MOST = 5
"""Marks that have room side by side."""


def place(moment: datetime, zone: str) -> float:
    """In local days."""
    local = moment.astimezone(ZoneInfo(zone))
    return local.toordinal() + (local.hour + local.minute / HOUR_MINUTES) / DAY_HOURS


def words(language: Language) -> Callable[[float], str]:
    """Day, and the hour where it is not midnight."""
    locale = locale_of(language)

    def said(number: float) -> str:
        whole, hour = divmod(round(number * DAY_HOURS), DAY_HOURS)
        day = written_day(date.fromordinal(whole), locale)
        return f"{day} {hour:02}:00" if hour else day

    return said


def marks(first: float, last: float) -> list[float]:
    """Full hours to write along the line, at most `MOST`."""
    span = (last - first) * DAY_HOURS
    step = next((each for each in STEPS if span <= each * MOST), ceil(span / DAY_HOURS / MOST) * DAY_HOURS)
    return [
        place * step / DAY_HOURS for place in range(ceil(first * DAY_HOURS / step), int(last * DAY_HOURS / step) + 1)
    ]


def days(language: Language) -> Callable[[float], str]:
    """Whole days, and nothing between them."""
    locale = locale_of(language)
    return lambda number: written_day(date.fromordinal(int(number)), locale) if number == int(number) else ""
