"""SegmentService: who is meant, saved under a name or tried out."""

from collections.abc import Sequence

import grpc
from google.longrunning import operations_pb2
from google.protobuf.empty_pb2 import Empty
from tierwise.v1 import rule_pb2, segment_pb2, segment_service_pb2, segment_service_pb2_grpc

from campaigns.actor import Cause
from campaigns.audiences import explaining, segment_building
from campaigns.audiences import segments as cases
from campaigns.forecast import rule_notes, rule_preview
from database.audiences import fitting
from database.session import Database, Snapshot, Transaction
from rules.rule import Rule
from rules.sentence import Language, Speaker
from server.answering.transactions import perform, performed, reading
from server.segments.messages import changes, member_message, segment_message
from server.segments.rules import rule_value
from server.wire.masks import changed_fields
from server.wire.names import CUSTOMER, SEGMENT, segment_id
from server.wire.operations import operation_message
from server.wire.pages import asked, cut
from server.wire.refusals import FieldViolation, InvalidRequest
from server.wire.seal import Seal
from server.wire.stamps import instant_key, stamp

EXAMPLES = 10


class SegmentService(segment_service_pb2_grpc.SegmentServiceServicer):
    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    def CreateSegment(
        self, request: segment_service_pb2.CreateSegmentRequest, context: grpc.ServicerContext
    ) -> segment_pb2.Segment:
        new = request.segment
        rule = rule_value(new.rule)

        def effect(transaction: Transaction, cause: Cause) -> segment_pb2.Segment:
            created = cases.create(transaction, cause, request.segment_id, display_name=new.display_name, rule=rule)
            return segment_message(created)

        subject = SEGMENT + request.segment_id
        return perform(self._database, request, effect, subject=subject)

    def GetSegment(
        self, request: segment_service_pb2.GetSegmentRequest, context: grpc.ServicerContext
    ) -> segment_pb2.Segment:
        with reading(self._database) as snapshot:
            return segment_message(cases.get(snapshot, segment_id(request.name)))

    def ListSegments(
        self, request: segment_service_pb2.ListSegmentsRequest, context: grpc.ServicerContext
    ) -> segment_service_pb2.ListSegmentsResponse:
        page = asked(self._seal, request)
        with reading(self._database) as snapshot:
            found = cases.page(snapshot, request.words, limit=page.size + 1, after=page.after_instant)
        rows, token = cut(self._seal, page, found, lambda each: (instant_key(each.create_time), each.segment_id))
        return segment_service_pb2.ListSegmentsResponse(
            segments=[segment_message(segment) for segment in rows], next_page_token=token
        )

    def UpdateSegment(
        self, request: segment_service_pb2.UpdateSegmentRequest, context: grpc.ServicerContext
    ) -> segment_pb2.Segment:
        message = request.segment
        given = changes(message, changed_fields(message, request.update_mask))

        def effect(transaction: Transaction, cause: Cause) -> segment_pb2.Segment:
            updated = cases.update(transaction, cause, segment_id(message.name), etag=message.etag, **given)
            return segment_message(updated)

        return perform(self._database, request, effect, subject=message.name)

    @performed
    def DeleteSegment(
        self, request: segment_service_pb2.DeleteSegmentRequest, transaction: Transaction, cause: Cause
    ) -> Empty:
        cases.delete(transaction, cause, segment_id(request.name), etag=request.etag)
        return Empty()

    @performed
    def BuildSegment(
        self, request: segment_service_pb2.BuildSegmentRequest, transaction: Transaction, cause: Cause
    ) -> operations_pb2.Operation:
        begun = segment_building.begin(transaction, cause, segment_id(request.name), etag=request.etag)
        return operation_message(begun)

    def ListSegmentMembers(
        self, request: segment_service_pb2.ListSegmentMembersRequest, context: grpc.ServicerContext
    ) -> segment_service_pb2.ListSegmentMembersResponse:
        page = asked(self._seal, request)
        with reading(self._database) as snapshot:
            found = cases.members(snapshot, segment_id(request.parent), after=page.after_id, limit=page.size + 1)
        rows, token = cut(self._seal, page, found, lambda customer_id: (customer_id,))
        return segment_service_pb2.ListSegmentMembersResponse(
            members=[member_message(request.parent, customer_id) for customer_id in rows], next_page_token=token
        )

    def CountAudience(
        self, request: segment_service_pb2.CountAudienceRequest, context: grpc.ServicerContext
    ) -> segment_service_pb2.AudienceSize:
        with reading(self._database) as snapshot:
            rule = _answerable(snapshot, request.rule)
            counted = fitting.estimate(snapshot, rule) if request.estimate else fitting.exact(snapshot, rule)
            return _size(counted, rule_notes.notes(snapshot, rule))

    def PreviewAudience(
        self, request: segment_service_pb2.PreviewAudienceRequest, context: grpc.ServicerContext
    ) -> segment_service_pb2.PreviewAudienceResponse:
        with reading(self._database) as snapshot:
            shown = rule_preview.preview(
                snapshot, _answerable(snapshot, request.rule), size=request.sample_size or EXAMPLES,
                seed=request.seed, language=Language(request.language_code or "en"),
            )  # fmt: skip
        example = segment_service_pb2.PreviewAudienceResponse.Example
        return segment_service_pb2.PreviewAudienceResponse(
            sentence=shown.sentence, size=_size(shown.size, shown.notes),
            examples=[example(customer=f"customers/{one.customer_id}", reasons=one.reasons) for one in shown.examples],
        )  # fmt: skip

    def ExplainRule(
        self, request: segment_service_pb2.ExplainRuleRequest, context: grpc.ServicerContext
    ) -> segment_service_pb2.ExplainRuleResponse:
        speaker = Speaker(language=Language(request.language_code or "en"))
        with reading(self._database) as snapshot:
            rule = _answerable(snapshot, request.rule)
            known = explaining.known_facts(snapshot, request.customer.removeprefix(CUSTOMER))
            explained = explaining.explain(snapshot, rule, known, speaker)
            notes = rule_notes.notes(snapshot, rule, speaker.language)
        reason = segment_service_pb2.ExplainRuleResponse.Reason
        return segment_service_pb2.ExplainRuleResponse(
            holds=explained.holds, as_of_time=stamp(explained.as_of),
            reasons=[reason(path=each.path, holds=each.holds, description=each.reason) for each in explained.because],
            notes=notes,
        )  # fmt: skip


def _answerable(snapshot: Snapshot, message: rule_pb2.Rule) -> Rule:
    """Raises InvalidRequest with every problem of the rule, a segment that cannot answer among them."""
    rule = rule_value(message)
    problems = cases.problems_of(snapshot, rule)
    if problems:
        raise InvalidRequest([FieldViolation(f"rule.{each.path}".rstrip("."), each.message) for each in problems])
    return rule


def _size(estimate: fitting.Estimate, notes: Sequence[str]) -> segment_service_pb2.AudienceSize:
    return segment_service_pb2.AudienceSize(
        count=estimate.count, low=estimate.low, high=estimate.high, sampled_share=estimate.sampled_share, notes=notes
    )
