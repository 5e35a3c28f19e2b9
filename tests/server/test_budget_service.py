"""What campaigns may use and have used, over the wire."""

from uuid import uuid4

import grpc
import pytest
from google.longrunning import operations_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from made.campaigns import codes_of, counts, make_cause, read_operation
from running.serving import Shop, pounds, refusal
from running.working import work_on
from sqlalchemy import text
from tierwise.v1 import budget_service_pb2, campaign_pb2, campaign_service_pb2, coupon_service_pb2, tier_pb2

from campaigns.faults import Code, Fault
from campaigns.work import jobs

WHO = (("anna", "marketer"), ("bo", "approver"))


@pytest.fixture
def shop(stocked_shop: Shop) -> Shop:
    return stocked_shop


def test_reserved_committed_and_spent_are_told_apart(shop: Shop) -> None:
    codes = codes_of(shop.database, "active")
    order = {"order_id": "o-1", "order_amount": pounds(50)}
    shop.coupons.ReserveCoupon(coupon_service_pb2.ReserveCouponRequest(code=codes["anna"], **order))  # type: ignore[arg-type] # by name
    with pytest.raises(grpc.RpcError):
        shop.coupons.RedeemCoupon(
            coupon_service_pb2.RedeemCouponRequest(code=codes["anna"], order_id="o-2", order_amount=pounds(50))
        )

    told = shop.budgets.GetBudget(budget_service_pb2.GetBudgetRequest(name="campaigns/active"))

    assert (told.redemptions.reserved, told.redemptions.committed, told.redemptions.spent) == (1, 1, 0)
    assert (told.money.reserved, told.money.spent) == (pounds(5), pounds(0))
    assert not told.redemptions.HasField("limit")
    assert not told.money.HasField("overspend_probability")
    (committed,) = told.committed
    assert (committed.arm, committed.tier, committed.count) == ("offer", tier_pb2.HIGH, 1)
    assert told.money.committed.nanos + told.money.committed.units > 0
    assert [(each.reason, each.count) for each in told.refused] == [("COUPON_RESERVED", 1)]


def test_what_runs_gets_another_budget_and_end_once_they_are_approved(shop: Shop) -> None:
    anna, bo = ((("tierwise-actor", who), ("tierwise-role", role)) for who, role in WHO)
    wanted = campaign_pb2.Campaign(
        name="campaigns/active", budget=campaign_pb2.Budget(limit=pounds(60)), end_time=Timestamp(seconds=4 * 10**9)
    )
    update = campaign_service_pb2.UpdateCampaignRequest(campaign=wanted, request_id=str(uuid4()))

    asked = shop.campaigns.UpdateCampaign(update, metadata=anna)

    assert asked == shop.campaigns.UpdateCampaign(update, metadata=anna)
    assert (asked.state, asked.proposed_version, asked.HasField("budget")) == (asked.ACTIVE, asked.version + 1, False)
    approval = campaign_service_pb2.ApproveCampaignRequest(name=asked.name, version=asked.proposed_version)
    agreed = shop.campaigns.ApproveCampaign(approval, metadata=bo)
    assert (agreed.version, agreed.proposed_version) == (asked.proposed_version, 0)
    assert (agreed.budget.limit, agreed.end_time) == (pounds(60), wanted.end_time)
    wanted.budget.limit.units, wanted.budget.limit.nanos = 0, 10**7
    with pytest.raises(grpc.RpcError) as raised:
        shop.campaigns.UpdateCampaign(campaign_service_pb2.UpdateCampaignRequest(campaign=wanted), metadata=anna)
    refused = refusal(raised.value)
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "INVALID_CAMPAIGN")
    assert "the budget is at least" in str(raised.value)


def test_a_comparison_is_an_operation_that_names_what_differs(shop: Shop, stocked_url: str) -> None:
    with shop.database.writing() as transaction:
        planted = "UPDATE budget_shards SET spent_count = 1 WHERE campaign_id = 'paused' AND shard = 2"
        transaction.execute(text(planted))
    begun = shop.budgets.ReconcileLedgers(budget_service_pb2.ReconcileLedgersRequest(campaign="campaigns/-"))
    progress = budget_service_pb2.ReconcileLedgersMetadata()
    assert begun.metadata.Unpack(progress)

    work_on(stocked_url, read_operation(shop.database, begun.name.removeprefix("operations/")))

    done = shop.operations.GetOperation(operations_pb2.GetOperationRequest(name=begun.name))
    answer = budget_service_pb2.ReconcileLedgersResponse()
    assert done.response.Unpack(answer)
    (campaigns,) = counts(shop.database, "campaigns")
    assert (begun.done, progress.total_count, answer.campaign_count) == (False, campaigns, campaigns)
    (difference,) = answer.differences
    assert (difference.campaign, difference.figure) == ("campaigns/paused", "spent_count of shard 2")
    assert (difference.truth, difference.counter) == (0, 1)


def test_work_that_failed_says_why_as_a_code_with_facts_and_in_english(shop: Shop) -> None:
    begun = shop.budgets.ReconcileLedgers(budget_service_pb2.ReconcileLedgersRequest(campaign="campaigns/-"))
    fault, waits = Fault(code=Code.ATTEMPTS_LOST, facts={"lost": 20, "seconds": 300}), Fault(code=Code.CANARY_SILENT)
    with shop.database.writing() as transaction:
        jobs.stumble(transaction, begun.name.removeprefix("operations/"), waits)
    running = shop.operations.GetOperation(operations_pb2.GetOperationRequest(name=begun.name))
    with shop.database.writing() as transaction:
        jobs.fail(transaction, make_cause(), begun.name.removeprefix("operations/"), fault)

    progress = budget_service_pb2.ReconcileLedgersMetadata()
    assert not running.done
    assert running.metadata.Unpack(progress)
    assert (progress.fault.code, progress.fault.message) == ("CANARY_SILENT", waits.sentence())
    done = shop.operations.GetOperation(operations_pb2.GetOperationRequest(name=begun.name))

    info = error_details_pb2.ErrorInfo()
    assert done.error.details[0].Unpack(info)
    assert (info.reason, dict(info.metadata)) == ("ATTEMPTS_LOST", {"lost": "20", "seconds": "300"})
    assert done.error.message == f"{begun.name} failed: {fault.sentence()}"
