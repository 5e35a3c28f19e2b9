"""The demo as a caller of the server: the stubs, and nothing that a shop's own services would not have."""

import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self, cast

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from google.type import money_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from tierwise.v1 import (
    campaign_pb2,
    campaign_preview_pb2,
    campaign_results_pb2,
    campaign_service_pb2,
    campaign_service_pb2_grpc,
    coupon_pb2,
    coupon_service_pb2,
    coupon_service_pb2_grpc,
    customer_service_pb2,
    customer_service_pb2_grpc,
    event_pb2,
    explanation_pb2,
    recommendation_service_pb2,
    recommendation_service_pb2_grpc,
    score_pb2,
    scoring_service_pb2,
    scoring_service_pb2_grpc,
)

SECONDS = 20.0
LARGEST_BATCH = 500
LARGEST_PAGE = 1000
RECONNECTING = (("grpc.max_reconnect_backoff_ms", 1000),)
"""A server that takes a minute to begin is asked again each second, not after the next minute."""


class OperationFailedError(RuntimeError):
    """A long-running operation ended without its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What the server said no with."""

    code: str
    reason: str
    message: str


class ShopClient:
    """Calls of one shop, each with a deadline; writes carry a request id."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address, options=RECONNECTING)
        self._scoring = scoring_service_pb2_grpc.ScoringServiceStub(self._channel)
        self._customers = customer_service_pb2_grpc.CustomerServiceStub(self._channel)
        self._recommendation = recommendation_service_pb2_grpc.RecommendationServiceStub(self._channel)
        self._campaigns = campaign_service_pb2_grpc.CampaignServiceStub(self._channel)
        self._coupons = coupon_service_pb2_grpc.CouponServiceStub(self._channel)
        self._operations = operations_pb2_grpc.OperationsStub(self._channel)  # type: ignore[no-untyped-call]  # ships no types
        self._health = health_pb2_grpc.HealthStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def wait_until_serving(self, service: str, seconds: float = 180) -> None:
        """Wait for the health of one service; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                answer = self._health.Check(  # type: ignore[attr-defined]  # its stub type lacks the methods
                    health_pb2.HealthCheckRequest(service=service), timeout=2
                )
            except grpc.RpcError:
                time.sleep(0.2)
                continue
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                return
            time.sleep(0.2)
        raise TimeoutError(f"{service} did not begin to serve within {seconds:.0f} s")

    def customers(self) -> Iterator[str]:
        """The ids of all customers, page by page."""
        request = customer_service_pb2.ListCustomersRequest(page_size=LARGEST_PAGE)
        while True:
            page = self._customers.ListCustomers(request, timeout=SECONDS)
            yield from (customer.name.removeprefix("customers/") for customer in page.customers)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def score(self, customer_id: str, as_of: datetime) -> score_pb2.Score:
        """What one customer will do."""
        return self._scoring.Score(_score_request(customer_id, as_of), timeout=SECONDS).score

    def score_many(self, customer_ids: Sequence[str], as_of: datetime) -> Iterator[score_pb2.Score]:
        """What many customers will do, in batches; a customer who cannot be scored is left out."""
        for start in range(0, len(customer_ids), LARGEST_BATCH):
            asked = [_score_request(customer, as_of) for customer in customer_ids[start : start + LARGEST_BATCH]]
            answer = self._scoring.BatchScore(scoring_service_pb2.BatchScoreRequest(requests=asked), timeout=SECONDS)
            yield from (result.score for result in answer.results if result.HasField("score"))

    def explain(self, customer_id: str, as_of: datetime) -> explanation_pb2.Explanation:
        """Why the score is what it is."""
        request = scoring_service_pb2.ExplainScoreRequest(
            customer=f"customers/{customer_id}", as_of_time=timestamp(as_of), max_contributions=8
        )
        return self._scoring.ExplainScore(request, timeout=SECONDS).explanation

    def score_everyone(self, as_of: datetime) -> operations_pb2.Operation:
        """Rescore all customers in bulk and wait for the end."""
        request = scoring_service_pb2.ScoreAllCustomersRequest(request_id=_new_id(), as_of_time=timestamp(as_of))
        return self._finished(self._scoring.ScoreAllCustomers(request, timeout=SECONDS))

    def record(self, customer_id: str, events: Sequence[event_pb2.Event]) -> int:
        """Record events; the number that were new."""
        parent = f"customers/{customer_id}"
        asked = [
            customer_service_pb2.CreateEventRequest(parent=parent, event_id=_new_id(), event=event) for event in events
        ]
        request = customer_service_pb2.BatchCreateEventsRequest(parent=parent, requests=asked, request_id=_new_id())
        return self._customers.BatchCreateEvents(request, timeout=SECONDS).created_count

    def recommend(self, customer_id: str, count: int, as_of: datetime) -> recommendation_service_pb2.RecommendResponse:
        """Products for one customer."""
        request = recommendation_service_pb2.RecommendRequest(
            customer=f"customers/{customer_id}", count=count, diversity=0.3, as_of_time=timestamp(as_of)
        )
        return self._recommendation.Recommend(request, timeout=SECONDS)

    def plan(self, campaign_id: str, plan: campaign_pb2.Campaign, marketer: str) -> campaign_pb2.Campaign:
        """Create a campaign and submit its plan."""
        created = self._campaigns.CreateCampaign(
            campaign_service_pb2.CreateCampaignRequest(campaign_id=campaign_id, campaign=plan, request_id=_new_id()),
            timeout=SECONDS, metadata=_named(marketer, "marketer"),
        )  # fmt: skip
        request = campaign_service_pb2.SubmitCampaignRequest(name=created.name, etag=created.etag, request_id=_new_id())
        return self._campaigns.SubmitCampaign(request, timeout=SECONDS, metadata=_named(marketer, "marketer"))

    def approve(self, campaign: campaign_pb2.Campaign, approver: str, comment: str) -> campaign_pb2.Campaign | Refused:
        """Agree to the version that was submitted."""
        request = campaign_service_pb2.ApproveCampaignRequest(
            name=campaign.name, version=campaign.version, comment=comment, request_id=_new_id()
        )
        try:
            return self._campaigns.ApproveCampaign(request, timeout=SECONDS, metadata=_named(approver, "approver"))
        except grpc.RpcError as error:
            return _refused(error)

    def launch(self, campaign: campaign_pb2.Campaign, marketer: str) -> campaign_pb2.Campaign:
        """Launch an approved campaign and wait until its coupons are issued."""
        request = campaign_service_pb2.LaunchCampaignRequest(name=campaign.name, request_id=_new_id())
        self._finished(self._campaigns.LaunchCampaign(request, timeout=SECONDS, metadata=_named(marketer, "marketer")))
        return self._campaigns.GetCampaign(campaign_service_pb2.GetCampaignRequest(name=campaign.name), timeout=SECONDS)

    def preview(self, campaign: campaign_pb2.Campaign, marketer: str) -> campaign_preview_pb2.CampaignPreview:
        """What the campaign would do. Nothing is written but an audit line."""
        request = campaign_service_pb2.PreviewCampaignRequest(name=campaign.name)
        return self._campaigns.PreviewCampaign(request, timeout=SECONDS, metadata=_named(marketer, "marketer"))

    def results(self, campaign_id: str) -> campaign_results_pb2.CampaignResults:
        """What the campaign changed until now."""
        request = campaign_service_pb2.GetCampaignResultsRequest(name=f"campaigns/{campaign_id}")
        return self._campaigns.GetCampaignResults(request, timeout=SECONDS)

    def coupons(self, campaign_id: str) -> dict[str, str]:
        """Customer to code."""
        request = coupon_service_pb2.ExportCouponsRequest(name=f"campaigns/{campaign_id}", request_id=_new_id())
        pages = self._coupons.ExportCoupons(request, timeout=SECONDS)
        return {each.customer.removeprefix("customers/"): each.code for page in pages for each in page.coupons}

    def redeem(
        self, code: str, customer_id: str, order_id: str, amount: money_pb2.Money, request_id: str
    ) -> coupon_pb2.Redemption | Refused:
        """Use a coupon on an order."""
        request = coupon_service_pb2.RedeemCouponRequest(
            code=code, customer=f"customers/{customer_id}", order_id=order_id, order_amount=amount,
            request_id=request_id,
        )  # fmt: skip
        try:
            return self._coupons.RedeemCoupon(request, timeout=SECONDS).redemption
        except grpc.RpcError as error:
            return _refused(error)

    def _finished(self, operation: operations_pb2.Operation, seconds: float = 600) -> operations_pb2.Operation:
        deadline = time.monotonic() + seconds
        while not operation.done and time.monotonic() < deadline:
            time.sleep(0.2)
            operation = self._operations.GetOperation(
                operations_pb2.GetOperationRequest(name=operation.name), timeout=SECONDS
            )
        if not operation.HasField("response"):
            raise OperationFailedError(f"{operation.name}: {operation.error.message or 'not done in time'}")
        return operation


def _named(actor: str, role: str) -> tuple[tuple[str, str], ...]:
    """Who calls: on loopback the server believes it."""
    return (("tierwise-actor", actor), ("tierwise-role", role))


def _refused(error: grpc.RpcError) -> Refused:
    call = cast("grpc.Call", error)  # what a stub raises is the call as well
    status = rpc_status.from_call(call)
    reason = error_details_pb2.ErrorInfo()
    for detail in status.details if status else ():
        detail.Unpack(reason)
    return Refused(code=call.code().name, reason=reason.reason, message=call.details() or "")


def _score_request(customer_id: str, as_of: datetime) -> scoring_service_pb2.ScoreRequest:
    return scoring_service_pb2.ScoreRequest(customer=f"customers/{customer_id}", as_of_time=timestamp(as_of))


def timestamp(time_: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(time_)
    return stamp


def _new_id() -> str:
    return str(uuid.uuid4())
