"""The whole server on a free port with a real database and a tiny network, and what tests ask it with."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import grpc
from google.longrunning import operations_pb2_grpc
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2, status_pb2
from google.type import money_pb2
from grpc_health.v1 import health_pb2_grpc
from grpc_status import rpc_status
from networks.tiny_model import write_tiny_model
from tierwise.v1 import (
    audit_service_pb2_grpc,
    budget_service_pb2_grpc,
    campaign_pb2,
    campaign_service_pb2_grpc,
    coupon_service_pb2_grpc,
    customer_service_pb2,
    customer_service_pb2_grpc,
    event_pb2,
    item_service_pb2_grpc,
    offer_service_pb2_grpc,
    recommendation_service_pb2_grpc,
    scoring_service_pb2_grpc,
    segment_service_pb2_grpc,
    switch_service_pb2_grpc,
    tier_pb2,
    tier_service_pb2_grpc,
)

from campaigns.actor import Actor, Cause
from campaigns.callers.guessing import USUAL, Allowance
from campaigns.models import registry
from database.session import Database
from server.access.admission import Admission
from server.assembly import Configuration, Server
from server.wire.seal import Seal
from telemetry.tracing import UNTRACED, Tracing

KEY = b"k" * 32
INSECURE = Admission(insecure=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A running server and its stubs."""

    database: Database
    server: Server
    models: Path
    channel: grpc.Channel
    scoring: scoring_service_pb2_grpc.ScoringServiceStub
    items: recommendation_service_pb2_grpc.RecommendationServiceStub
    stock: item_service_pb2_grpc.ItemServiceStub
    customers: customer_service_pb2_grpc.CustomerServiceStub
    campaigns: campaign_service_pb2_grpc.CampaignServiceStub
    coupons: coupon_service_pb2_grpc.CouponServiceStub
    offers: offer_service_pb2_grpc.OfferServiceStub
    audit: audit_service_pb2_grpc.AuditServiceStub
    budgets: budget_service_pb2_grpc.BudgetServiceStub
    switches: switch_service_pb2_grpc.SwitchServiceStub
    segments: segment_service_pb2_grpc.SegmentServiceStub
    tiers: tier_service_pb2_grpc.TierServiceStub
    operations: operations_pb2_grpc.OperationsStub
    health: health_pb2_grpc.HealthStub


@contextmanager
def serving(
    database: Database, home: Path, *, model: bool = True, replicas: int = 0, admission: Admission = INSECURE,
    credentials: grpc.ChannelCredentials | None = None, allowance: Allowance = USUAL,
    metrics_listen: str | None = None, tracing: Tracing = UNTRACED, callers: int = 512,
) -> Iterator[Shop]:  # fmt: skip
    """From the first answer to the last; with a tiny model active unless a test wants to do without."""
    models = home / "models"
    if model:
        activate(database, models)
    server = Server.assembled(
        database,
        Seal(KEY),
        Configuration(
            listen="127.0.0.1:0",
            admission=admission,
            models_folder=models,
            replicas=replicas,
            allowance=allowance,
            metrics_listen=metrics_listen,
            tracing=tracing,
            callers=callers,
        ),
    )
    if model:
        server.live.refresh()
    server.start()
    with open_channel(server.port, credentials) as channel:
        yield Shop(
            database=database, server=server, models=models, channel=channel,
            scoring=scoring_service_pb2_grpc.ScoringServiceStub(channel),
            items=recommendation_service_pb2_grpc.RecommendationServiceStub(channel),
            stock=item_service_pb2_grpc.ItemServiceStub(channel),
            customers=customer_service_pb2_grpc.CustomerServiceStub(channel),
            campaigns=campaign_service_pb2_grpc.CampaignServiceStub(channel),
            coupons=coupon_service_pb2_grpc.CouponServiceStub(channel),
            offers=offer_service_pb2_grpc.OfferServiceStub(channel),
            audit=audit_service_pb2_grpc.AuditServiceStub(channel),
            budgets=budget_service_pb2_grpc.BudgetServiceStub(channel),
            switches=switch_service_pb2_grpc.SwitchServiceStub(channel),
            segments=segment_service_pb2_grpc.SegmentServiceStub(channel),
            tiers=tier_service_pb2_grpc.TierServiceStub(channel),
            operations=operations_pb2_grpc.OperationsStub(channel),  # type: ignore[no-untyped-call] # has no types
            health=health_pb2_grpc.HealthStub(channel),
        )  # fmt: skip
    server.stop(5)


