"""Randomness that nobody can foretell: who is asked in a step, and the noise that hides them.

A keystream of ChaCha20, for whoever could guess the noise could take it off again. Numbers depend on the key, the step
and what they are for alone, so that a resumed run draws what it would have drawn.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from scipy.special import ndtri

from scoring.seen.actions import Floats

SAMPLING, NOISE = 0, 1
DRAWS = 4
"""Of which a noise is made: nobody can tell from the digits of their sum which real numbers it lies between (Holohan
and Braghin 2021)."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A key of 32 bytes, kept nowhere."""

    key: bytes = field(repr=False)

    @classmethod
    def drawn(cls) -> Self:
        """From the operating system."""
        return cls(secrets.token_bytes(32))

    @classmethod
    def of(cls, seed: int) -> Self:
        """For a run that is to be repeated: private as long as the seed is."""
        return cls(hashlib.sha256(f"tierwise private training {seed}".encode()).digest())

    def apart(self, purpose: str) -> Self:
        """Another one, of which this one's numbers tell nothing."""
        return type(self)(hashlib.sha256(self.key + purpose.encode()).digest())

    def chosen(self, step: int, count: int, rate: float) -> npt.NDArray[np.int64]:
        """Which of so many are asked in a step, each with this chance and apart from all others."""
        return np.flatnonzero(self._uniform(step, SAMPLING, count) < rate)

    def noise(self, step: int, count: int) -> Floats:
        """[count] standard normal."""
        draws = ndtri(self._uniform(step, NOISE, DRAWS * count)).reshape(DRAWS, count)
        return np.asarray(draws.sum(axis=0) / np.sqrt(DRAWS))

    def _uniform(self, step: int, purpose: int, count: int) -> Floats:
        """[count] strictly between 0 and 1, by 53 bits each."""
        nonce = bytes(4) + purpose.to_bytes(4, "little") + step.to_bytes(8, "little")
        stream = Cipher(ChaCha20(self.key, nonce), mode=None).encryptor().update(bytes(8 * count))
        bits = np.frombuffer(stream, dtype="<u8") >> np.uint64(11)
        return (bits.astype(np.float64) + 0.5) * 2.0**-53
