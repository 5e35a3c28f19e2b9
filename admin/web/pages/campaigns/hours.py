"""Days and hours of a campaign's zone along the line below a picture, counted in local days."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from admin.web.language import locale_of
from admin.web.look import written_day
from rules.sentence import Language

DAY_HOURS = 24


def place(moment: datetime, zone: str) -> float:
    """In local days."""
    local = moment.astimezone(ZoneInfo(zone))
    return local.toordinal() + local.hour / DAY_HOURS


def words(language: Language) -> Callable[[float], str]:
    """Day, and the hour where it is not midnight."""
    locale = locale_of(language)

    def said(number: float) -> str:
        day = written_day(date.fromordinal(int(number)), locale)
        hour = round((number - int(number)) * DAY_HOURS)
        return f"{day} {hour:02}:00" if hour else day

    return said


def days(language: Language) -> Callable[[float], str]:
    """Whole days, and nothing between them."""
    locale = locale_of(language)
    return lambda number: written_day(date.fromordinal(int(number)), locale) if number == int(number) else ""
