"""Every way to be refused, each with the facts that a caller can act on.

Refusal
├── NotFound        no such thing
│   ├── CampaignNotFound · CampaignVersionNotFound · CouponNotFound · CustomerNotFound · ForecastNotFound · KeyNotFound
│   ├── ModelNotFound · OperationNotFound · RedemptionNotFound · ReservationNotFound
│   └── SegmentNotFound · StaffNotFound · TierSchemeNotFound
├── AlreadyExists   the name is taken
│   └── CampaignExists · SegmentExists · StaffExists
├── Invalid         a value makes no sense; the fact `field` names it
│   ├── InvalidCampaign · InvalidExperiment · InvalidSegment · InvalidTierScheme · InvalidOrder · InvalidCode
│   └── InvalidKey · InvalidReservation · InvalidRefund · InvalidStaff · InvalidStage
├── Changed         another change came first; read again and repeat
│   ├── CampaignChanged · CustomerChanged · ModelChanged · SegmentChanged · TierSchemeChanged
├── WrongState      not in the state that things are in
│   ├── ApproverIsAuthor · VersionDecided · VersionNotSubmitted · VersionRejected
│   ├── CampaignLaunched · CampaignNotEditable · CampaignNotLaunched · CampaignNotMovable · NoActiveModel
│   ├── ModelNotMovable · StageTaken · NoEarlierModel · ModelNotJudged · GatesNotPassed · ModelJudging
│   ├── RetrainingRunning
│   ├── NoActiveTierScheme · CustomersNotScored · RescoringRunning · OperationRunning · SegmentBuilding · SegmentInUse
│   └── CustomerErased · CustomerNotErased · ReservationClosed · RefundBeyondDiscount
├── Unidentified    who calls is not proven
│   └── CredentialsMissing · CredentialsInvalid · CredentialsExpired · SignInRefused
├── TooManyGuesses  of codes that do not exist
├── PermissionDenied   the role does not include this
└── CouponRefused   the code is real and does not buy anything here
    ├── CouponAlreadyRedeemed · CouponOfAnotherCustomer · CouponNotForThisOrder · CouponWithoutEffect
    ├── OrderLinesMissing · ItemsNotInOrder · OrderBelowMinimum · CouponNotCombinable
    ├── CouponNotStarted · CouponExpired · CouponSuspended · CouponsStopped · CouponReserved
    └── RedemptionLimitReached · BudgetExhausted
"""

from typing import ClassVar

Fact = str | int | None


class Refusal(Exception):
    """Raised before anything is written, or it undoes what was: a refused call changes nothing."""

    reason: ClassVar[str]
    """UPPER_SNAKE, stable: programs match on it."""

    def __init__(self, message: str, **facts: Fact) -> None:
        super().__init__(message)
        self.message = message
        self.metadata = {name: str(fact) for name, fact in facts.items() if fact is not None}


class Unidentified(Refusal):
    """Who calls is not proven."""


class CredentialsMissing(Unidentified):
    """Nothing was sent."""

    reason = "CREDENTIALS_MISSING"


class CredentialsInvalid(Unidentified):
    """What was sent is worth nothing."""

    reason = "CREDENTIALS_INVALID"


class CredentialsExpired(Unidentified):
    """What was sent was worth something once."""

    reason = "CREDENTIALS_EXPIRED"


class TooManyGuesses(Refusal):
    """The caller tried too many codes that do not exist, and is not told about any for a while."""

    reason = "TOO_MANY_GUESSES"

    def __init__(self, retry_after: float) -> None:
        """Seconds."""
        super().__init__(
            f"too many codes that do not exist; try again in {retry_after:.1f} s",
            retry_after_seconds=f"{retry_after:.3f}",
        )
        self.retry_after = retry_after


class PermissionDenied(Refusal):
    """The caller is known, and their role does not include this."""

    reason = "PERMISSION_DENIED"


class SignInRefused(Unidentified):
    """The name, the password or the account is not one that is let in."""

    reason = "SIGN_IN_REFUSED"


class NotFound(Refusal):
    """There is no such thing."""


class CampaignNotFound(NotFound):
    reason = "CAMPAIGN_NOT_FOUND"


class CampaignVersionNotFound(NotFound):
    reason = "CAMPAIGN_VERSION_NOT_FOUND"


class CouponNotFound(NotFound):
    reason = "COUPON_NOT_FOUND"


class CustomerNotFound(NotFound):
    reason = "CUSTOMER_NOT_FOUND"


class ForecastNotFound(NotFound):
    """Forecasts are kept when audiences are frozen."""

    reason = "FORECAST_NOT_FOUND"


