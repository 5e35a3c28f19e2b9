"""The parts that benchmarks are made of; the benchmarks themselves are run by `make bench`."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from made.histories import NOW, random_shop
from networks.tiny_model import tiny_model, write_tiny_model

from bench import (
    admin_pages,
    experiments,
    explanations,
    figures,
    importing,
    load,
    overload,
    redemption,
    serving,
    verdicts,
)
from bench.admin_shop import Scale
from bench.cost import Cost
from bench.echo import METHOD, echo
from bench.figures import Figure, in_turn, interleaved, publish
from bench.load import NoAnswer, closed_loop
from bench.processor import seconds_of
from bench.serving import Target
from bench.shop import BenchmarkFailedError, free_address, prepared
from events.history import Histories
from scoring.scorer import Scorer
from settings import settings

NAMES = ("in time", "p50", "p99", "refused", "refusal p99", "cut off", "late")
ANSWER = StringValue(value="an answer").SerializeToString()


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of an echo server, which is measured from the beginning: half a second passes without a pause of the machine."""
    monkeypatch.setattr(load, "WARM_SECONDS", 0.0)
    place = free_address()
    server = echo(ANSWER, place)
    yield place
    server.stop(0).wait()


@pytest.fixture
def report_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(figures, "FOLDER", tmp_path / "bench")
    return tmp_path / "bench"


def test_slices_take_turns_and_each_gets_its_median() -> None:
    order: list[str] = []
    values = {"slow": iter((9.0, 1.0, 3.0)), "fast": iter((20.0, 40.0, 30.0))}

    def slice_of(name: str) -> float:
        order.append(name)
        return next(values[name])

    medians = interleaved({"slow": lambda: slice_of("slow"), "fast": lambda: slice_of("fast")}, 3)
    assert order == ["slow", "fast"] * 3
    assert medians == {"slow": 3.0, "fast": 30.0}


def test_what_was_measured_in_each_round_is_kept_in_order() -> None:
    numbers = iter(range(4))
    assert in_turn({"a": lambda: next(numbers), "b": lambda: -next(numbers)}, 2) == {"a": [0, 2], "b": [-1, -3]}


