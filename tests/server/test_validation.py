"""The rules of the protos name the field to change and what it takes, also those that look at several fields."""

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from tierwise.v1 import (
    campaign_pb2,
    campaign_service_pb2,
    customer_service_pb2,
    event_pb2,
    offer_service_pb2,
    rule_pb2,
    scoring_service_pb2,
    segment_pb2,
    segment_service_pb2,
)

from server.wire.refusals import InvalidRequest
from server.wire.validation import ID, SYMBOLS, check


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            offer_service_pb2.GetOffersRequest(customer="customers/anna", order_id="o-1"),
            "order_amount: is required with anything else of the order",
        ),
        (
            campaign_service_pb2.CreateCampaignRequest(
                campaign_id="spring",
                campaign=campaign_pb2.Campaign(start_time=Timestamp(seconds=9), end_time=Timestamp(seconds=9)),
            ),
            "campaign.end_time: must be after start_time",
        ),
        (
            campaign_service_pb2.CreateCampaignRequest(
                campaign_id="spring",
                campaign=campaign_pb2.Campaign(
                    offers=[campaign_pb2.Offer(discount=campaign_pb2.Discount(scope=campaign_pb2.Discount.Scope()))]
                ),
            ),
            "campaign.offers[0].discount.scope.item_ids: must name an item or a category",
        ),
        (
            segment_service_pb2.CreateSegmentRequest(
                segment_id="loyal", segment=segment_pb2.Segment(rule=rule_pb2.Rule())
            ),
            "segment.rule.condition: exactly one field is required in oneof",
        ),
        (
            scoring_service_pb2.ScoreRequest(customer="anna"),
            f"customer: must be a whole name, customers/ and the id: {SYMBOLS}",
        ),
        (
            campaign_service_pb2.GetCampaignVersionRequest(name="campaigns/spring"),
            f"name: must be a whole name, campaigns/ and the id: {ID}, then /versions/ and a number",
        ),
        (
            customer_service_pb2.BatchCreateEventsRequest(
                parent="customers/anna",
                requests=[customer_service_pb2.CreateEventRequest(event=event_pb2.Event(item_id="mug"))],
            ),
            "requests[0].event.type: is required",
        ),
        (
            customer_service_pb2.CreateEventRequest(event_id="orders/17"),
            "event_id: must be 1 to 128 symbols without slashes or control characters",
        ),
        (
            customer_service_pb2.ListCustomersRequest(id_prefix="a/b"),
            "id_prefix: must not contain slashes or control characters",
        ),
        (
            segment_service_pb2.ListSegmentsRequest(words="a\nb"),
            "words: must not contain control characters, such as line breaks",
        ),
        (
            segment_service_pb2.CreateSegmentRequest(segment_id="Loyal ones"),
            "segment_id: must be a lower-case letter, then letters, digits and hyphens, at most 63",
        ),
    ],
    ids=["order", "window", "scope", "choice", "name", "version", "kind", "key", "prefix", "words", "id"],
)
def test_a_fault_names_the_field_to_change_and_what_it_takes(asked: Message, told: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check(asked)

    assert told in [f"{each.field}: {each.description}" for each in refused.value.violations]


def test_of_a_list_that_is_too_long_no_item_is_looked_at() -> None:
    many = scoring_service_pb2.ScoreRequest(session_events=[event_pb2.Event()] * 20_000)
    several = scoring_service_pb2.BatchScoreRequest(requests=[scoring_service_pb2.ScoreRequest(), many])

    tree = rule_pb2.Rule()
    for branch in (tree.every.rules.add() for _ in range(40)):
        branch.every.rules.extend([rule_pb2.Rule()] * 40)

    with pytest.raises(InvalidRequest) as refused:
        check(segment_service_pb2.CreateSegmentRequest(segment_id="loyal", segment=segment_pb2.Segment(rule=tree)))
    assert {words for _, words in refused.value.violations} == {
        "must contain no more than 1000 item(s) with all inside them"
    }
    for asked, field in ((many, "session_events"), (several, "requests[1].session_events")):
        with pytest.raises(InvalidRequest) as refused:
            check(asked)
        assert list(refused.value.violations) == [(field, "must contain no more than 200 item(s)")]
