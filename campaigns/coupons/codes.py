"""Coupon codes: 12 random symbols that people can read out, and one that catches their slips.

The alphabet is Crockford's base 32 (https://www.crockford.com/base32.html): digits and letters without I, L, O and U.
60 random bits: with a million codes alive, one guess in 10^12 finds one. Crockford's own check symbol needs five signs
outside the alphabet ($ * ~ = U), which voice and keyboards carry badly. Ours stays inside: symbols are numbers of the
field GF(32), and the code is made so that sum(symbol_i * a^(12 - i)) = 0 for a generator a. A wrong symbol adds
d * a^i, never zero; two swapped ones add (x - y) * (a^i - a^j), never zero either, adjacent or not. So every single
substitution and every transposition of two different symbols is caught before the database is asked.

Codes that a shop brings along have no check symbol and another length; they are read in the same way.
"""

import secrets

import numpy as np
import numpy.typing as npt

from campaigns.coupons.refusals import InvalidCode

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_SYMBOLS = 12
LENGTH = RANDOM_SYMBOLS + 1
SHORTEST, LONGEST = 8, 32
"""Of codes from elsewhere: seven symbols can be guessed."""
GROUP = 4
# What looks alike is read as what it looks like; separators are for the eye.
READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})
VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}
READABLE = frozenset(ALPHABET + "U")
# Multiplication by the generator x of GF(2)[x] / (x^5 + x^2 + 1).
TIMES_GENERATOR = np.array([(value << 1) ^ (0b100101 if value & 16 else 0) for value in range(32)], dtype=np.uint8)
SYMBOLS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)


HIDDEN = "•" * 4
SHOWN = 3
"""Symbols of a masked code: enough to tell which of a customer's it is, too few to use it."""


def masked(code: str) -> str:
    """For those who may not have it."""
    return HIDDEN + code[-SHOWN:]


def mint(count: int) -> list[str]:
    """New codes from the operating system's randomness."""
    # 256 is a multiple of 32, so that the low five bits of a random byte are uniform.
    random = np.frombuffer(secrets.token_bytes(count * RANDOM_SYMBOLS), dtype=np.uint8)
    values = np.bitwise_and(random, np.uint8(31)).reshape(count, RANDOM_SYMBOLS)
    return _texts(np.column_stack([values, _check(values)]))


def normalise(written: str) -> str:
    """The code that someone wrote, with whatever case, hyphens, spaces and look-alikes. Raises InvalidCode."""
    # Letters of other alphabets could become ours in upper case.
    code = written.upper().translate(READ_AS) if written.isascii() else ""
    if not SHORTEST <= len(code) <= LONGEST or not READABLE.issuperset(code):
        raise InvalidCode(
            f"a code has {LENGTH} letters and digits, and one from elsewhere {SHORTEST} to {LONGEST}", field="code"
        )
    if len(code) != LENGTH:
        return code
    if "U" in code:
        raise InvalidCode(f"a code of {LENGTH} symbols is one of ours, which have no U", field="code")
    values = np.array([[VALUES[symbol] for symbol in code]], dtype=np.uint8)
    if _check(values[:, :-1])[0] != values[0, -1]:
        raise InvalidCode("a symbol of the code is wrong or two are swapped: read it again", field="code")
    return code


def displayed(code: str) -> str:
    """In groups for the eye: 4TQ7-9XKM-2B6VH; a code from elsewhere as it is looked up."""
    if len(code) != LENGTH:
        return code
    return f"{code[:GROUP]}-{code[GROUP : 2 * GROUP]}-{code[2 * GROUP :]}"


def _check(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """[N] check values of [N, 12] symbol values, by Horner's rule."""
    total = np.zeros(len(values), dtype=np.uint8)
    for column in values.T:
        total = TIMES_GENERATOR[total] ^ column
    check: npt.NDArray[np.uint8] = TIMES_GENERATOR[total]
    return check


def _texts(values: npt.NDArray[np.uint8]) -> list[str]:
    joined = SYMBOLS[values].tobytes().decode()
    return [joined[start : start + LENGTH] for start in range(0, len(joined), LENGTH)]
