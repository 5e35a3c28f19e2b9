"""TierService over the wire: a scheme is made, looked at, put in force, and what became of the tiers is on record."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from google.longrunning import operations_pb2
from google.type import money_pb2
from made.campaigns import (
    NOW,
    audit_lines,
    launch_campaign,
    look,
    make_plan,
    read_operation,
    register_model,
    rescore,
    shadow,
    store_scores,
)
from running.serving import Shop, new_id, refusal, serving
from tierwise.v1 import scoring_service_pb2, tier_pb2, tier_preview_pb2, tier_scheme_pb2, tier_service_pb2

from database.session import Database

SCHEME = tier_scheme_pb2.TierScheme
HIGHER = SCHEME(
    measure=SCHEME.EXPECTED_VALUE, method=SCHEME.ABSOLUTE, parameters=SCHEME.Levels(high=8500, mid=400), grace_days=3
)


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[Shop]:
    store_scores(database, {"anna": 9000, "bert": 6000, "cleo": 500})
    with serving(database, tmp_path, model=False) as running:
        yield running


def make(shop: Shop, scheme: tier_scheme_pb2.TierScheme = HIGHER) -> tier_scheme_pb2.TierScheme:
    return shop.tiers.CreateTierScheme(tier_service_pb2.CreateTierSchemeRequest(tier_scheme=scheme))


def test_a_scheme_is_made_and_put_in_force_instead_of_the_one_that_was(shop: Shop) -> None:
    made = make(shop)
    before = shop.tiers.GetTierScheme(tier_service_pb2.GetTierSchemeRequest(name="tierSchemes/1"))
    active = shop.tiers.ActivateTierScheme(
        tier_service_pb2.ActivateTierSchemeRequest(name=made.name, etag=made.etag, request_id=new_id())
    )

    assert (made.name, made.active, made.etag) == ("tierSchemes/2", False, "1")
    assert (made.margin, made.grace_days, made.thresholds) == (0.1, 3, HIGHER.parameters)
    assert (before.active, active.active, active.etag) == (True, True, "2")
    listed = shop.tiers.ListTierSchemes(tier_service_pb2.ListTierSchemesRequest()).tier_schemes
    assert [(each.name, each.active) for each in listed] == [("tierSchemes/2", True), ("tierSchemes/1", False)]
    assert audit_lines(shop.database)[-2:] == [
        ("tiers.create", "tierSchemes/2", "OK"), ("tiers.activate", "tierSchemes/2", "OK")
    ]  # fmt: skip


def test_a_scheme_without_hysteresis_is_one_that_says_so(shop: Shop) -> None:
    bare = SCHEME(measure=SCHEME.PURCHASE_90, method=SCHEME.QUANTILE, parameters=SCHEME.Levels(high=0.1, mid=0.2))
    usual = make(shop, bare)
    bare.margin, bare.grace_days = 0, 0
    made = make(shop, bare)

    assert (usual.margin, usual.grace_days, usual.HasField("thresholds")) == (0.1, 14, False)
    assert (made.margin, made.grace_days, made.measure) == (0, 0, SCHEME.PURCHASE_90)


def test_a_preview_shows_the_matrix_live_campaigns_and_movers(shop: Shop) -> None:
    launch_campaign(shop.database, make_plan(end_time=NOW + timedelta(days=3000)))

    seen = shop.tiers.PreviewTiers(tier_service_pb2.PreviewTiersRequest(tier_scheme=HIGHER))

    assert [(cell.from_tier, cell.to_tier, cell.customer_count, cell.waiting_count) for cell in seen.cells] == [
        (tier_pb2.HIGH, tier_pb2.HIGH, 1, 0), (tier_pb2.HIGH, tier_pb2.MID, 1, 1), (tier_pb2.LOW, tier_pb2.MID, 1, 0)
    ]  # fmt: skip
    assert seen.cells[0].share == pytest.approx(1 / 3)
    assert seen.cells[1].expected_spend == money_pb2.Money(currency_code="GBP", units=60)
    assert (seen.customer_count, seen.moved_count, seen.waiting_count, seen.moved_spend.units) == (3, 2, 1, 65)
    assert (seen.scheme.name, seen.scheme.thresholds, seen.model) == ("", HIGHER.parameters, "models/m1")
    (effect,) = seen.campaigns
    assert (effect.campaign, effect.holder_count, effect.outside_count) == ("campaigns/spring", 2, 0)
    assert (effect.above_count, effect.below_count) == (0, 1)
    bert, cleo = seen.movers
    assert (bert.customer, bert.to_tier, bert.keep_until_time.ToDatetime().date()) == (
        "customers/bert", tier_pb2.MID, (NOW + timedelta(days=3)).date()
    )  # fmt: skip
    assert bert.reason == "the expected spend of 60.00 GBP lies below 76.50 GBP, which keeps HIGH"
    assert (cleo.customer, cleo.value, cleo.HasField("keep_until_time")) == ("customers/cleo", 500, False)


def test_a_version_is_previewed_by_its_name(shop: Shop) -> None:
    name = make(shop).name

    seen = shop.tiers.PreviewTiers(tier_service_pb2.PreviewTiersRequest(tier_scheme=SCHEME(name=name), sample_size=1))

    assert (seen.scheme.name, seen.moved_count, len(seen.movers)) == (name, 2, 1)


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"parameters": {"high": 1, "mid": 2}}, "INVALID_TIER_SCHEME", "parameters.mid"),
        ({"parameters": {"high": -1, "mid": 2}}, "INVALID_REQUEST", "tier_scheme.parameters.high"),
        ({"margin": 1}, "INVALID_REQUEST", "tier_scheme.margin"),
        ({"grace_days": 367}, "INVALID_REQUEST", "tier_scheme.grace_days"),
        ({"measure": "MEASURE_UNSPECIFIED"}, "INVALID_REQUEST", "tier_scheme"),
        ({"name": "tierSchemes/first"}, "INVALID_REQUEST", "tier_scheme.name"),
    ],
)
def test_a_scheme_that_makes_no_sense_is_neither_made_nor_previewed(
    shop: Shop, changes: dict[str, object], reason: str, field: str
) -> None:
    values = {"measure": "EXPECTED_VALUE", "method": "ABSOLUTE", "parameters": {"high": 2, "mid": 1}} | changes
    wrong = SCHEME(**values)  # type: ignore[arg-type] # the names are those of the message

    for call in (
        lambda: make(shop, wrong),
        lambda: shop.tiers.PreviewTiers(tier_service_pb2.PreviewTiersRequest(tier_scheme=wrong)),
    ):
        with pytest.raises(grpc.RpcError) as raised:
            call()
        assert (refusal(raised.value).reason, refusal(raised.value).fields) == (reason, [field])

    assert len(shop.tiers.ListTierSchemes(tier_service_pb2.ListTierSchemesRequest()).tier_schemes) == 1


def test_a_preview_is_kept_by_an_operation_that_names_nobody(shop: Shop) -> None:
    made = make(shop)
    asked = tier_service_pb2.KeepTierPreviewRequest(name=made.name)
    begun, joined = shop.tiers.KeepTierPreview(asked), shop.tiers.KeepTierPreview(asked)
    look(shop.database, read_operation(shop.database, begun.name.removeprefix("operations/")))
    done = shop.operations.GetOperation(operations_pb2.GetOperationRequest(name=begun.name))
    at_once = shop.tiers.PreviewTiers(
        tier_service_pb2.PreviewTiersRequest(tier_scheme=tier_scheme_pb2.TierScheme(name=made.name))
    )

    metadata, kept = tier_service_pb2.KeepTierPreviewMetadata(), tier_preview_pb2.TierPreview()
    assert done.metadata.Unpack(metadata)
    assert done.response.Unpack(kept)
    assert (begun.name, done.done) == (joined.name, True)
    assert (metadata.tier_scheme, metadata.model, metadata.done_count) == (made.name, "", 3)
    assert (kept.moved_count, len(kept.movers), len(at_once.movers)) == (2, 0, 2)
    kept.movers.extend(at_once.movers)
    assert kept == at_once


def test_the_history_of_tiers_is_read_newest_first_of_one_or_of_all(shop: Shop) -> None:
    later = rescore(shop.database, {"anna": 9000, "bert": 6000, "cleo": 5000}, as_of=NOW + timedelta(days=1))

    everyone = shop.tiers.ListTierChanges(tier_service_pb2.ListTierChangesRequest(parent="customers/-")).tier_changes
    cleo = shop.tiers.ListTierChanges(tier_service_pb2.ListTierChangesRequest(parent="customers/cleo")).tier_changes

    assert [change.customer for change in everyone] == [
        f"customers/{name}" for name in ("cleo", "cleo", "bert", "anna")
    ]
    assert [(change.from_tier, change.to_tier) for change in cleo] == [
        (tier_pb2.LOW, tier_pb2.HIGH), (tier_pb2.TIER_UNSPECIFIED, tier_pb2.LOW)
    ]  # fmt: skip
    assert cleo[0].name == f"customers/cleo/tierChanges/{later.operation_id}"
    request = tier_service_pb2.ListTierChangesRequest
    later_ones = request(parent="customers/-", start_time=cleo[0].change_time)
    earlier_ones = request(parent="customers/-", end_time=cleo[0].change_time)
    assert [len(shop.tiers.ListTierChanges(some).tier_changes) for some in (later_ones, earlier_ones)] == [1, 3]
    assert (cleo[0].value, cleo[0].tier_scheme, cleo[0].model) == (5000, "tierSchemes/1", "models/m1")


def test_a_model_is_previewed_by_an_operation_and_then_read(shop: Shop) -> None:
    register_model(shop.database, "m2")
    of_model = tier_service_pb2.PreviewTiersRequest(model="models/m2")
    with pytest.raises(grpc.RpcError) as raised:
        shop.tiers.PreviewTiers(of_model)
    assert (refusal(raised.value).code, refusal(raised.value).reason) == ("FAILED_PRECONDITION", "MODEL_NOT_PREVIEWED")

    begun = shop.scoring.PreviewModel(scoring_service_pb2.PreviewModelRequest(name="models/m2"))
    with pytest.raises(grpc.RpcError) as raised:
        shop.scoring.PreviewModel(scoring_service_pb2.PreviewModelRequest(name="models/m2"))
    assert refusal(raised.value).facts == {"operation": begun.name}
    shadow(shop.database, begun.name.removeprefix("operations/"), {"anna": 9000, "bert": 500, "cleo": 500})
    done = shop.operations.GetOperation(operations_pb2.GetOperationRequest(name=begun.name))
    seen = shop.tiers.PreviewTiers(of_model)

    metadata, response = scoring_service_pb2.PreviewModelMetadata(), scoring_service_pb2.PreviewModelResponse()
    assert done.metadata.Unpack(metadata)
    assert done.response.Unpack(response)
    assert (metadata.model, metadata.done_count, metadata.total_count) == ("models/m2", 3, 3)
    assert (done.done, response.scored_count) == (True, 3)
    assert (seen.scheme.name, seen.model, seen.moved_count, seen.waiting_count) == ("tierSchemes/1", "models/m2", 1, 1)
    (bert,) = seen.movers
    assert (bert.customer, bert.value, bert.stored_value) == ("customers/bert", 500, 6000)
    assert [(cell.expected_spend.units, cell.stored_spend.units) for cell in seen.cells] == [(90, 90), (5, 60), (5, 5)]
