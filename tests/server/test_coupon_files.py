"""Codes in and out as streams, and as files on the command line."""

import csv
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

import grpc
import pytest
from made.campaigns import (
    add_customers,
    audit_lines,
    begin_launch,
    counts,
    create_campaign,
    finish_launch,
    issued_codes,
    store_scores,
)
from running.serving import Shop, new_id, refusal, serving
from running.shell import Shell
from tierwise.v1 import coupon_service_pb2

from campaigns.coupons.codes import displayed
from database.session import Database
from server.coupons import own_codes, service

Row = coupon_service_pb2.ImportCouponsRequest.Row
Rejection = coupon_service_pb2.ImportCouponsResponse.Rejection


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[Shop]:
    add_customers(database, ["anna", "bert"])
    create_campaign(database)
    with serving(database, tmp_path, model=False) as running:
        yield running


def send(shop: Shop, *parts: Sequence[Row], **head: object) -> coupon_service_pb2.ImportCouponsResponse:
    head = {"name": "campaigns/spring", **head}
    messages = [coupon_service_pb2.ImportCouponsRequest(rows=rows, **head) for rows in parts]  # type: ignore[arg-type] # the test knows
    return shop.coupons.ImportCoupons(iter(messages), timeout=20)


def test_a_stream_of_rows_is_taken_in_as_one_and_once(shop: Shop) -> None:
    first, second = [Row(code="CARD0001"), Row(code="x")], [Row(code="CARD0003", customer="customers/anna")]
    request_id = new_id()

    answer = send(shop, first, second, request_id=request_id)

    assert answer == coupon_service_pb2.ImportCouponsResponse(
        imported_count=2, rejected_count=1,
        rejections=[Rejection(row_number=2, field="code", reason=Rejection.INVALID_CODE)],
    )  # fmt: skip
    assert send(shop, first, second, request_id=request_id) == answer, "the stored one"
    assert counts(shop.database, "own_codes") == (2,)
    with pytest.raises(grpc.RpcError) as raised:
        send(shop, first, request_id=request_id)
    assert refusal(raised.value).reason == "REQUEST_ID_REUSED"


def test_a_dry_run_tells_the_same_and_takes_nothing_in(shop: Shop) -> None:
    answer = send(shop, [Row(code="CARD0001"), Row(code="CARD0001")], validate_only=True)

    assert (answer.imported_count, answer.rejections[0].reason) == (1, Rejection.REPEATED_CODE)
    assert counts(shop.database, "own_codes") == (0,)


@pytest.mark.parametrize(
    ("parts", "head", "reason"),
    [
        pytest.param([[Row(code="CARD0001"), Row(code="x")]], {"all_or_nothing": True}, "CODES_REJECTED", id="bad-row"),
        pytest.param([], {}, "INVALID_REQUEST", id="empty-stream"),
        pytest.param([[Row(code="CARD0001")], []], {}, "INVALID_REQUEST", id="message-without-rows"),
        pytest.param([[Row(code="CARD0001")]] * 4, {}, "INVALID_REQUEST", id="too-many-rows"),
    ],
)
def test_a_stream_that_is_refused_changes_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, parts: list[list[Row]], head: dict[str, object], reason: str
) -> None:
    monkeypatch.setattr(own_codes, "MOST_ROWS", 3)

    with pytest.raises(grpc.RpcError) as raised:
        send(shop, *parts, **head)

    assert refusal(raised.value).reason == reason
    assert counts(shop.database, "own_codes") == (0,)


def test_every_message_of_a_stream_is_about_the_same_campaign(shop: Shop) -> None:
    messages = [
        coupon_service_pb2.ImportCouponsRequest(name=f"campaigns/{name}", rows=[Row(code=f"CARD-{name}")])
        for name in ("spring", "summer")
    ]

    with pytest.raises(grpc.RpcError) as raised:
        shop.coupons.ImportCoupons(iter(messages), timeout=20)

    assert refusal(raised.value).fields == ["name"]
    assert counts(shop.database, "own_codes") == (0,)


def test_every_coupon_is_exported_once_in_pages_and_it_is_on_record(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "EXPORTED_AT_ONCE", 2)
    codes = issued_codes(database, ["anna", "bert", "carl"])
    asked = coupon_service_pb2.ExportCouponsRequest(name="campaigns/spring")

    with serving(database, tmp_path, model=False) as shop:
        pages = [list(each.coupons) for each in shop.coupons.ExportCoupons(asked, timeout=20)]

    assert [len(page) for page in pages] == [2, 1]
    assert {each.customer: each.code for page in pages for each in page} == {
        f"customers/{customer}": displayed(code) for customer, code in codes.items()
    }
    assert audit_lines(database)[-1] == ("coupons.export", "campaigns/spring", "OK")


