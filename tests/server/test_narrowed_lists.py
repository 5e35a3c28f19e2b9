"""Lists answer for a part of what there is, and a page's token goes on in the same part only."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeAlias

import grpc
import pytest
from google.longrunning import operations_pb2
from google.protobuf.message import Message
from made.campaigns import NOW, add_model, approve_campaign, create_campaign, make_cause, register_model, store_scores
from running.serving import Shop, purchase, recording, refusal, stamp
from tierwise.v1 import (
    audit_service_pb2,
    campaign_pb2,
    campaign_service_pb2,
    customer_pb2,
    customer_service_pb2,
    event_pb2,
    model_pb2,
    scoring_service_pb2,
    segment_service_pb2,
    tier_pb2,
)

from campaigns.audiences import segments
from database.work import operations
from rules.rule import Compare, Operator
from server.operations.filters import filter_in
from server.wire.operations import KINDS
from server.wire.refusals import InvalidRequest
from server.wire.stamps import stamp as at

Campaigns: TypeAlias = campaign_service_pb2.ListCampaignsRequest
Events: TypeAlias = customer_service_pb2.ListEventsRequest
DRAFT, APPROVED = campaign_pb2.Campaign.DRAFT, campaign_pb2.Campaign.APPROVED
MODEL = model_pb2.Model
BUYERS = Compare("orders", Operator.AT_LEAST, 1)
VIEW, PURCHASE, RETURN = event_pb2.Event.VIEW, event_pb2.Event.PURCHASE, event_pb2.Event.RETURN


def campaigns(shop: Shop, request: Campaigns) -> list[str]:
    found = shop.campaigns.ListCampaigns(request).campaigns
    return [each.name.removeprefix("campaigns/") for each in found]


def refused(call: Callable[..., object], request: Message) -> tuple[str, list[str]]:
    with pytest.raises(grpc.RpcError) as raised:
        call(request)
    told = refusal(raised.value)
    return told.code, told.fields


def test_campaigns_are_found_by_state_words_and_time(shop: Shop) -> None:
    for number, name in enumerate(("spring", "spring-sale", "autumn")):
        start = NOW + timedelta(days=100 * number)
        create_campaign(
            shop.database, name, display_name=f"Our {name}", start_time=start, end_time=start + timedelta(days=30)
        )
    approve_campaign(shop.database, "spring")

    assert sorted(campaigns(shop, Campaigns(states=[DRAFT]))) == ["autumn", "spring-sale"]
    assert sorted(campaigns(shop, Campaigns(states=[DRAFT, APPROVED]))) == ["autumn", "spring", "spring-sale"]
    assert campaigns(shop, Campaigns(states=[DRAFT], words="SPRING")) == ["spring-sale"]
    assert campaigns(shop, Campaigns(start_time=at(NOW + timedelta(days=130)))) == ["autumn"]
    assert campaigns(shop, Campaigns(end_time=at(NOW + timedelta(days=100)))) == ["spring"]
    between = Campaigns(start_time=at(NOW + timedelta(days=129)), end_time=at(NOW + timedelta(days=200)))
    assert campaigns(shop, between) == ["spring-sale"]
    assert refused(shop.campaigns.ListCampaigns, Campaigns(states=[campaign_pb2.Campaign.STATE_UNSPECIFIED])) == (
        "INVALID_ARGUMENT",
        ["states[0]"],
    )
    assert refused(shop.campaigns.ListCampaigns, Campaigns(start_time=at(NOW), end_time=at(NOW))) == (
        "INVALID_ARGUMENT", ["end_time"],
    )  # fmt: skip
    assert refused(
        shop.audit.ListAuditEntries, audit_service_pb2.ListAuditEntriesRequest(start_time=at(NOW), end_time=at(NOW))
    ) == ("INVALID_ARGUMENT", ["end_time"])


def test_events_are_found_by_type_and_time_and_a_token_goes_on_among_the_same(shop: Shop) -> None:
    kinds = [VIEW, PURCHASE, VIEW, RETURN, VIEW]
    moments = [stamp(-days) for days in (5, 4, 3, 2, 1)]
    sent = []
    for kind, moment in zip(kinds, moments, strict=True):
        event = purchase()
        event.type = kind
        event.event_time.CopyFrom(moment)
        sent.append(event)
    shop.customers.BatchCreateEvents(recording("anna", sent, ids=list("abcde")))

    def listed(request: Events) -> str:
        request.parent, request.page_size, seen = "customers/anna", 1, ""
        while True:
            page = shop.customers.ListEvents(request)
            seen += "".join(each.name[-1] for each in page.events)
            if not page.next_page_token:
                return seen
            request.page_token = page.next_page_token

    assert listed(Events()) == "edcba"
    assert listed(Events(types=[VIEW])) == "eca"
    assert listed(Events(types=[PURCHASE, RETURN])) == "db"
    assert listed(Events(start_time=moments[1], end_time=moments[4])) == "dcb"
    assert listed(Events(types=[VIEW], end_time=moments[4])) == "ca"
    first = shop.customers.ListEvents(Events(parent="customers/anna", page_size=1, types=[VIEW]))
    for wrong in (Events(types=[RETURN]), Events(), Events(types=[VIEW], end_time=moments[4])):
        wrong.parent, wrong.page_token = "customers/anna", first.next_page_token
        assert refused(shop.customers.ListEvents, wrong) == ("INVALID_ARGUMENT", ["page_token"])


def test_operations_are_found_by_kind_and_state(shop: Shop) -> None:
    with shop.database.writing() as transaction:
        for name, kind in (("a", "SCORE_ALL_CUSTOMERS"), ("b", "VERIFY_AUDIT"), ("c", "SCORE_ALL_CUSTOMERS")):
            operations.begin(transaction, name, kind, {}, total_count=None, now=NOW)
        operations.fail(transaction, "a", "it broke", NOW)
        operations.cancel(transaction, "b", NOW)

    def found(written: str) -> str:
        listed = shop.operations.ListOperations(operations_pb2.ListOperationsRequest(filter=written))
        return "".join(each.name[-1] for each in listed.operations)

    assert found("") == "cba"
    assert found("kind = SCORE_ALL_CUSTOMERS") == "ca"
    assert found('kind="SCORE_ALL_CUSTOMERS" AND state = FAILED') == "a"
    assert (found("done = true"), found("done = false")) == ("ba", "c")
    assert refused(
        shop.operations.ListOperations, operations_pb2.ListOperationsRequest(filter="kind = LAUNCH")
    ) == ("INVALID_ARGUMENT", ["filter"])  # fmt: skip


def test_customers_are_found_by_the_beginning_of_the_id_tier_and_country_page_by_page(shop: Shop) -> None:
    store_scores(shop.database, {"de-1": 9000, "de-2": 10, "de-30": 9000, "dé": 9000})
    for who, country in (("de-1", "DE"), ("de-2", "DE"), ("de-30", "FR"), ("de3", "DE")):
        customer = customer_pb2.Customer(name=f"customers/{who}", country=country)
        shop.customers.UpdateCustomer(customer_service_pb2.UpdateCustomerRequest(customer=customer, allow_missing=True))

    def found(**sought: Any) -> list[str]:  # noqa: ANN401 - fields of the request
        request, names = customer_service_pb2.ListCustomersRequest(page_size=1, **sought), []
        while True:
            page = shop.customers.ListCustomers(request)
            names += [each.name.removeprefix("customers/") for each in page.customers]
            if not page.next_page_token:
                return names
            request.page_token = page.next_page_token

    assert found(id_prefix="de-") == ["de-1", "de-2", "de-30"]
    assert found(id_prefix="de-", tier=tier_pb2.HIGH) == ["de-1", "de-30"]
    assert found(id_prefix="de-3") == ["de-30"]
    assert found(id_prefix="d", country="de") == ["de-1", "de-2", "de3"]
    assert found(tier=tier_pb2.LOW, country="DE") == ["de-2"]
    assert found(country="FR") == ["de-30"]


def test_models_are_found_by_state_and_segments_by_words(shop: Shop) -> None:
    def models(*states: model_pb2.Model.State.ValueType) -> list[str]:
        listed = shop.scoring.ListModels(scoring_service_pb2.ListModelsRequest(states=states)).models
        return [each.name for each in listed]

    add_model(shop.database, "m1")
    register_model(shop.database, "m2")
    active, candidate = ["models/m1"], ["models/m2"]
    assert (models(MODEL.ACTIVE), models(MODEL.CANDIDATE), models(MODEL.SHADOW)) == (active, candidate, [])
    assert models() == models(MODEL.ACTIVE, MODEL.CANDIDATE) == [*candidate, *active]
    with shop.database.writing() as transaction:
        for name, display_name in (("loyal", "Buys often"), ("lapsed", "50% off or gone")):
            segments.create(transaction, make_cause(), name, display_name=display_name, rule=BUYERS)

    def found(words: str) -> list[str]:
        listed = shop.segments.ListSegments(segment_service_pb2.ListSegmentsRequest(words=words)).segments
        return [each.name.removeprefix("segments/") for each in listed]

    assert (found("LOYAL"), found("50% OFF"), found("5_%"), sorted(found("o"))) == (
        ["loyal"], ["lapsed"], [], ["lapsed", "loyal"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("kind = LAUNCH", "cannot find by 'kind = LAUNCH': kind is one of SCORE_ALL_CUSTOMERS, LAUNCH_CAMPAIGN"),
        ("who = anna", "cannot find by 'who = anna': write terms such as `kind = LAUNCH_CAMPAIGN`"),
        ("kind LAUNCH_CAMPAIGN", "cannot read 'kind LAUNCH_CAMPAIGN': write terms"),
        ("done = true OR state = FAILED", "cannot read 'done = true OR state = FAILED': write terms"),
        ("done = true AND done = false", "says done twice: write terms"),
        ('state = "FAILED', "cannot read"),
        ("a" + " " * 100_000 + "b", "must be at most 1,000 symbols: write terms"),
    ],
)
def test_a_filter_that_means_nothing_is_refused_with_the_way_out(written: str, told: str) -> None:
    with pytest.raises(InvalidRequest) as refusing:
        filter_in(written)

    assert refusing.value.message.startswith(f"filter: {told}")


def test_every_kind_of_work_can_be_asked_for() -> None:
    assert set(operations.KINDS) == set(KINDS)
