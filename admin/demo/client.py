"""The demo as a caller of the server: the client of a shop's services, and what its people ask besides."""

import time
import uuid
from datetime import datetime

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tierwise.v1 import (
    campaign_pb2,
    campaign_preview_pb2,
    campaign_results_pb2,
    campaign_service_pb2,
    campaign_service_pb2_grpc,
    coupon_service_pb2,
    explanation_pb2,
    recommendation_service_pb2,
    scoring_service_pb2,
)

from tierwise_client import Tierwise, TierwiseError, instant
from tierwise_client.errors import error_of

SECONDS = 20.0
ROUND_SECONDS = 0.2
"""Between two looks at what is not ready yet."""


class OperationFailedError(RuntimeError):
    """A long-running operation ended without its answer."""


class ShopClient(Tierwise):
    """What the client has no method for goes by stubs over its channel."""

    def __init__(self, address: str) -> None:
        super().__init__(address, insecure=True, timeout=SECONDS)
        self._campaigns = campaign_service_pb2_grpc.CampaignServiceStub(self.channel)
        self._operations = operations_pb2_grpc.OperationsStub(self.channel)  # type: ignore[no-untyped-call]  # ships no types
        self._health = health_pb2_grpc.HealthStub(self.channel)

    def wait_until_serving(self, service: str, seconds: float) -> None:
        """Wait for the health of one service; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                answer = self._health.Check(  # type: ignore[attr-defined]  # its stub type lacks the methods
                    health_pb2.HealthCheckRequest(service=service), timeout=2
                )
            except grpc.RpcError:
                time.sleep(ROUND_SECONDS)
                continue
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                return
            time.sleep(ROUND_SECONDS)
        raise TimeoutError(f"{service} did not begin to serve within {seconds:.0f} s")

    def explain(self, customer_id: str, as_of: datetime) -> explanation_pb2.Explanation:
        """Why the score is what it is."""
        request = scoring_service_pb2.ExplainScoreRequest(
            customer=f"customers/{customer_id}", as_of_time=instant(as_of), max_contributions=8
        )
        return self._scoring.ExplainScore(request, timeout=SECONDS).explanation

    def score_everyone(self, as_of: datetime) -> None:
        """Rescore all customers in bulk and wait for the end."""
        request = scoring_service_pb2.ScoreAllCustomersRequest(request_id=_new_id(), as_of_time=instant(as_of))
        self._finish(self._scoring.ScoreAllCustomers(request, timeout=SECONDS))

    def recommend_as_of(
        self, customer_id: str, count: int, as_of: datetime
    ) -> recommendation_service_pb2.RecommendResponse:
        """Products for one customer, as of a time in the past."""
        request = recommendation_service_pb2.RecommendRequest(
            customer=f"customers/{customer_id}", count=count, diversity=0.3, as_of_time=instant(as_of)
        )
        return self._items.Recommend(request, timeout=SECONDS)

    def plan(self, campaign_id: str, plan: campaign_pb2.Campaign, marketer: str) -> campaign_pb2.Campaign:
        """Create a campaign and submit its plan."""
        created = self._campaigns.CreateCampaign(
            campaign_service_pb2.CreateCampaignRequest(campaign_id=campaign_id, campaign=plan, request_id=_new_id()),
            timeout=SECONDS, metadata=_named(marketer, "marketer"),
        )  # fmt: skip
        request = campaign_service_pb2.SubmitCampaignRequest(name=created.name, etag=created.etag, request_id=_new_id())
        return self._campaigns.SubmitCampaign(request, timeout=SECONDS, metadata=_named(marketer, "marketer"))

    def approve(
        self, campaign: campaign_pb2.Campaign, approver: str, comment: str
    ) -> campaign_pb2.Campaign | TierwiseError:
        """Agree to the version that was submitted; the refusal where the server does not let them."""
        request = campaign_service_pb2.ApproveCampaignRequest(
            name=campaign.name, version=campaign.version, comment=comment, request_id=_new_id()
        )
        try:
            return self._campaigns.ApproveCampaign(request, timeout=SECONDS, metadata=_named(approver, "approver"))
        except grpc.RpcError as refused:
            return error_of(refused)

    def launch(self, campaign: campaign_pb2.Campaign, marketer: str) -> campaign_pb2.Campaign:
        """Launch an approved campaign and wait until its coupons are issued."""
        request = campaign_service_pb2.LaunchCampaignRequest(name=campaign.name, request_id=_new_id())
        self._finish(self._campaigns.LaunchCampaign(request, timeout=SECONDS, metadata=_named(marketer, "marketer")))
        return self._campaigns.GetCampaign(campaign_service_pb2.GetCampaignRequest(name=campaign.name), timeout=SECONDS)

    def preview(self, campaign: campaign_pb2.Campaign, marketer: str) -> campaign_preview_pb2.CampaignPreview:
        """What the campaign would do. Nothing is written but an audit line."""
        request = campaign_service_pb2.PreviewCampaignRequest(name=campaign.name)
        return self._campaigns.PreviewCampaign(request, timeout=SECONDS, metadata=_named(marketer, "marketer"))

    def results(self, campaign_id: str) -> campaign_results_pb2.CampaignResults:
        """What the campaign changed until now."""
        request = campaign_service_pb2.GetCampaignResultsRequest(name=f"campaigns/{campaign_id}")
        return self._campaigns.GetCampaignResults(request, timeout=SECONDS)

    def codes(self, campaign_id: str) -> dict[str, str]:
        """Customer to code."""
        request = coupon_service_pb2.ExportCouponsRequest(name=f"campaigns/{campaign_id}", request_id=_new_id())
        pages = self._coupons.ExportCoupons(request, timeout=SECONDS)
        return {each.customer.removeprefix("customers/"): each.code for page in pages for each in page.coupons}

    def _finish(self, operation: operations_pb2.Operation, seconds: float = 600) -> None:
        deadline = time.monotonic() + seconds
        while not operation.done and time.monotonic() < deadline:
            time.sleep(ROUND_SECONDS)
            operation = self._operations.GetOperation(
                operations_pb2.GetOperationRequest(name=operation.name), timeout=SECONDS
            )
        if not operation.HasField("response"):
            raise OperationFailedError(f"{operation.name}: {operation.error.message or 'not done in time'}")


def _named(actor: str, role: str) -> tuple[tuple[str, str], ...]:
    """Who calls: on loopback the server believes it."""
    return (("tierwise-actor", actor), ("tierwise-role", role))


def _new_id() -> str:
    return str(uuid.uuid4())
