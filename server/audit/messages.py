"""The audit log between the wire and us."""

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from tierwise.v1 import audit_entry_pb2, audit_service_pb2, campaign_pb2, tier_pb2

from campaigns.audit.decision import Decision
from campaigns.audit.replaying import Explained
from database.audit.log import AuditEntry, Wanted
from server.campaigns.discounts import discount_message
from server.wire.spans import span
from server.wire.stamps import stamp

ENTRY = "auditEntries/"
EXPLAINED = audit_service_pb2.ExplainDecisionResponse
OUTCOME = audit_entry_pb2.AuditEntry.Outcome


def entry_message(entry: AuditEntry) -> audit_entry_pb2.AuditEntry:
    return audit_entry_pb2.AuditEntry(
        name=f"{ENTRY}{entry.audit_id}", event_time=stamp(entry.time), actor=entry.actor, role=entry.role,
        action=entry.action, object=entry.object_name, object_version=entry.object_version,
        outcome=OUTCOME.Value(entry.outcome), before=_struct(entry.before), after=_struct(entry.after),
        basis=None if entry.basis is None else audit_entry_pb2.AuditEntry.Basis(**entry.basis),
        reason=entry.reason or "", request_id=entry.request_id or "",
    )  # fmt: skip


def wanted(request: audit_service_pb2.ListAuditEntriesRequest) -> Wanted:
    """Which lines a request asks for. Raises InvalidRequest."""
    since, until = span(request)
    return Wanted(
        object_name=request.object or None, actor=request.actor or None, action=request.action or None,
        outcome=OUTCOME.Name(request.outcome) if request.outcome else None, since=since, until=until,
    )  # fmt: skip


def verified_message(response: Mapping[str, Any]) -> audit_service_pb2.VerifyAuditResponse:
    """From the response of the operation."""
    audit_id = response["audit_id"]
    return audit_service_pb2.VerifyAuditResponse(
        verdict=audit_service_pb2.VerifyAuditResponse.Verdict.Value(response["verdict"]),
        checked_count=response["checked_count"], seq=response["seq"],
        audit_entry="" if audit_id is None else f"{ENTRY}{audit_id}", message=response["message"],
    )  # fmt: skip


def explained_message(found: Explained) -> audit_service_pb2.ExplainDecisionResponse:
    currency = found.campaign.plan.currency
    return audit_service_pb2.ExplainDecisionResponse(
        verdict=EXPLAINED.Verdict.Value(found.sameness.name),
        campaign_version="" if found.version is None else f"{found.campaign.name}/versions/{found.version}",
        freeze_time=None if found.time is None else stamp(found.time), issued=_decision(found.issued, currency),
        replayed=None if found.replayed is None else _decision(found.replayed, currency),
        differences=found.differences, missing=found.missing, reasons=found.reasons,
    )  # fmt: skip


def _decision(decision: Decision, currency: str) -> audit_service_pb2.ExplainDecisionResponse.Decision:
    return EXPLAINED.Decision(
        member=decision.exclusion is None, exclusion=decision.exclusion or "",
        tier=tier_pb2.Tier.Value(decision.tier or "TIER_UNSPECIFIED"), group=decision.group or "",
        channel=campaign_pb2.Channel.Value(decision.channel or "CHANNEL_UNSPECIFIED"),
        channel_reason=decision.channel_reason or "",
        discount=None if decision.discount is None else discount_message(decision.discount, currency),
    )  # fmt: skip


def _struct(fields: Mapping[str, Any] | None) -> Struct | None:
    return None if fields is None else json_format.ParseDict(dict(fields), Struct())
