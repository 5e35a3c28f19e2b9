"""A provider who takes one message a request: POST of a JSON document, with a key that makes a repetition harmless.

The key is the header of draft-ietf-httpapi-idempotency-key-header. Without an answer nobody knows whether the provider
has the message, so it is sent again under the same key, and never under another.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import inf
from threading import Event

import httpx

from channels.message import Fate, Message, Note, Receipt

AT_ONCE = 8
ATTEMPTS = 3
TIMEOUT_SECONDS = 5.0
PAUSE_SECONDS = 0.2
FINAL = frozenset({400, 413, 422})
"""Says something of the message. Else the address, the password or the account is wrong, such as 402 of one without
credit, or the provider is busy: then each message would be lost that is taken for refused."""


class Webhook:
    """One provider. When it is away the rest of a batch is not tried."""

    def __init__(self, address: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """Raises httpx.InvalidURL."""
        self._address = httpx.URL(address)
        self._timeout_seconds = timeout_seconds

    def hand_over(self, _batch: str, messages: Sequence[Message], *, until: float = inf) -> list[Receipt]:
        """Several at once, each up to three times."""
        away = Event()
        with httpx.Client(timeout=self._timeout_seconds) as client, ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda message: self._patiently(client, message, away, until), messages))

    def _patiently(self, client: httpx.Client, message: Message, away: Event, until: float) -> Receipt:
        receipt = Receipt(Fate.WAITING, Note.AWAY)
        for attempt in range(ATTEMPTS):
            if away.is_set():
                return receipt
            if time.monotonic() >= until:
                return receipt if attempt else Receipt(Fate.WAITING, Note.SLOW)
            if attempt:
                time.sleep(PAUSE_SECONDS * 2**attempt)
            receipt = self._try(client, message)
            if receipt.fate is not Fate.WAITING:
                return receipt
        away.set()
        return receipt

    def _try(self, client: httpx.Client, message: Message) -> Receipt:
        headers = {"Idempotency-Key": message.key}
        try:
            with client.stream("POST", self._address, json=message.document(), headers=headers) as answer:
                until = time.monotonic() + self._timeout_seconds
                for _ in answer.iter_bytes():
                    # The client's own limit is for each piece, and there may be ever one more.
                    if time.monotonic() > until:
                        return Receipt(Fate.WAITING, Note.ENDLESS)
        except httpx.RequestError as error:
            return Receipt(Fate.WAITING, type(error).__name__)
        if answer.is_success:
            return Receipt(Fate.HANDED_OVER)
        fate = Fate.REFUSED if answer.status_code in FINAL else Fate.WAITING
        return Receipt(fate, f"HTTP {answer.status_code}")
