"""The line to the server: encryption, what is repeated by gRPC itself, and noticing when the other end is gone."""

import json
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import grpc

REPEATABLE = {
    "tierwise.v1.ScoringService": ("Score", "BatchScore", "ExplainScore"),
    "tierwise.v1.RecommendationService": ("Recommend", "SimilarItems"),
    "tierwise.v1.OfferService": ("GetOffers",),
    "tierwise.v1.CustomerService": ("GetCustomer", "BatchCreateEvents"),
    "tierwise.v1.CouponService": (
        "ValidateCoupon", "ReserveCoupon", "ReleaseReservation", "RedeemCoupon", "RefundRedemption"
    ),
}  # fmt: skip
"""Reads, and writes which carry a request id, so that asking twice is as good as once."""
SERVICE_CONFIG = {
    "methodConfig": [
        {
            "name": [
                {"service": service, "method": method} for service, methods in REPEATABLE.items() for method in methods
            ],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.05s",
                "maxBackoff": "1s",
                "backoffMultiplier": 3,
                # CANCELLED is what a server says to calls that it has no time to take up.
                "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
            },
        }
    ],
    # Repetitions end while most calls fail, so that a server that comes back is not buried.
    "retryThrottling": {"maxTokens": 20, "tokenRatio": 0.2},
}
KEEPALIVE_MS = 20_000
KEEPALIVE_TIMEOUT_MS = 5_000
RECONNECT_MS = 1_000
"""At most so long until a lost server is tried again; gRPC's own bound is two minutes, in which every call fails."""
MESSAGE_BYTES = 16 * 1024 * 1024
OPTIONS = (
    ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
    ("grpc.enable_retries", 1),
    ("grpc.keepalive_time_ms", KEEPALIVE_MS),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ("grpc.max_reconnect_backoff_ms", RECONNECT_MS),
    ("grpc.max_receive_message_length", MESSAGE_BYTES),
    ("grpc.primary_user_agent", "tierwise-client"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """PEM files; without an authority those that the machine trusts."""

    authority: Path | None = None
    certificate: Path | None = None
    """Of this client and its chain, where the server wants one."""
    key: Path | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        """Read the files."""
        return grpc.ssl_channel_credentials(_bytes(self.authority), _bytes(self.key), _bytes(self.certificate))


def open_channel(address: str, *, tls: Tls, insecure: bool) -> grpc.Channel:
    """Connects with the first call. Raises ValueError for a line in the clear that leaves this machine."""
    if not insecure:
        return grpc.secure_channel(address, tls.credentials(), options=OPTIONS)
    if not _is_loopback(address.rpartition(":")[0].strip("[]")):
        raise ValueError(f"{address} is another machine: insecure=True is for loopback only")
    return grpc.insecure_channel(address, options=OPTIONS)


def _bytes(path: Path | None) -> bytes | None:
    return None if path is None else path.read_bytes()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