def test_a_stream_that_is_asked_for_again_is_on_record_again(database: Database, tmp_path: Path) -> None:
    issued_codes(database, ["anna"])
    asked = coupon_service_pb2.ExportCouponsRequest(name="campaigns/spring", request_id=new_id())

    with serving(database, tmp_path, model=False) as shop:
        first, again = (list(shop.coupons.ExportCoupons(asked, timeout=20)) for _ in range(2))

    assert first == again
    assert audit_lines(database)[-2:] == [("coupons.export", "campaigns/spring", "OK")] * 2


@pytest.mark.parametrize("role", ["analyst", "approver", "service"])
def test_who_may_not_see_codes_gets_none_and_that_is_on_record(database: Database, tmp_path: Path, role: str) -> None:
    issued_codes(database, ["anna"])
    asked = coupon_service_pb2.ExportCouponsRequest(name="campaigns/spring")

    with serving(database, tmp_path, model=False) as shop:
        with pytest.raises(grpc.RpcError) as raised:
            next(shop.coupons.ExportCoupons(asked, timeout=20, metadata=(("tierwise-role", role),)))
        assert refusal(raised.value).reason == "PERMISSION_DENIED"

    assert audit_lines(database)[-1] == ("coupons.export", "campaigns/spring", "DENIED")


def test_who_may_not_import_is_not_waited_for_and_that_is_on_record(shop: Shop) -> None:
    over = Event()

    def wait_for_ever() -> Iterator[coupon_service_pb2.ImportCouponsRequest]:
        over.wait()
        yield coupon_service_pb2.ImportCouponsRequest()

    with pytest.raises(grpc.RpcError) as raised:
        shop.coupons.ImportCoupons(wait_for_ever(), timeout=20, metadata=(("tierwise-role", "analyst"),))
    over.set()

    assert refusal(raised.value).reason == "PERMISSION_DENIED"
    assert audit_lines(shop.database)[-1] == ("coupons.import", "coupons", "DENIED")


def test_files_on_the_command_line(database: Database, database_url: str, tmp_path: Path) -> None:
    tierwise = Shell(database_url)
    store_scores(database, {"anna": 9000, "bert": 9000})
    create_campaign(database)
    cards, out = tmp_path / "cards.csv", tmp_path / "out.csv"
    cards.write_text("code,customer_id\nspring-card-1,\nx,\nvip-for-bert,bert\n", encoding="utf-8-sig")

    assert "row 2, code: INVALID_CODE" in tierwise.refusal("coupon", "import", "spring", str(cards), "--all-or-nothing")
    assert tierwise("coupon", "import", "spring", str(cards)) == {
        "imported": 2, "known": 0, "rejected": 1,
        "rejections": [{"row_number": 2, "field": "code", "reason": "INVALID_CODE"}],
    }  # fmt: skip
    assert tierwise("--as", "marie:marketer", "coupon", "withdraw", "spring") == {
        "campaign_id": "spring",
        "withdrawn": 2,
    }
    assert tierwise("coupon", "import", "spring", str(cards))["imported"] == 2
    finish_launch(database, begin_launch(database))
    told = tierwise("--as", "marie:marketer", "coupon", "export", "spring", str(out))

    assert told == {"campaign_id": "spring", "coupons": 2, "file": str(out)}
    with out.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["customer_id"]: row["code"] for row in rows} == {"anna": "SPR1NGCARD1", "bert": "V1PF0RBERT"}
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    out.unlink()
    assert "PERMISSION_DENIED" in tierwise.refusal("--as", "ann:analyst", "coupon", "export", "spring", str(out))
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "has no column code; it has none"), (b"kode\n1\n", "it has kode"), (b"code\n\xff\n", "is no CSV in UTF-8")],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(
    database: Database, database_url: str, tmp_path: Path, content: bytes, told: str
) -> None:
    create_campaign(database)
    file = tmp_path / "codes.csv"
    file.write_bytes(content)

    assert told in Shell(database_url).refusal("coupon", "import", "spring", str(file))
    assert counts(database, "own_codes") == (0,)


def test_a_file_that_is_not_there_is_refused(database_url: str, tmp_path: Path) -> None:
    assert "there is no such file" in Shell(database_url).refusal(
        "coupon", "import", "spring", str(tmp_path / "nothing.csv")
    )
