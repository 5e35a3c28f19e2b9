"""Who may ask for what: the one table that the server and the command line go by."""

from collections.abc import Mapping
from typing import NamedTuple

from campaigns.actor import CALLERS, Actor, Role
from campaigns.callers.refusals import PermissionDenied


class Right(NamedTuple):
    """A row of the table."""

    roles: frozenset[Role]
    """Empty where nobody needs to say who they are."""
    action: str = ""
    """What the audit log and the command line call it, noun.verb; empty where nothing is changed."""

    @property
    def public(self) -> bool:
        """Whether callers need no identity."""
        return not self.roles


PUBLIC = frozenset[Role]()
EVERYONE = CALLERS
STAFF = EVERYONE - {Role.SERVICE}
REVIEWERS = STAFF - {Role.CARE}
"""Who may have everything looked through, which takes a worker minutes."""
CARERS = STAFF - {Role.ANALYST}
"""People who look at single customers."""
TEAM = CARERS - {Role.CARE}
"""Whose work it is to look at who is in a campaign, and to stop one."""
PLANNERS = frozenset({Role.MARKETER, Role.OPERATOR})
APPROVERS = frozenset({Role.APPROVER})
STARTERS = APPROVERS | {Role.OPERATOR}
"""Who may let go on what was stopped: fewer than may stop it."""
SHOP = frozenset({Role.SERVICE, Role.OPERATOR})
"""Whose customers hand over codes and orders: who else looks at a customer sees no whole code."""
GIVERS = PLANNERS | SHOP | {Role.CARE}
"""Who may tell a customer a whole code: one at a time, with a reason."""
DESK = EVERYONE - {Role.ANALYST}
"""Who may look at single customers."""
CUSTOMERS = "customers/"
OPERATORS = frozenset({Role.OPERATOR})

