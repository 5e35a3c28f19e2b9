"""A stream of answers is held to the laws of single ones: who asks, and what goes wrong on the way."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias, cast

import grpc
import pytest
from made.campaigns import make_cause
from running.serving import refusal
from tierwise.v1 import campaign_pb2, campaign_service_pb2

from campaigns.callers import api_keys
from campaigns.life.refusals import CampaignNotFound
from database.session import Database
from server.access import keys
from server.access.admission import Admission
from server.access.callers import Callers
from server.access.keys import Keys
from server.answering import call, deadlines
from server.front import streams
from server.front.guard import Guard
from server.front.port import Front
from server.front.threads import Threads

METHOD = "/tierwise.v1.CampaignService/CreateCampaign"
Request = campaign_service_pb2.ListCampaignsRequest
Ask: TypeAlias = "grpc.UnaryStreamMultiCallable[Request, campaign_pb2.Campaign]"
Method: TypeAlias = Callable[[Request, grpc.ServicerContext], Iterator[campaign_pb2.Campaign]]
Tell: TypeAlias = "grpc.StreamUnaryMultiCallable[Request, campaign_pb2.Campaign]"


def count_down(request: Request, _context: grpc.ServicerContext) -> Iterator[campaign_pb2.Campaign]:
    """As many campaigns as the page has room for, named by whoever asks; the seventh is missing."""
    for number in range(request.page_size):
        if number == 6:
            raise CampaignNotFound("the seventh is missing")
        yield campaign_pb2.Campaign(name=str(call.current().actor))


def without_end(_request: Request, _context: grpc.ServicerContext) -> Iterator[campaign_pb2.Campaign]:
    """More than fits between a server and a caller who does not read."""
    while True:
        yield campaign_pb2.Campaign(name="x" * 100_000)


def last_of(requests: Iterator[Request], _context: grpc.ServicerContext) -> campaign_pb2.Campaign:
    """Named by the last one."""
    return campaign_pb2.Campaign(name=[each.page_token for each in requests][-1])


@contextmanager
def served(
    database: Database, handler: "grpc.RpcMethodHandler[Any, Any]", *, threads: int = 2
) -> Iterator[grpc.Channel]:
    """A method behind the server's own guard, under the name of one that only planners may use."""
    service, _, name = METHOD.strip("/").partition("/")
    front = Front()
    guard = Guard(database, Callers(admission=Admission(insecure=True), keys=Keys(database)), Threads(threads))
    front.open(guard).add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {name: handler}),))
    port = front.bind("127.0.0.1:0", Admission(insecure=True))
    front.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    front.stop(guard, 5)
    front.loop.close()


@contextmanager
def asking(database: Database, method: Method) -> Iterator[Ask]:
    """A stream of answers."""
    forms = Request.FromString, campaign_pb2.Campaign.SerializeToString
    with served(database, grpc.unary_stream_rpc_method_handler(method, *forms), threads=1) as channel:
        yield channel.unary_stream(
            METHOD, request_serializer=Request.SerializeToString, response_deserializer=campaign_pb2.Campaign.FromString
        )


@pytest.fixture
def ask(database: Database) -> Iterator[Ask]:
    """As many as the page has room for."""
    with asking(database, count_down) as ask:
        yield ask


def test_every_answer_is_given_to_the_caller_of_the_stream(
    ask: Ask,
) -> None:
    answers = ask(Request(page_size=5), metadata=(("tierwise-actor", "mia"),), timeout=10)

    assert [answer.name for answer in answers] == ["operator:mia"] * 5


def test_what_goes_wrong_on_the_way_is_told_after_what_went_well(
    ask: Ask,
) -> None:
    answers = ask(Request(page_size=9), timeout=10)
    got = [next(answers).name for _ in range(6)]
    with pytest.raises(grpc.RpcError) as raised:
        next(answers)

    assert got == ["operator:local"] * 6
    assert refusal(raised.value).reason == "CAMPAIGN_NOT_FOUND"


