"""The line to the server: encryption, who calls, what gRPC itself repeats, and noticing when the other end is gone."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import grpc

from tierwise_client.version import __version__

Metadata: TypeAlias = tuple[tuple[str, str | bytes], ...]

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
    ("grpc.primary_user_agent", f"tierwise-client/{__version__}"),
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


class Details(NamedTuple):
    """Of a call, as gRPC hands them from one interceptor to the next."""

    method: str
    timeout: float | None
    metadata: Metadata | None
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: grpc.Compression | None


class Introduction(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Says with every call who calls, also with those of stubs over the channel, unless they say it themselves."""

    def __init__(self, metadata: Callable[[], Metadata]) -> None:
        self._metadata = metadata

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, asked: Any) -> Any:  # noqa: ANN401 - of any messages
        return continuation(self._introduced(client_call_details), asked)

    # Streams are introduced in the same way, and go on as they came.
    intercept_unary_stream = intercept_unary_unary  # type: ignore[assignment]
    intercept_stream_unary = intercept_unary_unary  # type: ignore[assignment]
    intercept_stream_stream = intercept_unary_unary  # type: ignore[assignment]

    def _introduced(self, details: Any) -> Details:  # noqa: ANN401 - gRPC's own type lacks half of its fields
        given: Metadata = tuple(details.metadata or ())
        said = {name for name, _ in given}
        added = tuple(pair for pair in self._metadata() if pair[0] not in said)
        return Details(
            details.method, details.timeout, given + added, details.credentials, details.wait_for_ready,
            details.compression,
        )  # fmt: skip


def open_channel(address: str, *, tls: Tls, insecure: bool, metadata: Callable[[], Metadata]) -> grpc.Channel:
    """Connects with the first call. Raises ValueError for a line in the clear that leaves this machine."""
    return grpc.intercept_channel(_line(address, tls=tls, insecure=insecure), Introduction(metadata))


def bearer(token: str) -> str:
    """The header's value. Raises ValueError for what no header carries, without telling the token."""
    # Files and secrets of Kubernetes end with the end of a line.
    bare = token.strip()
    if not bare or not bare.isascii() or not bare.isprintable():
        raise ValueError("token: it is empty or has symbols that no header carries: give the key as it was shown")
    return f"Bearer {bare}"


def _line(address: str, *, tls: Tls, insecure: bool) -> grpc.Channel:
    if not insecure:
        return grpc.secure_channel(address, tls.credentials(), options=OPTIONS)
    host, colon, _ = address.rpartition(":")
    if not colon:
        raise ValueError(f"{address!r} has no port: write it as 127.0.0.1:50051")
    if not _is_loopback(host.strip("[]")):
        raise ValueError(f"{address} is another machine: insecure=True is for loopback only")
    return grpc.insecure_channel(address, options=OPTIONS)


def _bytes(path: Path | None) -> bytes | None:
    return None if path is None else path.read_bytes()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
