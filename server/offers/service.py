"""OfferService: what a customer may have now."""

import grpc
from tierwise.v1 import offer_service_pb2, offer_service_pb2_grpc

from campaigns.callers import access
from campaigns.coupons import offering
from database.session import Database
from server.answering import call
from server.answering.transactions import reading
from server.coupons.messages import basket
from server.offers.messages import offers_message
from server.wire.names import customer_id

FULL = offer_service_pb2.GetOffersRequest.FULL


class OfferService(offer_service_pb2_grpc.OfferServiceServicer):
    """The methods of the service, one snapshot each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def GetOffers(
        self, request: offer_service_pb2.GetOffersRequest, context: grpc.ServicerContext
    ) -> offer_service_pb2.GetOffersResponse:
        order = basket(request) if request.HasField("order_amount") else None
        with reading(self._database) as snapshot:
            found = offering.offers_for(
                snapshot, customer_id(request.customer), call.current().now, full=request.view == FULL, basket=order
            )
        whole = call.current().actor.role in access.SHOP
        return offers_message(found, request.order_amount.currency_code, whole=whole)
