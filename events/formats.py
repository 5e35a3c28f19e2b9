"""How a shop's file is to be read and cleaned: presets that we ship, mappings that shops write, both in YAML."""

from collections.abc import Mapping
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ValidationError, model_validator

from events.cleaning.cancellations import Cancellations
from events.cleaning.dates import Dates
from events.cleaning.duplicates import Duplicates
from events.cleaning.missing import MissingValues
from events.cleaning.outliers import Outliers
from events.cleaning.prices import NonPositivePrices
from events.cleaning.products import NonProducts
from events.cleaning.ranges import Ranges
from events.currency import known, problem
from events.event import EventType
from events.fields import Field
from events.files.reading import Encoding, Layout, columns_of, other_separator
from events.written.numerals import USUAL, Numerals
from events.written.times import format_problem
from events.zones import zones

PRESETS = resources.files("events") / "presets"
LONGEST_MAPPING = 100_000
"""Symbols."""


class FormatNotUsable(Exception):
    """A mapping is wrong, or does not fit the file; the message names the field and the way out."""


def _zone(name: str) -> str:
    if name not in zones():
        message = f"{name!r} is no IANA time zone; write one such as Europe/London or UTC"
        raise ValueError(message)
    return name


def _separator(symbol: str) -> str:
    if len(symbol) != 1 or not symbol.isascii() or symbol in '"\r\n':
        message = f"{symbol!r} cannot stand between fields; write one symbol of ASCII, such as ';'"
        raise ValueError(message)
    return symbol


def _time_format(form: str) -> str:
    if problem := format_problem(form):
        raise ValueError(problem)
    return form


def _word(word: str) -> str:
    if word not in WORDS.values():
        message = f"{word!r} is no event type; use one of {', '.join(sorted(set(WORDS.values())))}"
        raise ValueError(message)
    return word


WORDS: Mapping[str, str] = {kind.word: kind.word for kind in EventType} | {str(int(k)): k.word for k in EventType}
"""What needs no translation: our words, and the stored numbers."""
TypeWord = Annotated[str, AfterValidator(_word)]


class TypeRule(BaseModel, frozen=True, extra="forbid"):
    """How a row's event type is known: from a column's words, or the same for all but returns."""

    constant: TypeWord | None = None
    """For files without a column of types."""
    words: dict[str, TypeWord] = {}
    """The file's words in lower case, beside our own."""
    return_order_prefix: str | None = None
    """Orders that begin with it are returns."""
    return_negative_quantity: bool = False
    """A negative quantity is a return of so many."""


class Cleaning(BaseModel, frozen=True, extra="forbid"):
    """The steps with their parameters, in the order in which they run."""

    dates: Dates = Dates()
    duplicates: Duplicates = Duplicates()
    non_products: NonProducts = NonProducts()
    non_positive_prices: NonPositivePrices = NonPositivePrices()
    ranges: Ranges = Ranges()
    missing_values: MissingValues = MissingValues()
    cancellations: Cancellations = Cancellations()
    outliers: Outliers = Outliers()


