"""The pages of the web admin over a large shop: how long the server takes for each, and what it reads for it."""

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

import httpx
import typer
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from admin.web.application import application
from admin.web.house import House
from admin.web.visit import SESSION_COOKIE
from bench.admin_shop import CAMPAIGNS, Scale, fill
from bench.figures import Figure, percentile, publish
from bench.plans import scans, watched
from bench.report_refresh import refreshed
from bench.shop import BenchmarkFailedError, BenchShop, cause, free_address, learn, prepared
from campaigns.callers import signing_in, staff
from campaigns.life.approval import ApprovalPolicy
from campaigns.tiers import previewing
from database.models import registry

BOUND_MS = 200.0
WHOLE = Scale()
PERSON = "bench"
LEFT_OUT = ("/static", "/healthz", "/language", "/sign-in")
LOADING_SECONDS = 120
DRAFT = f"bench-{CAMPAIGNS - 1}"
PARTS = {
    "customer_id": "customer-00000007", "campaign_id": "bench-0", "model_id": "bench", "version": "1", "verb": "pause",
    "segment_id": "bench", "import_id": "bench-1.",
}  # fmt: skip
"""What stands for a part of an address; edit pages are of a draft."""
MORE = (
    "/customers?q=customer-0001", "/customers/customer-00000007?show=orders", "/audit?action=campaigns.pause",
    "/audit?actor=marketer:person-7", "/audit?object_name=campaigns/bench-3", "/audit?outcome=DENIED",
    "/audit?action=campaigns.pause&outcome=DENIED", "/audit?outcome=FAILED", "/campaigns?state=ACTIVE",
    "/campaigns?words=Bench",
)  # fmt: skip
"""Addresses with something asked."""


def main(
    *,
    customers: Annotated[int, typer.Option(min=100)] = WHOLE.customers,
    coupons: Annotated[int, typer.Option(min=100)] = WHOLE.coupons,
    audit_lines: Annotated[int, typer.Option(min=100)] = WHOLE.audit_lines,
    rounds: Annotated[int, typer.Option(min=1, help="Times that each page is asked for.")] = 40,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Measure every page that is read."""
    scale = Scale(customers=customers, coupons=coupons, audit_lines=audit_lines)
    with prepared() as shop:
        learn(shop)
        with shop.database.reading() as snapshot:
            model = registry.active(snapshot)
        if model is None:
            raise BenchmarkFailedError("training left no active model")
        figures, notes = measured(shop, scale, folder=model.folder, rounds=rounds)
    publish("admin", figures, notes=notes, as_json=as_json)


def measured(shop: BenchShop, scale: Scale, *, folder: str, rounds: int) -> tuple[dict[str, Figure], list[str]]:
    """Milliseconds of the server for each page, seconds of each report, and which pages read a large table whole."""
    fill(shop.database, scale, folder)
    shop.execute("VACUUM ANALYZE", "CHECKPOINT")
    app = application(House(database=shop.database, secure=False, policy=ApprovalPolicy(), currency="GBP"))
    figures = {"who would move, by a worker": Figure(value=_previewed(shop), unit="s")}
    notes = [f"{scale.customers:,} customers, {scale.coupons:,} coupons, {scale.audit_lines:,} audit lines"]
    with _served(app) as address, httpx.Client(base_url=address, cookies=_session(shop), timeout=120) as client:
        for page in (*addresses(app), *MORE):
            _warm(client, page)
            with watched() as sent:
                times = [_asked(client, page) for _ in range(rounds)]
            p95 = percentile(times, 0.95)
            figures[f"{page}: p50"] = Figure(value=statistics.median(times), unit="ms")
            figures[f"{page}: p95"] = Figure(value=p95, unit="ms", against=f"{BOUND_MS:g} ms", ratio=p95 / BOUND_MS)
            notes += [f"{page} reads all of {each.table}: {each.statement}" for each in scans(_url(shop), sent)]
    return figures | refreshed(shop.database), notes


def _previewed(shop: BenchShop) -> float:
    """Seconds of what a worker does, so that the page of a tier scheme has something to show."""
    with shop.database.writing() as transaction:
        begun = previewing.begin(transaction, cause(), int(PARTS["version"]))
    started = time.perf_counter()
    with shop.database.reading() as snapshot:
        seen = previewing.work_out(snapshot, begun, datetime.now(UTC))
    with shop.database.writing() as transaction:
        previewing.finish(transaction, begun, seen, cause())
    return time.perf_counter() - started


def addresses(app: Starlette) -> list[str]:
    """Of every page that is read, with something in the place of each part. Raises KeyError for a part nobody knows."""
    paths = [
        route.path for route in app.routes
        if isinstance(route, Route) and "GET" in (route.methods or ()) and not route.path.startswith(LEFT_OUT)
    ]  # fmt: skip
    return [_address(path) for path in paths]


def _address(path: str) -> str:
    parts = PARTS | ({"campaign_id": DRAFT} if "/edit/" in path else {})
    return path.replace(":version}", "}").format_map({name: quote(value) for name, value in parts.items()})


def _warm(client: httpx.Client, page: str) -> None:
    """Until it answers as it does from then on: the network that says why is read once."""
    until = time.monotonic() + LOADING_SECONDS
    while "load delay:700ms" in client.get(page).text:
        if time.monotonic() > until:
            raise BenchmarkFailedError(f"{page} is still loading after {LOADING_SECONDS} s")
        time.sleep(0.2)


def _asked(client: httpx.Client, page: str) -> float:
    answer = client.get(page)
    if answer.status_code != httpx.codes.OK:
        raise BenchmarkFailedError(f"{page} answered {answer.status_code}")
    return float(answer.headers["server-timing"].rpartition("dur=")[2])


def _session(shop: BenchShop) -> dict[str, str]:
    with shop.database.writing() as transaction:
        staff.add(transaction, cause(), PERSON, "operator", password=None)
        return {SESSION_COOKIE: signing_in.open_session(transaction, PERSON, datetime.now(UTC))}


def _url(shop: BenchShop) -> str:
    return shop.processes.database_url


@contextmanager
def _served(app: Starlette) -> Iterator[str]:
    address = free_address()
    server = uvicorn.Server(
        uvicorn.Config(app, port=int(address.rpartition(":")[2]), log_level="warning", lifespan="off")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.02)
        yield f"http://{address}"
    finally:
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    typer.run(main)