class KeyNotFound(NotFound):
    reason = "KEY_NOT_FOUND"


class ModelNotFound(NotFound):
    reason = "MODEL_NOT_FOUND"


class OperationNotFound(NotFound):
    reason = "OPERATION_NOT_FOUND"


class RedemptionNotFound(NotFound):
    reason = "REDEMPTION_NOT_FOUND"


class ReservationNotFound(NotFound):
    reason = "RESERVATION_NOT_FOUND"


class SegmentNotFound(NotFound):
    reason = "SEGMENT_NOT_FOUND"


class StaffNotFound(NotFound):
    reason = "STAFF_NOT_FOUND"


class TierSchemeNotFound(NotFound):
    reason = "TIER_SCHEME_NOT_FOUND"


class AlreadyExists(Refusal):
    """The name is taken."""


class CampaignExists(AlreadyExists):
    reason = "CAMPAIGN_EXISTS"


class SegmentExists(AlreadyExists):
    reason = "SEGMENT_EXISTS"


class StaffExists(AlreadyExists):
    reason = "STAFF_EXISTS"


class Invalid(Refusal):
    """A value makes no sense; the fact `field` names it."""


class InvalidCampaign(Invalid):
    reason = "INVALID_CAMPAIGN"


class InvalidExperiment(Invalid):
    reason = "INVALID_EXPERIMENT"


class InvalidStaff(Invalid):
    reason = "INVALID_STAFF"


class InvalidStage(Invalid):
    """The share of a canary is none."""

    reason = "INVALID_STAGE"


class InvalidSegment(Invalid):
    """The fact `field` may be a path into the rule, such as rule.every[1].compare.value."""

    reason = "INVALID_SEGMENT"


class InvalidTierScheme(Invalid):
    reason = "INVALID_TIER_SCHEME"


class InvalidOrder(Invalid):
    reason = "INVALID_ORDER"


class InvalidCode(Invalid):
    """Not a code: wrong length, symbol or check symbol."""

    reason = "INVALID_CODE"


class CodesRejected(Invalid):
    """All or nothing was asked for, and some rows of codes cannot be taken in."""

    reason = "CODES_REJECTED"


class InvalidKey(Invalid):
    """For nobody, for no role or for no time."""

    reason = "INVALID_KEY"


class InvalidReservation(Invalid):
    """A code is held for minutes, not for days."""

    reason = "INVALID_RESERVATION"


class InvalidRefund(Invalid):
    """Nothing to give back, or the refund's key came before with another amount."""

    reason = "INVALID_REFUND"


class Changed(Refusal):
    """Another change came first: read again and repeat."""


class CampaignChanged(Changed):
    """The etag is of an older revision."""

    reason = "CAMPAIGN_CHANGED"


class CustomerChanged(Changed):
    """The etag is of an older revision."""

    reason = "CUSTOMER_CHANGED"


class ModelChanged(Changed):
    """The etag is of an older revision."""

    reason = "MODEL_CHANGED"


class SegmentChanged(Changed):
    """The etag is of an older revision."""

    reason = "SEGMENT_CHANGED"


class TierSchemeChanged(Changed):
    """The etag is of an older revision."""

    reason = "TIER_SCHEME_CHANGED"


class WrongState(Refusal):
    """Things are not in the state that the call needs."""


class CodesNotAccepted(WrongState):
    """The campaign takes in no codes: it is launched, or a series."""

    reason = "CODES_NOT_ACCEPTED"


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


class CampaignNotEditable(WrongState):
    """A plan changes only before its launch, and only a draft is deleted."""

    reason = "CAMPAIGN_NOT_EDITABLE"


class CampaignNotLaunched(WrongState):
    """There are no results before the audience is frozen."""

    reason = "CAMPAIGN_NOT_LAUNCHED"


class CampaignLaunched(WrongState):
    """A preview says what a launch would do."""

    reason = "CAMPAIGN_LAUNCHED"


class CampaignNotMovable(WrongState):
    """The table of moves has no such move from this state."""

    reason = "CAMPAIGN_NOT_MOVABLE"


class NoActiveModel(WrongState):
    """Nothing can be scored before a model is activated."""

    reason = "NO_ACTIVE_MODEL"


class ModelNotMovable(WrongState):
    """The table of moves has no such move from this state."""

    reason = "MODEL_NOT_MOVABLE"


class StageTaken(WrongState):
    """One model at a time is the shadow, and one the canary."""

    reason = "STAGE_TAKEN"


class ModelNotJudged(WrongState):
    """Whether the model is good enough to answer is not known."""

    reason = "MODEL_NOT_JUDGED"


class GatesNotPassed(WrongState):
    """The model did not prove that it is good enough to answer."""

    reason = "GATES_NOT_PASSED"


