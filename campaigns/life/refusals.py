"""Refusals about campaigns and their versions."""

from campaigns.errors import AlreadyExists, Changed, CouponRefused, NotFound, WrongState


class CampaignNotFound(NotFound):
    reason = "CAMPAIGN_NOT_FOUND"


class CampaignVersionNotFound(NotFound):
    reason = "CAMPAIGN_VERSION_NOT_FOUND"


class CampaignExists(AlreadyExists):
    reason = "CAMPAIGN_EXISTS"


class CampaignChanged(Changed):
    """The etag is of an older revision."""

    reason = "CAMPAIGN_CHANGED"


class ApproverIsAuthor(WrongState):
    """Four eyes: who changed a version cannot decide about it."""

    reason = "APPROVER_IS_AUTHOR"


class VersionDecided(WrongState):
    """An approver decides about a version once."""

    reason = "VERSION_DECIDED"


class VersionNotSubmitted(WrongState):
    """Another version than the submitted one would have been decided about."""

    reason = "VERSION_NOT_SUBMITTED"


class VersionRejected(WrongState):
    """A rejected plan is changed before it is submitted again."""

    reason = "VERSION_REJECTED"


class SegmentRulesChanged(WrongState):
    """Nobody agreed to the rules that the plan's segments have now."""

    reason = "SEGMENT_RULES_CHANGED"


class TiersChanged(WrongState):
    """Nobody agreed to the tier scheme by which customers have their tiers now."""

    reason = "TIERS_CHANGED"


class CampaignNotEditable(WrongState):
    """A plan changes before its launch, while it runs in budget and end alone; and only a draft is deleted."""

    reason = "CAMPAIGN_NOT_EDITABLE"


class CampaignNotLaunched(WrongState):
    """There are no results before the audience is frozen."""

    reason = "CAMPAIGN_NOT_LAUNCHED"


class CouponsStopped(CouponRefused):
    """The kill switch is on, for its campaign or for everything."""

    reason = "COUPONS_STOPPED"
