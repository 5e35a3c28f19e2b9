"""CouponService: what a code is worth, and using it once."""

import grpc
from tierwise.v1 import coupon_service_pb2, coupon_service_pb2_grpc

from campaigns import redemption
from campaigns.actor import Cause
from database.session import Database, Transaction
from server import call
from server.coupon_messages import basket, coupon_message, redemption_message
from server.money import money
from server.transactions import perform, reading


class CouponService(coupon_service_pb2_grpc.CouponServiceServicer):
    """The methods of the service, one transaction each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ValidateCoupon(
        self, request: coupon_service_pb2.ValidateCouponRequest, context: grpc.ServicerContext
    ) -> coupon_service_pb2.ValidateCouponResponse:
        order = basket(request.customer, request.order_amount)
        with reading(self._database) as snapshot:
            quote = redemption.validate(snapshot, request.code, order, call.current().now)
        return coupon_service_pb2.ValidateCouponResponse(
            coupon=coupon_message(quote.coupon, order.currency),
            discount_amount=money(quote.discount_minor, order.currency),
        )

    def RedeemCoupon(
        self, request: coupon_service_pb2.RedeemCouponRequest, context: grpc.ServicerContext
    ) -> coupon_service_pb2.RedeemCouponResponse:
        order = basket(request.customer, request.order_amount, order_id=request.order_id)

        def effect(transaction: Transaction, cause: Cause) -> coupon_service_pb2.RedeemCouponResponse:
            entry = redemption.redeem(transaction, cause, request.code, order)
            return coupon_service_pb2.RedeemCouponResponse(redemption=redemption_message(entry))

        answer = coupon_service_pb2.RedeemCouponResponse
        return perform(self._database, request, answer, effect, subject="coupons")