def test_a_report_has_the_promised_form(report_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measured = {
        "import": Figure(value=12345.6, unit="rows/s", against="COPY", ratio=0.25),
        "COPY": Figure(value=49382.4, unit="rows/s"),
    }
    publish("import", measured, notes=["a note"])
    report = json.loads((report_folder / "import.json").read_text())
    assert list(report) == ["machine", "load", "when", "figures", "notes"]
    assert report["figures"] == {
        "import": {"value": 12345.6, "unit": "rows/s", "against": "COPY", "ratio": 0.25},
        "COPY": {"value": 49382.4, "unit": "rows/s", "against": None, "ratio": None},
    }
    assert report["notes"] == ["a note"]
    printed = capsys.readouterr().out
    assert "12,346" in printed
    assert "0.25" in printed
    assert "a note" in printed


def test_a_report_is_printed_as_json_on_request(report_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish("it", {"it": Figure(value=1.5, unit="%", against="stated 5 %")}, as_json=True)
    assert json.loads(capsys.readouterr().out) == json.loads((report_folder / "it.json").read_text())


def test_a_second_report_takes_the_place_of_the_first(report_folder: Path) -> None:
    for value in (1.0, 2.0):
        publish("again", {"it": Figure(value=value, unit="s")})
    assert json.loads((report_folder / "again.json").read_text())["figures"]["it"]["value"] == 2.0
    assert [path.name for path in report_folder.iterdir()] == ["again.json"]


def test_the_echo_answers_whatever_it_is_asked(address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(METHOD)
        assert [call(request, timeout=30) for request in (b"", b"not a message")] == [ANSWER, ANSWER]


def test_a_closed_loop_counts_answers_and_their_times(address: str) -> None:
    seen = closed_loop(address, METHOD, lambda number: StringValue(value=str(number)), callers=4, seconds=0.5)
    assert seen.errors == 0
    assert seen.rate > 0
    assert seen.answers >= seen.rate * 0.5
    assert 0 < seen.p50_ms <= seen.p95_ms <= seen.p99_ms


def test_callers_share_the_requests_among_them(address: str) -> None:
    asked: list[int] = []

    def request(number: int) -> StringValue:
        asked.append(number)
        return StringValue()

    seen = closed_loop(address, METHOD, request, callers=3, seconds=0.5)
    assert len(asked) == len(set(asked)) == seen.answers
    assert set(range(3)) <= set(asked)


def test_calls_that_fail_are_no_answers(address: str) -> None:
    with pytest.raises(NoAnswer, match="none was answered"):
        closed_loop(address, "/bench.Echo/Other", lambda _: StringValue(), callers=2, seconds=0.1)


def test_processor_time_of_a_process_grows_with_its_work() -> None:
    before = seconds_of(os.getpid())
    sum(number * number for number in range(3_000_000))
    assert 0.01 < seconds_of(os.getpid()) - before < 30


def test_costs_are_what_callers_and_the_processor_saw(address: str) -> None:
    target = Target(address, METHOD, lambda _: StringValue(), pid=os.getpid(), database_pid=os.getpid())
    cost = target.cost(2, 0.5)
    assert cost.rate > 0
    assert 0 < cost.p50 <= cost.p99
    assert cost.processor > 0
    assert cost.database == pytest.approx(cost.processor, rel=0.5)


def test_the_median_is_taken_of_each_measurement_on_its_own() -> None:
    costs = [Cost(rate=1.0, p50=9.0), Cost(rate=2.0, p50=7.0), Cost(rate=3.0, p50=8.0)]
    assert Cost.median(costs) == Cost(rate=2.0, p50=8.0)


def test_serving_figures_stand_beside_echo_and_network() -> None:
    costs = {
        f"{name} {callers}": Cost(rate=rate, p50=2.0, p99=4.0, processor=1.0, database=0.5)
        for callers in serving.CALLERS
        for name, rate in (("Score", 100.0), ("echo", 1000.0), ("network", 150.0))
    }
    costs["BatchScore"] = Cost(rate=120.0, processor=0.25)
    found = serving._figures(costs)
    assert found["BatchScore: rate"] == Figure(value=120.0, unit="answers/s", against="network 32", ratio=0.8)
    assert found["BatchScore: processor"] == Figure(value=0.25, unit="ms/answer")
    assert found["Score 8: rate"] == Figure(value=100.0, unit="answers/s", against="echo 8", ratio=0.1)
    assert found["Score 8: p99"] == Figure(value=4.0, unit="ms", against="echo 8", ratio=1.0)
    assert found["Score 8: database"] == Figure(value=0.5, unit="ms/answer")
    assert found["network 8: rate"] == Figure(value=150.0, unit="answers/s", against="Score 8", ratio=1.5)


def test_an_open_loop_says_what_became_of_all_that_was_asked(address: str, report_folder: Path) -> None:
    target = Target(address, METHOD, lambda _: StringValue(), pid=os.getpid(), database_pid=os.getpid())

    publish("overload", overload._open(target, 20.0, 2.0, 1.0))

    found = json.loads((report_folder / "overload.json").read_text())["figures"]
    assert list(found) == [f"open 2x: {name}" for name in NAMES]
    in_time, late = found["open 2x: in time"], found["open 2x: late"]
    assert (in_time["unit"], in_time["against"], late["unit"]) == ("answers/s", "capacity", "calls/s")
    assert in_time["ratio"] == in_time["value"] / 20.0
    assert in_time["value"] + late["value"] > 0
    assert found["open 2x: refused"]["value"] == 0


def test_calls_that_fail_in_an_open_loop_are_no_figures(address: str) -> None:
    target = Target(address, "/bench.Echo/Other", lambda _: StringValue(), pid=os.getpid(), database_pid=os.getpid())

    with pytest.raises(BenchmarkFailedError, match="calls failed at 1 times the capacity"):
        overload._open(target, 20.0, 1.0, 1.0)


def test_experiments_show_what_is_stated_beside_what_was_seen() -> None:
    found = experiments.measured(experiments.Scale(campaigns=2, audience=600, invented=900, simulated=300))

    assert found["A/A invented, revenue: missed, one look at the end"].against == "stated 5 %"
    assert found["A/B/C/D invented, revenue: missed at the end, arm a quarter"].against == "stated 1.67 %"
    assert found["A/A/A/A invented, revenue: any false alarm, looked at daily"].against == "stated at most 5 %"
    assert {name.split(":")[0] for name in found} == {
        *(f"{kind} {shop}" for kind in ("A/A", "A/B") for shop in (
            "invented, revenue", "simulator, revenue", "simulator, conversion"
        )),
        "A/A/A/A invented, revenue", "A/B/C/D invented, revenue", "A/B/C/D simulator, conversion",
    }  # fmt: skip
    assert all(0 <= figure.value <= 101 for figure in found.values())


def test_verdicts_stand_beside_the_truth() -> None:
    more = verdicts.Kind(customers=2_000, holdout=0.5, lift=9.0, days=3)

    found = verdicts.seen(more, 2)

    assert (found["SHIP"].value, found["missed, daily"].value) == (100, 0)
    assert found["true difference"].value == pytest.approx(1425.57, abs=0.01)


def test_a_benchmark_would_not_hand_its_work_to_other_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERWISE_BROKER_URL", "redis://127.0.0.1:6379/0")
    settings.cache_clear()
    try:
        with pytest.raises(BenchmarkFailedError, match="TIERWISE_BROKER_URL"), prepared():
            pass
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_a_small_import_is_measured_beside_copy() -> None:
    with prepared() as shop:
        found, notes = importing._measured(shop, importing._made(shop, 20), 1)
        home = shop.home
    assert found["import"].against == "floor of 20,000"
    assert found["import"].value > 0
    assert all(figure.value > 0 for figure in found.values())
    assert "became events" in notes[0]
    assert not home.exists()


def test_coupons_are_measured_at_the_till_and_none_is_lost() -> None:
    with prepared() as shop:
        found = redemption.measured(shop, coupons=4000, callers=2, seconds=0.3, rounds=1)
    assert found["Redeem, 16 shards: p95"].against == "Redeem, one row: p95"
    assert {name.partition(":")[0] for name in found} == {"Validate", "Redeem, 16 shards", "Redeem, one row"}
    assert all(figure.value > 0 for figure in found.values())


def test_every_page_of_the_admin_is_measured(tmp_path: Path) -> None:
    scale = Scale(customers=300, coupons=600, audit_lines=300)
    with prepared() as shop:
        found, notes = admin_pages.measured(shop, scale, folder=str(write_tiny_model(tmp_path)), rounds=1)
    assert {"/: p50", "/customers/customer-00000007/why: p95", "/campaigns/bench-59/edit/audience: p50"} <= set(found)
    assert all(figure.value > 0 for figure in found.values())
    assert notes == ["300 customers, 600 coupons, 300 audit lines"]


def test_explanations_are_judged_by_asking_again() -> None:
    scorer, customers = Scorer(tiny_model()), Histories.from_frame(random_shop(12, seed=6))
    found = explanations.faithful(scorer, customers, NOW) | explanations.deletion(scorer, customers, NOW, seed=0)

    assert 0.5 < found["parts against leaving out, median"].value <= 1
    assert 0 < found["customers judged by"].value <= 12
    assert found["largest effects move more than random events"].value == 1.0
    costs = explanations.costs(scorer, customers.some(0, 3), NOW)
    assert costs["score, besides the network"].value < costs["score"].value
