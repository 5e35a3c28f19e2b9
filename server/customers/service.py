"""CustomerService: customers and what they did."""

import grpc
from google.protobuf.empty_pb2 import Empty
from tierwise.v1 import customer_pb2, customer_service_pb2, customer_service_pb2_grpc

from campaigns.actor import Cause
from campaigns.customers import erasure
from campaigns.customers import profiles as cases
from database.events import store
from database.events.store import ALL_KINDS, EventKey
from database.session import Database, Transaction
from database.tiers import lists
from events.event import Event, EventType
from server.answering import call
from server.answering.transactions import perform, performed, reading
from server.customers.events import event_message, event_value
from server.customers.messages import ANYONE, customer_message, sought_in, whole, with_fields
from server.wire.masks import changed_fields
from server.wire.names import CUSTOMER, customer_id
from server.wire.pages import asked, cut
from server.wire.refusals import InvalidRequest
from server.wire.seal import Seal
from server.wire.spans import span
from server.wire.stamps import instant_key, key_instant


class CustomerService(customer_service_pb2_grpc.CustomerServiceServicer):
    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    def GetCustomer(
        self, request: customer_service_pb2.GetCustomerRequest, context: grpc.ServicerContext
    ) -> customer_pb2.Customer:
        with reading(self._database) as snapshot:
            return customer_message(cases.get(snapshot, customer_id(request.name)))

    def ListCustomers(
        self, request: customer_service_pb2.ListCustomersRequest, context: grpc.ServicerContext
    ) -> customer_service_pb2.ListCustomersResponse:
        page, sought = asked(self._seal, request), sought_in(request)
        with reading(self._database) as snapshot:
            after = page.after[0] if page.after else None
            found = lists.page(snapshot, sought, after=after, limit=page.size + 1)
        rows, token = cut(self._seal, page, found, lambda known: (known.customer.customer_id,))
        return customer_service_pb2.ListCustomersResponse(
            customers=[customer_message(known) for known in rows], next_page_token=token
        )

    def UpdateCustomer(
        self, request: customer_service_pb2.UpdateCustomerRequest, context: grpc.ServicerContext
    ) -> customer_pb2.Customer:
        message = request.customer
        fields = changed_fields(message, request.update_mask, none_will_do=request.allow_missing)
        missing = whole(message) if request.allow_missing else None

        def effect(transaction: Transaction, cause: Cause) -> customer_pb2.Customer:
            known = cases.update(
                transaction, cause, customer_id(message.name),
                lambda customer: with_fields(customer, message, fields), etag=message.etag, missing=missing,
            )  # fmt: skip
            return customer_message(known)

        return perform(self._database, request, effect, subject=message.name)

    @performed
    def DeleteCustomer(
        self, request: customer_service_pb2.DeleteCustomerRequest, transaction: Transaction, cause: Cause
    ) -> Empty:
        erasure.begin(transaction, cause, customer_id(request.name), etag=request.etag)
        return Empty()

    def BatchCreateEvents(
        self, request: customer_service_pb2.BatchCreateEventsRequest, context: grpc.ServicerContext
    ) -> customer_service_pb2.BatchCreateEventsResponse:
        values = _values(request)

        def effect(transaction: Transaction, _: Cause) -> customer_service_pb2.BatchCreateEventsResponse:
            created = cases.record(transaction, values)
            return customer_service_pb2.BatchCreateEventsResponse(
                events=[event_message(event) for event in values], created_count=created
            )

        return perform(self._database, request, effect, subject=request.parent)

    def ListEvents(
        self, request: customer_service_pb2.ListEventsRequest, context: grpc.ServicerContext
    ) -> customer_service_pb2.ListEventsResponse:
        page = asked(self._seal, request)
        after = None if page.after is None else EventKey(key_instant(page.after[0]), page.after[1])
        who, (since, until) = customer_id(request.parent), span(request)
        kinds = [EventType(each) for each in request.types] or ALL_KINDS
        with reading(self._database) as snapshot:
            cases.get(snapshot, who)
            found = store.page_of_events(
                snapshot, who, after=after, limit=page.size + 1, kinds=kinds, since=since, until=until
            )
        rows, token = cut(self._seal, page, found, lambda event: (instant_key(event.time), event.event_id))
        return customer_service_pb2.ListEventsResponse(
            events=[event_message(event) for event in rows], next_page_token=token
        )


def _values(request: customer_service_pb2.BatchCreateEventsRequest) -> list[Event]:
    """Raises InvalidRequest."""
    values = []
    for place, each in enumerate(request.requests):
        field = f"requests[{place}]"
        if each.parent == ANYONE or request.parent not in (ANYONE, each.parent):
            expected = f"{CUSTOMER}…" if request.parent == ANYONE else request.parent
            raise InvalidRequest.of(f"{field}.parent", f"must be {expected}, as the request's own parent says")
        values.append(
            event_value(
                each.event, customer_id=customer_id(each.parent), event_id=each.event_id, field=f"{field}.event",
                now=call.current().now,
            )
        )  # fmt: skip
    return values
