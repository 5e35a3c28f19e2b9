"""CampaignService: campaigns are planned, approved, launched and moved."""

import grpc
from google.longrunning import operations_pb2
from google.protobuf.empty_pb2 import Empty
from tierwise.v1 import (
    campaign_forecast_pb2,
    campaign_pb2,
    campaign_preview_pb2,
    campaign_results_pb2,
    campaign_service_pb2,
    campaign_service_pb2_grpc,
    campaign_version_pb2,
)

from campaigns.actor import Cause
from campaigns.forecast import dry_run, forecasts
from campaigns.forecast.detecting import LIFT
from campaigns.life import amending, approving, campaigns, drafts, launch, scheduling, versions
from campaigns.life.approval import ApprovalPolicy
from campaigns.results import measuring, over_time
from database.session import Database, Transaction
from server.answering import call
from server.answering.transactions import perform, performed, reading
from server.campaigns.forecasts import forecast_message
from server.campaigns.messages import campaign_message, new_plan, sought_in, with_fields
from server.campaigns.previews import preview_message
from server.campaigns.results import results_message
from server.campaigns.schedules import occurrences_message
from server.campaigns.versions import differences_message, version_key, version_message
from server.wire.masks import changed_fields
from server.wire.names import CAMPAIGN, campaign_id
from server.wire.operations import operation_message
from server.wire.pages import asked, cut
from server.wire.seal import Seal
from server.wire.stamps import instant_key

EXAMPLES = 10
OCCURRENCES = 10


