"""Where the server may listen."""

from ipaddress import ip_address


def checked(listen: str) -> str:
    """The address itself. Raises ValueError for one that other machines can reach: calls are not encrypted."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"TIERWISE_LISTEN: {listen!r} is not host:port, such as 127.0.0.1:50051")
    if not _is_loopback(host.strip("[]")):
        raise ValueError(
            f"TIERWISE_LISTEN: {host} can be reached from other machines, and this server does not speak TLS: "
            "listen on 127.0.0.1 and put a proxy that does in front of it"
        )
    return listen


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
