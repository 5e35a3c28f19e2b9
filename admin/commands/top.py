"""`tierwise top`: the pools of a running server, live, from its metrics."""

import time
from collections.abc import Iterator, Mapping
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from admin.running.pool_readings import Reading, reading_of, rows
from admin.shell.output import emit, fail, fitted, table_of
from settings import settings

app = typer.Typer(add_completion=False)
TIMEOUT_SECONDS = 5.0
Address = Annotated[
    str | None, typer.Option(help="host:port of the server's metrics; default: TIERWISE_METRICS_LISTEN.")
]
Seconds = Annotated[float, typer.Option(min=0.1, help="Between two looks.")]
Once = Annotated[bool, typer.Option("--once", help="Look twice, so many seconds apart, print, and end.")]
AsJson = Annotated[bool, typer.Option("--json", help="One reading as JSON, since the server's start; then end.")]


class NothingToRead(Exception):
    """No server answers; the message says what to do."""


@app.command()
def top(*, address: Address = None, every: Seconds = 2.0, once: Once = False, as_json: AsJson = False) -> None:
    """Rate, queue, waits, computing and losses of each model and lane, until Ctrl-C."""
    where = address or settings().metrics_listen
    if where is None:
        fail(
            "no metrics to read: start the server with TIERWISE_METRICS_LISTEN=9464, and set it here or give --address"
        )
    try:
        before = _look(where)
        if as_json:
            emit(list(rows(before, None)), as_json=True)
        elif once:
            time.sleep(every)
            Console().print(table_at(where, _look(where), before))
        else:
            _watch(where, before, every)
    except NothingToRead as error:
        fail(str(error))
    except KeyboardInterrupt:
        return


def _watch(where: str, before: Reading, every: float) -> None:
    with Live(table_at(where, before, None), auto_refresh=False, screen=True) as live:
        for table in tables(where, before, every):
            live.update(table, refresh=True)


def tables(where: str, before: Reading, every: float) -> Iterator[Table]:
    """One for each look; while the server is away it is the last one, and says so."""
    table = table_at(where, before, None)
    while True:
        time.sleep(every)
        try:
            now = _look(where)
        except NothingToRead as error:
            table.caption = f"{error}\nThe figures are of before; it is looked for again every {every:g} s."
        else:
            table, before = table_at(where, now, before), now
        yield table


def table_at(where: str, now: Reading, before: Reading | None) -> Table:
    """Of what happened between the two readings, or since the server's start."""
    since = "since its start" if before is None else f"in the last {now.at - before.at:.1f} s"
    shown = [_shown(row) for row in rows(now, before)] or [{"pool, lane, model": "nobody has asked anything yet"}]
    table = table_of(shown, title=f"{where}, {since}")
    table.box, table.padding, table.pad_edge = None, (0, 1, 0, 0), False
    fitted(table, Console())
    return table


def _shown(row: Mapping[str, object]) -> dict[str, object]:
    """In few columns, so that it fits a terminal; milliseconds are median and 99th percentile."""
    return {
        "pool, lane, model": f"{row['pool']}, {row['lane']}, {row['model']}", "/s": row["per_second"],
        "queue": row["waiting"], "batch": row["batch_size"],
        "wait, ms": _pair(row["wait_p50_ms"], row["wait_p99_ms"]),
        "compute": _pair(row["compute_p50_ms"], row["compute_p99_ms"]), "shed": row["shed"],
        "expired": row["expired"], "failed": row["failed"],
    }  # fmt: skip


def _pair(middle: object, high: object) -> str:
    return f"{_short(middle)}/{_short(high)}" if isinstance(middle, float) and isinstance(high, float) else "–"


def _short(number: float) -> str:
    return f"{number:.3g}" if number < 100 else f"{number:,.0f}"  # noqa: PLR2004 - three digits tell enough


def _look(where: str) -> Reading:
    """Raises NothingToRead."""
    host, _, port = where.rpartition(":")
    url = f"http://{host or '127.0.0.1'}:{port}/metrics"
    try:
        answer = httpx.get(url, timeout=TIMEOUT_SECONDS, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NothingToRead(
            f"{url} does not answer ({error}): is the server running, and with TIERWISE_METRICS_LISTEN={where}?"
        ) from error
    found = reading_of(answer.text, at=time.monotonic())
    if not found.waiting:
        raise NothingToRead(
            f"{url} answers, and not for a server's pools: is it the port of a worker or of another program?"
        )
    return found
