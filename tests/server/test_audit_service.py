"""The audit log over the wire: found by each of its sides, and proven by an operation."""

import grpc
import pytest
from google.longrunning import operations_pb2
from google.protobuf import json_format
from made.audit_log import sealed, tamper
from made.campaigns import add_customers, make_cause
from running.serving import Shop, new_id, plan, refusal, stamp
from running.verifying import verify_in_the_background
from tierwise.v1 import audit_entry_pb2, audit_service_pb2, campaign_service_pb2, customer_pb2, customer_service_pb2

from campaigns import trail
from campaigns.basis import Basis

Verdict = audit_service_pb2.VerifyAuditResponse


def entries(shop: Shop, **wanted: object) -> list[audit_entry_pb2.AuditEntry]:
    request = audit_service_pb2.ListAuditEntriesRequest(**wanted)  # type: ignore[arg-type] # the names are the message's
    return list(shop.audit.ListAuditEntries(request).audit_entries)


def create(shop: Shop, *, validate_only: bool = False) -> None:
    shop.campaigns.CreateCampaign(
        campaign_service_pb2.CreateCampaignRequest(
            campaign_id="spring", campaign=plan(), request_id=new_id(), validate_only=validate_only
        )
    )


def test_a_line_comes_with_everything_it_says(shop: Shop) -> None:
    create(shop)

    (entry,) = entries(shop, object="campaigns/spring")

    assert (entry.name, entry.action, entry.outcome) == ("auditEntries/1", "campaigns.create", entry.OK)
    assert (entry.actor.partition(":")[0], entry.role) == (entry.role, "operator")
    assert (entry.object, entry.object_version, len(entry.request_id)) == ("campaigns/spring", 1, 36)
    after = json_format.MessageToDict(entry.after)
    assert (after["state"], after["display_name"]) == ("DRAFT", "Spring")
    assert not entry.HasField("before")
    assert not entry.HasField("basis")


def test_dry_runs_and_denials_are_found_by_outcome_and_time(shop: Shop) -> None:
    create(shop, validate_only=True)
    create(shop)
    with pytest.raises(Exception, match="exists"):
        create(shop)

    kinds = audit_entry_pb2.AuditEntry
    assert [each.outcome for each in entries(shop, action="campaigns.create")] == [
        kinds.DENIED, kinds.OK, kinds.DRY_RUN,
    ]  # fmt: skip
    assert [each.outcome for each in entries(shop, outcome=kinds.DENIED)] == [kinds.DENIED]
    assert entries(shop, start_time=stamp(1)) == []
    assert len(entries(shop, end_time=stamp(1), actor=entries(shop)[0].actor)) == 3


def test_an_analyst_does_not_learn_of_whom_the_log_speaks(shop: Shop) -> None:
    add_customers(shop.database, ["anna"])
    with shop.database.writing() as transaction:
        trail.done(transaction, make_cause(), "customers.update", "customers/anna")
    asked = audit_service_pb2.ListAuditEntriesRequest(object="customers/anna")

    with pytest.raises(grpc.RpcError) as raised:
        shop.audit.ListAuditEntries(asked, metadata=(("tierwise-role", "analyst"),))

    assert refusal(raised.value).reason == "PERMISSION_DENIED"
    assert [each.object.partition("/")[0] for each in entries(shop, object="customers/anna")] == ["subjects"]


def test_what_decided_is_told(shop: Shop) -> None:
    basis = Basis(models=("m1",), tier_schemes=(2, 3), rule="ab")
    with shop.database.writing() as transaction:
        trail.done(transaction, make_cause(), "a.b", "campaigns/spring", basis=basis)

    assert entries(shop)[0].basis == audit_entry_pb2.AuditEntry.Basis(models=["m1"], tier_schemes=[2, 3], rule="ab")


def test_a_customer_is_asked_for_by_name_and_answered_without_it(shop: Shop) -> None:
    add_customers(shop.database, ["anna"])
    shop.customers.UpdateCustomer(
        customer_service_pb2.UpdateCustomerRequest(
            customer=customer_pb2.Customer(name="customers/anna", country="France")
        )
    )

    (entry,) = entries(shop, object="customers/anna")

    assert entry.object.startswith("subjects/")
    assert entries(shop, object=entry.object) == [entry]
    assert entries(shop, object="customers/ben") == []


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ((), Verdict(verdict=Verdict.INTACT, checked_count=3, message="intact")),
        (
            ("UPDATE audit_log SET reason = 'x' WHERE action = 'campaigns.end'",),
            Verdict(
                verdict=Verdict.CHANGED,
                checked_count=1,
                seq=2,
                audit_entry="auditEntries/2",
                message="line 2 is not what was sealed",
            ),
        ),
    ],
)
def test_verifying_is_an_operation_whose_response_says_how_it_stands(
    shop: Shop, database_url: str, damage: tuple[str, ...], expected: audit_service_pb2.VerifyAuditResponse
) -> None:
    with shop.database.writing() as transaction:
        for action in ("campaigns.create", "campaigns.end", "campaigns.delete"):
            trail.done(transaction, make_cause(), action, "campaigns/spring")
    sealed(shop.database)
    tamper(database_url, *damage)

    begun = shop.audit.VerifyAudit(audit_service_pb2.VerifyAuditRequest(from_seq=1, request_id=new_id()))
    verify_in_the_background(shop.database, begun.name.removeprefix("operations/"))

    done = shop.operations.GetOperation(operations_pb2.GetOperationRequest(name=begun.name))
    metadata, response = audit_service_pb2.VerifyAuditMetadata(), audit_service_pb2.VerifyAuditResponse()
    assert done.metadata.Unpack(metadata)
    assert done.response.Unpack(response)
    assert metadata.total_count == 3
    assert response == expected
