"""Versions of campaigns between the wire and us."""

from collections.abc import Iterable
from typing import Any

from google.protobuf import struct_pb2
from google.protobuf.json_format import ParseDict
from tierwise.v1 import campaign_service_pb2, campaign_version_pb2

from campaigns.life.approval import Approval
from campaigns.life.differences import Difference
from campaigns.life.versions import CampaignVersion
from server.campaigns.messages import plan_message
from server.wire.stamps import stamp


def version_key(name: str) -> tuple[str, int]:
    """Campaign id and number of a resource name, whose form the protos' rules have checked."""
    _, campaign_id, _, version = name.split("/")
    return campaign_id, int(version)


def version_message(version: CampaignVersion) -> campaign_version_pb2.CampaignVersion:
    return campaign_version_pb2.CampaignVersion(
        name=version.name, version=version.version, plan=plan_message(version.plan), authors=version.writers,
        approvals=[_approval_message(approval) for approval in version.approvals],
        create_time=stamp(version.create_time), segments=version.segments,
    )  # fmt: skip


def differences_message(
    differences: Iterable[Difference],
) -> campaign_service_pb2.CompareCampaignVersionsResponse:
    return campaign_service_pb2.CompareCampaignVersionsResponse(
        differences=[
            campaign_version_pb2.Difference(path=each.path, before=_value(each.before), after=_value(each.after))
            for each in differences
        ]
    )


def _approval_message(approval: Approval) -> campaign_version_pb2.Approval:
    return campaign_version_pb2.Approval(
        approver=approval.approver, verdict=campaign_version_pb2.Approval.Verdict.Value(approval.verdict),
        comment=approval.comment, create_time=stamp(approval.time),
    )  # fmt: skip


def _value(content: Any) -> struct_pb2.Value:  # noqa: ANN401 - JSON, for which the stub of ParseDict has no type
    """Numbers are doubles there, which hold every whole number below 2^53."""
    return ParseDict(content, struct_pb2.Value())
