"""Tokens that callers carry around for us and cannot make or change."""

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scoring.whole_file import told_of

SIGNATURE_BYTES = 16
KEY_BYTES = 32


class BrokenSeal(Exception):
    """The token was not made with this key for this purpose."""


class Seal:
    """Seals small JSON objects with HMAC-SHA256, truncated to 128 bits (RFC 2104, section 5)."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, purpose: str, content: Mapping[str, Any]) -> str:
        """A token, safe in URLs; a token for one purpose cannot be opened for another."""
        body = json.dumps(content, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._signature(purpose, body) + body).rstrip(b"=").decode()

    def open(self, purpose: str, token: str) -> dict[str, Any]:
        """What was sealed. Raises BrokenSeal."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise BrokenSeal("not a token") from error
        signature, body = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(purpose, body)):
            raise BrokenSeal("not a token of this server")
        content: dict[str, Any] = json.loads(body)
        return content

    def fingerprint(self, text: str) -> str:
        """Stands for a text in a token without telling it: 64 bits."""
        return self._signature("fingerprint", text.encode())[:8].hex()

    def _signature(self, purpose: str, body: bytes) -> bytes:
        return hmac.digest(self._key, purpose.encode() + b"\0" + body, hashlib.sha256)[:SIGNATURE_BYTES]


def kept_key(path: Path) -> bytes:
    """The key in this file, made on first use and readable by its owner alone.

    Servers that answer for one another need the same file, or each other's tokens are refused. Raises NotWritten.
    """
    if not path.exists():
        with told_of(path):
            _make_key(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path}: expected {KEY_BYTES} bytes, found {len(key)}; delete the file to get a new key")
    return key


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.") as fresh:
        fresh.write(os.urandom(KEY_BYTES))
        fresh.flush()
        # A link either makes the whole file or finds another server's: no reader ever sees half a key.
        with contextlib.suppress(FileExistsError):
            os.link(fresh.name, path)
