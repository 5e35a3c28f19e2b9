"""How the command line speaks: tables for people, JSON for programs, errors with a way out."""

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, NoReturn

import typer
from rich import box
from rich.console import Console
from rich.measure import Measurement, measure_renderables
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
console = Console(stderr=True)
"""For progress and errors: standard output carries results only."""
UNBOUNDED = 1_000_000
MOST_ON_ITS_SIDE = 8
"""Rows of a table that may become columns."""


def emit(value: Mapping[str, object] | Sequence[Mapping[str, object]], *, as_json: bool, title: str = "") -> None:
    """Print a result: one mapping as two columns, a sequence of mappings as a table, or either as JSON.

    Where the words of a table have no room beside each other, it is drawn without lines, then, of a few rows, lies on
    its side; if that is too wide as well, its rows stand one below the other as two columns each.
    """
    if as_json:
        sys.stdout.write(json.dumps(_finite(value), indent=1, default=str, allow_nan=False) + "\n")
        return
    out = Console()
    if isinstance(value, Mapping):
        out.print(_fields(value, title))
    elif not value:
        out.print(Text(f"{title}: none" if title else "none"))
    elif (table := next((table for table in _tables(value, title) if fitted(table, out)), None)) is not None:
        out.print(table)
    else:
        for number, row in enumerate(value):
            out.print(_fields(row, "" if number else title))


def fail(message: str) -> NoReturn:
    """Say what is wrong and end with the status of a usage error."""
    console.print(Text("error: ", style="red").append(message, style="default"), soft_wrap=True)
    raise SystemExit(2)


def warn(message: str) -> None:
    """Say what may be wrong, beside the result."""
    console.print(Text("warning: ", style="yellow").append(message, style="default"), soft_wrap=True)


def progress_bar() -> Progress:
    """A bar on a terminal, silence elsewhere."""
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, disable=not console.is_terminal,
    )  # fmt: skip


def _finite(value: object) -> object:
    """With null for numbers that JSON has not: what is not known yet, or has no bound."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {name: _finite(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_finite(inner) for inner in value]
    return value


def fitted(table: Table, out: Console) -> bool:
    """Whether each column has room for its longest word; then what is left is shared out by what they want.

    Rich by itself narrows the widest column first, and cuts its words where others have room to spare.
    """
    unbounded = out.options.update(width=UNBOUNDED)
    spare = out.width - Measurement.get(out, unbounded, table).minimum
    if spare < 0:
        return False
    spans = [measure_renderables(out, unbounded, [column.header, *column.cells]) for column in table.columns]
    share = min(1.0, spare / max(sum(span.span for span in spans), 1))
    for column, span in zip(table.columns, spans, strict=True):
        column.width = span.minimum + int(span.span * share)
    return True


def _fields(value: Mapping[str, object], title: str) -> Table:
    """A path or an id that is longer than the line goes on in the next one, so that it can be copied."""
    table = Table("", Column(overflow="fold"), title=title or None, show_header=False)
    for name, content in value.items():
        table.add_row(name, _cell(content))
    return table


def _tables(values: Sequence[Mapping[str, object]], title: str) -> Iterator[Table]:
    """Ways to set it, the best first."""
    yield table_of(values, title=title)
    yield table_of(values, title=title, slim=True)
    head, *rest = values[0]
    numbers = all(isinstance(value[name], int | float | None) for value in values for name in rest)
    if rest and len(values) <= MOST_ON_ITS_SIDE and numbers:
        columns = [_words(value[head]) for value in values]
        if len(set(columns)) == len(columns):
            sides = [
                {head: name, **{column: value[name] for column, value in zip(columns, values, strict=True)}}
                for name in rest
            ]
            yield table_of(sides, title=title)
            yield table_of(sides, title=title, slim=True)


def table_of(values: Sequence[Mapping[str, object]], *, title: str, slim: bool = False) -> Table:
    """A row for each; numbers stand on the right. A slim one has no lines between its columns."""
    table = Table(title=title or None)
    if slim:
        table.box, table.padding, table.pad_edge, table.show_edge = box.SIMPLE_HEAD, (0, 1, 0, 0), False, False
    names = list(values[0]) if values else []
    for name in names:
        right = isinstance(values[0][name], int | float)
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for value in values:
        table.add_row(*(_cell(value[name]) for name in names))
    return table


def _cell(content: object) -> Text:
    """As it is: brackets and colons in data are neither markup nor emoji."""
    return Text(_words(content))


def _words(content: object) -> str:
    if isinstance(content, float):
        return f"{content:,.4g}"
    if isinstance(content, int) and not isinstance(content, bool):
        return f"{content:,}"
    return "" if content is None else str(content)