RIGHTS: Mapping[str, Right] = {
    "/tierwise.v1.CampaignService/CreateCampaign": Right(PLANNERS, "campaigns.create"),
    "/tierwise.v1.CampaignService/GetCampaign": Right(EVERYONE),
    "/tierwise.v1.CampaignService/ListCampaigns": Right(EVERYONE),
    "/tierwise.v1.CampaignService/UpdateCampaign": Right(PLANNERS, "campaigns.update"),
    "/tierwise.v1.CampaignService/DeleteCampaign": Right(PLANNERS, "campaigns.delete"),
    "/tierwise.v1.CampaignService/PreviewCampaign": Right(TEAM, "campaigns.preview"),
    "/tierwise.v1.CampaignService/SubmitCampaign": Right(PLANNERS, "campaigns.submit"),
    "/tierwise.v1.CampaignService/ApproveCampaign": Right(APPROVERS, "campaigns.approve"),
    "/tierwise.v1.CampaignService/RejectCampaign": Right(APPROVERS, "campaigns.reject"),
    "/tierwise.v1.CampaignService/GetCampaignVersion": Right(STAFF),
    "/tierwise.v1.CampaignService/ListCampaignVersions": Right(STAFF),
    "/tierwise.v1.CampaignService/CompareCampaignVersions": Right(STAFF),
    "/tierwise.v1.CampaignService/ScheduleCampaign": Right(PLANNERS, "campaigns.schedule"),
    "/tierwise.v1.CampaignService/UnscheduleCampaign": Right(TEAM, "campaigns.unschedule"),
    "/tierwise.v1.CampaignService/PreviewSchedule": Right(STAFF),
    "/tierwise.v1.CampaignService/LaunchCampaign": Right(PLANNERS, "campaigns.launch"),
    "/tierwise.v1.CampaignService/PauseCampaign": Right(TEAM, "campaigns.pause"),
    "/tierwise.v1.CampaignService/ResumeCampaign": Right(PLANNERS, "campaigns.resume"),
    "/tierwise.v1.CampaignService/EndCampaign": Right(TEAM, "campaigns.end"),
    "/tierwise.v1.CampaignService/GetCampaignResults": Right(STAFF),
    "/tierwise.v1.AuditService/ListAuditEntries": Right(STAFF),
    "/tierwise.v1.AuditService/VerifyAudit": Right(REVIEWERS, "audit.verify"),
    "/tierwise.v1.AuditService/ExplainDecision": Right(CARERS),
    "/tierwise.v1.BudgetService/GetBudget": Right(STAFF),
    "/tierwise.v1.CampaignService/GetCampaignForecast": Right(STAFF),
    "/tierwise.v1.BudgetService/ReconcileLedgers": Right(REVIEWERS, "ledgers.reconcile"),
    "/tierwise.v1.SwitchService/StopCampaign": Right(TEAM, "switches.stop"),
    "/tierwise.v1.SwitchService/AllowCampaign": Right(STARTERS, "switches.allow"),
    "/tierwise.v1.SwitchService/ListStops": Right(STAFF),
    "/tierwise.v1.CouponService/ValidateCoupon": Right(DESK),
    "/tierwise.v1.CouponService/ImportCoupons": Right(PLANNERS, "coupons.import"),
    "/tierwise.v1.CouponService/WithdrawCoupons": Right(PLANNERS, "coupons.withdraw"),
    "/tierwise.v1.CouponService/ExportCoupons": Right(PLANNERS, "coupons.export"),
    "/tierwise.v1.CouponService/HandOverCoupons": Right(PLANNERS, "coupons.handOver"),
    "/tierwise.v1.CouponService/SendTestMessage": Right(PLANNERS, "messages.test"),
    "/tierwise.v1.CouponService/BlockCoupon": Right(DESK, "coupons.block"),
    "/tierwise.v1.CouponService/UnblockCoupon": Right(CARERS, "coupons.unblock"),
    "/tierwise.v1.CouponService/GiveCoupon": Right(GIVERS, "coupons.give"),
    "/tierwise.v1.CouponService/ReserveCoupon": Right(SHOP, "coupons.reserve"),
    "/tierwise.v1.CouponService/ReleaseReservation": Right(SHOP, "coupons.release"),
    "/tierwise.v1.CouponService/RedeemCoupon": Right(SHOP, "coupons.redeem"),
    "/tierwise.v1.CouponService/RefundRedemption": Right(SHOP, "coupons.refund"),
    "/tierwise.v1.CustomerService/GetCustomer": Right(DESK),
    "/tierwise.v1.CustomerService/ListCustomers": Right(DESK),
    "/tierwise.v1.CustomerService/UpdateCustomer": Right(SHOP, "customers.update"),
    "/tierwise.v1.CustomerService/DeleteCustomer": Right(SHOP, "customers.erase"),
    "/tierwise.v1.CustomerService/BatchCreateEvents": Right(SHOP, "events.create"),
    "/tierwise.v1.CustomerService/ListEvents": Right(DESK),
    "/tierwise.v1.ItemService/UpdateAvailability": Right(SHOP, "items.update"),
    "/tierwise.v1.ItemService/ListUnavailableItems": Right(EVERYONE),
    "/tierwise.v1.OfferService/GetOffers": Right(DESK),
    "/tierwise.v1.RecommendationService/Recommend": Right(DESK),
    "/tierwise.v1.RecommendationService/SimilarItems": Right(EVERYONE),
    "/tierwise.v1.ScoringService/Score": Right(DESK),
    "/tierwise.v1.ScoringService/BatchScore": Right(DESK),
    "/tierwise.v1.ScoringService/ExplainScore": Right(DESK),
    "/tierwise.v1.ScoringService/ScoreAllCustomers": Right(PLANNERS, "customers.rescore"),
    "/tierwise.v1.ScoringService/ListModels": Right(EVERYONE),
    "/tierwise.v1.ScoringService/GetModel": Right(EVERYONE),
    "/tierwise.v1.ScoringService/GetModelResults": Right(STAFF),
    "/tierwise.v1.ScoringService/PreviewModel": Right(PLANNERS, "models.preview"),
    "/tierwise.v1.ScoringService/ActivateModel": Right(OPERATORS, "models.activate"),
    "/tierwise.v1.ScoringService/JudgeModel": Right(PLANNERS, "models.judge"),
    "/tierwise.v1.ScoringService/RetrainModel": Right(OPERATORS, "models.retrain"),
    "/tierwise.v1.ScoringService/MoveModel": Right(OPERATORS, "models.move"),
    "/tierwise.v1.ScoringService/RollBackModel": Right(OPERATORS, "models.rollBack"),
    "/tierwise.v1.SegmentService/CreateSegment": Right(PLANNERS, "segments.create"),
    "/tierwise.v1.SegmentService/GetSegment": Right(STAFF),
    "/tierwise.v1.SegmentService/ListSegments": Right(STAFF),
    "/tierwise.v1.SegmentService/UpdateSegment": Right(PLANNERS, "segments.update"),
    "/tierwise.v1.SegmentService/DeleteSegment": Right(PLANNERS, "segments.delete"),
    "/tierwise.v1.SegmentService/BuildSegment": Right(PLANNERS, "segments.build"),
    "/tierwise.v1.SegmentService/ListSegmentMembers": Right(DESK),
    "/tierwise.v1.SegmentService/CountAudience": Right(STAFF),
    "/tierwise.v1.SegmentService/PreviewAudience": Right(TEAM),
    "/tierwise.v1.SegmentService/ExplainRule": Right(DESK),
    "/tierwise.v1.TierService/CreateTierScheme": Right(PLANNERS, "tiers.create"),
    "/tierwise.v1.TierService/GetTierScheme": Right(EVERYONE),
    "/tierwise.v1.TierService/ListTierSchemes": Right(EVERYONE),
    "/tierwise.v1.TierService/ActivateTierScheme": Right(PLANNERS, "tiers.activate"),
    "/tierwise.v1.TierService/PreviewTiers": Right(TEAM),
    "/tierwise.v1.TierService/KeepTierPreview": Right(REVIEWERS, "tiers.preview"),
    "/tierwise.v1.TierService/ListTierChanges": Right(DESK),
    "/google.longrunning.Operations/ListOperations": Right(EVERYONE),
    "/google.longrunning.Operations/GetOperation": Right(EVERYONE),
    "/google.longrunning.Operations/WaitOperation": Right(EVERYONE),
    "/google.longrunning.Operations/CancelOperation": Right(PLANNERS, "operations.cancel"),
    "/google.longrunning.Operations/DeleteOperation": Right(OPERATORS, "operations.delete"),
    "/grpc.health.v1.Health/Check": Right(PUBLIC),
    "/grpc.health.v1.Health/List": Right(PUBLIC),
    "/grpc.health.v1.Health/Watch": Right(PUBLIC),
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": Right(EVERYONE),
    # Without a method: the action stands for itself.
    "uplifts.expect": Right(PLANNERS, "uplifts.expect"),
    "models.register": Right(OPERATORS, "models.register"),
    "customers.readmit": Right(OPERATORS, "customers.readmit"),
    "customers.import": Right(SHOP, "customers.import"),
    "events.import": Right(SHOP, "events.import"),
    "items.import": Right(SHOP, "items.import"),
    "reports.login": Right(OPERATORS, "reports.login"),
    "reports.revoke": Right(OPERATORS, "reports.revoke"),
    "keys.create": Right(OPERATORS, "keys.create"),
    "keys.revoke": Right(OPERATORS, "keys.revoke"),
    "staff.add": Right(OPERATORS, "staff.add"),
    "staff.password": Right(OPERATORS, "staff.password"),
    "staff.role": Right(OPERATORS, "staff.role"),
    "staff.active": Right(OPERATORS, "staff.active"),
}
"""By the method's path."""
ACTIONS: Mapping[str, Right] = {right.action: right for right in RIGHTS.values() if right.action}
"""The same rows, by what they are called on the command line."""


def check(actor: Actor, right: Right) -> None:
    """Raises PermissionDenied."""
    if right.public or actor.role in right.roles:
        return
    allowed = ", ".join(sorted(right.roles))
    raise PermissionDenied(
        f"{actor} may not do this; it takes the role {allowed.replace(', ', ' or ')}", role=actor.role, allowed=allowed
    )


def check_object(actor: Actor, name: str) -> None:
    """Of whoever asks for what was done to a resource: by a customer's name that is to look at one.

    Else the log would say whose its `subjects/…` is. Raises PermissionDenied.
    """
    if name.startswith(CUSTOMERS):
        check(actor, Right(DESK))
