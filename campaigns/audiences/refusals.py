"""Refusals about segments and rules."""

from campaigns.errors import AlreadyExists, Changed, Invalid, NotFound, WrongState


class SegmentNotFound(NotFound):
    reason = "SEGMENT_NOT_FOUND"


class SegmentExists(AlreadyExists):
    reason = "SEGMENT_EXISTS"


class InvalidSegment(Invalid):
    """The fact `field` may be a path into the rule, such as rule.every[1].compare.value."""

    reason = "INVALID_SEGMENT"


class SegmentChanged(Changed):
    """The etag is of an older revision."""

    reason = "SEGMENT_CHANGED"


class SegmentBuilding(WrongState):
    """One build at a time."""

    reason = "SEGMENT_BUILDING"


class SegmentInUse(WrongState):
    """Another segment's rule asks about it, or a campaign."""

    reason = "SEGMENT_IN_USE"
