"""How long a call may take when its caller does not say."""

from collections.abc import Mapping

DEFAULT_SECONDS = 10.0
SHORTEST_SECONDS = 0.002
"""With less than this left nothing is begun; gRPC itself counts in whole milliseconds."""
SECONDS: Mapping[str, float] = {
    "Score": 1.0,
    "Recommend": 1.0,
    "SimilarItems": 1.0,
    "GetOffers": 1.0,
    "ValidateCoupon": 2.0,
    "ReserveCoupon": 2.0,
    "ReleaseReservation": 2.0,
    "RedeemCoupon": 2.0,
    "RefundRedemption": 2.0,
    "ExplainScore": 5.0,
    "BatchScore": 30.0,
    "BatchCreateEvents": 30.0,
    "ImportCoupons": 120.0,
    "ExportCoupons": 600.0,
    "ActivateModel": 60.0,
    "MoveModel": 60.0,
    "RollBackModel": 60.0,
    "GetModelResults": 60.0,
    "PreviewCampaign": 30.0,
    "PreviewTiers": 60.0,
    "WaitOperation": 60.0,
}
"""By the last part of the method's name."""


def default_seconds(method: str) -> float:
    """For a full method name."""
    return SECONDS.get(method.rpartition("/")[2], DEFAULT_SECONDS)
