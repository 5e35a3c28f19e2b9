"""Tokens that tie what happens later to the answer that led to it: kept with events, and opened by nobody here."""

from datetime import datetime

from server.wire.seal import Seal

PURPOSE = "attribution"


def token_of(seal: Seal, model_id: str, customer_id: str, as_of: datetime) -> str:
    """For one answer to one customer, who stands in it as a fingerprint."""
    content = {"m": model_id, "c": seal.fingerprint(customer_id), "t": round(as_of.timestamp(), 3)}
    return seal.seal(PURPOSE, content)
