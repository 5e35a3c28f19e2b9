"""A sampled call is seen from the client's span through its batch to the database, and others cost next to nothing."""

import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise

import pytest
from made.campaigns import add_customers
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from running.serving import Shop, serving
from tierwise.v1 import scoring_service_pb2

from database.session import Database
from telemetry.sampling import Parent, is_traced, parent_of
from telemetry.spans import Spans
from telemetry.tracing import UNTRACED, EndpointRefused, tracing_to
from tierwise_client import NotFound, Tierwise

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SCORE = "tierwise.v1.ScoringService/Score"
SCORE_ANNA = scoring_service_pb2.ScoreRequest(customer="customers/anna")


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture(scope="module")
def shop(
    database_of_file: Database, tmp_path_factory: pytest.TempPathFactory, exporter: InMemorySpanExporter
) -> Iterator[Shop]:
    add_customers(database_of_file, ["anna", "ben"])
    tracing = Spans(SimpleSpanProcessor(exporter), share=0)
    with serving(database_of_file, tmp_path_factory.mktemp("shop"), tracing=tracing) as running:
        yield running


@pytest.fixture(autouse=True)
def empty(exporter: InMemorySpanExporter) -> None:
    exporter.clear()


def asking(shop: Shop, flags: str) -> Tierwise:
    """A client whose caller has a span."""
    address = f"127.0.0.1:{shop.server.port}"
    return Tierwise(address, insecure=True, timeout=10, traceparent=lambda: f"00-{TRACE}-{SPAN}-{flags}")


def finished(shop: Shop, exporter: InMemorySpanExporter) -> Mapping[str, ReadableSpan]:
    """By name, once every answer has left."""
    assert shop.server.guard.settle(10)
    return {span.name: span for span in exporter.get_finished_spans()}


def parent(span: ReadableSpan) -> int | None:
    return None if span.parent is None else span.parent.span_id


def test_a_score_is_followed_from_its_caller_to_the_database_and_the_network(
    shop: Shop, exporter: InMemorySpanExporter
) -> None:
    with asking(shop, "01") as client:
        client.score("anna")

    spans = finished(shop, exporter)
    assert set(spans) == {SCORE, "queue", "batch", "database load", "network"}
    call, batch = spans[SCORE], spans["batch"]
    assert {f"{span.context.trace_id:032x}" for span in spans.values()} == {TRACE}
    assert f"{parent(call):016x}" == SPAN
    assert parent(spans["queue"]) == parent(batch) == call.context.span_id
    assert parent(spans["database load"]) == parent(spans["network"]) == batch.context.span_id
    assert [link.context.span_id for link in batch.links] == [call.context.span_id]
    assert batch.attributes is not None
    assert (batch.attributes["tierwise.pool"], batch.attributes["tierwise.batch_size"]) == ("scores", 1)
    assert call.attributes is not None
    assert (call.attributes["rpc.response.status_code"], call.attributes["tierwise.batch_size"]) == ("OK", 1)
    order = [call.start_time, spans["queue"].start_time, batch.start_time, spans["network"].start_time, call.end_time]
    # Two clocks are read one after the other, so that a microsecond may be lost between them.
    assert all(here is not None and there is not None and here - there < 10**6 for here, there in pairwise(order))


def test_a_batch_links_each_of_its_calls_once(shop: Shop, exporter: InMemorySpanExporter) -> None:
    with asking(shop, "01") as client:
        client.scores(["anna", "ben"])

    assert shop.server.guard.settle(10)
    spans = exporter.get_finished_spans()
    (call,) = [span for span in spans if span.name.endswith("BatchScore")]
    batches = [span for span in spans if span.name == "batch"]
    assert sum(int(str((batch.attributes or {})["tierwise.batch_size"])) for batch in batches) == 2
    assert all([link.context for link in batch.links] == [call.context] for batch in batches)
    assert len([span for span in spans if span.name == "queue"]) == len(batches)


def test_what_the_caller_did_not_sample_leaves_nothing(shop: Shop, exporter: InMemorySpanExporter) -> None:
    with asking(shop, "00") as client:
        client.score("anna")
    shop.scoring.Score(SCORE_ANNA)

    assert finished(shop, exporter) == {}


def test_a_refused_call_tells_its_code(shop: Shop, exporter: InMemorySpanExporter) -> None:
    with asking(shop, "01") as client, pytest.raises(NotFound):
        client.score("nobody")

    call = finished(shop, exporter)[SCORE]
    assert call.attributes is not None
    assert call.attributes["rpc.response.status_code"] == "NOT_FOUND"
    assert call.status.is_unset


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(f"00-{TRACE}-{SPAN}-01", Parent(int(TRACE, 16), int(SPAN, 16), sampled=True), id="sampled"),
        pytest.param(f"00-{TRACE}-{SPAN}-00", Parent(int(TRACE, 16), int(SPAN, 16), sampled=False), id="not sampled"),
        pytest.param(f"cc-{TRACE}-{SPAN}-01-more", Parent(int(TRACE, 16), int(SPAN, 16), sampled=True), id="newer"),
        pytest.param(f"ff-{TRACE}-{SPAN}-01", None, id="a version that there will never be"),
        pytest.param(f"00-{'0' * 32}-{SPAN}-01", None, id="no trace"),
        pytest.param("anything", None, id="no header at all"),
    ],
)
def test_the_header_is_read_as_the_standard_has_it(header: str, expected: Parent | None) -> None:
    assert parent_of([("user-agent", "x"), ("traceparent", header)]) == expected


def test_a_share_is_drawn_where_the_caller_did_not_decide() -> None:
    assert [is_traced(None, share=0.25, draw=draw) for draw in (0.0, 0.24, 0.25)] == [True, True, False]
    assert is_traced(Parent(1, 1, sampled=True), share=0.0, draw=0.9)
    assert not is_traced(Parent(1, 1, sampled=False), share=1.0, draw=0.0)


def test_an_endpoint_that_is_no_address_is_refused() -> None:
    with pytest.raises(EndpointRefused, match="TIERWISE_TRACE_ENDPOINT: 'collector' is not http://host:port"):
        tracing_to("collector", share=1)

    assert tracing_to(None, share=1) is UNTRACED


def test_without_opentelemetry_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "telemetry.spans", None)

    with pytest.raises(EndpointRefused, match=r"pip install 'tierwise\[otel\]'"):
        tracing_to("http://127.0.0.1:4317", share=1)
