"""A shop with something of everything, and a valid request for each method: a new method needs one here."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from made.campaigns import (
    BY_MAIL,
    add_customers,
    approve_campaign,
    build_segment,
    codes_of,
    launch_campaign,
    make_plan,
    register_model,
    store_scores,
)
from running.serving import Shop, activate, cause, plan, pounds, purchase, recording, serving
from sqlalchemy import text
from tierwise.v1 import (
    audit_service_pb2,
    budget_service_pb2,
    campaign_service_pb2,
    coupon_service_pb2,
    customer_service_pb2,
    item_service_pb2,
    offer_service_pb2,
    recommendation_service_pb2,
    scoring_service_pb2,
    segment_service_pb2,
    switch_service_pb2,
    tier_service_pb2,
)

from campaigns.actor import Role
from campaigns.audiences import segments
from campaigns.callers.access import RIGHTS
from campaigns.coupons import blocking, redemption, reservation
from campaigns.life import approving, campaigns, drafts, scheduling, switches
from campaigns.life.approval import ApprovalPolicy
from campaigns.models import registry
from campaigns.models.stages import Stage, State
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import CampaignPlan
from campaigns.tiers import schemes
from campaigns.tiers.tiers import Levels, Measure, Method
from database.events import availability
from database.session import Database
from rules.rule import IsKnown

AnyMessage: TypeAlias = Any
"""A message whose fields depend on the method."""
SERVICES = (
    audit_service_pb2, budget_service_pb2, campaign_service_pb2, coupon_service_pb2, customer_service_pb2,
    item_service_pb2, offer_service_pb2, recommendation_service_pb2, scoring_service_pb2, segment_service_pb2,
    switch_service_pb2, tier_service_pb2,
)  # fmt: skip
ANYBODY = {"is_known": "purchase_90"}
"""A rule that all scored customers fit."""
BY_SHARE = {"measure": "EXPECTED_VALUE", "method": "QUANTILE", "parameters": {"high": 0.4, "mid": 0.4}}
METHODS: Mapping[str, MethodDescriptor] = {
    method.name: method
    for module in SERVICES
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
"""Every method of ours by its name, read from the descriptors."""


def stock(database: Database, home: Path) -> None:
    """Customers with events and scores, three models, two segments, coupons, and a campaign in nearly every state."""
    add_customers(database, ["anna", "ben", "cleo", "dora"])
    store_scores(database, {"anna": 9000, "ben": 8000, "cleo": 100})
    now = datetime.now(UTC)
    current = make_plan(start_time=now - timedelta(days=1), end_time=now + timedelta(days=30))
    for campaign_id in ("active", "paused"):
        launch_campaign(database, current, campaign_id)
    with database.writing() as transaction:
        campaigns.pause(transaction, cause(), "paused")
        for campaign_id in ("draft", "submitted", "approved"):
            drafts.create(transaction, cause(), campaign_id, current)
        drafts.update(transaction, cause(), "draft", _renamed)
        approving.submit(transaction, cause(), "submitted", ApprovalPolicy())
        for segment_id in ("scored", "best"):
            segments.create(transaction, cause(), segment_id, display_name="Scored", rule=IsKnown("purchase_90"))
        schemes.create(
            transaction, cause(), measure=Measure.EXPECTED_VALUE, method=Method.ABSOLUTE,
            parameters=Levels(high=8500, mid=50),
        )  # fmt: skip
        for campaign_id in ("paused", "approved"):
            switches.stop(transaction, replace(cause(), reason="prices are wrong"), campaign_id)
        drafts.create(transaction, cause(), "scheduled", current)
        availability.say(transaction, dict.fromkeys(("gone-1", "gone-2", "gone-3"), False))
    approve_campaign(database, "approved", now=now)
    approve_campaign(database, "scheduled", now=now)
    with database.writing() as transaction:
        scheduling.schedule(transaction, cause(), "scheduled")
    build_segment(database, "scored")
    activate(database, home / "models", "tiny-2", seed=2)
    _be_canary(database, "canary")
    with serving(database, home) as shop:
        shop.customers.BatchCreateEvents(recording("anna", [purchase(-day) for day in range(1, 8)]))


def _renamed(plan: CampaignPlan) -> CampaignPlan:
    """It also sends messages."""
    return replace(plan, display_name="Renamed", offers=(*plan.offers, BY_MAIL))


def _be_canary(database: Database, model_id: str) -> None:
    """For a moment, beside the active model."""
    register_model(database, model_id)
    why = replace(cause(), reason="a test needs it")
    with database.writing() as transaction:
        registry.move(transaction, why, model_id, Stage(State.CANARY, 0.5), override=True)
        registry.move(transaction, why, model_id, Stage(State.RETIRED))


def request_of(method: str, **fields: object) -> AnyMessage:
    """A request by the method's name."""
    return GetMessageClass(METHODS[method].input_type)(**fields)


