"""How values look on a page: templates, and the filters that write money, numbers and times for a reader."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from admin.web import assets
from admin.web.forms.typed import Fault
from admin.web.language import locale_of, translations
from campaigns import notes
from campaigns.coupons import deliveries
from campaigns.coupons.codes import displayed, masked
from campaigns.faults import Fault as WorkFault
from campaigns.terms import discount_document
from events.currency import DECIMALS, USUAL_DECIMALS
from rules.document import from_data
from rules.rule import Rule
from rules.sentence import Language, sentence
from scoring.reasons.wording import WORDINGS
from scoring.seen.feature_registry import BY_NAME

TEMPLATES = Path(__file__).parent / "templates"
MONTHS = {Language.ENGLISH: "MMMM y", Language.CHINESE: "y年M月"}
STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
PUNCTUATION: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: {"colon": ": ", "comma": ", ", "semicolon": "; ", "period": ".", "opening": "(", "closing": ")"},
    Language.CHINESE: {
        "colon": "：",
        "comma": "、",
        "semicolon": "；",
        "period": "。",
        "opening": "（",
        "closing": "）",
    },
}
"""The comma is that between the names of a list."""
TIMES = {Language.ENGLISH: "d MMM y HH:mm", Language.CHINESE: "y年M月d日 HH:mm"}


def environment(language: Language) -> Environment:
    """Templates in one language: everything is escaped, and a name that is not there is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )  # fmt: skip
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    made.globals.update(
        locale=locale_of(language),
        language=language,
        faults=frozenset(Fault),
        read_fault=WorkFault.read,
        asset=assets.address,
        in_brackets=partial(_in_brackets, language),
        **PUNCTUATION[language],
    )
    made.filters.update(FILTERS)
    return made


@pass_context
def money(context: Context, minor: int | None, currency: str) -> str:
    """Minor units as an amount, such as £1,250.00."""
    return "–" if minor is None else written_money(minor, currency, _locale(context))


def written_money(minor: int, currency: str, locale: Locale) -> str:
    """For pictures, whose words are made before the page is."""
    digits = DECIMALS.get(currency, USUAL_DECIMALS)
    # Babel's own digits are those that people pay in: of dinars it would leave out what is after the point.
    places = f"0.{'0' * digits}" if digits else "0"
    pattern = locale.currency_formats["standard"].pattern.replace("0.00", places)
    amount = Decimal(minor).scaleb(-digits)
    return format_currency(amount, currency, pattern, locale=locale, currency_digits=False)


@pass_context
def number(context: Context, value: float | None, digits: int = 0) -> str:
    """With the separators of the language, and all its digits: in a column the points stand below each other."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return "–" if value is None else format_decimal(round(value, digits), pattern, locale=_locale(context))


@pass_context
def typed(context: Context, value: float, digits: int) -> str:
    """A number as a person would type it, without zeros at its end."""
    return format_decimal(round(value, digits), "#,##0." + "#" * digits, locale=_locale(context))


@pass_context
def percent(context: Context, share: float | None, digits: int = 0) -> str:
    """A share as percent."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "") + "%"
    return "–" if share is None else format_percent(share, pattern, locale=_locale(context))


def written_percent(share: float, locale: Locale) -> str:
    """For pictures."""
    return str(format_percent(share, "#,##0%", locale=locale))


def written_number(value: float, locale: Locale) -> str:
    """For pictures."""
    return str(format_decimal(round(value), locale=locale))


def written_day(day: date, locale: Locale) -> str:
    """For pictures: day and month."""
    return str(format_date(day, "d MMM" if locale.language == "en" else "M月d日", locale=locale))


@pass_context
def points(context: Context, value: float) -> str:
    """Percentage points with their sign."""
    return format_decimal(value, "+#,##0.0;-#,##0.0", locale=_locale(context))


@pass_context
def when(context: Context, moment: datetime | None, zone: str | None = None) -> str:
    """Date and time in a zone, or in the reader's; any other is named."""
    if moment is None:
        return "–"
    own = context.get("reader_zone", "UTC")
    local = moment.astimezone(ZoneInfo(zone or own))
    pattern = TIMES[context["language"]]
    written: str = format_datetime(local, pattern, tzinfo=local.tzinfo, locale=_locale(context))
    return written if zone in (None, own) else f"{written} {zone}"


def clock(moment: datetime, zone: str) -> str:
    """Time of the day in a zone."""
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M}"


@pass_context
def month(context: Context, day: date) -> str:
    """Its month and year."""
    return str(format_date(day, MONTHS[context["language"]], locale=_locale(context)))


@pass_context
def weekday(context: Context, day: date) -> str:
    """In short."""
    return str(format_date(day, "EEE", locale=_locale(context)))


@pass_context
def ago(context: Context, moment: datetime | None) -> str:
    """How long before (or after) the page was made."""
    if moment is None:
        return "–"
    now: datetime = context["now"]
    written: str = format_timedelta(moment - now, add_direction=True, locale=_locale(context))
    return written


@pass_context
def rule_sentence(context: Context, document: Mapping[str, Any]) -> str:
    """A rule's document as what it means."""
    return rule_words(context, from_data(document))


@pass_context
def rule_words(context: Context, rule: Rule) -> str:
    """A rule as what it means; what is known of customers is in the shop's money, whatever a campaign's is."""
    return sentence(rule, context["language"], currency=context.get("shop_currency"))


@pass_context
def feature_meaning(context: Context, name: str) -> str:
    """What a feature of a model counts or measures; a model of before may have one that nobody knows any more."""
    feature = BY_NAME.get(name)
    return name if feature is None else WORDINGS[context["language"]].meaning(feature)


@pass_context
def note_words(context: Context, note: str) -> str:
    """Why a message was not taken."""
    return notes.in_words(note, context["language"])


def steps(path: str) -> list[str | int]:
    """The names and places on the way to a field: of arms[0].weight they are arms, 0 and weight."""
    return [int(place) if place else name for name, place in STEP.findall(path)]


def last_name(path: str) -> str:
    """Of the field that a path leads to, or of the list in which it has a place."""
    return next((step for step in reversed(steps(path)) if isinstance(step, str)), "")


FILTERS: Mapping[str, Any] = {
    "money": money,
    "number": number,
    "typed": typed,
    "percent": percent,
    "points": points,
    "when": when,
    "ago": ago,
    "clock": clock,
    "displayed": displayed,
    "masked": masked,
    "month": month,
    "weekday": weekday,
    "moment": datetime.fromisoformat,
    "discount": discount_document.from_data,
    "rule_words": rule_words,
    "rule_sentence": rule_sentence,
    "feature_meaning": feature_meaning,
    "note_words": note_words,
    "quiet_channels": deliveries.quiet_of,
    "steps": steps,
    "last_name": last_name,
}


def _in_brackets(language: Language, words: str) -> Markup:
    marks = PUNCTUATION[language]
    return escape("" if language is Language.CHINESE else " ") + marks["opening"] + words + marks["closing"]


def _locale(context: Context) -> Locale:
    found: Locale = context["locale"]
    return found
