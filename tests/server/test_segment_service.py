"""Segments and audiences over the wire."""

from typing import Any

import grpc
import pytest
from google.longrunning import operations_pb2
from google.protobuf import json_format
from made.campaigns import add_customers, build_segment, counts
from made.lessons import teach
from running.serving import Shop, refusal
from tierwise.v1 import rule_pb2, segment_pb2, segment_service_pb2

RICH = {"compare": {"fact": "expected_spend", "operator": "AT_LEAST", "value": {"whole": 8500}}}
NOT_RICH = {"every": {"rules": [{"is_known": "expected_spend"}, {"negated": RICH}]}}


@pytest.fixture
def shop(stocked_shop: Shop) -> Shop:
    return stocked_shop


def rule(data: dict[str, Any]) -> rule_pb2.Rule:
    return json_format.ParseDict(data, rule_pb2.Rule())


def create(shop: Shop, segment_id: str, data: dict[str, Any]) -> segment_pb2.Segment:
    segment = segment_pb2.Segment(display_name="Name", rule=rule(data))
    request = segment_service_pb2.CreateSegmentRequest(segment_id=segment_id, segment=segment)
    return shop.segments.CreateSegment(request)


def test_a_segment_is_created_built_and_asked(shop: Shop) -> None:
    created = create(shop, "rich", RICH)
    assert (created.state, created.HasField("member_count")) == (segment_pb2.Segment.NEW, False)
    assert created.sentence == "is expected to spend at least 8500 in minor units within 90 days"

    done = build_segment(shop.database, "rich")

    answer = shop.operations.GetOperation(operations_pb2.GetOperationRequest(name=done.name))
    metadata, built = segment_service_pb2.BuildSegmentMetadata(), segment_pb2.Segment()
    assert answer.metadata.Unpack(metadata)
    assert answer.response.Unpack(built)
    assert (metadata.segment, metadata.done_count, metadata.total_count) == ("segments/rich", 3, 3)
    assert (built.name, built.state, built.member_count) == ("segments/rich", segment_pb2.Segment.READY, 1)
    assert (built.etag, built.operation) == (created.etag, done.name)
    listed = shop.segments.ListSegmentMembers(segment_service_pb2.ListSegmentMembersRequest(parent="segments/rich"))
    assert [(each.name, each.customer) for each in listed.members] == [("segments/rich/members/anna", "customers/anna")]
    asked = segment_service_pb2.CountAudienceRequest(rule=rule({"in_segment": "segments/rich"}))
    assert shop.segments.CountAudience(asked).count == 1


def test_an_operation_whose_segment_was_deleted_still_answers(shop: Shop) -> None:
    create(shop, "rich", RICH)
    done = build_segment(shop.database, "rich")
    shop.segments.DeleteSegment(segment_service_pb2.DeleteSegmentRequest(name="segments/rich"))

    answer = shop.operations.GetOperation(operations_pb2.GetOperationRequest(name=done.name))

    left = segment_pb2.Segment()
    assert answer.response.Unpack(left)
    assert left == segment_pb2.Segment(name="segments/rich")


def test_a_mask_changes_the_rule_and_nothing_else(shop: Shop) -> None:
    before = create(shop, "rich", RICH)
    changed = segment_pb2.Segment(name=before.name, display_name="Other", rule=rule(NOT_RICH), etag=before.etag)
    request = segment_service_pb2.UpdateSegmentRequest(segment=changed)
    request.update_mask.paths.append("rule")

    after = shop.segments.UpdateSegment(request)

    assert (after.display_name, after.rule) == ("Name", rule(NOT_RICH))
    request.segment.ClearField("rule")
    request.segment.etag = after.etag
    with pytest.raises(grpc.RpcError) as raised:
        shop.segments.UpdateSegment(request)
    assert refusal(raised.value).fields == ["segment.rule"]


@pytest.mark.parametrize("estimate", [False, True])
def test_an_audience_is_counted(shop: Shop, *, estimate: bool) -> None:
    request = segment_service_pb2.CountAudienceRequest(rule=rule(NOT_RICH), estimate=estimate)

    assert shop.segments.CountAudience(request) == segment_service_pb2.AudienceSize(
        count=2, low=2, high=2, sampled_share=1
    )


