"""Hours of a campaign's zone along the line below a picture, counted in local days."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from admin.web.language import locale_of
from rules.sentence import Language

DAYS = {Language.ENGLISH: "d MMM", Language.CHINESE: "M月d日"}
DAY_HOURS = 24


def place(moment: datetime, zone: str) -> float:
    """In local days."""
    local = moment.astimezone(ZoneInfo(zone))
    return local.toordinal() + local.hour / DAY_HOURS


def words(language: Language) -> Callable[[float], str]:
    """Day, and the hour where it is not midnight."""

    def said(number: float) -> str:
        day = str(format_date(date.fromordinal(int(number)), DAYS[language], locale=locale_of(language)))
        hour = round((number - int(number)) * DAY_HOURS)
        return f"{day} {hour:02}:00" if hour else day

    return said
