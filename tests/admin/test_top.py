"""`tierwise top` shows what the pools of a real server did, and says what to do where there is nothing to read."""

import json
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from made.campaigns import add_customers
from rich.console import Console
from running.serving import Shop, serving
from tierwise.v1 import recommendation_service_pb2, scoring_service_pb2
from typer.testing import CliRunner

from admin.command_line import main
from admin.commands.top import table_at, tables
from admin.running.pool_readings import Buckets, Lane, Line, Reading, reading_of, rows
from database.embedded import free_port
from database.session import Database
from telemetry.exposition import Exposition


@pytest.fixture(scope="module")
def shop(database_of_file: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """After three scores and recommendations."""
    add_customers(database_of_file, ["anna"])
    with serving(database_of_file, tmp_path_factory.mktemp("shop"), metrics_listen="0") as running:
        for _ in range(3):
            running.scoring.Score(scoring_service_pb2.ScoreRequest(customer="customers/anna"))
        running.items.Recommend(recommendation_service_pb2.RecommendRequest(customer="customers/anna"))
        yield running


def address(shop: Shop) -> str:
    assert shop.server.exposition is not None
    return f"127.0.0.1:{shop.server.exposition.port}"


def test_a_reading_has_a_row_for_each_model_and_lane(shop: Shop) -> None:
    done = CliRunner().invoke(main, ["top", "--json", "--address", address(shop)])

    assert done.exit_code == 0, done.output
    items, scores = json.loads(done.stdout)
    told = {name: scores[name] for name in ("pool", "lane", "model", "requests", "waiting", "batch_size", "shed")}
    assert told == {
        "pool": "scores", "lane": "interactive", "model": "tiny-1", "requests": 3, "waiting": 0, "batch_size": 1,
        "shed": 0,
    }  # fmt: skip
    assert (items["pool"], items["requests"]) == ("recommendations", 1)
    assert scores["per_second"] is None
    assert 0 <= scores["wait_p50_ms"] <= scores["wait_p99_ms"]
    assert 0 < scores["compute_p50_ms"] <= scores["compute_p99_ms"]


def test_once_shows_what_happened_between_two_looks(shop: Shop) -> None:
    done = CliRunner().invoke(main, ["top", "--once", "--every", "0.1", "--address", address(shop)])

    assert done.exit_code == 0, done.output
    assert f"{address(shop)}, in the last" in done.stdout.replace("\n", " ")


def test_eighty_columns_hold_every_figure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    line, lane = Line("recommendations", "interactive", "20261127-c5ec679355"), Lane("recommendations", "interactive")
    spent, sizes = Buckets({0.5: 0, 1.5: 100, 4.5: 100, math.inf: 100}), Buckets({32.0: 100, math.inf: 100}, 2789.0)
    lost = {(lane, outcome): 4237.0 for outcome in ("shed", "expired", "failed")}
    now = Reading(
        at=2.0, waits={line: spent}, computes={line: spent}, sizes={line: sizes}, outcomes=lost, waiting={lane: 128}
    )
    monkeypatch.setenv("COLUMNS", "80")
    Console().print(table_at("127.0.0.1:19464", now, None))

    shown = capsys.readouterr().out.split()
    assert shown.count("1,000/1,490") == 2
    assert {"20261127-c5ec679355", "27.89", "128", "4,237"} <= set(shown)


def test_a_server_that_is_not_there_is_named_with_the_way_out() -> None:
    port = free_port()

    done = CliRunner().invoke(main, ["top", "--once", "--address", f"127.0.0.1:{port}"])

    assert done.exit_code == 2
    assert f"http://127.0.0.1:{port}/metrics does not answer" in done.stderr
    assert f"with TIERWISE_METRICS_LISTEN=127.0.0.1:{port}?" in done.stderr


def test_another_programs_metrics_are_not_taken_for_a_servers() -> None:
    other = Exposition.at("0", [], variable="TIERWISE_METRICS_LISTEN")

    done = CliRunner().invoke(main, ["top", "--json", "--address", str(other.port)])
    other.close()

    assert done.exit_code == 2
    assert "not for a server's pools" in done.stderr


def test_without_an_address_it_says_how_to_get_one() -> None:
    done = CliRunner().invoke(main, ["top"])

    assert done.exit_code == 2
    assert "start the server with TIERWISE_METRICS_LISTEN=9464" in done.stderr


def test_a_server_that_goes_is_said_to_be_away_until_it_is_back(shop: Shop) -> None:
    said = httpx.get(f"http://{address(shop)}/metrics", trust_env=False).content
    port = free_port()
    where = f"127.0.0.1:{port}"
    looks = tables(where, reading_of(said.decode(), at=0.0), 0.01)

    with answering(port, said):
        here = next(looks).caption
    away = next(looks)
    caption = away.caption
    with answering(port, said):
        back = next(looks)

    assert (here, away.row_count, back.row_count, back.caption) == (None, 2, 2, None)
    assert f"http://{where}/metrics does not answer" in str(caption)
    assert "The figures are of before; it is looked for again every 0.01 s." in str(caption)


@contextmanager
def answering(port: int, content: bytes) -> Iterator[None]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

    with HTTPServer(("127.0.0.1", port), Answer) as server:
        serving_it = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving_it.start()
        yield
        server.shutdown()
        serving_it.join()


def reading(at: float, *, waits: Buckets, shed: int) -> Reading:
    line, lane = Line("scores", "interactive", "m1"), Lane("scores", "interactive")
    return Reading(
        at=at, waits={line: waits}, computes={}, sizes={}, outcomes={(lane, "shed"): shed}, waiting={lane: 7}
    )


def test_rates_and_quantiles_are_of_the_time_between_two_looks() -> None:
    before = reading(100.0, waits=Buckets({0.01: 50, 0.1: 50, math.inf: 50}), shed=4)
    now = reading(104.0, waits=Buckets({0.01: 50, 0.1: 70, math.inf: 90}), shed=9)

    (row,) = rows(now, before)

    assert (row["per_second"], row["requests"], row["shed"], row["waiting"]) == (10.0, 40, 5, 7)
    assert row["wait_p50_ms"] == pytest.approx(100.0)
    assert row["wait_p99_ms"] == pytest.approx(100.0)
    assert row["compute_p50_ms"] is None


def test_a_server_that_was_started_again_between_two_looks_counts_from_there() -> None:
    before = reading(100.0, waits=Buckets({0.01: 50, math.inf: 50}), shed=4)
    now = reading(104.0, waits=Buckets({0.01: 8, math.inf: 8}), shed=1)

    (row,) = rows(now, before)

    assert (row["per_second"], row["requests"], row["shed"]) == (2.0, 8, 1)


def test_a_quantile_lies_straight_between_its_bounds() -> None:
    assert Buckets({0.1: 10, 0.2: 20, math.inf: 20}).quantile(0.75) == pytest.approx(0.15)
    assert Buckets({0.1: 0, math.inf: 0}).quantile(0.5) is None
