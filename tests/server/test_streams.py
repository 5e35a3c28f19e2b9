"""A stream of answers is held to the laws of single ones: who asks, and what goes wrong on the way."""

from collections.abc import Iterator
from typing import TypeAlias

import grpc
import pytest
from serving import refusal
from tierwise.v1 import campaign_pb2, campaign_service_pb2

from campaigns.life.refusals import CampaignNotFound
from database.session import Database
from server.access.admission import Admission
from server.access.callers import Callers
from server.access.keys import Keys
from server.answering import call
from server.front.guard import Guard
from server.front.port import Front
from server.front.threads import Threads

METHOD = "/tierwise.v1.CampaignService/CreateCampaign"
Request = campaign_service_pb2.ListCampaignsRequest
Ask: TypeAlias = "grpc.UnaryStreamMultiCallable[Request, campaign_pb2.Campaign]"


def count_down(request: Request, _context: grpc.ServicerContext) -> Iterator[campaign_pb2.Campaign]:
    """As many campaigns as the page has room for, named by whoever asks; the seventh is missing."""
    for number in range(request.page_size):
        if number == 6:
            raise CampaignNotFound("the seventh is missing")
        yield campaign_pb2.Campaign(name=str(call.current().actor))


@pytest.fixture
def ask(database: Database) -> Iterator[Ask]:
    """A method that streams, behind the server's own guard, under the name of one that only planners may use."""
    service, _, name = METHOD.strip("/").partition("/")
    handler = grpc.unary_stream_rpc_method_handler(
        count_down, Request.FromString, campaign_pb2.Campaign.SerializeToString
    )
    front = Front()
    guard = Guard(database, Callers(admission=Admission(insecure=True), keys=Keys(database)), Threads(2))
    front.open(guard).add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {name: handler}),))
    port = front.bind("127.0.0.1:0", Admission(insecure=True))
    front.start(())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel.unary_stream(
            METHOD, request_serializer=Request.SerializeToString, response_deserializer=campaign_pb2.Campaign.FromString
        )
    front.stop(guard, 5)
    front.loop.close()


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