def test_a_count_says_whose_lesson_it_rests_on(shop: Shop) -> None:
    gains = {"compare": {"fact": "expected_uplift", "operator": "AT_LEAST", "value": {"number": 0.02}}}
    shown = segment_service_pb2.PreviewAudienceRequest(rule=rule(gains), language_code="zh")
    asked = segment_service_pb2.ExplainRuleRequest(rule=rule(gains), customer="customers/anna", language_code="zh")

    unlearned = ["尚无过往活动表明优惠会改变什么：无人已知优惠预期的提升（expected_uplift）。"]
    assert shop.segments.PreviewAudience(shown).size.notes == unlearned
    assert shop.segments.ExplainRule(asked).notes == unlearned
    teach(shop.database, "winter")
    counted = shop.segments.CountAudience(segment_service_pb2.CountAudienceRequest(rule=rule(gains)))
    assert (counted.count, list(counted.notes)) == (
        0, ["What an offer adds was learned from campaigns/winter; another offer may add more or less."]
    )  # fmt: skip


def test_a_preview_says_who_is_meant_and_why(shop: Shop) -> None:
    request = segment_service_pb2.PreviewAudienceRequest(rule=rule(NOT_RICH), sample_size=5)

    shown = shop.segments.PreviewAudience(request)

    spoken = "is not expected to spend at least 8500 in minor units within 90 days"
    assert shown.sentence == f"the spend expected within 90 days is known and {spoken}"
    assert shown.size.count == 2
    assert {each.customer: list(each.reasons)[1:] for each in shown.examples} == {
        "customers/ben": [f"{spoken}: it is 8000 in minor units"],
        "customers/cleo": [f"{spoken}: it is 100 in minor units"],
    }
    request.language_code, request.sample_size = "zh", 1
    in_chinese = shop.segments.PreviewAudience(request)
    assert in_chinese.sentence.startswith("90天预期消费额已知，且")
    assert len(in_chinese.examples) == 1


def test_what_is_wrong_with_a_rule_is_named_place_by_place(shop: Shop) -> None:
    wrong = {
        "every": {
            "rules": [
                {"compare": {"fact": "orders", "operator": "CONTAINS", "value": {"text": "x"}}},
                {"is_known": "order_90"},
            ]
        }
    }
    with pytest.raises(grpc.RpcError) as counting:
        shop.segments.CountAudience(segment_service_pb2.CountAudienceRequest(rule=rule(wrong)))
    with pytest.raises(grpc.RpcError) as creating:
        create(shop, "wrong", wrong)

    assert refusal(counting.value).fields == [
        "rule.every[0].compare.operator", "rule.every[0].compare.value", "rule.every[1].is_known",
    ]  # fmt: skip
    assert refusal(creating.value).reason == "INVALID_SEGMENT"
    assert refusal(creating.value).fields == ["rule.every[0].compare.operator"]
    assert counts(shop.database, "segments") == (2,)


def test_a_rule_without_end_is_refused(shop: Shop) -> None:
    deep: dict[str, Any] = {"is_known": "orders"}
    for _ in range(20):
        deep = {"negated": deep}

    with pytest.raises(grpc.RpcError) as raised:
        create(shop, "deep", deep)

    assert refusal(raised.value).reason == "INVALID_SEGMENT"
    assert "deeper than 6 levels" in refusal(raised.value).message


def test_a_customer_is_told_in_or_out_with_the_conditions_that_decide_it(shop: Shop) -> None:
    def explained(customer: str, language: str = "") -> segment_service_pb2.ExplainRuleResponse:
        request = segment_service_pb2.ExplainRuleRequest(
            rule=rule(NOT_RICH), customer=f"customers/{customer}", language_code=language
        )
        return shop.segments.ExplainRule(request)

    anna, cleo = explained("anna"), explained("cleo")

    assert (anna.holds, [(each.path, each.holds) for each in anna.reasons]) == (False, [("every[1].not.compare", True)])
    assert anna.reasons[0].description == (
        "is expected to spend at least 8500 in minor units within 90 days: it is 9000 in minor units"
    )
    assert (cleo.holds, [each.path for each in cleo.reasons]) == (True, ["every[0].is_known", "every[1].not.compare"])
    assert (cleo.as_of_time, list(cleo.notes)) == (anna.as_of_time, [])
    assert "最小货币单位" in explained("anna", "zh").reasons[0].description


def test_a_customer_who_came_after_the_last_rescoring_is_not_explained(shop: Shop) -> None:
    add_customers(shop.database, ["new"])

    with pytest.raises(grpc.RpcError) as raised:
        shop.segments.ExplainRule(segment_service_pb2.ExplainRuleRequest(rule=rule(RICH), customer="customers/new"))

    refused = refusal(raised.value)
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "CUSTOMERS_NOT_SCORED")
    assert refused.facts == {"customer": "customers/new"}
