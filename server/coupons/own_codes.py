"""A shop's own codes between the wire and us."""

from collections.abc import Iterable, Iterator

from tierwise.v1 import coupon_service_pb2

from campaigns.coupons.own_codes import OwnCode
from database.coupons.own_codes import Added, Rejection
from server.wire.names import CUSTOMER
from server.wire.refusals import InvalidRequest

MOST_ROWS = 200_000
"""Of one stream, which is held in memory until its last message has come."""


def gathered(requests: Iterable[coupon_service_pb2.ImportCouponsRequest]) -> coupon_service_pb2.ImportCouponsRequest:
    """The messages of a stream as one. Raises InvalidRequest."""
    whole = coupon_service_pb2.ImportCouponsRequest()
    for number, request in enumerate(requests):
        if number == 0:
            whole.CopyFrom(request)
            continue
        if _head(request) != _head(whole):
            raise InvalidRequest.of("name", "must be the same in every message of the stream, as all fields but rows")
        whole.rows.extend(request.rows)
        if len(whole.rows) > MOST_ROWS:
            raise InvalidRequest.of("rows", f"must be at most {MOST_ROWS} in one stream: send the others in another")
    if not whole.rows:
        raise InvalidRequest.of("rows", "must be sent in at least one message")
    return whole


def own_codes(request: coupon_service_pb2.ImportCouponsRequest) -> Iterator[OwnCode]:
    for row in request.rows:
        yield OwnCode(row.code, row.customer.removeprefix(CUSTOMER))


def imported_message(added: Added) -> coupon_service_pb2.ImportCouponsResponse:
    return coupon_service_pb2.ImportCouponsResponse(
        imported_count=added.imported, known_count=added.known, rejected_count=added.rejected,
        rejections=list(map(_rejection, added.rejections)),
    )  # fmt: skip


def _rejection(rejection: Rejection) -> coupon_service_pb2.ImportCouponsResponse.Rejection:
    kind = coupon_service_pb2.ImportCouponsResponse.Rejection
    return kind(row_number=rejection.row_number, field=rejection.field, reason=kind.Reason.Value(rejection.reason))


def _head(request: coupon_service_pb2.ImportCouponsRequest) -> tuple[str, str, bool, bool]:
    return request.name, request.request_id, request.all_or_nothing, request.validate_only