class RetrainingRunning(WrongState):
    """One training at a time: it takes a processor for minutes."""

    reason = "RETRAINING_RUNNING"


class ModelJudging(WrongState):
    """A model is judged once at a time."""

    reason = "MODEL_JUDGING"


class NoEarlierModel(WrongState):
    """Nothing answered before the model that should be rolled back."""

    reason = "NO_EARLIER_MODEL"


class NoActiveTierScheme(WrongState):
    """No version of the thresholds is in force."""

    reason = "NO_ACTIVE_TIER_SCHEME"


class CustomersNotScored(WrongState):
    """A launch needs scores with tiers: run ScoreAllCustomers first."""

    reason = "CUSTOMERS_NOT_SCORED"


class RescoringRunning(WrongState):
    """One rescoring at a time: two would mix models in one table."""

    reason = "RESCORING_RUNNING"


class ModelPreviewRunning(WrongState):
    """One preview of a model at a time: each takes the place of the one before."""

    reason = "MODEL_PREVIEW_RUNNING"


class ModelNotPreviewed(WrongState):
    """There are no shadow scores of the model: run PreviewModel first."""

    reason = "MODEL_NOT_PREVIEWED"


class OperationRunning(WrongState):
    """Only finished operations can be deleted."""

    reason = "OPERATION_RUNNING"


class OperationNotRetryable(WrongState):
    """Only work that failed or was cancelled is begun again."""

    reason = "OPERATION_NOT_RETRYABLE"


class SegmentBuilding(WrongState):
    """One build at a time."""

    reason = "SEGMENT_BUILDING"


class CustomerErased(WrongState):
    """The customer asked to be forgotten, and the id stays nobody's until someone readmits it."""

    reason = "CUSTOMER_ERASED"


class CustomerNotErased(WrongState):
    """There is nothing to take back."""

    reason = "CUSTOMER_NOT_ERASED"


class SegmentInUse(WrongState):
    """Another segment's rule asks about it."""

    reason = "SEGMENT_IN_USE"


class ReservationClosed(WrongState):
    """It was redeemed or released, or it expired: it holds nothing any more."""

    reason = "RESERVATION_CLOSED"


class RefundBeyondDiscount(WrongState):
    """More than is left of what was taken off."""

    reason = "REFUND_BEYOND_DISCOUNT"


class CouponRefused(Refusal):
    """The code is real and does not buy anything here."""


class CouponAlreadyRedeemed(CouponRefused):
    """Used on another order, or on this one and given back."""

    reason = "COUPON_ALREADY_REDEEMED"


class CouponOfAnotherCustomer(CouponRefused):
    """The code was issued to someone else."""

    reason = "COUPON_OF_ANOTHER_CUSTOMER"


class CouponNotForThisOrder(CouponRefused):
    """The currency or the first-order rule does not fit."""

    reason = "COUPON_NOT_FOR_THIS_ORDER"


class OrderLinesMissing(CouponRefused):
    """The discount depends on what is in the order, and the order does not say."""

    reason = "ORDER_LINES_MISSING"


class ItemsNotInOrder(CouponRefused):
    """The order has nothing of what the discount is for, or not the gift."""

    reason = "ITEMS_NOT_IN_ORDER"


class OrderBelowMinimum(CouponRefused):
    """What counts of the order is worth too little."""

    reason = "ORDER_BELOW_MINIMUM"


class CouponNotCombinable(CouponRefused):
    """Another coupon of the same order keeps it out."""

    reason = "COUPON_NOT_COMBINABLE"


class CouponWithoutEffect(CouponRefused):
    """The discount would be nothing: the code stays unused."""

    reason = "COUPON_WITHOUT_EFFECT"


class CouponNotStarted(CouponRefused):
    """The campaign's window has not begun."""

    reason = "COUPON_NOT_STARTED"


class CouponExpired(CouponRefused):
    """The campaign's window is over."""

    reason = "COUPON_EXPIRED"


class CouponSuspended(CouponRefused):
    """Its campaign is not active."""

    reason = "COUPON_SUSPENDED"


class CouponsStopped(CouponRefused):
    """The kill switch is on, for its campaign or for everything."""

    reason = "COUPONS_STOPPED"


class CouponReserved(CouponRefused):
    """Held for another order."""

    reason = "COUPON_RESERVED"


class RedemptionLimitReached(CouponRefused):
    """The campaign's limit is used up."""

    reason = "REDEMPTION_LIMIT_REACHED"


class BudgetExhausted(CouponRefused):
    """The campaign's budget has not so much left."""

    reason = "BUDGET_EXHAUSTED"
