"""A plan is launched only as somebody else has read it: versions, four eyes, and what becomes of an approval."""

from dataclasses import replace
from datetime import timedelta

import pytest
from made.campaigns import (
    NOW,
    approve_campaign,
    audit_lines,
    counts,
    create_campaign,
    launch_campaign,
    make_cause,
    make_plan,
    store_scores,
)

from campaigns.errors import Refusal
from campaigns.life import approving, campaigns, drafts, launch, versions
from campaigns.life.approval import Approval, ApprovalPolicy, Verdict
from campaigns.life.refusals import (
    ApproverIsAuthor,
    CampaignChanged,
    CampaignNotEditable,
    CampaignVersionNotFound,
    VersionDecided,
    VersionNotSubmitted,
    VersionRejected,
)
from campaigns.terms.campaign import Campaign, State
from campaigns.terms.refusals import CampaignNotMovable, InvalidCampaign
from database.session import Database

ONE = ApprovalPolicy()
TWO = ApprovalPolicy(approvals=2)


def submit(database: Database, *, name: str = "anna", policy: ApprovalPolicy = ONE) -> Campaign:
    with database.writing() as transaction:
        return approving.submit(transaction, make_cause(name=name), "spring", policy)


def approve(database: Database, name: str, *, version: int = 1, policy: ApprovalPolicy = ONE) -> Campaign:
    with database.writing() as transaction:
        cause = make_cause(name=name, reason="fine")
        return approving.approve(transaction, cause, "spring", policy, version=version)


def reject(database: Database, name: str, *, version: int = 1) -> Campaign:
    with database.writing() as transaction:
        return approving.reject(transaction, make_cause(name=name, reason="too dear"), "spring", version=version)


def rename(database: Database, display_name: str, *, name: str = "anna") -> Campaign:
    with database.writing() as transaction:
        return drafts.update(
            transaction, make_cause(name=name), "spring", lambda plan: replace(plan, display_name=display_name)
        )


def refused(database: Database, kind: type[Refusal], approver: str, *, version: int = 1) -> Refusal:
    """Neither approval nor rejection is taken from them, and nothing changes."""
    before = counts(database, "approvals", "audit_log")
    with database.reading() as snapshot:
        stood = campaigns.get(snapshot, "spring")
    for decide in (approve, reject):
        with pytest.raises(kind) as caught:
            decide(database, approver, version=version)
    with database.reading() as snapshot:
        assert campaigns.get(snapshot, "spring") == stood
    assert counts(database, "approvals", "audit_log") == before
    return caught.value


def test_a_plan_goes_from_its_author_to_somebody_else_and_is_launched(database: Database) -> None:
    store_scores(database, {"anna": 9000})
    create_campaign(database)
    possible = "DRAFT and cannot launch; possible: edit, submit"
    with pytest.raises(CampaignNotMovable, match=possible), database.writing() as transaction:
        launch.launch(transaction, make_cause(), "spring")

    assert submit(database).state is State.SUBMITTED
    assert approve(database, "bo").state is State.APPROVED
    with database.writing() as transaction:
        launch.launch(transaction, make_cause(), "spring")

    with database.reading() as snapshot:
        (version,) = versions.page(snapshot, "spring", limit=9)
    assert (version.version, version.plan, version.authors) == (1, make_plan(), ("anna",))
    assert version.approvals == (Approval(approver="bo", verdict=Verdict.APPROVED, comment="fine", time=NOW),)
    assert [action for action, _, _ in audit_lines(database)[-4:]] == [
        "campaigns.create", "campaigns.submit", "campaigns.approve", "campaigns.launch",
    ]  # fmt: skip


def test_nobody_who_changed_a_version_decides_about_it(database: Database) -> None:
    create_campaign(database)
    rename(database, "Summer", name="ben")
    submit(database, name="cleo")

    for author in ("anna", "ben", "Anna", "BEN"):
        refusal = refused(database, ApproverIsAuthor, author, version=2)
        assert refusal.metadata == {"approver": author, "authors": "anna, ben"}

    assert approve(database, "cleo", version=2).state is State.APPROVED, "who only submits has written nothing"


def test_a_rejected_plan_is_changed_before_it_is_submitted_again(database: Database) -> None:
    create_campaign(database)
    submit(database)

    assert reject(database, "bo").state is State.DRAFT
    with pytest.raises(VersionRejected, match="version 1 of campaigns/spring was rejected"):
        submit(database)

    rename(database, "Cheaper")
    assert submit(database).version == 2
    assert approve(database, "bo", version=2).state is State.APPROVED
    with database.reading() as snapshot:
        decided = [[each.verdict for each in one.approvals] for one in versions.page(snapshot, "spring", limit=9)]
    assert decided == [[Verdict.APPROVED], [Verdict.REJECTED]]