def call(shop: Shop, method: str, request: Message) -> AnyMessage:
    """Ask for a method by its name."""
    descriptor = METHODS[method]
    ask = shop.channel.unary_unary(
        f"/{descriptor.containing_service.full_name}/{method}",
        request_serializer=type(request).SerializeToString,
        response_deserializer=GetMessageClass(descriptor.output_type).FromString,
    )
    return ask(request, timeout=30, metadata=allowed(method))


def allowed(method: str) -> tuple[tuple[str, str], ...]:
    """A caller who may: an operator where one may, so that several methods have the same caller."""
    roles = RIGHTS[f"/{METHODS[method].containing_service.full_name}/{method}"].roles
    return (("tierwise-role", Role.OPERATOR if Role.OPERATOR in roles else min(roles)),)


def fields_of(method: str) -> set[str]:
    return set(METHODS[method].input_type.fields_by_name)


def having(field: str) -> list[str]:
    """Methods with such a field in the request or in the resource that it carries."""
    found = []
    for name, method in METHODS.items():
        inner = {each for f in method.input_type.fields if f.message_type for each in f.message_type.fields_by_name}
        if field in fields_of(name) or (field in inner and name.startswith("Update")):
            found.append(name)
    return found


def valid(method: str, database: Database) -> AnyMessage:
    """A request that succeeds in the whole shop."""
    return VALID[method](database)


def _redemption(database: Database, method: str) -> AnyMessage:
    code = codes_of(database, "active")["anna"]
    return request_of(method, code=code, customer="customers/anna", order_amount=pounds(50), order_id="o-1")


BASKET = Basket(order_minor=5000, currency="GBP", order_id="o-1")


def _held(database: Database) -> str:
    """Name of a reservation of Anna's code, for the order that the other requests are of."""
    code = codes_of(database, "active")["anna"]
    with database.writing() as transaction:
        return reservation.reserve(transaction, cause(), code, BASKET).name


def _risen(database: Database) -> str:
    """A customer who has an offer's tier by now, and had not at the launch."""
    with database.writing() as transaction:
        transaction.execute(text("UPDATE scores SET tier = 'HIGH' WHERE customer_id = 'cleo'"))
    return "customers/cleo"


def _blocked(database: Database) -> str:
    """Anna's code of another campaign, blocked: the shop may be shared, and other requests need theirs."""
    code = codes_of(database, "paused")["anna"]
    with database.writing() as transaction:
        blocking.block(transaction, cause(), code)
    return code


def _used(database: Database) -> str:
    """Name of a redemption of Ben's code."""
    code = codes_of(database, "active")["ben"]
    with database.writing() as transaction:
        return redemption.redeem(transaction, cause(), code, BASKET).name


