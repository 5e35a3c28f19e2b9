"""ItemService: which items can be had."""

from collections.abc import Callable

import grpc
from tierwise.v1 import item_availability_pb2, item_service_pb2, item_service_pb2_grpc

from campaigns.actor import Cause
from campaigns.catalogue import availability as cases
from database.events import availability
from database.session import Database, Transaction
from server.answering.transactions import perform, reading
from server.wire.pages import asked, cut
from server.wire.seal import Seal
from server.wire.stamps import stamp


class ItemService(item_service_pb2_grpc.ItemServiceServicer):
    def __init__(self, database: Database, seal: Seal, changed: Callable[[], None]) -> None:
        """`changed` is called after each change, which this process then knows of before its caller does."""
        self._database, self._seal, self._changed = database, seal, changed

    def UpdateAvailability(
        self, request: item_service_pb2.UpdateAvailabilityRequest, context: grpc.ServicerContext
    ) -> item_service_pb2.UpdateAvailabilityResponse:
        def effect(transaction: Transaction, cause: Cause) -> item_service_pb2.UpdateAvailabilityResponse:
            said = {item.item_id: item.available for item in request.items}
            return item_service_pb2.UpdateAvailabilityResponse(changed_count=cases.say(transaction, cause, said))

        answered = perform(self._database, request, effect, subject=cases.OBJECT)
        self._changed()
        return answered

    def ListUnavailableItems(
        self, request: item_service_pb2.ListUnavailableItemsRequest, context: grpc.ServicerContext
    ) -> item_service_pb2.ListUnavailableItemsResponse:
        page = asked(self._seal, request)
        with reading(self._database) as snapshot:
            found = availability.page(snapshot, after=page.after_id, limit=page.size + 1)
        rows, token = cut(self._seal, page, found, lambda each: (each.item_id,))
        return item_service_pb2.ListUnavailableItemsResponse(items=map(_message, rows), next_page_token=token)


def _message(item: availability.UnavailableItem) -> item_availability_pb2.ItemAvailability:
    return item_availability_pb2.ItemAvailability(
        item_id=item.item_id, available=False, change_time=stamp(item.change_time)
    )
