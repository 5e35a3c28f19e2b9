"""Submitting, approving and comparing versions over the wire and on the command line."""

from pathlib import Path

import grpc
import pytest
from made.campaigns import audit_lines, build_segment, counts, make_cause
from running.serving import Shop, plan, refusal
from running.shell import Shell
from tierwise.v1 import campaign_pb2, campaign_service_pb2, campaign_version_pb2

from campaigns.audiences import segments
from database.session import Database
from rules.rule import Compare, Operator

ANNA = (("tierwise-actor", "anna"), ("tierwise-role", "marketer"))
BO = (("tierwise-actor", "bo"), ("tierwise-role", "approver"))
ANNA_AGAIN = (("tierwise-actor", "anna"), ("tierwise-role", "approver"))
SPRING = "campaigns/spring"
HAS_BOUGHT = Compare("orders", Operator.AT_LEAST, 1)


def create(shop: Shop) -> campaign_pb2.Campaign:
    request = campaign_service_pb2.CreateCampaignRequest(campaign_id="spring", campaign=plan())
    return shop.campaigns.CreateCampaign(request, metadata=ANNA)


def submit(shop: Shop) -> campaign_pb2.Campaign:
    return shop.campaigns.SubmitCampaign(campaign_service_pb2.SubmitCampaignRequest(name=SPRING), metadata=ANNA)


def test_a_version_is_submitted_rejected_changed_and_approved(shop: Shop) -> None:
    assert create(shop).version == 1
    assert submit(shop).state == campaign_pb2.Campaign.SUBMITTED
    rejection = campaign_service_pb2.RejectCampaignRequest(name=SPRING, version=1, comment="too dull")
    assert shop.campaigns.RejectCampaign(rejection, metadata=BO).state == campaign_pb2.Campaign.DRAFT
    renamed = campaign_pb2.Campaign(name=SPRING, display_name="Summer", redemption_limit=5)
    shop.campaigns.UpdateCampaign(campaign_service_pb2.UpdateCampaignRequest(campaign=renamed), metadata=ANNA)
    assert submit(shop).version == 2
    approval = campaign_service_pb2.ApproveCampaignRequest(name=SPRING, version=2, comment="lively")

    with pytest.raises(grpc.RpcError) as raised:
        shop.campaigns.ApproveCampaign(approval, metadata=ANNA_AGAIN)
    refused = refusal(raised.value)
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "APPROVER_IS_AUTHOR")
    assert audit_lines(shop.database)[-1] == ("campaigns.approve", SPRING, "DENIED")
    assert shop.campaigns.ApproveCampaign(approval, metadata=BO).state == campaign_pb2.Campaign.APPROVED

    listing = campaign_service_pb2.ListCampaignVersionsRequest(parent=SPRING)
    second, first = shop.campaigns.ListCampaignVersions(listing, metadata=ANNA).campaign_versions
    assert (second.name, second.version, list(second.authors)) == (f"{SPRING}/versions/2", 2, ["anna"])
    assert (second.plan.display_name, second.plan.redemption_limit) == ("Summer", 5)
    verdict = campaign_version_pb2.Approval
    assert [(each.approver, each.verdict, each.comment) for one in (first, second) for each in one.approvals] == [
        ("bo", verdict.REJECTED, "too dull"), ("bo", verdict.APPROVED, "lively"),
    ]  # fmt: skip
    one = campaign_service_pb2.GetCampaignVersionRequest(name=second.name)
    assert shop.campaigns.GetCampaignVersion(one, metadata=ANNA) == second
    both = campaign_service_pb2.CompareCampaignVersionsRequest(name=SPRING, from_version=1, to_version=2)
    differing = shop.campaigns.CompareCampaignVersions(both, metadata=ANNA).differences
    assert [each.path for each in differing] == ["display_name", "redemption_limit"]
    assert (differing[0].before.string_value, differing[0].after.string_value) == ("Spring", "Summer")
    assert differing[1].before.WhichOneof("kind") == "null_value"
    assert differing[1].after.number_value == 5


def test_only_approvers_decide(shop: Shop) -> None:
    create(shop)
    submit(shop)
    stranger = (("tierwise-actor", "carl"), ("tierwise-role", "marketer"))

    with pytest.raises(grpc.RpcError) as raised:
        shop.campaigns.ApproveCampaign(
            campaign_service_pb2.ApproveCampaignRequest(name=SPRING, version=1), metadata=stranger
        )

    assert refusal(raised.value).reason == "PERMISSION_DENIED"
    assert audit_lines(shop.database)[-1] == ("campaigns.approve", SPRING, "DENIED")
    assert counts(shop.database, "approvals") == (0,)


def test_the_command_line_submits_decides_and_shows_versions(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    with database.writing() as transaction:
        segments.create(transaction, make_cause(name="cara"), "loyal", display_name="Loyal", rule=HAS_BOUGHT)
    build_segment(database, "loyal")
    (tmp_path / "rule.yaml").write_text("in_segment: loyal")
    tierwise = Shell(database_url)
    anna, bo = ("--as", "anna:marketer"), ("--as", "bo:approver")
    offer = ("--offer", "HIGH:20%:ON_SITE", "--currency", "GBP")
    tierwise(*anna, "campaign", "create", "spring", "--name", "Spring", *offer)
    tierwise(*anna, "campaign", "submit", "spring")
    assert tierwise(*bo, "campaign", "reject", "spring", "--comment", "too dear")["state"] == "DRAFT"
    assert "VERSION_REJECTED" in tierwise.refusal(*anna, "campaign", "submit", "spring")
    changed = tierwise(*anna, "campaign", "update", "spring", "--offer", "HIGH:10%:ON_SITE", "--days", "10", "--rule",
                       str(tmp_path / "rule.yaml"))  # fmt: skip
    assert (changed["version"], changed["state"]) == (2, "DRAFT")
    assert tierwise(*anna, "campaign", "submit", "spring")["state"] == "SUBMITTED"
    said = tierwise.refusal("--as", "anna:approver", "campaign", "approve", "spring")
    assert "APPROVER_IS_AUTHOR: anna changed this version" in said
    assert "VERSION_NOT_SUBMITTED" in tierwise.refusal(*bo, "campaign", "approve", "spring", "--version", "1")
    assert tierwise(*bo, "campaign", "approve", "spring", "--comment", "fine")["state"] == "APPROVED"

    rows = tierwise("campaign", "versions", "spring")
    assert [(row["version"], row["authors"], row["segments"], row["decided"]) for row in rows] == [
        (2, "cara, anna", "loyal 1", "APPROVED by bo: fine"), (1, "anna", "", "REJECTED by bo: too dear"),
    ]  # fmt: skip
    (days, percent, *_) = tierwise("campaign", "diff", "spring", "--from", "1", "--to", "2")
    assert days["field"] == "end_time"
    assert percent == {"field": "offers.HIGH.discount.percent", "before": 20, "after": 10}
