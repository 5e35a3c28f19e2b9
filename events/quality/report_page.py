"""A quality report as one page that needs nothing beside it. Its plots take a second to import."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from events.quality.charts import distribution_chart, missing_chart, steps_chart, weeks_chart
from events.quality.report import descending, quality, shown, summary

STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; color: #2b3440; background: #fff; margin: 0 auto;
  max-width: 60rem; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; }
.muted { color: #5b6675; font-size: .9rem; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1.5rem 0; }
.figures div { border: 1px solid #e3e7ec; border-radius: .5rem; padding: .6rem .9rem; }
.figures b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #e3e7ec; vertical-align: top; }
th.number, td.number { text-align: right; white-space: nowrap; }
figure { margin: .5rem 0; } figure svg { width: 100%; height: auto; }
"""


def page(report: Mapping[str, Any], *, file_name: str, import_id: str) -> str:
    """A page of HTML with its plots inside; it loads nothing and runs no script."""
    after = report["after"]
    span = f"{after['first_time'][:10]} to {after['last_time'][:10]}" if after["rows"] else "no event is left"
    figures = {
        "rows in": report["rows_in"], "events out": report["rows_out"], "rejected": report["rejected"],
        "repaired": report["repaired"], "customers": after["customers"], "items": after["items"],
    }  # fmt: skip
    tiles = "".join(f"<div>{escape(name)}<b>{count:,}</b></div>" for name, count in figures.items())
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Data quality of {escape(file_name)}</title><style>{STYLE}</style></head><body><main>"
        f'<h1>Data quality of {escape(file_name)}</h1><p class="muted">{span} · import {escape(import_id)}</p>'
        f'<div class="figures">{tiles}</div>{"".join(_sections(report))}</main></body></html>\n'
    )


def _sections(report: Mapping[str, Any]) -> Iterator[str]:
    before, after = report["before"], report["after"]
    most = ", ".join(f"{field} {count:,}" for field, count in sorted(before["missing"].items(), key=descending)[:3])
    yield _section("What each step did", _table(summary(report)))
    yield _drawn("Rows by step", steps_chart(report["steps"]), "Bars of the rows that each step kept and rejected.")
    yield _section("Before and after", _table(quality(report)))
    yield _drawn(
        "Missing values by field",
        missing_chart(before, after),
        f"Bars by field, before and after; most before: {most}.",
    )
    yield _drawn("Rows by week", weeks_chart(before, after), "Lines of the rows in each week before and after.")
    for title, field, label in (
        ("Quantities", "quantity", "quantity"), ("Prices", "unit_price", "unit price in major units"),
    ):  # fmt: skip
        drawn = distribution_chart(before, after, field, label)
        yield _drawn(title, drawn, f"Histogram of {title.lower()} before and after.")
    yield _section("Further remarks", _remarks(report))


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _drawn(title: str, svg: str, words: str) -> str:
    labelled = svg.replace("<svg", f'<svg role="img" aria-label="{escape(words)}"', 1)
    return _section(title, f"<figure>{labelled}</figure>")


def _remarks(report: Mapping[str, Any]) -> str:
    furthest = [row for step in report["steps"] for row in step["notes"].get("furthest", [])]
    rounded = f"<p>Prices rounded to whole minor units: {report['rounded_prices']:,}.</p>"
    table = f"<p>Rows furthest from what is usual for their item:</p>{_table(furthest)}" if furthest else ""
    return rounded + table


def _table(rows: Sequence[Mapping[str, object]]) -> str:
    names = list(rows[0]) if rows else []
    numeric = {name: isinstance(rows[0][name], int | float) for name in names}
    head = "".join(f"<th{_aligned(numeric[name])}>{escape(name.replace('_', ' '))}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td{_aligned(numeric[name])}>{_cell(row[name])}</td>" for name in names) + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _aligned(numeric: bool) -> str:  # noqa: FBT001 - the function is private and its name says it
    return ' class="number"' if numeric else ""


def _cell(content: object) -> str:
    return "" if content is None else escape(shown(content))