@pytest.mark.parametrize(
    ("request_", "role", "reason"),
    [(Request(page_size=5), "analyst", "PERMISSION_DENIED"), (Request(page_size=-1), "marketer", "INVALID_REQUEST")],
)
def test_nothing_is_answered_to_who_may_not_ask_or_asks_nonsense(
    ask: Ask, request_: Request, role: str, reason: str
) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        next(ask(request_, metadata=(("tierwise-role", role),), timeout=10))

    assert refusal(raised.value).reason == reason


def test_who_does_not_read_keeps_no_thread(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "STALLED_SECONDS", 0.2)
    with asking(database, without_end) as ask:
        unread = ask(Request(), timeout=60)
        unread.initial_metadata()
        # There is one thread, and it is taken: whoever comes later is answered once it is free.
        next(ask(Request(), timeout=10))
        with pytest.raises(grpc.RpcError) as raised:
            for _ in unread:
                pass

    assert (refusal(raised.value).code, refusal(raised.value).reason) == ("ABORTED", "STREAM_STALLED")


def test_a_stream_ends_with_the_key_that_it_was_begun_with(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "FRESH_SECONDS", 0.0)
    with database.writing() as transaction:
        key, secret = api_keys.create(transaction, make_cause(), name="planner", role="marketer")
    with asking(database, without_end) as ask:
        answers = ask(Request(), metadata=(("authorization", f"Bearer {secret}"),), timeout=30)
        next(answers)
        with database.writing() as transaction:
            api_keys.revoke(transaction, make_cause(), key.key_id)
        with pytest.raises(grpc.RpcError) as raised:
            for _ in answers:
                pass

    assert (refusal(raised.value).code, refusal(raised.value).reason) == ("UNAUTHENTICATED", "CREDENTIALS_INVALID")


def test_a_message_that_does_not_end_is_not_waited_for(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "STALLED_SECONDS", 0.2)
    said = threading.Event()

    def silent() -> Iterator[Request]:
        said.wait(20)
        yield Request()

    forms = Request.FromString, campaign_pb2.Campaign.SerializeToString

    def create(_request: Request, _context: grpc.ServicerContext) -> campaign_pb2.Campaign:
        return campaign_pb2.Campaign()

    nobody, aborted = (("authorization", "Bearer tw_nobody_secret"),), grpc.StatusCode.ABORTED
    with served(database, grpc.unary_unary_rpc_method_handler(create, *forms)) as channel:
        for method, metadata, code in (
            (METHOD, (), aborted),
            # Not even waited for.
            (METHOD, nobody, grpc.StatusCode.UNAUTHENTICATED),
            ("/grpc.health.v1.Health/Check", (), aborted),
            ("/grpc.health.v1.Health/Watch", (), aborted),
        ):
            tell: grpc.StreamStreamMultiCallable[Request, bytes] = channel.stream_stream(
                method, request_serializer=Request.SerializeToString, response_deserializer=bytes
            )
            with pytest.raises(grpc.RpcError) as raised:
                next(tell(silent(), timeout=20, metadata=metadata))
            assert cast("grpc.Call", raised.value).code() is code
        said.set()


@pytest.mark.parametrize(
    ("stalled", "own", "told"),
    [(0.2, 60.0, ("ABORTED", "STREAM_STALLED")), (60.0, 0.2, ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"))],
)
def test_who_sends_nothing_keeps_no_thread(
    database: Database, monkeypatch: pytest.MonkeyPatch, stalled: float, own: float, told: tuple[str, str]
) -> None:
    monkeypatch.setattr(streams, "STALLED_SECONDS", stalled)
    monkeypatch.setattr(deadlines, "SECONDS", {"CreateCampaign": own})
    forms = Request.FromString, campaign_pb2.Campaign.SerializeToString
    said = threading.Event()

    def silent() -> Iterator[Request]:
        yield Request(page_token="first")
        said.wait(20)

    with served(database, grpc.stream_unary_rpc_method_handler(last_of, *forms)) as channel:
        tell: Tell = channel.stream_unary(
            METHOD, request_serializer=Request.SerializeToString, response_deserializer=campaign_pb2.Campaign.FromString
        )
        with pytest.raises(grpc.RpcError) as raised:
            tell(silent())
        said.set()

    assert (refusal(raised.value).code, refusal(raised.value).reason) == told
