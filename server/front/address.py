"""Where the server may listen."""

from ipaddress import ip_address

import grpc

from server.access.admission import Admission

WAYS_OUT = (
    "set TIERWISE_TLS_CERTIFICATE and TIERWISE_TLS_KEY, or ask for it on loopback with `tierwise serve --insecure` or "
    "TIERWISE_INSECURE=true"
)


def bind(server: grpc.aio.Server, listen: str, admission: Admission) -> int:
    """Take the address, and answer with the port. Raises ValueError, or RuntimeError where it is taken."""
    address = checked(listen, encrypted=admission.tls is not None, insecure=admission.insecure)
    try:
        if admission.tls is None:
            return server.add_insecure_port(address)
        return server.add_secure_port(address, admission.tls.credentials())
    except RuntimeError as error:
        # gRPC's own words are how to make it say more.
        raise RuntimeError(
            f"TIERWISE_LISTEN: cannot listen on {listen}: the port is taken, or the host not ours"
        ) from error


def checked(listen: str, *, encrypted: bool, insecure: bool) -> str:
    """The address itself. Raises ValueError for one that the server may not answer at."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"TIERWISE_LISTEN: {listen!r} is not host:port, such as 127.0.0.1:50051")
    if encrypted:
        return listen
    if not insecure:
        raise ValueError(f"calls would not be encrypted, nor would callers have to say who they are: {WAYS_OUT}")
    if not _is_loopback(host.strip("[]")):
        raise ValueError(
            f"TIERWISE_LISTEN: {host} can be reached from other machines, and TIERWISE_INSECURE is for loopback only: "
            "listen on 127.0.0.1, or set TIERWISE_TLS_CERTIFICATE and TIERWISE_TLS_KEY instead"
        )
    return listen


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
