"""TierService: schemes of thresholds, tried out before they are in force, and the history of tiers."""

from datetime import datetime

import grpc
from google.longrunning import operations_pb2
from tierwise.v1 import tier_preview_pb2, tier_scheme_pb2, tier_service_pb2, tier_service_pb2_grpc

from campaigns.actor import Cause
from campaigns.customers import profiles as customer_cases
from campaigns.tiers import previewing, schemes, tier_preview
from campaigns.tiers.tiers import TierScheme
from database.session import Database, Snapshot, Transaction
from database.tiers import changes
from server.answering import call
from server.answering.transactions import perform, performed, reading
from server.tiers.messages import change_message, scheme_message, scheme_values, version
from server.tiers.previews import preview_message
from server.wire.names import CUSTOMER, model_id
from server.wire.operations import operation_message
from server.wire.pages import asked, cut
from server.wire.seal import Seal
from server.wire.spans import span
from server.wire.stamps import instant_key, key_instant

EXAMPLES = 10
ALL_CUSTOMERS = f"{CUSTOMER}-"


class TierService(tier_service_pb2_grpc.TierServiceServicer):
    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    def CreateTierScheme(
        self, request: tier_service_pb2.CreateTierSchemeRequest, context: grpc.ServicerContext
    ) -> tier_scheme_pb2.TierScheme:
        def effect(transaction: Transaction, cause: Cause) -> tier_scheme_pb2.TierScheme:
            return scheme_message(schemes.create(transaction, cause, **scheme_values(request.tier_scheme)))

        return perform(self._database, request, effect, subject="tierSchemes")

    def GetTierScheme(
        self, request: tier_service_pb2.GetTierSchemeRequest, context: grpc.ServicerContext
    ) -> tier_scheme_pb2.TierScheme:
        with reading(self._database) as snapshot:
            return scheme_message(schemes.get(snapshot, version(request.name)))

    def ListTierSchemes(
        self, request: tier_service_pb2.ListTierSchemesRequest, context: grpc.ServicerContext
    ) -> tier_service_pb2.ListTierSchemesResponse:
        page = asked(self._seal, request)
        with reading(self._database) as snapshot:
            found = schemes.page(snapshot, limit=page.size + 1, before=page.after_number)
        rows, token = cut(self._seal, page, found, lambda each: (str(each.version),))
        return tier_service_pb2.ListTierSchemesResponse(tier_schemes=map(scheme_message, rows), next_page_token=token)

    @performed
    def ActivateTierScheme(
        self, request: tier_service_pb2.ActivateTierSchemeRequest, transaction: Transaction, cause: Cause
    ) -> tier_scheme_pb2.TierScheme:
        return scheme_message(schemes.activate(transaction, cause, version(request.name), etag=request.etag))

    def PreviewTiers(
        self, request: tier_service_pb2.PreviewTiersRequest, context: grpc.ServicerContext
    ) -> tier_preview_pb2.TierPreview:
        now = call.current().now
        with reading(self._database) as snapshot:
            found = tier_preview.preview(
                snapshot, _scheme(snapshot, request, now), model_id=model_id(request.model) or None, now=now,
                size=request.sample_size or EXAMPLES, seed=request.seed,
            )  # fmt: skip
        return preview_message(found)

    @performed
    def KeepTierPreview(
        self, request: tier_service_pb2.KeepTierPreviewRequest, transaction: Transaction, cause: Cause
    ) -> operations_pb2.Operation:
        begun = previewing.begin(transaction, cause, version(request.name), model_id=model_id(request.model) or None)
        return operation_message(begun)

    def ListTierChanges(
        self, request: tier_service_pb2.ListTierChangesRequest, context: grpc.ServicerContext
    ) -> tier_service_pb2.ListTierChangesResponse:
        page = asked(self._seal, request)
        before = None if page.after is None else (key_instant(page.after[0]), page.after[1], page.after[2])
        who = None if request.parent == ALL_CUSTOMERS else request.parent.removeprefix(CUSTOMER)
        since, until = span(request)
        with reading(self._database) as snapshot:
            if who is not None:
                customer_cases.get(snapshot, who)
            found = changes.page(
                snapshot, limit=page.size + 1, customer_id=who, before=before, since=since, until=until
            )
        rows, token = cut(
            self._seal, page, found, lambda each: (instant_key(each.time), each.customer_id, each.operation_id)
        )
        return tier_service_pb2.ListTierChangesResponse(tier_changes=map(change_message, rows), next_page_token=token)


def _scheme(snapshot: Snapshot, request: tier_service_pb2.PreviewTiersRequest, now: datetime) -> TierScheme:
    """Raises NoActiveTierScheme, TierSchemeNotFound, InvalidTierScheme."""
    if not request.HasField("tier_scheme"):
        return schemes.in_force(snapshot)
    if request.tier_scheme.name:
        return schemes.get(snapshot, version(request.tier_scheme.name))
    return schemes.draft(**scheme_values(request.tier_scheme), now=now)
