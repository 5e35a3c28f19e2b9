"""CouponService: what a code is worth, holding it, using it once, and giving it back."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import grpc
from google.longrunning import operations_pb2
from google.protobuf.message import Message
from tierwise.v1 import coupon_pb2, coupon_service_pb2, coupon_service_pb2_grpc

from campaigns.actor import Cause
from campaigns.coupons import (
    blocking,
    exporting,
    giving,
    handing_over,
    message_tests,
    own_codes,
    redemption,
    refunding,
    reservation,
)
from campaigns.coupons.reservation import USUAL_TIME
from campaigns.life import campaigns
from campaigns.terms.coupon import Coupon
from database.session import Database, Transaction
from server.access.guesses import Guesses
from server.answering import call
from server.answering.transactions import perform, performed, reading, writing
from server.coupons.messages import (
    REDEMPTION,
    RESERVATION,
    basket,
    coupon_message,
    redemption_message,
    reservation_message,
    wanted,
)
from server.coupons.own_codes import gathered, imported_message
from server.coupons.own_codes import own_codes as rows_of
from server.wire.money import minor_units, money
from server.wire.names import campaign_id, customer_id
from server.wire.operations import operation_message

Response = TypeVar("Response", bound=Message)
EXPORTED_AT_ONCE = 1000
"""Coupons in one message, and in memory."""
SUBJECT = "coupons"
"""Of refusals that know no campaign."""


class CouponService(coupon_service_pb2_grpc.CouponServiceServicer):
    def __init__(self, database: Database, guesses: Guesses) -> None:
        self._database = database
        self._guesses = guesses

    def ValidateCoupon(
        self, request: coupon_service_pb2.ValidateCouponRequest, context: grpc.ServicerContext
    ) -> coupon_service_pb2.ValidateCouponResponse:
        order = basket(request)
        with self._guesses.counted(), reading(self._database) as snapshot:
            quote = redemption.validate(snapshot, request.code, order, call.current().now)
        return coupon_service_pb2.ValidateCouponResponse(
            coupon=coupon_message(quote.coupon, order.currency),
            discount_amount=money(quote.discount_minor, order.currency),
        )

    def ReserveCoupon(
        self, request: coupon_service_pb2.ReserveCouponRequest, context: grpc.ServicerContext
    ) -> coupon_service_pb2.ReserveCouponResponse:
        order = basket(request)
        lasting = request.time_to_live.ToTimedelta() if request.HasField("time_to_live") else USUAL_TIME

        def effect(transaction: Transaction, cause: Cause) -> coupon_service_pb2.ReserveCouponResponse:
            held = reservation.reserve(transaction, cause, request.code, order, time_to_live=lasting)
            return coupon_service_pb2.ReserveCouponResponse(reservation=reservation_message(held))

        with self._guesses.counted():
            return self._perform(request, effect)

    def ReleaseReservation(
        self, request: coupon_service_pb2.ReleaseReservationRequest, context: grpc.ServicerContext
    ) -> coupon_service_pb2.ReleaseReservationResponse:
        reservation_id = request.name.removeprefix(RESERVATION)

        def effect(transaction: Transaction, cause: Cause) -> coupon_service_pb2.ReleaseReservationResponse:
            released = reservation.release(transaction, cause, reservation_id)
            return coupon_service_pb2.ReleaseReservationResponse(reservation=reservation_message(released))

        return self._perform(request, effect)

    def RedeemCoupon(
        self, request: coupon_service_pb2.RedeemCouponRequest, context: grpc.ServicerContext
    ) -> coupon_service_pb2.RedeemCouponResponse:
        order = basket(request)
        held = request.reservation.removeprefix(RESERVATION) or None

        def effect(transaction: Transaction, cause: Cause) -> coupon_service_pb2.RedeemCouponResponse:
            used = redemption.redeem(transaction, cause, request.code, order, reservation_id=held)
            return coupon_service_pb2.RedeemCouponResponse(redemption=redemption_message(used))

        with self._guesses.counted():
            return self._perform(request, effect)

    def RefundRedemption(
        self, request: coupon_service_pb2.RefundRedemptionRequest, context: grpc.ServicerContext
    ) -> coupon_service_pb2.RefundRedemptionResponse:
        redemption_id = request.name.removeprefix(REDEMPTION)
        amount = minor_units(request.amount, "amount") if request.HasField("amount") else None

        def effect(transaction: Transaction, cause: Cause) -> coupon_service_pb2.RefundRedemptionResponse:
            done = refunding.refund(
                transaction, cause, redemption_id, refund_id=request.refund_id, amount_minor=amount,
                currency=request.amount.currency_code or None,
            )  # fmt: skip
            return coupon_service_pb2.RefundRedemptionResponse(
                redemption=redemption_message(done.redemption), code_given_back=done.code_given_back,
                refunded_amount=money(done.refunded_minor, done.redemption.currency),
            )  # fmt: skip

        return self._perform(request, effect)

    def BlockCoupon(
        self, request: coupon_service_pb2.BlockCouponRequest, context: grpc.ServicerContext
    ) -> coupon_service_pb2.BlockCouponResponse:
        def effect(transaction: Transaction, cause: Cause) -> coupon_service_pb2.BlockCouponResponse:
            blocked = blocking.block(transaction, cause, request.code)
            return coupon_service_pb2.BlockCouponResponse(coupon=_told(transaction, blocked))

        with self._guesses.counted():
            return self._perform(request, effect)

    def UnblockCoupon(
        self, request: coupon_service_pb2.UnblockCouponRequest, context: grpc.ServicerContext
    ) -> coupon_service_pb2.UnblockCouponResponse:
        def effect(transaction: Transaction, cause: Cause) -> coupon_service_pb2.UnblockCouponResponse:
            free = blocking.unblock(transaction, cause, request.code)
            return coupon_service_pb2.UnblockCouponResponse(coupon=_told(transaction, free))

        with self._guesses.counted():
            return self._perform(request, effect)

    def GiveCoupon(
        self, request: coupon_service_pb2.GiveCouponRequest, context: grpc.ServicerContext
    ) -> coupon_service_pb2.GiveCouponResponse:
        name, customer = campaign_id(request.campaign), customer_id(request.customer)

        def effect(transaction: Transaction, cause: Cause) -> coupon_service_pb2.GiveCouponResponse:
            found = giving.give(transaction, cause, name, customer)
            told = coupon_message(found.coupon, found.campaign.plan.currency)
            if request.validate_only:
                told.ClearField("code")
            return coupon_service_pb2.GiveCouponResponse(coupon=told, given=found.new)

        return perform(self._database, request, effect, subject=request.campaign)

    def ImportCoupons(
        self, requests: Iterator[coupon_service_pb2.ImportCouponsRequest], context: grpc.ServicerContext
    ) -> coupon_service_pb2.ImportCouponsResponse:
        request = gathered(requests)

        def effect(transaction: Transaction, cause: Cause) -> coupon_service_pb2.ImportCouponsResponse:
            added = own_codes.take_in(
                transaction, cause, campaign_id(request.name), rows_of(request), all_or_nothing=request.all_or_nothing
            )
            return imported_message(added)

        return perform(self._database, request, effect, subject=request.name)

    @performed
    def WithdrawCoupons(
        self, request: coupon_service_pb2.WithdrawCouponsRequest, transaction: Transaction, cause: Cause
    ) -> coupon_service_pb2.WithdrawCouponsResponse:
        count = own_codes.withdraw(transaction, cause, campaign_id(request.name))
        return coupon_service_pb2.WithdrawCouponsResponse(withdrawn_count=count)

    @performed
    def HandOverCoupons(
        self, request: coupon_service_pb2.HandOverCouponsRequest, transaction: Transaction, cause: Cause
    ) -> operations_pb2.Operation:
        return operation_message(handing_over.begin(transaction, cause, campaign_id(request.name)))

    @performed
    def SendTestMessage(
        self, request: coupon_service_pb2.SendTestMessageRequest, transaction: Transaction, cause: Cause
    ) -> operations_pb2.Operation:
        begun = message_tests.begin(transaction, cause, campaign_id(request.name), wanted(request))
        return operation_message(begun)

    def ExportCoupons(
        self, request: coupon_service_pb2.ExportCouponsRequest, context: grpc.ServicerContext
    ) -> Iterator[coupon_service_pb2.ExportCouponsResponse]:
        name = campaign_id(request.name)

        def effect(transaction: Transaction, _cause: Cause) -> coupon_service_pb2.ExportCouponsResponse:
            campaigns.get(transaction, name)
            return coupon_service_pb2.ExportCouponsResponse()

        perform(self._database, request, effect, subject=request.name)
        with writing(self._database) as transaction:
            cause = call.current().cause(request.request_id)
            currency = exporting.begin(transaction, cause, name).plan.currency
        after = ""
        while True:
            with reading(self._database) as snapshot:
                found = redemption.page(snapshot, name, limit=EXPORTED_AT_ONCE, after=after)
            if not found:
                return
            yield coupon_service_pb2.ExportCouponsResponse(coupons=[coupon_message(each, currency) for each in found])
            after = found[-1].customer_id

    def _perform(self, request: Message, effect: Callable[[Transaction, Cause], Response]) -> Response:
        return perform(self._database, request, effect, subject=SUBJECT)


def _told(transaction: Transaction, coupon: Coupon) -> coupon_pb2.Coupon:
    return coupon_message(coupon, campaigns.get(transaction, coupon.campaign_id).plan.currency)