def open_channel(port: int, credentials: grpc.ChannelCredentials | None = None) -> grpc.Channel:
    """To a server of this machine; in the clear without credentials."""
    address = f"localhost:{port}" if credentials else f"127.0.0.1:{port}"
    channel = grpc.secure_channel(address, credentials) if credentials else grpc.insecure_channel(address)
    return grpc.intercept_channel(channel, Patient())


class Patient(grpc.UnaryUnaryClientInterceptor):
    """Waits a minute where a test says nothing.

    A method's own deadline, a second for a score, passes where tests share few processors.
    """

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:  # noqa: ANN401 - of any messages
        """Asks further, with a deadline."""
        return continuation(details._replace(timeout=60) if details.timeout is None else details, request)


def activate(database: Database, models: Path, model_id: str = "tiny-1", *, seed: int = 1) -> None:
    """Write a tiny model and make it the active one."""
    register(database, models, model_id, seed=seed)
    with database.writing() as transaction:
        registry.activate(transaction, replace(cause(), reason="a test needs it"), model_id, override=True)


def register(database: Database, models: Path, model_id: str, *, seed: int = 1) -> None:
    """Write a tiny model and make it known."""
    folder = write_tiny_model(models, model_id, seed=seed)
    manifest = {"metrics": {"test": {"auc": 0.5}}}
    with database.writing() as transaction:
        registry.register(transaction, cause(), model_id, folder=folder.name, manifest=manifest)


def cause() -> Cause:
    return Cause(actor=Actor(name="anna"), now=datetime.now(UTC))


def stamp(days: float = 0) -> Timestamp:
    """So many days from now; negative for the past."""
    made = Timestamp()
    made.FromDatetime(datetime.now(UTC) + timedelta(days=days))
    return made


def pounds(amount: int) -> money_pb2.Money:
    return money_pb2.Money(currency_code="GBP", units=amount)


def purchase(days: float = -1, *, item: str = "item-1") -> event_pb2.Event:
    return event_pb2.Event(
        event_time=stamp(days), type=event_pb2.Event.PURCHASE, order_id=f"order-{days}", item_id=item, quantity=1,
        unit_price=pounds(10),
    )  # fmt: skip


def recording(
    customer: str, events: Sequence[event_pb2.Event], *, ids: Sequence[str] = ()
) -> customer_service_pb2.BatchCreateEventsRequest:
    """A request that records events of one customer, with ids of their own unless some are given."""
    parent = f"customers/{customer}"
    return customer_service_pb2.BatchCreateEventsRequest(
        parent=parent,
        requests=[
            customer_service_pb2.CreateEventRequest(parent=parent, event_id=event_id, event=event)
            for event_id, event in zip(ids or [new_id() for _ in events], events, strict=True)
        ],
    )


def plan(**changes: object) -> campaign_pb2.Campaign:
    """A valid campaign: ten percent off for the best."""
    message = campaign_pb2.Campaign(
        display_name="Spring", holdout_percent=0, start_time=stamp(-1), end_time=stamp(30), currency_code="GBP",
        offers=[
            campaign_pb2.Offer(
                tier=tier_pb2.HIGH, channel=campaign_pb2.ON_SITE,
                discount=campaign_pb2.Discount(percent=campaign_pb2.Discount.Percent(percent=10)),
            )
        ],
    )  # fmt: skip
    message.MergeFrom(campaign_pb2.Campaign(**changes))  # type: ignore[arg-type] # the names are those of the message
    return message


def new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a caller learns from a refused call."""

    code: str
    reason: str
    message: str
    facts: dict[str, str]
    details: dict[str, Message]
    """By the name of their type."""

    @property
    def fields(self) -> list[str]:
        """Fields at fault."""
        found = self.details.get("BadRequest")
        return (
            [each.field for each in found.field_violations] if isinstance(found, error_details_pb2.BadRequest) else []
        )


def refusal(error: grpc.RpcError) -> Refusal:
    """Of a call that was refused."""
    call = cast("grpc.Call", error)
    status = rpc_status.from_call(call)
    assert status is not None, f"{call.code()} came without details: {call.details()}"
    return read_status(status)


def read_status(status: status_pb2.Status) -> Refusal:
    details = {}
    for packed in status.details:
        kind = getattr(error_details_pb2, packed.type_url.rpartition(".")[2])
        details[kind.DESCRIPTOR.name] = kind.FromString(packed.value)
    info = details["ErrorInfo"]
    assert info.domain == "tierwise"
    code = next(each for each in grpc.StatusCode if each.value[0] == status.code)
    return Refusal(
        code=code.name, reason=info.reason, message=status.message, facts=dict(info.metadata), details=details
    )
