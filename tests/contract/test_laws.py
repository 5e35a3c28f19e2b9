"""The laws of every method, checked on the descriptors: a new method is tested the day it is born."""

import re
from collections.abc import Iterator, Mapping

import grpc
import pytest
from grpc_health.v1 import health_pb2
from made.campaigns import audit_lines
from running.serving import Shop, new_id, refusal, serving
from shops.valid_requests import METHODS, VALID, AnyMessage, allowed, call, fields_of, having, request_of, valid
from sqlalchemy import text
from tierwise.v1 import customer_service_pb2, error_reason_pb2, recommendation_service_pb2

from database.session import Database
from server.assembly import NEED_MODEL, NEED_NO_MODEL
from server.wire.refusals import InvalidRequest
from server.wire.validation import check

READING = {
    "Score", "BatchScore", "ExplainScore", "ListModels", "GetModel", "GetModelResults", "Recommend", "SimilarItems",
    "GetCustomer", "ListCustomers", "ListEvents", "GetCampaign", "ListCampaigns", "GetCampaignResults",
    "GetCampaignForecast", "ListUnavailableItems",
    "GetCampaignVersion", "ListCampaignVersions", "CompareCampaignVersions", "ListStops",
    "PreviewSchedule",
    "ValidateCoupon", "ListAuditEntries", "ExplainDecision", "GetBudget", "GetOffers",
    "GetTierScheme", "ListTierSchemes", "PreviewTiers", "ListTierChanges",
    "GetSegment", "ListSegments", "ListSegmentMembers", "CountAudience", "PreviewAudience", "ExplainRule",
}  # fmt: skip
"""Methods that change nothing; every other one is held to the laws of writing."""
WRITING = sorted(METHODS.keys() - READING)
LEFT_BY_A_REPETITION = {"ExportCoupons": {"audit_log"}}
"""Whole codes leave again, and whoever sees them leaves a line."""
COMPLETE_WHEN_EMPTY = {
    "ListAuditEntries",
    "ListModels",
    "ListStops",
    "ListCustomers",
    "ListCampaigns",
    "ListUnavailableItems",
    "Recommend",
    "ListSegments",
    "ListTierSchemes",
    "PreviewTiers",
    "RetrainModel",
    "ScoreAllCustomers",
}
"""Methods without required fields."""
TABLES = (
    "customers", "events", "scores", "models", "campaigns", "coupons", "budget_shards", "reservations", "redemptions",
    "ledger", "operations", "outbox", "audit_log", "requests", "customer_facts", "segments", "segment_members",
    "tier_schemes", "tier_changes", "shadow_scores", "campaign_versions", "approvals", "stops", "forecasts",
    "own_codes", "availability", "by_hand_coupons",
)  # fmt: skip


def contents(database: Database) -> dict[str, str]:
    """A digest of every row of every table."""
    digest = "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} AS t"
    with database.reading() as snapshot:
        return {table: snapshot.execute(text(digest.format(table))).scalar_one() for table in TABLES}