class CampaignService(campaign_service_pb2_grpc.CampaignServiceServicer):
    def __init__(self, database: Database, seal: Seal, policy: ApprovalPolicy) -> None:
        self._database = database
        self._seal = seal
        self._policy = policy

    def CreateCampaign(
        self, request: campaign_service_pb2.CreateCampaignRequest, context: grpc.ServicerContext
    ) -> campaign_pb2.Campaign:
        plan = new_plan(request)

        def effect(transaction: Transaction, cause: Cause) -> campaign_pb2.Campaign:
            return campaign_message(drafts.create(transaction, cause, request.campaign_id, plan))

        subject = CAMPAIGN + request.campaign_id
        return perform(self._database, request, effect, subject=subject)

    def GetCampaign(
        self, request: campaign_service_pb2.GetCampaignRequest, context: grpc.ServicerContext
    ) -> campaign_pb2.Campaign:
        with reading(self._database) as snapshot:
            return campaign_message(campaigns.get(snapshot, campaign_id(request.name)))

    def ListCampaigns(
        self, request: campaign_service_pb2.ListCampaignsRequest, context: grpc.ServicerContext
    ) -> campaign_service_pb2.ListCampaignsResponse:
        page, sought = asked(self._seal, request), sought_in(request)
        with reading(self._database) as snapshot:
            found = campaigns.page(snapshot, sought, limit=page.size + 1, after=page.after_instant)
        rows, token = cut(self._seal, page, found, lambda each: (instant_key(each.create_time), each.campaign_id))
        return campaign_service_pb2.ListCampaignsResponse(
            campaigns=[campaign_message(campaign) for campaign in rows], next_page_token=token
        )

    def UpdateCampaign(
        self, request: campaign_service_pb2.UpdateCampaignRequest, context: grpc.ServicerContext
    ) -> campaign_pb2.Campaign:
        message = request.campaign
        fields = changed_fields(message, request.update_mask)

        def effect(transaction: Transaction, cause: Cause) -> campaign_pb2.Campaign:
            updated = amending.update(
                transaction, cause, campaign_id(message.name), lambda plan: with_fields(plan, message, fields),
                self._policy, etag=message.etag,
            )  # fmt: skip
            return campaign_message(updated)

        return perform(self._database, request, effect, subject=message.name)

    @performed
    def DeleteCampaign(
        self, request: campaign_service_pb2.DeleteCampaignRequest, transaction: Transaction, cause: Cause
    ) -> Empty:
        drafts.delete(transaction, cause, campaign_id(request.name), etag=request.etag)
        return Empty()

    @performed
    def PreviewCampaign(
        self, request: campaign_service_pb2.PreviewCampaignRequest, transaction: Transaction, cause: Cause
    ) -> campaign_preview_pb2.CampaignPreview:
        shown = dry_run.preview(
            transaction, cause, campaign_id(request.name), size=request.sample_size or EXAMPLES, seed=request.seed,
            etag=request.etag, lift=request.lift or LIFT,
        )  # fmt: skip
        return preview_message(shown)

    @performed
    def SubmitCampaign(
        self, request: campaign_service_pb2.SubmitCampaignRequest, transaction: Transaction, cause: Cause
    ) -> campaign_pb2.Campaign:
        name = campaign_id(request.name)
        return campaign_message(approving.submit(transaction, cause, name, self._policy, etag=request.etag))

    @performed
    def ApproveCampaign(
        self, request: campaign_service_pb2.ApproveCampaignRequest, transaction: Transaction, cause: Cause
    ) -> campaign_pb2.Campaign:
        approved = approving.approve(
            transaction, cause, campaign_id(request.name), self._policy, version=request.version,
            etag=request.etag,
        )  # fmt: skip
        return campaign_message(approved)

    @performed
    def RejectCampaign(
        self, request: campaign_service_pb2.RejectCampaignRequest, transaction: Transaction, cause: Cause
    ) -> campaign_pb2.Campaign:
        name = campaign_id(request.name)
        rejected = approving.reject(transaction, cause, name, version=request.version, etag=request.etag)
        return campaign_message(rejected)

    def GetCampaignVersion(
        self, request: campaign_service_pb2.GetCampaignVersionRequest, context: grpc.ServicerContext
    ) -> campaign_version_pb2.CampaignVersion:
        with reading(self._database) as snapshot:
            return version_message(versions.get(snapshot, *version_key(request.name)))

    def ListCampaignVersions(
        self, request: campaign_service_pb2.ListCampaignVersionsRequest, context: grpc.ServicerContext
    ) -> campaign_service_pb2.ListCampaignVersionsResponse:
        page = asked(self._seal, request)
        with reading(self._database) as snapshot:
            found = versions.page(snapshot, campaign_id(request.parent), limit=page.size + 1, before=page.after_number)
        rows, token = cut(self._seal, page, found, lambda each: (str(each.version),))
        return campaign_service_pb2.ListCampaignVersionsResponse(
            campaign_versions=[version_message(version) for version in rows], next_page_token=token
        )

    def CompareCampaignVersions(
        self, request: campaign_service_pb2.CompareCampaignVersionsRequest, context: grpc.ServicerContext
    ) -> campaign_service_pb2.CompareCampaignVersionsResponse:
        with reading(self._database) as snapshot:
            found = versions.compare(snapshot, campaign_id(request.name), request.from_version, request.to_version)
        return differences_message(found)

    @performed
    def ScheduleCampaign(
        self, request: campaign_service_pb2.ScheduleCampaignRequest, transaction: Transaction, cause: Cause
    ) -> campaign_pb2.Campaign:
        return campaign_message(scheduling.schedule(transaction, cause, campaign_id(request.name), etag=request.etag))

    @performed
    def UnscheduleCampaign(
        self, request: campaign_service_pb2.UnscheduleCampaignRequest, transaction: Transaction, cause: Cause
    ) -> campaign_pb2.Campaign:
        return campaign_message(scheduling.unschedule(transaction, cause, campaign_id(request.name), etag=request.etag))

    def PreviewSchedule(
        self, request: campaign_service_pb2.PreviewScheduleRequest, context: grpc.ServicerContext
    ) -> campaign_service_pb2.PreviewScheduleResponse:
        with reading(self._database) as snapshot:
            found = scheduling.preview(
                snapshot, campaign_id(request.name), call.current().now, limit=request.count or OCCURRENCES
            )
        return occurrences_message(found)

    @performed
    def LaunchCampaign(
        self, request: campaign_service_pb2.LaunchCampaignRequest, transaction: Transaction, cause: Cause
    ) -> operations_pb2.Operation:
        begun = launch.launch(transaction, cause, campaign_id(request.name), etag=request.etag)
        return operation_message(begun)

    @performed
    def PauseCampaign(
        self, request: campaign_service_pb2.PauseCampaignRequest, transaction: Transaction, cause: Cause
    ) -> campaign_pb2.Campaign:
        return campaign_message(campaigns.pause(transaction, cause, campaign_id(request.name), etag=request.etag))

    @performed
    def ResumeCampaign(
        self, request: campaign_service_pb2.ResumeCampaignRequest, transaction: Transaction, cause: Cause
    ) -> campaign_pb2.Campaign:
        return campaign_message(campaigns.resume(transaction, cause, campaign_id(request.name), etag=request.etag))

    @performed
    def EndCampaign(
        self, request: campaign_service_pb2.EndCampaignRequest, transaction: Transaction, cause: Cause
    ) -> campaign_pb2.Campaign:
        return campaign_message(campaigns.end(transaction, cause, campaign_id(request.name), etag=request.etag))

    def GetCampaignResults(
        self, request: campaign_service_pb2.GetCampaignResultsRequest, context: grpc.ServicerContext
    ) -> campaign_results_pb2.CampaignResults:
        asked, now = campaign_id(request.name), call.current().now
        with reading(self._database) as snapshot:
            found = measuring.results(snapshot, asked, now)
            full = request.view == campaign_results_pb2.CampaignResults.FULL
            return results_message(found, over_time.over_time(snapshot, asked, now) if full else ())

    def GetCampaignForecast(
        self, request: campaign_service_pb2.GetCampaignForecastRequest, context: grpc.ServicerContext
    ) -> campaign_forecast_pb2.CampaignForecast:
        with reading(self._database) as snapshot:
            return forecast_message(forecasts.get(snapshot, campaign_id(request.name)))
