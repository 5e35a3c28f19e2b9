"""AuditService: who did what, and the proof that nobody changed the record."""

import grpc
from google.longrunning import operations_pb2
from tierwise.v1 import audit_service_pb2, audit_service_pb2_grpc

from campaigns import trail
from campaigns.actor import Cause
from campaigns.audit import replaying, verification
from campaigns.callers import access
from database.session import Database, Transaction
from server.answering import call
from server.answering.transactions import perform, reading
from server.audit.messages import entry_message, explained_message, wanted
from server.wire.names import CAMPAIGN, CUSTOMER
from server.wire.operations import operation_message
from server.wire.pages import asked, cut
from server.wire.seal import Seal


class AuditService(audit_service_pb2_grpc.AuditServiceServicer):
    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    def ListAuditEntries(
        self, request: audit_service_pb2.ListAuditEntriesRequest, context: grpc.ServicerContext
    ) -> audit_service_pb2.ListAuditEntriesResponse:
        access.check_object(call.current().actor, request.object)
        page = asked(self._seal, request)
        with reading(self._database) as snapshot:
            found = trail.page(snapshot, wanted(request), limit=page.size + 1, before=page.after_number)
        rows, token = cut(self._seal, page, found, lambda entry: (str(entry.audit_id),))
        return audit_service_pb2.ListAuditEntriesResponse(
            audit_entries=[entry_message(entry) for entry in rows], next_page_token=token
        )

    def VerifyAudit(
        self, request: audit_service_pb2.VerifyAuditRequest, context: grpc.ServicerContext
    ) -> operations_pb2.Operation:
        def effect(transaction: Transaction, cause: Cause) -> operations_pb2.Operation:
            return operation_message(verification.begin(transaction, cause, from_seq=request.from_seq))

        return perform(self._database, request, effect, subject=verification.AUDIT)

    def ExplainDecision(
        self, request: audit_service_pb2.ExplainDecisionRequest, context: grpc.ServicerContext
    ) -> audit_service_pb2.ExplainDecisionResponse:
        campaign_id = request.campaign.removeprefix(CAMPAIGN)
        with reading(self._database) as snapshot:
            found = replaying.explain(snapshot, campaign_id, request.customer.removeprefix(CUSTOMER))
        return explained_message(found)