VALID: Mapping[str, Callable[[Database], Message]] = {
    "ListAuditEntries": lambda _: request_of("ListAuditEntries", object="campaigns/active"),
    "VerifyAudit": lambda _: request_of("VerifyAudit", from_seq=1),
    "ExplainDecision": lambda _: request_of("ExplainDecision", campaign="campaigns/active", customer="customers/anna"),
    "Score": lambda _: request_of("Score", customer="customers/anna"),
    "BatchScore": lambda _: request_of("BatchScore", requests=[{"customer": "customers/anna"}]),
    "ExplainScore": lambda _: request_of("ExplainScore", customer="customers/anna"),
    "ScoreAllCustomers": lambda _: request_of("ScoreAllCustomers"),
    "ListModels": lambda _: request_of("ListModels"),
    "GetModel": lambda _: request_of("GetModel", name="models/tiny-1"),
    "GetModelResults": lambda _: request_of("GetModelResults", name="models/canary"),
    "PreviewModel": lambda _: request_of("PreviewModel", name="models/tiny-2"),
    "ActivateModel": lambda _: request_of("ActivateModel", name="models/tiny-2"),
    "JudgeModel": lambda _: request_of("JudgeModel", name="models/tiny-2"),
    "RetrainModel": lambda _: request_of("RetrainModel"),
    "MoveModel": lambda _: request_of("MoveModel", name="models/tiny-2", state="CANARY", canary_share=0.1),
    "RollBackModel": lambda _: request_of("RollBackModel", name="models/tiny-1"),
    "Recommend": lambda _: request_of("Recommend", customer="customers/anna"),
    "SimilarItems": lambda _: request_of("SimilarItems", item_id="item-1"),
    "UpdateAvailability": lambda _: request_of("UpdateAvailability", items=[{"item_id": "item-1", "available": False}]),
    "ListUnavailableItems": lambda _: request_of("ListUnavailableItems"),
    "GetCustomer": lambda _: request_of("GetCustomer", name="customers/anna"),
    "ListCustomers": lambda _: request_of("ListCustomers"),
    "UpdateCustomer": lambda _: request_of("UpdateCustomer", customer={"name": "customers/anna", "country": "France"}),
    "DeleteCustomer": lambda _: request_of("DeleteCustomer", name="customers/anna"),
    "BatchCreateEvents": lambda _: recording("anna", [purchase(0)], ids=["e-1"]),
    "ListEvents": lambda _: request_of("ListEvents", parent="customers/anna"),
    "CreateCampaign": lambda _: request_of("CreateCampaign", campaign_id="new", campaign=plan()),
    "GetCampaign": lambda _: request_of("GetCampaign", name="campaigns/draft"),
    "ListCampaigns": lambda _: request_of("ListCampaigns"),
    "UpdateCampaign": lambda _: request_of(
        "UpdateCampaign", campaign={"name": "campaigns/draft", "display_name": "Other"}
    ),
    "DeleteCampaign": lambda _: request_of("DeleteCampaign", name="campaigns/draft"),
    "PreviewCampaign": lambda _: request_of("PreviewCampaign", name="campaigns/draft"),
    "LaunchCampaign": lambda _: request_of("LaunchCampaign", name="campaigns/approved"),
    "SubmitCampaign": lambda _: request_of("SubmitCampaign", name="campaigns/draft"),
    "ApproveCampaign": lambda _: request_of("ApproveCampaign", name="campaigns/submitted", version=1),
    "RejectCampaign": lambda _: request_of("RejectCampaign", name="campaigns/submitted", version=1, comment="No"),
    "GetCampaignVersion": lambda _: request_of("GetCampaignVersion", name="campaigns/draft/versions/2"),
    "ListCampaignVersions": lambda _: request_of("ListCampaignVersions", parent="campaigns/draft"),
    "CompareCampaignVersions": lambda _: request_of(
        "CompareCampaignVersions", name="campaigns/draft", from_version=1, to_version=2
    ),
    "HandOverCoupons": lambda _: request_of("HandOverCoupons", name="campaigns/active"),
    "SendTestMessage": lambda _: request_of(
        "SendTestMessage", name="campaigns/draft", recipient="customers/marie", tier="MID", channel="EMAIL", arm="offer"
    ),
    "WithdrawCoupons": lambda _: request_of("WithdrawCoupons", name="campaigns/draft"),
    "ImportCoupons": lambda _: request_of(
        "ImportCoupons",
        name="campaigns/draft",
        rows=[coupon_service_pb2.ImportCouponsRequest.Row(code="spring-card-1", customer="customers/anna")],
    ),
    "ExportCoupons": lambda _: request_of("ExportCoupons", name="campaigns/active"),
    "StopCampaign": lambda _: request_of("StopCampaign", campaign="campaigns/-", reason="Prices are wrong"),
    "AllowCampaign": lambda _: request_of("AllowCampaign", campaign="campaigns/approved", reason="Prices are right"),
    "ListStops": lambda _: request_of("ListStops"),
    "ScheduleCampaign": lambda _: request_of("ScheduleCampaign", name="campaigns/approved"),
    "UnscheduleCampaign": lambda _: request_of("UnscheduleCampaign", name="campaigns/scheduled"),
    "PreviewSchedule": lambda _: request_of("PreviewSchedule", name="campaigns/draft"),
    "PauseCampaign": lambda _: request_of("PauseCampaign", name="campaigns/active"),
    "ResumeCampaign": lambda _: request_of("ResumeCampaign", name="campaigns/paused"),
    "EndCampaign": lambda _: request_of("EndCampaign", name="campaigns/active"),
    "CreateSegment": lambda _: request_of(
        "CreateSegment", segment_id="new", segment={"display_name": "New", "rule": ANYBODY}
    ),
    "GetSegment": lambda _: request_of("GetSegment", name="segments/best"),
    "ListSegments": lambda _: request_of("ListSegments"),
    "UpdateSegment": lambda _: request_of("UpdateSegment", segment={"name": "segments/best", "display_name": "Other"}),
    "DeleteSegment": lambda _: request_of("DeleteSegment", name="segments/best"),
    "BuildSegment": lambda _: request_of("BuildSegment", name="segments/best"),
    "ListSegmentMembers": lambda _: request_of("ListSegmentMembers", parent="segments/scored"),
    "CountAudience": lambda _: request_of("CountAudience", rule=ANYBODY),
    "ExplainRule": lambda _: request_of("ExplainRule", rule=ANYBODY, customer="customers/anna"),
    "PreviewAudience": lambda _: request_of("PreviewAudience", rule=ANYBODY),
    "CreateTierScheme": lambda _: request_of("CreateTierScheme", tier_scheme=BY_SHARE),
    "GetTierScheme": lambda _: request_of("GetTierScheme", name="tierSchemes/1"),
    "ListTierSchemes": lambda _: request_of("ListTierSchemes"),
    "ActivateTierScheme": lambda _: request_of("ActivateTierScheme", name="tierSchemes/2"),
    "PreviewTiers": lambda _: request_of("PreviewTiers", tier_scheme=BY_SHARE),
    "KeepTierPreview": lambda _: request_of("KeepTierPreview", name="tierSchemes/1"),
    "ListTierChanges": lambda _: request_of("ListTierChanges", parent="customers/-"),
    "GetBudget": lambda _: request_of("GetBudget", name="campaigns/active"),
    "ReconcileLedgers": lambda _: request_of("ReconcileLedgers", campaign="campaigns/-"),
    "GetCampaignResults": lambda _: request_of("GetCampaignResults", name="campaigns/active"),
    "GetCampaignForecast": lambda _: request_of("GetCampaignForecast", name="campaigns/active"),
    "GetOffers": lambda _: request_of("GetOffers", customer="customers/anna", view="FULL"),
    "ValidateCoupon": lambda database: _redemption(database, "ValidateCoupon"),
    "ReserveCoupon": lambda database: _redemption(database, "ReserveCoupon"),
    "RedeemCoupon": lambda database: _redemption(database, "RedeemCoupon"),
    "BlockCoupon": lambda database: request_of("BlockCoupon", code=codes_of(database, "active")["anna"]),
    "UnblockCoupon": lambda database: request_of("UnblockCoupon", code=_blocked(database)),
    "GiveCoupon": lambda database: request_of(
        "GiveCoupon", campaign="campaigns/active", customer=_risen(database), reason="the parcel was late"
    ),
    "ReleaseReservation": lambda database: request_of("ReleaseReservation", name=_held(database)),
    "RefundRedemption": lambda database: request_of("RefundRedemption", name=_used(database), refund_id="r-1"),
}
