"""BudgetService: what campaigns may use and have used, and the proof of it."""

import grpc
from google.longrunning import operations_pb2
from tierwise.v1 import budget_pb2, budget_service_pb2, budget_service_pb2_grpc

from campaigns.actor import Cause
from campaigns.coupons import budgeting, reconciliation
from database.session import Database, Transaction
from server.answering import call
from server.answering.transactions import perform, reading
from server.budgets.messages import budget_message
from server.wire.names import CAMPAIGN, campaign_id
from server.wire.operations import operation_message

ALL = CAMPAIGN + "-"


class BudgetService(budget_service_pb2_grpc.BudgetServiceServicer):
    def __init__(self, database: Database) -> None:
        self._database = database

    def GetBudget(
        self, request: budget_service_pb2.GetBudgetRequest, context: grpc.ServicerContext
    ) -> budget_pb2.CampaignBudget:
        with reading(self._database) as snapshot:
            return budget_message(budgeting.standing(snapshot, campaign_id(request.name), call.current().now))

    def ReconcileLedgers(
        self, request: budget_service_pb2.ReconcileLedgersRequest, context: grpc.ServicerContext
    ) -> operations_pb2.Operation:
        only = None if request.campaign == ALL else campaign_id(request.campaign)

        def effect(transaction: Transaction, cause: Cause) -> operations_pb2.Operation:
            return operation_message(reconciliation.begin(transaction, cause, campaign_id=only))

        return perform(self._database, request, effect, subject=request.campaign)
