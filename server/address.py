"""Where the server may listen."""

from ipaddress import ip_address

WAY_OUT = "ask for it on loopback with `tierwise serve --insecure` or TIERWISE_INSECURE=true"


def checked(listen: str, *, insecure: bool) -> str:
    """The address itself. Raises ValueError for one that the server may not answer at."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"TIERWISE_LISTEN: {listen!r} is not host:port, such as 127.0.0.1:50051")
    if not insecure:
        raise ValueError(f"calls would be neither encrypted nor would callers prove who they are: {WAY_OUT}")
    if not _is_loopback(host.strip("[]")):
        raise ValueError(
            f"TIERWISE_LISTEN: {host} can be reached from other machines, and TIERWISE_INSECURE is for loopback only: "
            "listen on 127.0.0.1"
        )
    return listen


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
