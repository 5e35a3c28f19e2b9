"""The client asks a real server, gives up in time, repeats what may be repeated, and says what went wrong."""

import pickle
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import grpc
import pytest
from google.rpc import code_pb2
from made.campaigns import TEN_PERCENT, issued_codes, launch_campaign, make_cause, make_plan
from running.certificates import Authority
from running.serving import Shop, purchase, serving
from tierwise.v1 import (
    coupon_service_pb2,
    coupon_service_pb2_grpc,
    customer_service_pb2,
    customer_service_pb2_grpc,
    recommendation_pb2,
    score_pb2,
    tier_pb2,
)

import tierwise_client
from campaigns.actor import Role
from campaigns.callers import api_keys
from campaigns.terms.discount import Discount, FreeShipping
from database.session import Database
from scoring.pool.refusals import Overloaded
from server.access.admission import Admission
from server.access.tls import Tls
from server.wire.errors import status_of, told
from tierwise_client import Tierwise, instant, money

SIXTY = money("60.00", "GBP")
OVERLOADED = grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.fixture(scope="module")
def shop(database_of_file: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    now = datetime.now(UTC)
    issued_codes(
        database_of_file, ["anna", "ben"], start_time=now - timedelta(days=1), end_time=now + timedelta(days=9)
    )
    with serving(database_of_file, tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[Tierwise]:
    with Tierwise(f"127.0.0.1:{shop.server.port}", insecure=True, timeout=10) as opened:
        yield opened


def test_scores_come_alone_and_in_batches_with_reasons_for_those_that_are_missing(client: Tierwise) -> None:
    alone = client.score("anna")
    yesterday = client.score("anna", as_of=datetime.now(UTC) - timedelta(days=1))
    both = client.scores(["anna", "nobody"])

    assert (alone.customer, yesterday.model) == ("customers/anna", "models/tiny-1")
    assert isinstance(both[0], score_pb2.Score)
    assert isinstance(both[1], tierwise_client.NotFound)
    assert (both[1].reason, both[1].metadata) == ("CUSTOMER_NOT_FOUND", {"customer": "customers/nobody"})


def test_what_is_recorded_twice_is_recorded_once(client: Tierwise) -> None:
    events = [purchase(-3), purchase(-2)]

    assert client.record("anna", events, ids=["e-1", "e-2"]) == 2
    assert client.record("anna", events, ids=["e-1", "e-2"]) == 0
    assert len(client.recommend("anna", count=3, exclude=["item-1"]).recommendations) <= 3
    popular = client.recommend("anna", count=2, strategy=recommendation_pb2.POPULAR)
    assert [each.item_id for each in popular.recommendations] == ["item-6", "item-4"]
    assert len(client.similar("item-1", count=2).items) == 2
    assert client.update_availability({"item-6": False, "item-1": True}) == 1
    assert [each.item_id for each in client.recommend(None, count=1, language="zh").recommendations] == ["item-4"]


def test_a_sign_up_makes_a_customer_known_and_a_later_change_leaves_the_rest(client: Tierwise) -> None:
    signed_up = client.update_customer("dora", country="fr", consented_channels=["EMAIL"], allow_missing=True)
    moved = client.update_customer("dora", country="be", allow_missing=True)
    withdrawn = client.update_customer("dora", consented_channels=(), etag=moved.etag)

    assert (signed_up.country, list(signed_up.consented_channels)) == ("FR", ["EMAIL"])
    assert (moved.country, list(moved.consented_channels)) == ("BE", ["EMAIL"])
    assert client.customer("dora") == withdrawn
    assert (withdrawn.country, list(withdrawn.consented_channels)) == ("BE", [])
    with pytest.raises(tierwise_client.Changed):
        client.update_customer("dora", country="nl", etag=moved.etag)
    with pytest.raises(tierwise_client.NotFound):
        client.update_customer("emil", country="nl")
    with pytest.raises(ValueError, match="nothing to change: give some of country, time_zone"):
        client.update_customer("dora")


def test_a_code_goes_from_the_offer_to_the_till(client: Tierwise) -> None:
    offer = next(
        each
        for each in client.offers("ben", order_amount=SIXTY).offers
        if each.worth.alone_amount == money("6.00", "GBP")
    )
    code = offer.coupon.code
    assert offer.coupon.tier == tier_pb2.HIGH

    assert client.validate(code, SIXTY, customer="ben").discount_amount == money(6, "GBP")
    held = client.reserve(code, "o-1", SIXTY, customer="ben")
    client.release(held.name)
    held = client.reserve(code, "o-1", SIXTY, customer="ben")
    used = client.redeem(code, "o-1", SIXTY, customer="ben", reservation=held.name)

    assert (used.order_id, used.discount_amount) == ("o-1", money(Decimal("6.00"), "GBP"))
    assert client.redeem(code, "o-1", SIXTY, customer="ben", reservation=held.name) == used
    with pytest.raises(tierwise_client.WrongState) as refused:
        client.redeem(code, "o-2", SIXTY, customer="ben")
    assert refused.value.reason == "COUPON_ALREADY_REDEEMED"
    for _ in range(2):
        assert client.refund(used.name, "r-1", money("2.00", "GBP")).refunded_amount == money(2, "GBP")
    assert client.refund(used.name, "r-2").redemption.refunded_amount == money(6, "GBP")


def test_a_code_is_held_as_long_as_it_is_wanted(client: Tierwise) -> None:
    (offer,) = client.offers("anna", order_amount=SIXTY).offers

    held = client.reserve(offer.coupon.code, "t-1", SIXTY, time_to_live=timedelta(minutes=2))

    assert (held.expire_time.ToDatetime() - held.reserve_time.ToDatetime()) == timedelta(minutes=2)
    client.release(held.name)


def test_what_shipping_costs_counts_for_a_code_that_takes_it_off(shop: Shop, client: Tierwise) -> None:
    now, free = datetime.now(UTC), replace(TEN_PERCENT, discount=Discount(reward=FreeShipping()))
    plan = make_plan(offers=(free,), start_time=now - timedelta(days=1), end_time=now + timedelta(days=9))
    launch_campaign(shop.database, plan, "shipping")
    four = money("4.00", "GBP")
    (code,) = (
        offer.coupon.code
        for offer in client.offers("anna", order_amount=SIXTY, shipping_amount=four).offers
        if offer.worth.alone_amount == four
    )

    assert client.validate(code, SIXTY, shipping_amount=four).discount_amount == four
    assert client.reserve(code, "s-1", SIXTY, shipping_amount=four).discount_amount == four
    assert client.redeem(code, "s-1", SIXTY, shipping_amount=four).discount_amount == four


def test_a_malformed_field_is_named(client: Tierwise) -> None:
    with pytest.raises(tierwise_client.InvalidRequest) as refused:
        client.validate("", SIXTY)

    assert (refused.value.code, refused.value.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert list(refused.value.fields) == ["code"]


def test_an_error_comes_out_of_another_process_as_it_went_in(client: Tierwise) -> None:
    with pytest.raises(tierwise_client.NotFound) as refused:
        client.score("nobody")

    again = pickle.loads(pickle.dumps(refused.value))

    assert (type(again), str(again), again.code) == (tierwise_client.NotFound, str(refused.value), "NOT_FOUND")
    assert (again.reason, again.metadata) == ("CUSTOMER_NOT_FOUND", {"customer": "customers/nobody"})


def test_a_server_that_is_not_there_is_unavailable_within_the_deadline() -> None:
    with Tierwise("127.0.0.1:1", insecure=True) as nobody, pytest.raises(tierwise_client.Unavailable):
        nobody.score("anna", timeout=2)


def test_a_lost_server_is_looked_for_every_second() -> None:
    """Left to itself gRPC waits longer each time: 1, 1.6, 2.6, 4.1 s, and two minutes in the end."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(10)
        with Tierwise(f"127.0.0.1:{door.getsockname()[1]}", insecure=True) as client, ThreadPoolExecutor(1) as caller:
            began = time.monotonic()
            asked = caller.submit(client.score, "anna", timeout=8)
            for _ in range(5):
                door.accept()[0].close()
            assert time.monotonic() - began < 7
            with pytest.raises(tierwise_client.Unavailable):
                asked.result()


def test_a_line_in_the_clear_does_not_leave_the_machine() -> None:
    with pytest.raises(ValueError, match=r"shop\.example\.com:443 is another machine: insecure=True is for loopback"):
        Tierwise("shop.example.com:443", insecure=True)
    with pytest.raises(ValueError, match=r"'localhost' has no port"):
        Tierwise("localhost", insecure=True)


@pytest.mark.parametrize("token", ["", "tw_1\nx-other: 1", "tw_é"])
def test_a_token_that_no_header_carries_is_refused_and_not_told(token: str) -> None:
    with pytest.raises(ValueError, match="token: it is empty or has symbols that no header carries: give the key"):
        Tierwise("127.0.0.1:1", insecure=True, token=token)
    with (
        Tierwise("127.0.0.1:1", insecure=True, token=lambda: token) as client,
        pytest.raises(ValueError, match="token"),
    ):
        client.score("anna")


def test_a_key_over_tls_lets_in_and_another_does_not(database: Database, tmp_path: Path) -> None:
    authority = Authority.make()
    root, _ = authority.root.write(tmp_path, "root")
    certificate, key = authority.issue("localhost").write(tmp_path, "server")
    admission = Admission(tls=Tls(certificate=certificate, key=key))
    with database.writing() as transaction:
        _, text = api_keys.create(transaction, make_cause(), name="till", role="service")
    tls = tierwise_client.Tls(authority=root)

    with serving(database, tmp_path, model=False, admission=admission, credentials=authority.trusted()) as running:
        address = f"localhost:{running.server.port}"
        with Tierwise(address, tls=tls, token=lambda: f"{text}\n", timeout=10) as till:
            assert till.record("carla", [purchase(-1)]) == 1
            # Stubs over its channel come as the same caller.
            name = customer_service_pb2.GetCustomerRequest(name="customers/carla")
            assert customer_service_pb2_grpc.CustomerServiceStub(till.channel).GetCustomer(name).name == name.name
            codes = coupon_service_pb2.ExportCouponsRequest(name="campaigns/spring")
            with pytest.raises(grpc.RpcError, match="service:till may not do this"):
                next(coupon_service_pb2_grpc.CouponServiceStub(till.channel).ExportCoupons(codes))
        with Tierwise(address, tls=tls, token="tw_nothing", timeout=10) as stranger:
            with pytest.raises(tierwise_client.Unidentified) as refused:
                stranger.record("carla", [purchase(-1)])
            assert refused.value.reason == "CREDENTIALS_INVALID"


def test_a_certificate_of_its_own_says_who_the_client_is(database: Database, tmp_path: Path) -> None:
    authority = Authority.make()
    root, _ = authority.root.write(tmp_path, "root")
    certificate, key = authority.issue("localhost").write(tmp_path, "server")
    tls = Tls(certificate=certificate, key=key, client_ca=root)
    admission = Admission(tls=tls, certificate_roles={"till": Role.SERVICE})

    def recorded(port: int, name: str) -> int:
        shown, secret = authority.issue(name).write(tmp_path, name)
        own = tierwise_client.Tls(authority=root, certificate=shown, key=secret)
        with Tierwise(f"localhost:{port}", tls=own, timeout=10) as opened:
            return opened.record("carla", [purchase(-1)])

    with serving(database, tmp_path, model=False, admission=admission) as running:
        assert recorded(running.server.port, "till") == 1
        with pytest.raises(tierwise_client.NotAllowed):
            recorded(running.server.port, "stranger")
        with (
            Tierwise(f"localhost:{running.server.port}", tls=tierwise_client.Tls(authority=root), timeout=2) as nobody,
            pytest.raises(tierwise_client.TierwiseError) as refused,
        ):
            nobody.record("carla", [purchase(-1)])
        assert isinstance(refused.value, tierwise_client.Unavailable | tierwise_client.DeadlineExceeded)


class Moody:
    """Refuses as often as it is told, and remembers who asked for what."""

    def __init__(self, code: grpc.StatusCode, *, times: int, seconds: float = 0.0) -> None:
        self.code = code
        self.times = times
        self.seconds = seconds
        self.asked: list[str] = []
        self.metadata: dict[str, str | bytes] = {}

    def record(
        self, request: customer_service_pb2.BatchCreateEventsRequest, context: grpc.ServicerContext
    ) -> customer_service_pb2.BatchCreateEventsResponse:
        self.asked.append(request.request_id)
        self.metadata = dict(context.invocation_metadata())
        if len(self.asked) <= self.times:
            packed = status_of(Overloaded("8 calls are waiting", retry_after=self.seconds), "").SerializeToString()
            if self.code is grpc.StatusCode.ABORTED:
                packed = told(code_pb2.ABORTED, "CONFLICT", "another change came between", {}).SerializeToString()
            if self.code in (OVERLOADED, grpc.StatusCode.ABORTED):
                context.set_trailing_metadata((("grpc-status-details-bin", packed),))
            context.abort(self.code, "8 calls are waiting")
        return customer_service_pb2.BatchCreateEventsResponse(created_count=len(request.requests))


@contextmanager
def asking(moody: Moody, timeout: float = 10) -> Iterator[Tierwise]:
    server = grpc.server(ThreadPoolExecutor(2))
    handler = grpc.unary_unary_rpc_method_handler(
        moody.record, customer_service_pb2.BatchCreateEventsRequest.FromString,
        customer_service_pb2.BatchCreateEventsResponse.SerializeToString,
    )  # fmt: skip
    methods = {"BatchCreateEvents": handler}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("tierwise.v1.CustomerService", methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with Tierwise(
        f"127.0.0.1:{port}", insecure=True, timeout=timeout, token="tw_1", traceparent=lambda: "00-ab-cd-01"
    ) as client:
        yield client
    server.stop(None).wait()


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.ABORTED])
def test_a_server_that_comes_back_is_asked_again_under_the_same_request_id(code: grpc.StatusCode) -> None:
    """Away, without time to take the call up, or with another change at the same time."""
    moody = Moody(code, times=2)

    with asking(moody) as client:
        assert client.record("anna", [purchase()]) == 1

    assert len(moody.asked) == 3
    assert len(set(moody.asked)) == 1
    assert (moody.metadata["authorization"], moody.metadata["traceparent"]) == ("Bearer tw_1", "00-ab-cd-01")
    assert str(moody.metadata["user-agent"]).startswith(f"tierwise-client/{tierwise_client.__version__} ")


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED])
def test_a_server_that_stays_away_for_seconds_is_asked_until_the_deadline(code: grpc.StatusCode) -> None:
    """Four attempts are what gRPC itself makes, in less than a second."""
    moody = Moody(code, times=5)

    with asking(moody) as client:
        assert client.record("anna", [purchase()]) == 1

    assert len(moody.asked) == 6
    assert len(set(moody.asked)) == 1


def test_what_was_refused_for_good_is_not_asked_again() -> None:
    moody = Moody(grpc.StatusCode.FAILED_PRECONDITION, times=2)

    with asking(moody) as client, pytest.raises(tierwise_client.WrongState, match="8 calls are waiting"):
        client.record("anna", [purchase()])

    assert len(moody.asked) == 1


def test_an_overloaded_server_is_left_alone_as_long_as_it_says() -> None:
    moody = Moody(OVERLOADED, times=1, seconds=0.2)

    began = time.monotonic()
    with asking(moody) as client:
        assert client.record("anna", [purchase()]) == 1

    assert time.monotonic() - began >= 0.2
    assert len(set(moody.asked)) == 1


def test_who_would_have_to_wait_beyond_the_deadline_learns_it_at_once() -> None:
    moody = Moody(OVERLOADED, times=1, seconds=60)

    with asking(moody) as client, pytest.raises(tierwise_client.Overloaded) as refused:
        client.record("anna", [purchase()])

    assert (refused.value.reason, refused.value.retry_after) == ("OVERLOADED", 60)
    assert len(moody.asked) == 1


def test_keys_that_do_not_fit_the_events_are_refused_before_anything_is_sent() -> None:
    with Tierwise("127.0.0.1:1", insecure=True) as nobody, pytest.raises(ValueError, match="ids: 2 keys for 1 events"):
        nobody.record("anna", [purchase()], ids=["e-1", "e-2"])


def test_money_and_time_are_exact_or_refused() -> None:
    assert (money("-1.75", "GBP").units, money("-1.75", "GBP").nanos) == (-1, -750_000_000)
    with pytest.raises(TypeError, match="is a Decimal, an int or a string"):
        money(1.1, "GBP")  # type: ignore[arg-type] # what a caller without types may do
    with pytest.raises(ValueError, match="more than nine decimal places"):
        money(Decimal(10) / 3, "GBP")
    for nothing in ("5,90", "NaN", "1e30"):
        with pytest.raises(ValueError, match="is no amount of money"):
            money(nothing, "GBP")
    with pytest.raises(ValueError, match="has no time zone"):
        instant(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused
    assert instant(datetime(2026, 1, 1, tzinfo=UTC)).ToDatetime(UTC) == datetime(2026, 1, 1, tzinfo=UTC)
