"""Passwords that are checked in a moment: good hashes take a fifth of a second on purpose, and tests sign in often."""

from collections.abc import Iterator

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from campaigns.callers import passwords

DEAR = passwords._hasher
"""What hashes outside of tests."""
LIGHT = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))


@pytest.fixture(scope="session", autouse=True)
def light_passwords() -> Iterator[None]:
    """The same hash at the least that it can cost, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", lambda: LIGHT)
        yield
