"""The server speaks in the clear on loopback only, and only when asked to."""

import pytest

from server.front.address import checked


@pytest.mark.parametrize("listen", ["127.0.0.1:50051", "localhost:0", "[::1]:443", "127.8.0.1:1"])
def test_loopback_is_served_when_asked(listen: str) -> None:
    assert checked(listen, encrypted=False, insecure=True) == listen

    with pytest.raises(
        ValueError, match=r"set TIERWISE_TLS_CERTIFICATE .* or ask for it on loopback with `tierwise serve --insecure`"
    ):
        checked(listen, encrypted=False, insecure=False)


@pytest.mark.parametrize("listen", ["0.0.0.0:50051", "[::]:50051", "10.0.0.7:50051", "example.com:50051"])
def test_other_addresses_are_refused_with_a_way_out(listen: str) -> None:
    with pytest.raises(ValueError, match=r"can be reached from other machines.*listen on 127\.0\.0\.1"):
        checked(listen, encrypted=False, insecure=True)


def test_every_address_is_served_with_tls() -> None:
    assert checked("0.0.0.0:443", encrypted=True, insecure=False) == "0.0.0.0:443"


@pytest.mark.parametrize("listen", ["", "50051", "127.0.0.1", "127.0.0.1:http"])
def test_what_is_no_address_is_refused(listen: str) -> None:
    with pytest.raises(ValueError, match="TIERWISE_LISTEN"):
        checked(listen, encrypted=False, insecure=True)
