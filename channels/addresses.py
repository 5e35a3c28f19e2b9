"""From the address of a channel to the channel: `file:PATH` is a folder, `https://…` a provider."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from channels.folder import Folder
from channels.message import Channel
from channels.webhook import AT_ONCE, Webhook


class ChannelAddressRefused(ValueError):
    """The address leads nowhere that we know."""


def channels(addresses: Mapping[str, str], at_once: Mapping[str, int]) -> Mapping[str, Channel]:
    """By the name of the channel, as is how many requests its provider gets at once. Raises ChannelAddressRefused."""
    return {name: _channel(name, address, at_once.get(name, AT_ONCE)) for name, address in addresses.items()}


def _channel(name: str, address: str, at_once: int) -> Channel:
    # Of a port or a host that is none their own words would tell, and those may be parts of a password.
    with suppress(ValueError, httpx.InvalidURL):
        parts = urlsplit(address)
        if parts.scheme == "file" and parts.path and not parts.netloc:
            return Folder(Path(unquote(parts.path)) / name.lower())
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return Webhook(address, at_once=at_once)
    raise ChannelAddressRefused(f"the address of {name} must be file:PATH or https://HOST/PATH")
