"""Passwords, as hashes that cost whoever guesses memory and time (Argon2id)."""

import secrets
from functools import cache

from pwdlib import PasswordHash

from campaigns.callers.refusals import InvalidStaff

SHORTEST = 12
"""Symbols (NIST SP 800-63B asks for 8, and no rules about their kinds)."""
LONGEST = 256


def hashed(password: str) -> str:
    """Raises InvalidStaff for a password that is too short to protect anything."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidStaff(f"a password has {SHORTEST} to {LONGEST} symbols", field="password")
    return _hasher().hash(password)


def is_right(password: str, stored: str | None) -> bool:
    """As slow for a name that nobody has, so that names cannot be guessed by the clock."""
    if len(password) > LONGEST:
        return False
    return _hasher().verify(password, stored or _nobody()) and stored is not None


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe(32))
