"""What campaigns may use between the wire and us."""

from collections.abc import Mapping
from typing import Any

from tierwise.v1 import budget_service_pb2

from server.campaign_messages import CAMPAIGN


def reconciled_message(response: Mapping[str, Any]) -> budget_service_pb2.ReconcileLedgersResponse:
    """From the response of the operation."""
    return budget_service_pb2.ReconcileLedgersResponse(
        campaign_count=response["campaigns"], figure_count=response["figures"],
        differences=[
            budget_service_pb2.LedgerDifference(
                campaign=CAMPAIGN + each["campaign_id"], figure=each["figure"], truth=each["truth"],
                counter=each["counter"],
            )
            for each in response["differences"]
        ],
    )  # fmt: skip