@pytest.mark.parametrize("submitted", [True, False])
def test_a_change_takes_the_approval_away(database: Database, *, submitted: bool) -> None:
    create_campaign(database)
    submit(database)
    if not submitted:
        approve(database, "bo")

    changed = rename(database, "Summer", name="ben")

    assert (changed.state, changed.version) == (State.DRAFT, 2)
    with pytest.raises(CampaignNotMovable), database.writing() as transaction:
        launch.launch(transaction, make_cause(), "spring")
    with database.reading() as snapshot:
        authors = versions.get(snapshot, "spring", 2).authors
    assert authors == (("anna", "ben") if submitted else ("ben",)), "what was approved has been read by somebody else"


def test_a_change_that_changes_nothing_keeps_version_and_approval(database: Database) -> None:
    create_campaign(database)
    approved = approve_campaign(database)
    before = counts(database, "campaign_versions", "audit_log")

    with database.writing() as transaction:
        assert drafts.update(transaction, make_cause(), "spring", lambda plan: plan) == approved

    assert counts(database, "campaign_versions", "audit_log") == before


def test_only_the_submitted_version_is_decided_about_and_only_while_it_is_submitted(database: Database) -> None:
    create_campaign(database)
    refused(database, CampaignNotMovable, "bo")
    rename(database, "Summer")
    submit(database)

    refusal = refused(database, VersionNotSubmitted, "bo", version=1)
    assert refusal.metadata == {"campaign": "campaigns/spring", "version": "1", "submitted_version": "2"}

    approve(database, "bo", version=2)
    refused(database, CampaignNotMovable, "cleo", version=2)


def test_two_approvals_come_from_two_people(database: Database) -> None:
    create_campaign(database)
    submit(database, policy=TWO)

    first = approve(database, "bo", policy=TWO)
    assert (first.state, first.etag) == (State.SUBMITTED, "3")
    for name in ("bo", "Bo"):
        refused(database, VersionDecided, name)
    assert approve(database, "cleo", policy=TWO).state is State.APPROVED

    with database.reading() as snapshot:
        assert [each.approver for each in versions.get(snapshot, "spring", 1).approvals] == ["bo", "cleo"]


def test_one_rejection_is_enough_and_takes_back_the_approvals(database: Database) -> None:
    create_campaign(database)
    submit(database, policy=TWO)
    approve(database, "bo", policy=TWO)

    assert reject(database, "cleo").state is State.DRAFT

    rename(database, "Cheaper")
    submit(database, policy=TWO)
    assert approve(database, "bo", version=2, policy=TWO).state is State.SUBMITTED


def test_a_shop_of_one_needs_nobody_and_it_is_on_record(database: Database) -> None:
    create_campaign(database)

    assert submit(database, policy=ApprovalPolicy(approvals=0)).state is State.APPROVED

    assert [action for action, _, _ in audit_lines(database)] == [
        "campaigns.create", "campaigns.submit", "campaigns.approve",
    ]  # fmt: skip
    assert counts(database, "approvals") == (0,)


@pytest.mark.parametrize(
    "changes",
    [pytest.param({"offers": ()}, id="no-offer"), pytest.param({"end_time": NOW - timedelta(hours=1)}, id="over")],
)
def test_a_plan_that_could_reach_nobody_is_not_submitted(database: Database, changes: dict[str, object]) -> None:
    create_campaign(database, **changes)

    with pytest.raises(InvalidCampaign):
        submit(database)

    with database.reading() as snapshot:
        assert campaigns.get(snapshot, "spring").state is State.DRAFT


def test_a_stale_etag_decides_nothing(database: Database) -> None:
    create_campaign(database)
    submit(database)

    with pytest.raises(CampaignChanged), database.writing() as transaction:
        approving.submit(transaction, make_cause(), "spring", ONE, etag="1")
    with pytest.raises(CampaignChanged), database.writing() as transaction:
        approving.approve(transaction, make_cause(name="bo"), "spring", ONE, version=1, etag="1")
    with pytest.raises(CampaignChanged), database.writing() as transaction:
        approving.reject(transaction, make_cause(name="bo"), "spring", version=1, etag="1")
    assert counts(database, "approvals") == (0,)


def test_what_is_launched_stays_as_it_was_approved(database: Database) -> None:
    store_scores(database, {"anna": 9000})
    launch_campaign(database, make_plan())

    with pytest.raises(CampaignNotEditable, match="ACTIVE: what is launched stays as it was approved"):
        rename(database, "Summer")

    assert counts(database, "campaign_versions") == (1,)


def test_versions_differ_by_field_and_outlive_their_campaign(database: Database) -> None:
    create_campaign(database)
    rename(database, "Summer")
    with database.reading() as snapshot:
        (only,) = versions.compare(snapshot, "spring", 1, 2)
        assert (only.path, only.before, only.after) == ("display_name", "Spring", "Summer")
        assert versions.compare(snapshot, "spring", 2, 2) == ()
        with pytest.raises(CampaignVersionNotFound, match="campaigns/spring/versions/3"):
            versions.compare(snapshot, "spring", 2, 3)

    with database.writing() as transaction:
        drafts.delete(transaction, make_cause(), "spring")
    assert create_campaign(database).version == 3

    with database.reading() as snapshot:
        assert [each.version for each in versions.page(snapshot, "spring", limit=2)] == [3, 2]
        assert [each.version for each in versions.page(snapshot, "spring", limit=2, before=2)] == [1]
