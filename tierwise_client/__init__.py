"""A client of Tierwise: scores, offers, coupons and events, with deadlines and with repetitions that do no harm."""

from tierwise_client.channel import Tls
from tierwise_client.client import Tierwise
from tierwise_client.errors import (
    AlreadyExists,
    Changed,
    DeadlineExceeded,
    Internal,
    InvalidRequest,
    NotAllowed,
    NotFound,
    Overloaded,
    TierwiseError,
    Unavailable,
    Unidentified,
    WrongState,
)
from tierwise_client.values import instant, money
from tierwise_client.version import __version__

__all__ = [
    "AlreadyExists",
    "Changed",
    "DeadlineExceeded",
    "Internal",
    "InvalidRequest",
    "NotAllowed",
    "NotFound",
    "Overloaded",
    "Tierwise",
    "TierwiseError",
    "Tls",
    "Unavailable",
    "Unidentified",
    "WrongState",
    "__version__",
    "instant",
    "money",
]
