"""The client: one method for each thing that a shop's services ask."""

import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Self, TypeAlias, TypeVar

import grpc
from google.protobuf.message import Message
from google.type.money_pb2 import Money
from tierwise.v1 import (
    coupon_pb2,
    coupon_service_pb2,
    coupon_service_pb2_grpc,
    customer_service_pb2,
    customer_service_pb2_grpc,
    event_pb2,
    offer_service_pb2,
    offer_service_pb2_grpc,
    recommendation_service_pb2,
    recommendation_service_pb2_grpc,
    score_pb2,
    scoring_service_pb2,
    scoring_service_pb2_grpc,
)

from tierwise_client.channel import Tls, open_channel
from tierwise_client.errors import DeadlineExceeded, Overloaded, TierwiseError, Unavailable, error_in, error_of
from tierwise_client.values import customer_name, instant

Response = TypeVar("Response", bound=Message)
Part = TypeVar("Part")
Metadata: TypeAlias = "tuple[tuple[str, str], ...]"

BATCH = 500
"""Most customers or events in one call."""
QUICK_SECONDS = 1.0
BATCH_SECONDS = 30.0
AWAY_SECONDS = 1.0
"""Until a server is asked again that gRPC found away several times."""
LATEST = 1.25
"""Times what the server asks for, so that those whom it sent away do not all come back at once."""


class Tierwise:
    """Calls to one server, from any number of threads; close it, or use it as a context manager.

    Every call has a deadline: `timeout` seconds, repetitions included. Calls are repeated while the server is away, by
    gRPC at once and then by the client every second, and when the server is overloaded and says when to come back, as
    long as the deadline allows; what is written carries a request id, so that it happens once. Every method raises
    TierwiseError.
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
        that a call belongs to.
        """
        self._token = token
        self._timeout = timeout
        self._traceparent = traceparent
        self.channel = open_channel(address, tls=tls or Tls(), insecure=insecure)
        """For the stubs of everything that has no method here."""
        self._scoring = scoring_service_pb2_grpc.ScoringServiceStub(self.channel)
        self._items = recommendation_service_pb2_grpc.RecommendationServiceStub(self.channel)
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
        self, customer: str, *, count: int = 10, basket: Sequence[str] = (), exclude: Sequence[str] = (),
        timeout: float | None = None,
    ) -> recommendation_service_pb2.RecommendResponse:  # fmt: skip
        """Items to show, the best first; the basket steers the answer and is not in it."""
        request = recommendation_service_pb2.RecommendRequest(
            customer=customer_name(customer), count=count, context_item_ids=basket, excluded_item_ids=exclude
        )
        return self._call(self._items.Recommend, request, timeout, QUICK_SECONDS)

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
        customer: str | None = None, lines: Sequence[coupon_pb2.OrderLine] = (), timeout: float | None = None,
    ) -> coupon_pb2.Reservation:  # fmt: skip
        """Hold a code for an order for some minutes."""
        request = coupon_service_pb2.ReserveCouponRequest(
            code=code, customer=_name_or_nobody(customer), order_id=order_id, order_amount=order_amount,
            shipping_amount=shipping_amount, lines=lines, request_id=_new_id(),
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
        deadline = time.monotonic() + (timeout or self._timeout or usual)
        away: Unavailable | None = None
        while True:
            try:
                return method(request, timeout=deadline - time.monotonic(), metadata=self._metadata())
            except grpc.RpcError as failed:
                error = error_of(failed)
            if isinstance(error, Unavailable):
                away = error
            elif isinstance(error, DeadlineExceeded) and away is not None:
                # The time ran out while gRPC looked for the server.
                raise away
            pause = _pause(error)
            if pause is None or time.monotonic() + pause >= deadline:
                raise error
            time.sleep(pause)

    def _metadata(self) -> Metadata:
        token = self._token() if callable(self._token) else self._token
        span = self._traceparent()
        return (
            *(() if token is None else (("authorization", f"Bearer {token}"),)),
            *(() if span is None else (("traceparent", span),)),
        )


def _pause(error: TierwiseError) -> float | None:
    """How long to wait before asking again; None where that does not help."""
    match error:
        case Unavailable(retry_after=seconds):
            return (seconds or AWAY_SECONDS) * random.uniform(1, LATEST)
        case Overloaded(retry_after=float(seconds)) if seconds:
            return seconds * random.uniform(1, LATEST)
    return None


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
