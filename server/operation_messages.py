"""Bulk work as google.longrunning operations."""

from google.longrunning import operations_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2
from tierwise.v1 import campaign_service_pb2, scoring_service_pb2

from campaigns.campaign import Campaign
from database.operations import CANCELLED, LAUNCH_CAMPAIGN, SUCCEEDED, Operation
from server.campaign_messages import CAMPAIGN, campaign_message
from server.stamps import stamp

OPERATION = "operations/"


def operation_id(name: str) -> str:
    """Last part of a resource name."""
    return name.removeprefix(OPERATION)


def operation_message(operation: Operation, campaign: Campaign | None = None) -> operations_pb2.Operation:
    """For the wire; a launch that succeeded answers with its `campaign`."""
    message = operations_pb2.Operation(name=operation.name, done=operation.done)
    message.metadata.Pack(_metadata(operation))
    if operation.state == SUCCEEDED:
        message.response.Pack(_response(operation, campaign))
    elif operation.done:
        message.error.CopyFrom(_error(operation))
    return message


def _metadata(operation: Operation) -> Message:
    kind: type[Message]
    launched = operation.kind == LAUNCH_CAMPAIGN
    kind = campaign_service_pb2.LaunchCampaignMetadata if launched else scoring_service_pb2.ScoreAllCustomersMetadata
    subject = {"campaign": f"{CAMPAIGN}{operation.request['campaign_id']}"} if launched else {}
    return kind(
        done_count=operation.done_count, total_count=operation.total_count, create_time=stamp(operation.create_time),
        update_time=stamp(operation.update_time), cancel_requested=operation.cancel_requested, **subject,
    )  # fmt: skip


def _response(operation: Operation, campaign: Campaign | None) -> Message:
    if campaign is not None:
        return campaign_message(campaign)
    scored = (operation.response or {}).get("scored_count", operation.done_count)
    return scoring_service_pb2.ScoreAllCustomersResponse(scored_count=scored)


def _error(operation: Operation) -> status_pb2.Status:
    """How it ended; what broke inside stands in the log, not on the wire."""
    if operation.state == CANCELLED:
        return status_pb2.Status(code=code_pb2.CANCELLED, message="cancelled on request")
    return status_pb2.Status(code=code_pb2.INTERNAL, message=f"{operation.name} failed; see the worker's log")
