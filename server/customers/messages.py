"""Customers between the wire and us."""

from collections.abc import Collection
from dataclasses import replace

from google.protobuf.field_mask_pb2 import FieldMask
from tierwise.v1 import customer_pb2, customer_service_pb2, tier_pb2

from database.customers.known import KnownCustomer
from database.tiers.lists import Sought
from events.event import Customer
from events.written.country import spelled_as_text
from events.zones import zones
from server.wire.masks import changed_fields
from server.wire.names import customer_id
from server.wire.refusals import InvalidRequest
from server.wire.stamps import stamp

ANYONE = "customers/-"
"""In the place of a customer's name, where those of several may come; nobody's own."""


def customer_message(known: KnownCustomer) -> customer_pb2.Customer:
    customer = known.customer
    return customer_pb2.Customer(
        name=known.name, country=customer.country or "", time_zone=customer.zone or "",
        preferred_channel=customer.preferred_channel or "", consented_channels=customer.consented_channels,
        create_time=stamp(known.create_time), update_time=stamp(known.update_time), etag=known.etag,
    )  # fmt: skip


def sought_in(request: customer_service_pb2.ListCustomersRequest) -> Sought:
    """Which customers a request asks for."""
    tier = tier_pb2.Tier.Name(request.tier) if request.tier else None
    return Sought(id_prefix=request.id_prefix, tier=tier, country=spelled_as_text(request.country))


def whole(message: customer_pb2.Customer) -> Customer:
    """The customer that a message says by itself. Raises InvalidRequest."""
    if message.name == ANYONE:
        raise InvalidRequest.of("customer.name", f"{ANYONE} stands for all customers: name one")
    nobody = Customer(customer_id=customer_id(message.name))
    return with_fields(nobody, message, changed_fields(message, FieldMask(paths=["*"])))


def with_fields(customer: Customer, message: customer_pb2.Customer, fields: Collection[str]) -> Customer:
    """The customer with the named fields of a message. Raises InvalidRequest."""
    if "time_zone" in fields:
        customer = replace(customer, zone=zone(message.time_zone, "customer.time_zone") or None)
    if "country" in fields:
        customer = replace(customer, country=spelled_as_text(message.country) or None)
    if "preferred_channel" in fields:
        customer = replace(customer, preferred_channel=message.preferred_channel or None)
    if "consented_channels" in fields:
        customer = replace(customer, consented_channels=tuple(message.consented_channels))
    return customer


def zone(name: str, field: str) -> str:
    """The name of a time zone, or empty. Raises InvalidRequest."""
    if name and name not in zones():
        raise InvalidRequest.of(field, f"{name} is not an IANA time zone such as Europe/London")
    return name
