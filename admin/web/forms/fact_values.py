"""Values of facts as people type them: shares and points in percent, money in major units, times in UTC. Pure."""

from datetime import UTC, datetime
from decimal import Decimal

from admin.web.forms.typed import Fault, Mistyped, decimal_of
from campaigns.terms.campaign import Channel
from events.currency import DECIMALS, USUAL_DECIMALS
from rules.check import LARGEST
from rules.fact import Fact, Kind, Unit
from rules.rule import Value
from rules.sentence import plain

YES, NO = "yes", "no"
CHANNEL_FACTS = frozenset({"preferred_channel", "consented_channels"})
CATEGORY_FACTS = frozenset({"last_category", "categories"})
CHANNELS = tuple(channel.lower() for channel in Channel)


def choices_of(fact: Fact) -> tuple[str, ...]:
    """What people choose from instead of typing; empty where they type."""
    if fact.kind is Kind.FLAG:
        return (YES, NO)
    return CHANNELS if fact.name in CHANNEL_FACTS else fact.choices


def choices_with(choices: tuple[str, ...], values: tuple[str, ...]) -> tuple[str, ...]:
    """What people choose from, and what stands there already although it is none of it."""
    return (*choices, *(value for value in values if value not in choices))


def typed_value(fact: Fact, text: str, currency: str) -> Value:
    """The value of a text. Raises Mistyped."""
    text = text.strip()
    if not text:
        raise Mistyped(Fault.EMPTY)
    match fact.kind:
        case Kind.FLAG:
            return text == YES
        case Kind.TIME:
            return _time(text)
        case Kind.TEXT | Kind.TEXTS:
            return fact.spelling.of(text)
        case Kind.WHOLE:
            return _whole(decimal_of(text).scaleb(places(fact, currency)), fact)
        case Kind.NUMBER:
            return float(decimal_of(text).scaleb(places(fact, currency)))


def shown_value(fact: Fact, value: Value, currency: str) -> str:
    """The text that `typed_value` reads back as the same value."""
    match value:
        case bool():
            return YES if value else NO
        case datetime():
            precision = "seconds" if value.second else "minutes"
            return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision)
        case str():
            return value
        case _:
            return plain(Decimal(repr(value)).scaleb(-places(fact, currency)))


def places(fact: Fact, currency: str) -> int:
    """How many places the point moves from what is typed to what a rule keeps."""
    if fact.unit in (Unit.SHARE, Unit.POINTS):
        return -2
    return DECIMALS.get(currency, USUAL_DECIMALS) if fact.unit is Unit.MONEY else 0


def _whole(number: Decimal, fact: Fact) -> int:
    if abs(number) > LARGEST:
        raise Mistyped(Fault.NUMBER)
    if number != number.to_integral_value():
        raise Mistyped(Fault.DECIMALS if fact.unit is Unit.MONEY else Fault.WHOLE)
    return int(number)


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Mistyped(Fault.TIME) from None
