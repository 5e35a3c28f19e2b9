"""Tokens that tie what happens later to the answer that led to it."""

from datetime import datetime
from typing import NamedTuple

from server.wire.seal import Seal

PURPOSE = "attribution"


class Origin(NamedTuple):
    """What a token tells."""

    model_id: str
    customer_fingerprint: str
    """Tells whether it is the same customer, not who."""
    as_of: float
    """Seconds since the epoch."""


class Attribution:
    """Makes the tokens, and reads them when events bring them back."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def token(self, model_id: str, customer_id: str, as_of: datetime) -> str:
        """For one answer to one customer."""
        content = {"m": model_id, "c": self._seal.fingerprint(customer_id), "t": round(as_of.timestamp(), 3)}
        return self._seal.seal(PURPOSE, content)

    def origin(self, token: str) -> Origin:
        """What led to the token. Raises BrokenSeal."""
        content = self._seal.open(PURPOSE, token)
        return Origin(model_id=content["m"], customer_fingerprint=content["c"], as_of=content["t"])