class FileFormat(BaseModel, frozen=True, extra="forbid"):
    """One kind of events file."""

    description: str = ""
    columns: dict[str, Field]
    """Column of the file: our field. Columns that do not stand here are irrelevant."""
    columns_may_be_absent: bool = False
    separator: Annotated[str, AfterValidator(_separator)] | None = None
    encoding: Encoding = "utf8"
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """Of times without an offset, and of the shop's calendar days."""
    nonexistent_times: Literal["reject", "shift"] = "reject"
    """Local times skipped when clocks go forward; `shift` reads them by the clock before."""
    ambiguous_times: Literal["earliest", "latest", "reject"] = "earliest"
    """Local times that come twice when clocks go back."""
    time_formats: tuple[Annotated[str, AfterValidator(_time_format)], ...] = ()
    """strptime formats, tried in order after ISO 8601."""
    epoch_unit: Literal["s", "ms", "us"] = "s"
    """Of times written as numbers."""
    numbers: Numerals = USUAL
    """Of quantities and prices that are texts."""
    currency: Annotated[str, AfterValidator(known)] | None = None
    event_type: TypeRule = TypeRule()
    uppercase: tuple[Field, ...] = ()
    """Fields in which upper and lower case mean the same."""
    cleaning: Cleaning = Cleaning()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        fields = list(self.columns.values())
        twice = sorted({field for field in fields if fields.count(field) > 1})
        if twice:
            message = f"columns: {', '.join(twice)} is given by more than one column; keep one"
            raise ValueError(message)
        lacking = {Field.CUSTOMER_ID, Field.TIME} - set(fields)
        if lacking:
            message = f"columns: no column is mapped to {', '.join(sorted(lacking))}; every event needs it"
            raise ValueError(message)
        if (Field.EVENT_TYPE in fields) == (self.event_type.constant is not None):
            message = "event_type: map one column to event_type, or give event_type.constant (not both)"
            raise ValueError(message)
        return self

    @property
    def layout(self) -> Layout:
        """How its files are read."""
        return Layout(self.separator, self.encoding)

    def with_currency(self, currency: str | None) -> "FileFormat":
        """Prices without a currency of their own are in `currency`, where one is given."""
        if currency is None:
            return self
        return self.model_copy(update={"currency": known_currency(currency)})

    def columns_in(self, present: list[str]) -> dict[str, Field]:
        """The mapped columns that a file has. Raises FormatNotUsable when one that is needed is absent."""
        found = {column: field for column, field in self.columns.items() if column in present}
        indispensable = {Field.CUSTOMER_ID, Field.TIME, Field.EVENT_TYPE}
        absent = [
            column
            for column, field in self.columns.items()
            if column not in found and (field in indispensable or not self.columns_may_be_absent)
        ]
        if absent:
            raise FormatNotUsable(
                f"columns: the file has no column {', '.join(absent)}; it has {', '.join(present)}. "
                f"Choose another --preset, or write a --mapping for this file{other_separator(present)}"
            )
        return found


def known_currency(code: str) -> str:
    """The same. Raises FormatNotUsable for what is no code of a currency."""
    wrong = problem(code)
    if wrong:
        raise FormatNotUsable(f"currency: {wrong}")
    return code


def preset_names() -> list[str]:
    """What `--preset` accepts."""
    return sorted(entry.name.removesuffix(".yaml") for entry in PRESETS.iterdir() if entry.name.endswith(".yaml"))


def preset(name: str) -> FileFormat:
    """A format that we ship. Raises FormatNotUsable."""
    if name not in preset_names():
        raise FormatNotUsable(f"preset: there is no {name!r}; there are {', '.join(preset_names())}")
    return _parse((PRESETS / f"{name}.yaml").read_text(encoding="utf-8"), source=name)


def preset_or_mapping(named: str) -> FileFormat:
    """The preset of this name, or the mapping in this file. Raises FormatNotUsable."""
    path = Path(named)
    return mapping(path) if named not in preset_names() and path.is_file() else preset(named)


def fitting_preset(path: Path) -> str:
    """The preset whose columns a file has. Raises FormatNotUsable when none fits, FileNotUsable."""
    present = columns_of(path)
    for name in preset_names():
        with suppress(FormatNotUsable):
            preset(name).columns_in(present)
            return name
    raise FormatNotUsable(
        f"columns: {path.name} has {', '.join(present)}, which no preset knows ({', '.join(preset_names())}); "
        "write a --mapping for this file"
    )


def mapping(path: Path) -> FileFormat:
    """A format that a shop wrote. Raises FormatNotUsable."""
    try:
        return _parse(path.read_text(encoding="utf-8"), source=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise FormatNotUsable(f"mapping: {path} cannot be read: {error}") from error


def _parse(text: str, *, source: str) -> FileFormat:
    if len(text) > LONGEST_MAPPING:
        raise FormatNotUsable(f"{source}: it has more than {LONGEST_MAPPING:,} symbols, and a mapping has some hundred")
    try:
        return FileFormat.model_validate(yaml.safe_load(text))
    except RecursionError:
        raise FormatNotUsable(f"{source}: it is nested too deep to be a mapping of columns") from None
    except yaml.YAMLError as error:
        raise FormatNotUsable(f"{source}: this is not YAML: {error}") from error
    except ValidationError as error:
        places = (f"{'.'.join(map(str, detail['loc'])) or 'mapping'}: {detail['msg']}" for detail in error.errors())
        raise FormatNotUsable(f"{source}: {'; '.join(places)}") from error
