"""Who may call what: the table has a row for every method, and every role is held to it."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import grpc
import pytest
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health, health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2
from made.campaigns import audit_lines, counts
from running.serving import Shop, plan, refusal
from shops.valid_requests import METHODS, AnyMessage
from test_laws import READING
from tierwise.v1 import campaign_service_pb2, segment_service_pb2

from campaigns.actor import CALLERS, Role
from campaigns.callers.access import ACTIONS, RIGHTS
from database.audit import log
from database.session import Database
from server.assembly import NEED_MODEL, NEED_NO_MODEL

ROOT = Path(__file__).resolve().parents[2]
POOL = descriptor_pool.Default()
SERVED = (*NEED_MODEL, *NEED_NO_MODEL, health.SERVICE_NAME, reflection.SERVICE_NAME)
BY_PATH: dict[str, MethodDescriptor] = {
    f"/{service}/{method.name}": method for service in SERVED for method in POOL.FindServiceByName(service).methods
}


def refused(shop: Shop, path: str, *metadata: tuple[str, str], request: Message | None = None) -> str:
    """The reason that a call was refused for; empty when it was answered."""
    method = BY_PATH[path]
    ask: grpc.UnaryUnaryMultiCallable[Message, Message] = shop.channel.unary_unary(
        path, request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )  # fmt: skip
    try:
        ask(request or GetMessageClass(method.input_type)(), timeout=10, metadata=metadata)
    except grpc.RpcError as error:
        reason: str = refusal(error).reason
        return reason
    return ""


def test_every_method_of_every_service_has_a_row_and_no_row_is_left_over() -> None:
    assert BY_PATH.keys() == {path for path in RIGHTS if path.startswith("/")}


def test_methods_that_change_something_have_an_action_and_the_others_none() -> None:
    ours = {f"/{method.containing_service.full_name}/{name}": name for name, method in METHODS.items()}

    assert {path for path, name in ours.items() if not RIGHTS[path].action} == {
        path for path, name in ours.items() if name in READING
    }


def test_an_action_means_the_same_on_the_wire_and_on_the_command_line() -> None:
    assert all(ACTIONS[right.action] == right for right in RIGHTS.values() if right.action)
    commands = "".join(path.read_text() for path in (ROOT / "admin").rglob("*.py"))
    asked = set(re.findall(r'action="([a-z_.]+)"', commands))
    assert len(asked) > 5
    assert asked <= ACTIONS.keys()


def test_every_role_can_do_something_and_none_everything_alone() -> None:
    for role in CALLERS:
        assert any(role in right.roles for right in RIGHTS.values())
    assert not any(Role.PROCESS in right.roles for right in RIGHTS.values())


def test_all_but_analysts_may_look_at_a_single_customer() -> None:
    looking = (
        "CustomerService/GetCustomer", "CustomerService/ListCustomers", "CustomerService/ListEvents",
        "OfferService/GetOffers", "RecommendationService/Recommend", "ScoringService/BatchScore",
        "ScoringService/ExplainScore", "ScoringService/Score", "SegmentService/ExplainRule",
        "SegmentService/ListSegmentMembers", "TierService/ListTierChanges",
    )  # fmt: skip

    assert {RIGHTS[f"/tierwise.v1.{method}"].roles for method in looking} == {CALLERS - {Role.ANALYST}}


def test_customer_care_starts_nothing_but_what_a_single_coupon_needs() -> None:
    assert {action for action, right in ACTIONS.items() if Role.CARE in right.roles} == {
        "coupons.block", "coupons.give", "coupons.unblock"
    }  # fmt: skip


@pytest.mark.parametrize("role", sorted(CALLERS))
def test_a_role_is_refused_what_is_not_its_own(shop: Shop, role: Role) -> None:
    unary = [path for path, method in BY_PATH.items() if path.startswith(("/tierwise", "/google"))]
    before = counts(shop.database, "campaigns", "segments", "operations", "events")

    denied = {path for path in unary if refused(shop, path, ("tierwise-role", role)) == "PERMISSION_DENIED"}

    assert denied == {path for path in unary if role not in RIGHTS[path].roles}
    assert counts(shop.database, "campaigns", "segments", "operations", "events") == before
    recorded = {action for action, _, outcome in audit_lines(shop.database) if outcome == "DENIED"}
    assert recorded >= {RIGHTS[path].action for path in denied} - {""}


def test_a_denied_change_is_on_record_with_who_asked_and_for_what(shop: Shop) -> None:
    request = campaign_service_pb2.LaunchCampaignRequest(name="campaigns/spring")

    with pytest.raises(grpc.RpcError) as raised:
        shop.campaigns.LaunchCampaign(
            request, metadata=(("tierwise-actor", "zoe"), ("tierwise-role", "analyst")), timeout=30
        )

    told = refusal(raised.value)
    assert (told.code, told.reason) == ("PERMISSION_DENIED", "PERMISSION_DENIED")
    assert told.message == "analyst:zoe may not do this; it takes the role marketer or operator"
    assert told.facts == {"role": "analyst", "allowed": "marketer, operator"}
    assert audit_lines(shop.database) == [("campaigns.launch", "campaigns/spring", "DENIED")]


def test_who_may_not_ask_learns_nothing_and_reading_leaves_no_line(shop: Shop) -> None:
    malformed = segment_service_pb2.PreviewAudienceRequest(sample_size=-1)
    secret = {"name": "customers/anna@example.com"}
    erase = "/tierwise.v1.CustomerService/DeleteCustomer"

    reading = refused(
        shop, "/tierwise.v1.SegmentService/PreviewAudience", ("tierwise-role", "service"), request=malformed
    )
    erasing = refused(
        shop, erase, ("tierwise-role", "analyst"), request=GetMessageClass(BY_PATH[erase].input_type)(**secret)
    )

    assert (reading, erasing) == ("PERMISSION_DENIED", "PERMISSION_DENIED")
    assert audit_lines(shop.database) == [("customers.erase", "customers", "DENIED")]


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        (("tierwise-actor", ""), "metadata.tierwise-actor"),
        (("tierwise-actor", "x" * 129), "metadata.tierwise-actor"),
        (("tierwise-role", "process"), "metadata.tierwise-role"),
        (("tierwise-role", "root"), "metadata.tierwise-role"),
    ],
)
def test_on_loopback_a_caller_is_believed_but_not_anything(shop: Shop, metadata: tuple[str, str], field: str) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        shop.campaigns.ListCampaigns(campaign_service_pb2.ListCampaignsRequest(), metadata=(metadata,))

    assert refusal(raised.value).fields == [field]


def test_who_names_no_role_on_loopback_is_an_operator_called_local(shop: Shop) -> None:
    shop.campaigns.CreateCampaign(campaign_service_pb2.CreateCampaignRequest(campaign_id="spring", campaign=plan()))
    named = (("tierwise-actor", "mia"), ("tierwise-role", "marketer"))
    shop.campaigns.DeleteCampaign(campaign_service_pb2.DeleteCampaignRequest(name="campaigns/spring"), metadata=named)

    assert actors(shop.database) == ["operator:local", "marketer:mia"]


def actors(database: Database) -> list[str]:
    with database.reading() as snapshot:
        return [entry.actor for entry in reversed(log.page(snapshot, limit=10))]


def test_health_is_for_everybody_and_reflection_for_every_known_caller(shop: Shop) -> None:
    unknown = (("tierwise-role", "root"),)
    answer = shop.health.Check(  # type: ignore[attr-defined] # its stub type lacks the methods
        health_pb2.HealthCheckRequest(), metadata=unknown
    )
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    mirror: grpc.StreamStreamMultiCallable[Message, AnyMessage] = shop.channel.stream_stream(
        f"/{reflection.SERVICE_NAME}/ServerReflectionInfo",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )

    listed = next(mirror(iter([asked])))
    with pytest.raises(grpc.RpcError) as raised:
        next(mirror(iter([asked]), metadata=unknown))

    assert {service.name for service in listed.list_services_response.service} == set(SERVED)
    assert refusal(raised.value).fields == ["metadata.tierwise-role"]
    garbled = shop.channel.stream_stream(
        f"/{reflection.SERVICE_NAME}/ServerReflectionInfo", request_serializer=bytes, response_deserializer=bytes
    )
    with pytest.raises(grpc.RpcError) as raised:
        next(garbled(iter([b"\x0a\x05cut"])))
    assert (refusal(raised.value).reason, refusal(raised.value).fields) == ("INVALID_REQUEST", ["request"])


def test_who_leaves_a_conversation_is_no_defect_of_the_server(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    left = Event()

    def asking() -> Iterator[reflection_pb2.ServerReflectionRequest]:
        yield reflection_pb2.ServerReflectionRequest(list_services="")
        left.wait(30)

    mirror = shop.channel.stream_stream(
        f"/{reflection.SERVICE_NAME}/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString, response_deserializer=bytes,
    )  # fmt: skip
    conversation = mirror(asking())
    next(conversation)
    capsys.readouterr()
    conversation.cancel()
    left.set()

    said, deadline = "", time.monotonic() + 10
    while "ServerReflectionInfo" not in said and time.monotonic() < deadline:
        time.sleep(0.02)
        said += capsys.readouterr().err
    assert "code=CANCELLED" in said or "code=OK" in said, said
    assert "Traceback" not in said