@pytest.fixture(scope="module")
def no_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Nothing answers at port 1, so whatever passes validation comes back as UNAVAILABLE."""
    away = Database.at("postgresql://nobody@127.0.0.1:1/nothing")
    with serving(away, tmp_path_factory.mktemp("home"), model=False) as shop:
        yield shop
    away.close()


@pytest.fixture
def shop(stocked_shop: Shop) -> Shop:
    return stocked_shop


def test_every_method_has_a_valid_request_in_the_tests() -> None:
    assert VALID.keys() == METHODS.keys()


def test_no_text_of_any_request_holds_what_cannot_be_stored() -> None:
    for name, method in METHODS.items():
        for field in method.input_type.fields:
            if field.type == field.TYPE_STRING:
                with pytest.raises(InvalidRequest) as refused:
                    check(request_of(name, **{field.name: ["a\0b"] if field.is_repeated else "a\0b"}))
                told = {violation.field for violation in refused.value.violations}
                assert told & {field.name, f"{field.name}[0]"}, (name, told)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_an_empty_request_names_the_fields_that_are_missing(no_database: Shop, method: str) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        call(no_database, method, request_of(method))

    refused = refusal(raised.value)
    if method in COMPLETE_WHEN_EMPTY:
        needed = "MODEL" if method == "Recommend" else "DEPENDENCY"
        assert (refused.code, refused.reason) == ("UNAVAILABLE", f"{needed}_UNAVAILABLE")
    else:
        assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
        assert {field.partition(".")[0] for field in refused.fields} <= fields_of(method)
        assert refused.fields


@pytest.mark.parametrize(
    ("method", "content"), [*((method, b"\x0a\x05cut") for method in sorted(METHODS)), ("Score", b"\x0a\x04caf\xe9")]
)
def test_bytes_that_are_no_message_are_refused_like_a_malformed_field(
    no_database: Shop, method: str, content: bytes
) -> None:
    """Cut off, or with a text that is not UTF-8."""
    service = METHODS[method].containing_service.full_name
    ask = no_database.channel.unary_unary(f"/{service}/{method}", request_serializer=bytes, response_deserializer=bytes)

    with pytest.raises(grpc.RpcError) as raised:
        ask(content, timeout=30, metadata=allowed(method))

    refused = refusal(raised.value)
    assert (refused.code, refused.reason, refused.fields) == ("INVALID_ARGUMENT", "INVALID_REQUEST", ["request"])
    assert f"tierwise.v1.{method}Request" in refused.message


@pytest.mark.parametrize("method", having("page_size"))
def test_a_negative_page_size_is_refused(no_database: Shop, method: str) -> None:
    request = request_of(method, page_size=-1)

    with pytest.raises(grpc.RpcError) as raised:
        call(no_database, method, request)

    assert "page_size" in refusal(raised.value).fields


@pytest.mark.parametrize("method", WRITING)
def test_a_request_id_must_be_a_uuid(no_database: Shop, method: str) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        call(no_database, method, request_of(method, request_id="again"))

    assert "request_id" in refusal(raised.value).fields


@pytest.mark.parametrize("method", WRITING)
def test_a_repeated_write_happens_once_and_its_id_is_good_for_nothing_else(shop: Shop, method: str) -> None:
    request = valid(method, shop.database)
    request.request_id = new_id()
    before = contents(shop.database)

    first = call(shop, method, request)
    after = contents(shop.database)
    second = call(shop, method, request)
    again = contents(shop.database)
    with pytest.raises(grpc.RpcError) as raised:
        call(shop, method, _other(request))

    assert {table for table in TABLES if before[table] != after[table]} > {"requests"}
    assert second.SerializeToString() == first.SerializeToString()
    assert (refusal(raised.value).code, refusal(raised.value).reason) == ("INVALID_ARGUMENT", "REQUEST_ID_REUSED")
    assert refusal(raised.value).fields == ["request_id"]
    assert {table for table in TABLES if again[table] != after[table]} == LEFT_BY_A_REPETITION.get(method, set())
    assert contents(shop.database) == again


OTHER: Mapping[str, tuple[str, object]] = {
    "BatchCreateEvents": ("requests.0.event_id", "other"),
    "CreateCampaign": ("campaign.display_name", "Changed"),
    "UpdateCampaign": ("campaign.display_name", "Changed"),
    "CreateSegment": ("segment.display_name", "Changed"),
    "UpdateSegment": ("segment.display_name", "Changed"),
    "UpdateCustomer": ("customer.country", "Spain"),
    "UpdateAvailability": ("items.0.available", True),
    "CreateTierScheme": ("tier_scheme.grace_days", 3),
    "ReserveCoupon": ("order_id", "o-3"),
    "RedeemCoupon": ("order_id", "o-3"),
    "BlockCoupon": ("reason", "other"),
    "UnblockCoupon": ("reason", "other"),
    "GiveCoupon": ("reason", "other"),
    "ReleaseReservation": ("name", "reservations/other"),
    "RefundRedemption": ("refund_id", "other"),
    "ReconcileLedgers": ("campaign", "campaigns/active"),
    "ScoreAllCustomers": ("as_of_time.seconds", 1_700_000_000),
    "PreviewModel": ("name", "models/tiny-1"),
    "JudgeModel": ("name", "models/m1"),
    "RetrainModel": ("reason", "other"),
    "KeepTierPreview": ("name", "tierSchemes/2"),
    "VerifyAudit": ("from_seq", 2),
    "StopCampaign": ("reason", "other"),
    "AllowCampaign": ("reason", "other"),
    "ImportCoupons": ("all_or_nothing", True),
    "HandOverCoupons": ("name", "campaigns/paused"),
    "SendTestMessage": ("recipient", "customers/other"),
    "WithdrawCoupons": ("name", "campaigns/approved"),
    "ExportCoupons": ("name", "campaigns/paused"),
}
"""What makes a body another one, by method: a path into the request, and a value. The others have an etag."""


def _other(request: AnyMessage) -> AnyMessage:
    """The same with something else in it."""
    changed = type(request).FromString(request.SerializeToString())
    path, value = OTHER.get(changed.DESCRIPTOR.name.removesuffix("Request"), ("etag", "other"))
    *steps, last = path.split(".")
    inner = changed
    for step in steps:
        inner = inner[int(step)] if step.isdigit() else getattr(inner, step)
    setattr(inner, last, value)
    return changed


@pytest.mark.parametrize("method", having("etag"))
def test_a_stale_etag_is_refused_and_changes_nothing_but_the_audit_log(quiet_shop: Shop, method: str) -> None:
    request = valid(method, quiet_shop.database)
    resource = request if "etag" in fields_of(method) else getattr(request, method.removeprefix("Update").lower())
    resource.etag = "stale"
    before = contents(quiet_shop.database)

    with pytest.raises(grpc.RpcError) as raised:
        call(quiet_shop, method, request)

    refused = refusal(raised.value)
    assert refused.code == "ABORTED"
    assert refused.reason in {
        "CAMPAIGN_CHANGED",
        "CUSTOMER_CHANGED",
        "MODEL_CHANGED",
        "SEGMENT_CHANGED",
        "TIER_SCHEME_CHANGED",
    }
    assert refused.facts["etag"] == "stale"
    after = contents(quiet_shop.database)
    assert {table for table in TABLES if before[table] != after[table]} == {"audit_log"}


@pytest.mark.parametrize("method", having("validate_only"))
def test_a_dry_run_answers_as_the_real_one_and_changes_nothing_but_the_audit_log(shop: Shop, method: str) -> None:
    request = valid(method, shop.database)
    request.request_id, request.validate_only = new_id(), True
    before = contents(shop.database)

    answer = call(shop, method, request)

    after = contents(shop.database)
    assert {table for table in TABLES if before[table] != after[table]} == {"audit_log"}
    assert audit_lines(shop.database)[-1][2] == "DRY_RUN"
    request.validate_only = False
    assert type(call(shop, method, request)) is type(answer)
    assert contents(shop.database) != after


@pytest.mark.parametrize("method", sorted(METHODS))
def test_what_is_not_there_is_refused_with_a_reason(quiet_shop: Shop, method: str) -> None:
    request = valid(method, quiet_shop.database)
    wanted = _missing(request)
    if wanted is None:
        pytest.skip("names nothing that could be missing")

    with pytest.raises(grpc.RpcError) as raised:
        call(quiet_shop, method, request)

    refused = refusal(raised.value)
    assert (refused.code, refused.reason) == ("NOT_FOUND", wanted)
    assert all(name in refused.message for name in refused.facts.values() if "/" in name), "by its name"
    assert error_reason_pb2.ErrorReason.Value(refused.reason)


def snake_case(name: str) -> str:
    return re.sub("([A-Z])", r"_\1", name).upper()


def _missing(request: AnyMessage) -> str | None:
    """Let a request name something that does not exist; the reason to expect."""
    if isinstance(request, customer_service_pb2.BatchCreateEventsRequest | recommendation_service_pb2.RecommendRequest):
        return None
    carrier: AnyMessage = getattr(
        request, request.DESCRIPTOR.name.removesuffix("Request").removeprefix("Update").lower(), request
    )
    for field, nothing, reason in (
        ("code", "0000-0000-00000", "COUPON_NOT_FOUND"),
        ("item_id", "nothing", "ITEM_NOT_FOUND"),
        ("name", None, None),
        ("customer", None, None),
        ("parent", None, None),
    ):
        if field in carrier.DESCRIPTOR.fields_by_name:
            kind, _, rest = getattr(carrier, field).partition("/")
            _, nested, inner = rest.partition("/")
            missing = "999" if kind == "tierSchemes" else "nothing"
            setattr(carrier, field, nothing or f"{kind}/{missing}{nested}{inner}")
            return reason or f"{snake_case(kind.removesuffix('s'))}_NOT_FOUND"
    return None


@pytest.mark.parametrize("method", sorted(METHODS))
def test_an_expired_deadline_is_told_with_a_reason(no_database: Shop, method: str) -> None:
    descriptor = METHODS[method]
    path = f"/{descriptor.containing_service.full_name}/{method}"
    ask = no_database.channel.unary_unary(path, request_serializer=bytes, response_deserializer=bytes)

    with pytest.raises(grpc.RpcError) as raised:
        ask(b"", timeout=0.0001)

    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_every_service_has_its_health(quiet_shop: Shop) -> None:
    for service in ("", *NEED_MODEL, *NEED_NO_MODEL):
        answer = quiet_shop.health.Check(  # type: ignore[attr-defined] # its stub type lacks the methods
            health_pb2.HealthCheckRequest(service=service)
        )
        assert answer.status == health_pb2.HealthCheckResponse.SERVING, service
    assert {method.containing_service.full_name for method in METHODS.values()} <= {*NEED_MODEL, *NEED_NO_MODEL}
    listed = quiet_shop.health.List(health_pb2.HealthListRequest()).statuses  # type: ignore[attr-defined] # newer than its stub
    assert set(listed) == {"", *NEED_MODEL, *NEED_NO_MODEL, "models/tiny-1"}
