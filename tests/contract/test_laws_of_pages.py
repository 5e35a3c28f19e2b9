"""The laws of every method that answers page by page, checked on the descriptors."""

from collections.abc import Iterator

import grpc
import pytest
from google.rpc import error_details_pb2
from running.serving import Shop, refusal
from shops.valid_requests import AnyMessage, call, having, valid


@pytest.mark.parametrize("method", having("page_token"))
def test_walking_pages_of_any_size_meets_every_row_once(quiet_shop: Shop, method: str) -> None:
    whole = _rows(call(quiet_shop, method, valid(method, quiet_shop.database)))

    assert len(whole) > 1
    for size in range(1, len(whole) + 2):
        assert list(_walked(quiet_shop, method, size)) == whole


def _walked(shop: Shop, method: str, size: int) -> Iterator[str]:
    request = valid(method, shop.database)
    request.page_size = size
    while True:
        page = call(shop, method, request)
        assert len(_rows(page)) <= size
        yield from _rows(page)
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def _rows(response: AnyMessage) -> list[str]:
    field = next(field for field in response.DESCRIPTOR.fields if field.message_type)
    return [row.item_id if hasattr(row, "item_id") else row.name for row in getattr(response, field.name)]


@pytest.mark.parametrize("method", having("page_token"))
def test_a_page_token_is_good_for_its_own_request_only(quiet_shop: Shop, method: str) -> None:
    request = valid(method, quiet_shop.database)
    request.page_size = 1
    token = call(quiet_shop, method, request).next_page_token
    other = "ListModels" if method != "ListModels" else "ListCampaigns"
    stolen, forged = valid(other, quiet_shop.database), valid(method, quiet_shop.database)
    stolen.page_token, forged.page_token = token, token[:-4] + "AAAA"

    for name, wrong in ((other, stolen), (method, forged)):
        with pytest.raises(grpc.RpcError) as raised:
            call(quiet_shop, name, wrong)
        refused = refusal(raised.value)
        assert (refused.code, refused.reason, refused.fields) == (
            "INVALID_ARGUMENT",
            "PAGE_TOKEN_INVALID",
            ["page_token"],
        )
        bad_request = refused.details["BadRequest"]
        assert isinstance(bad_request, error_details_pb2.BadRequest)
        (violation,) = bad_request.field_violations
        assert refused.message == f"page_token: {violation.description}", "the field is named once"
