"""The client: one method for each thing that a shop's services ask."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Self, TypeVar

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.type.money_pb2 import Money
from tierwise.v1 import (
    coupon_pb2,
    coupon_service_pb2,
    coupon_service_pb2_grpc,
    customer_pb2,
    customer_service_pb2,
    customer_service_pb2_grpc,
    event_pb2,
    item_availability_pb2,
    item_service_pb2,
    item_service_pb2_grpc,
    offer_service_pb2,
    offer_service_pb2_grpc,
    recommendation_pb2,
    recommendation_service_pb2,
    recommendation_service_pb2_grpc,
    score_pb2,
    scoring_service_pb2,
    scoring_service_pb2_grpc,
)

from tierwise_client.asking import ask
from tierwise_client.channel import Metadata, Tls, bearer, open_channel
from tierwise_client.errors import TierwiseError, error_in
from tierwise_client.values import customer_name, duration, instant

Response = TypeVar("Response", bound=Message)
Part = TypeVar("Part")

BATCH = 500
"""Most customers or events in one call."""
QUICK_SECONDS = 1.0
BATCH_SECONDS = 30.0


class Tierwise:
    """Calls to one server, from any number of threads; close it, or use it as a context manager.

    Every call has a deadline: `timeout` seconds, repetitions included. Calls are repeated while the server is away, by
    gRPC at once and then by the client every second, when another change came between, and when the server is
    overloaded, as long as the deadline allows; what is written carries a request id, so that it happens once. Every
    method raises TierwiseError.
    """

    def __init__(
        self,
        address: str,
        *,
        token: str | Callable[[], str] | None = None,
        tls: Tls | None = None,
        insecure: bool = False,
        timeout: float | None = None,
        traceparent: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`token` is an API key or a token, or gives a fresh one for each call; `insecure` is for loopback only.

        `timeout` replaces the seconds that each method has by itself; `traceparent` gives the W3C header of the span
        that a call belongs to. Raises ValueError for a token that no header carries and for an address that is not one.
        """
        self._token = token if token is None or callable(token) else bearer(token)
        self._timeout = timeout
        self._traceparent = traceparent
        self.channel = open_channel(address, tls=tls or Tls(), insecure=insecure, metadata=self._metadata)
        """For the stubs of everything that has no method here: it says who calls, and has no deadline of its own."""
        self._scoring = scoring_service_pb2_grpc.ScoringServiceStub(self.channel)
        self._items = recommendation_service_pb2_grpc.RecommendationServiceStub(self.channel)
        self._stock = item_service_pb2_grpc.ItemServiceStub(self.channel)
        self._offers = offer_service_pb2_grpc.OfferServiceStub(self.channel)
        self._coupons = coupon_service_pb2_grpc.CouponServiceStub(self.channel)
        self._customers = customer_service_pb2_grpc.CustomerServiceStub(self.channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every call that is under way."""
        self.channel.close()

    def score(
        self, customer: str, *, session_events: Sequence[event_pb2.Event] = (), as_of: datetime | None = None,
        market: str = "", timeout: float | None = None,
    ) -> score_pb2.Score:  # fmt: skip
        """What the customer will do, as of now or of a time in the past; counts what is not recorded yet, too.

        By the adapter of a market, where one is named and the model has it.
        """
        request = _score_request(customer, session_events, as_of, market)
        return self._call(self._scoring.Score, request, timeout, QUICK_SECONDS).score

    def scores(
        self, customers: Sequence[str], *, as_of: datetime | None = None, market: str = "",
        timeout: float | None = None,
    ) -> list[score_pb2.Score | TierwiseError]:  # fmt: skip
        """A score or the reason why there is none for each, in order; `timeout` is for each 500 of them."""
        found: list[score_pb2.Score | TierwiseError] = []
        for some in _parts(customers):
            requests = [_score_request(customer, (), as_of, market) for customer in some]
            request = scoring_service_pb2.BatchScoreRequest(requests=requests)
            results = self._call(self._scoring.BatchScore, request, timeout, BATCH_SECONDS).results
            found += [each.score if each.HasField("score") else error_in(each.status) for each in results]
        return found

    def recommend(
        self, customer: str | None, *, count: int = 10, basket: Sequence[str] = (), exclude: Sequence[str] = (),
        session_events: Sequence[event_pb2.Event] = (),
        strategy: recommendation_pb2.Strategy.ValueType = recommendation_pb2.STRATEGY_UNSPECIFIED,
        diversity: float = 0.0, language: str = "", timeout: float | None = None,
    ) -> recommendation_service_pb2.RecommendResponse:  # fmt: skip
        """Items to show, the best first; the basket steers the answer and is not in it. None asks for a guest."""
        request = recommendation_service_pb2.RecommendRequest(
            customer=_name_or_nobody(customer), count=count, context_item_ids=basket, excluded_item_ids=exclude,
            session_events=session_events, strategy=strategy, diversity=diversity, language_code=language,
        )  # fmt: skip
        return self._call(self._items.Recommend, request, timeout, QUICK_SECONDS)

    def similar(
        self, item_id: str, *, count: int = 10, language: str = "", timeout: float | None = None
    ) -> recommendation_service_pb2.SimilarItemsResponse:
        """The items that are nearest to one."""
        request = recommendation_service_pb2.SimilarItemsRequest(item_id=item_id, count=count, language_code=language)
        return self._call(self._items.SimilarItems, request, timeout, QUICK_SECONDS)

    def update_availability(self, items: Mapping[str, bool], *, timeout: float | None = None) -> int:
        """Say of items whether they can be had; how many changed. `timeout` is for each 500 of them."""
        said = [item_availability_pb2.ItemAvailability(item_id=item, available=have) for item, have in items.items()]
        changed = 0
        for some in _parts(said):
            request = item_service_pb2.UpdateAvailabilityRequest(items=some, request_id=_new_id())
            changed += self._call(self._stock.UpdateAvailability, request, timeout, BATCH_SECONDS).changed_count
        return changed

    def offers(
        self, customer: str, *, order_amount: Money | None = None, shipping_amount: Money | None = None,
        order_id: str = "", lines: Sequence[coupon_pb2.OrderLine] = (), timeout: float | None = None,
    ) -> offer_service_pb2.GetOffersResponse:  # fmt: skip
        """The codes that the customer may use now, and what they take off an order."""
        request = offer_service_pb2.GetOffersRequest(
            customer=customer_name(customer), order_amount=order_amount, shipping_amount=shipping_amount,
            order_id=order_id, lines=lines,
        )  # fmt: skip
        return self._call(self._offers.GetOffers, request, timeout, QUICK_SECONDS)

    def validate(
        self, code: str, order_amount: Money, *, shipping_amount: Money | None = None, customer: str | None = None,
        order_id: str = "", lines: Sequence[coupon_pb2.OrderLine] = (), timeout: float | None = None,
    ) -> coupon_service_pb2.ValidateCouponResponse:  # fmt: skip
        """What a code would take off; raises WrongState where it takes nothing, with the reason."""
        request = coupon_service_pb2.ValidateCouponRequest(
            code=code, customer=_name_or_nobody(customer), order_amount=order_amount, shipping_amount=shipping_amount,
            order_id=order_id, lines=lines,
        )  # fmt: skip
        return self._call(self._coupons.ValidateCoupon, request, timeout, QUICK_SECONDS)

    def reserve(
        self, code: str, order_id: str, order_amount: Money, *, shipping_amount: Money | None = None,
        customer: str | None = None, lines: Sequence[coupon_pb2.OrderLine] = (),
        time_to_live: timedelta | None = None, timeout: float | None = None,
    ) -> coupon_pb2.Reservation:  # fmt: skip
        """Hold a code for an order for ten minutes, or for a time of up to an hour."""
        request = coupon_service_pb2.ReserveCouponRequest(
            code=code, customer=_name_or_nobody(customer), order_id=order_id, order_amount=order_amount,
            shipping_amount=shipping_amount, lines=lines, request_id=_new_id(), time_to_live=duration(time_to_live),
        )  # fmt: skip
        return self._call(self._coupons.ReserveCoupon, request, timeout, QUICK_SECONDS).reservation

    def release(self, reservation: str, *, timeout: float | None = None) -> coupon_pb2.Reservation:
        """Give a reservation up, by its name."""
        request = coupon_service_pb2.ReleaseReservationRequest(name=reservation, request_id=_new_id())
        return self._call(self._coupons.ReleaseReservation, request, timeout, QUICK_SECONDS).reservation

    def redeem(
        self, code: str, order_id: str, order_amount: Money, *, shipping_amount: Money | None = None,
        customer: str | None = None, reservation: str = "", lines: Sequence[coupon_pb2.OrderLine] = (),
        timeout: float | None = None,
    ) -> coupon_pb2.Redemption:  # fmt: skip
        """Use a code on an order: once, however often it is asked."""
        request = coupon_service_pb2.RedeemCouponRequest(
            code=code, customer=_name_or_nobody(customer), order_id=order_id, order_amount=order_amount,
            shipping_amount=shipping_amount, lines=lines, reservation=reservation, request_id=_new_id(),
        )  # fmt: skip
        return self._call(self._coupons.RedeemCoupon, request, timeout, QUICK_SECONDS).redemption

    def refund(
        self, redemption: str, refund_id: str, amount: Money | None = None, *, timeout: float | None = None
    ) -> coupon_service_pb2.RefundRedemptionResponse:
        """Give back what a redemption, by its name, took off: a part or all that is left, once for each `refund_id`."""
        request = coupon_service_pb2.RefundRedemptionRequest(
            name=redemption, refund_id=refund_id, amount=amount, request_id=_new_id()
        )
        return self._call(self._coupons.RefundRedemption, request, timeout, QUICK_SECONDS)

    def customer(self, customer: str, *, timeout: float | None = None) -> customer_pb2.Customer:
        """What is known of the customer: country, time zone, channels and consent."""
        request = customer_service_pb2.GetCustomerRequest(name=customer_name(customer))
        return self._call(self._customers.GetCustomer, request, timeout, QUICK_SECONDS)

    def update_customer(
        self, customer: str, *, country: str | None = None, time_zone: str | None = None,
        preferred_channel: str | None = None, consented_channels: Sequence[str] | None = None,
        allow_missing: bool = False, etag: str = "", timeout: float | None = None,
    ) -> customer_pb2.Customer:  # fmt: skip
        """Change what is given; None leaves a field as it is, and an empty value empties it.

        With `allow_missing` one who is not known yet becomes known, such as by a sign-up form. `etag` refuses the
        change if the customer changed since it was read.
        """
        given = {
            "country": country, "time_zone": time_zone, "preferred_channel": preferred_channel,
            "consented_channels": consented_channels,
        }  # fmt: skip
        mask = FieldMask(paths=[field for field, value in given.items() if value is not None])
        if not (mask.paths or allow_missing):
            raise ValueError(f"nothing to change: give some of {', '.join(given)}")
        changed = customer_pb2.Customer(
            name=customer_name(customer), country=country or "", time_zone=time_zone or "",
            preferred_channel=preferred_channel or "", consented_channels=consented_channels or (), etag=etag,
        )  # fmt: skip
        request = customer_service_pb2.UpdateCustomerRequest(
            customer=changed, update_mask=mask, allow_missing=allow_missing, request_id=_new_id()
        )
        return self._call(self._customers.UpdateCustomer, request, timeout, QUICK_SECONDS)

    def record(
        self, customer: str, events: Iterable[event_pb2.Event], *, ids: Sequence[str] = (), timeout: float | None = None
    ) -> int:
        """Record what the customer did; how many events were not recorded before.

        `ids` are the shop's own keys, one for each event, which make it harmless to send an event again; without them
        each event is a new one.
        """
        given = list(events)
        keys = list(ids) or [_new_id() for _ in given]
        if len(keys) != len(given):
            raise ValueError(f"ids: {len(keys)} keys for {len(given)} events; give one for each, or none")
        parent = customer_name(customer)
        requests = [
            customer_service_pb2.CreateEventRequest(parent=parent, event_id=key, event=event)
            for key, event in zip(keys, given, strict=True)
        ]
        created = 0
        for some in _parts(requests):
            request = customer_service_pb2.BatchCreateEventsRequest(parent=parent, requests=some, request_id=_new_id())
            created += self._call(self._customers.BatchCreateEvents, request, timeout, BATCH_SECONDS).created_count
        return created

    def _call(self, method: Callable[..., Response], request: Message, timeout: float | None, usual: float) -> Response:
        chosen = self._timeout if timeout is None else timeout
        return ask(method, request, usual if chosen is None else chosen)

    def _metadata(self) -> Metadata:
        authorization = bearer(self._token()) if callable(self._token) else self._token
        span = self._traceparent()
        return (
            *(() if authorization is None else (("authorization", authorization),)),
            *(() if span is None else (("traceparent", span),)),
        )


def _score_request(
    customer: str, session_events: Sequence[event_pb2.Event], as_of: datetime | None, market: str
) -> scoring_service_pb2.ScoreRequest:
    return scoring_service_pb2.ScoreRequest(
        customer=customer_name(customer),
        session_events=session_events,
        as_of_time=None if as_of is None else instant(as_of),
        market=market,
    )


def _name_or_nobody(customer: str | None) -> str:
    return "" if customer is None else customer_name(customer)


def _new_id() -> str:
    return str(uuid.uuid4())


def _parts(whole: Sequence[Part]) -> Iterator[Sequence[Part]]:
    return (whole[start : start + BATCH] for start in range(0, len(whole), BATCH))
