"""Tokens that tie what happens later to the answer that led to it: kept with events, and opened by nobody here."""

from datetime import datetime

from server.wire.seal import Seal

PURPOSE = "attribution"


class Attribution:
    """Makes the tokens."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def token(self, model_id: str, customer_id: str, as_of: datetime) -> str:
        """For one answer to one customer, who stands in it as a fingerprint."""
        content = {"m": model_id, "c": self._seal.fingerprint(customer_id), "t": round(as_of.timestamp(), 3)}
        return self._seal.seal(PURPOSE, content)
