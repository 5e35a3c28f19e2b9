"""A provider who takes one message a request: POST of a JSON document, with a key that makes a repetition harmless.

The key is the header of draft-ietf-httpapi-idempotency-key-header. Without an answer nobody knows whether the provider
has the message, so it is sent again under the same key, and never under another.
"""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from math import inf
from threading import Lock

import httpx

from channels.message import Fate, Message, Note, Receipt

AT_ONCE = 8
"""Requests of a worker process, where nobody says how many."""
ATTEMPTS = 3
TIMEOUT_SECONDS = 5.0
PAUSE_SECONDS = 0.2
PAUSES = 8
"""In a row without a message taken, after which a provider that is busy counts as away."""
LONGEST_PAUSE_SECONDS = 30.0
FINAL = frozenset({400, 413, 422})
"""Says something of the message. Else the address, the password or the account is wrong, such as 402 of one without
credit, or the provider is busy: then each message would be lost that is taken for refused."""
PROBLEM = "application/problem+json"
"""RFC 9457: its `title` is the same for each message that has the problem, so it says nothing of a person."""
PROBLEM_BYTES = 10_000
LONGEST_NOTE = 200


class Webhook:
    """One provider. When it is away the rest of a batch is not tried; of so many a second it gets as many."""

    def __init__(
        self, address: str, *, at_once: int = AT_ONCE, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:  # fmt: skip
        """Raises httpx.InvalidURL."""
        self._address = httpx.URL(address)
        self._at_once = at_once
        self._timeout_seconds = timeout_seconds

    def hand_over(self, _batch: str, messages: Sequence[Message], *, until: float = inf) -> list[Receipt]:
        """Several at once, each up to three times and, of a provider that is only busy, as often as it takes."""
        course = _Course(until)
        limits = httpx.Limits(max_connections=self._at_once, max_keepalive_connections=self._at_once)
        with (
            httpx.Client(timeout=self._timeout_seconds, limits=limits) as client,
            ThreadPoolExecutor(self._at_once) as pool,
        ):
            return list(pool.map(lambda message: self._patiently(client, message, course), messages))

    def _patiently(self, client: httpx.Client, message: Message, course: "_Course") -> Receipt:
        receipt, failures = None, 0
        while failures < ATTEMPTS:
            if failures:
                time.sleep(PAUSE_SECONDS * 2**failures)
            held = course.held()
            if held is not None:
                return receipt or Receipt(Fate.WAITING, held)
            receipt, pause = self._try(client, message)
            if receipt.fate is not Fate.WAITING:
                course.taken()
                return receipt
            if pause is None:
                failures += 1
            else:
                course.pause(pause)
        course.away = True
        assert receipt is not None, "it was tried"
        return receipt

    def _try(self, client: httpx.Client, message: Message) -> tuple[Receipt, float | None]:
        """What became of it; where the provider is busy also for how many seconds, which are 0 if it did not say."""
        headers, said = {"Idempotency-Key": message.key}, b""
        try:
            with client.stream("POST", self._address, json=message.document(), headers=headers) as answer:
                until = time.monotonic() + self._timeout_seconds
                for piece in answer.iter_bytes():
                    said = (said + piece)[:PROBLEM_BYTES]
                    # The client's own limit is for each piece, and there may be ever one more.
                    if time.monotonic() > until:
                        return Receipt(Fate.WAITING, Note.ENDLESS), None
        except httpx.RequestError as error:
            return Receipt(Fate.WAITING, _in_words(error)), None
        if answer.is_success:
            return Receipt(Fate.HANDED_OVER), None
        fate = Fate.REFUSED if answer.status_code in FINAL else Fate.WAITING
        return Receipt(fate, _why(answer, said)), _busy(answer)


class _Course:
    """What the messages of a batch learn of the provider, for those beside them and after them."""

    def __init__(self, until: float) -> None:
        self.away = False
        self._until = until
        self._lock = Lock()
        self._from = -inf
        self._pauses = 0

    def held(self) -> Note | None:
        """Wait while the provider is busy. Why the message does not leave; None when it may."""
        while not self.away:
            now = time.monotonic()
            if max(now, self._from) >= self._until:
                return Note.SLOW
            if now >= self._from:
                return None
            time.sleep(self._from - now)
        return Note.AWAY

    def taken(self) -> None:
        with self._lock:
            self._pauses = 0

    def pause(self, seconds: float) -> None:
        """Let nothing leave for so long; where the provider does not say, for longer each time."""
        with self._lock:
            now = time.monotonic()
            if now >= self._from:  # else another message that left with this one has said so
                self._pauses += 1
            self.away |= self._pauses > PAUSES
            longer = min(PAUSE_SECONDS * 2**self._pauses, LONGEST_PAUSE_SECONDS)
            self._from = max(self._from, now + (seconds or longer))


def _busy(answer: httpx.Response) -> float | None:
    wanted = answer.headers.get("Retry-After", "")
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or (
        answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE and wanted
    ):
        return float(wanted) if wanted.isascii() and wanted.isdigit() else 0.0
    return None


def _why(answer: httpx.Response, said: bytes) -> str:
    status = f"HTTP {answer.status_code}"
    if answer.headers.get("Content-Type", "").split(";")[0].strip().lower() != PROBLEM:
        return status
    try:
        title = json.loads(said)["title"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return status
    return f"{status}: {title}"[:LONGEST_NOTE] if isinstance(title, str) and title.isprintable() else status


def _in_words(error: httpx.RequestError) -> str:
    """Of a connection that did not come about the system says why: no such name, nobody listens, a certificate."""
    kind = type(error).__name__
    return f"{kind}: {error}"[:LONGEST_NOTE] if isinstance(error, httpx.ConnectError) and str(error) else kind
