"""SwitchService: everything, or one campaign, is stopped at once and let go on."""

import grpc
from google.protobuf.empty_pb2 import Empty
from tierwise.v1 import stop_pb2, switch_service_pb2, switch_service_pb2_grpc

from campaigns.actor import Cause
from campaigns.life import switches
from database.session import Database, Transaction
from server.answering.transactions import perform, reading
from server.wire.names import CAMPAIGN, campaign_id
from server.wire.pages import asked, cut
from server.wire.seal import Seal
from server.wire.stamps import stamp


class SwitchService(switch_service_pb2_grpc.SwitchServiceServicer):
    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    def StopCampaign(
        self, request: switch_service_pb2.StopCampaignRequest, context: grpc.ServicerContext
    ) -> stop_pb2.Stop:
        def effect(transaction: Transaction, cause: Cause) -> stop_pb2.Stop:
            return _message(switches.stop(transaction, cause, campaign_id(request.campaign)))

        return perform(self._database, request, effect, subject=request.campaign)

    def AllowCampaign(self, request: switch_service_pb2.AllowCampaignRequest, context: grpc.ServicerContext) -> Empty:
        def effect(transaction: Transaction, cause: Cause) -> Empty:
            switches.allow(transaction, cause, campaign_id(request.campaign))
            return Empty()

        return perform(self._database, request, effect, subject=request.campaign)

    def ListStops(
        self, request: switch_service_pb2.ListStopsRequest, context: grpc.ServicerContext
    ) -> switch_service_pb2.ListStopsResponse:
        page = asked(self._seal, request)
        with reading(self._database) as snapshot:
            found = switches.page(snapshot, limit=page.size + 1, after=page.after_id)
        rows, token = cut(self._seal, page, found, lambda each: (each.scope,))
        return switch_service_pb2.ListStopsResponse(stops=[_message(each) for each in rows], next_page_token=token)


def _message(stop: switches.Stop) -> stop_pb2.Stop:
    return stop_pb2.Stop(
        name=f"stops/{stop.scope}", campaign=CAMPAIGN + stop.scope, reason=stop.reason, stopped_by=stop.stopped_by,
        stop_time=stamp(stop.stop_time),
    )  # fmt: skip
