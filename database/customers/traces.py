"""Which customers an answer names, as numbers that an index finds: so an erasure reads only what names the customer.

A number may stand for more than one customer: whoever finds by it looks at the answer itself.
"""

import re
from collections.abc import Iterator
from hashlib import blake2b

NAME = b"customers/"
OCCURRENCES = re.compile(re.escape(NAME))
PARENT = re.compile(rb"customers/(?=([^/\x00-\x1f\x7f]+)/)")
"""A name under the customer's, such as an event's: ids have neither slashes nor control characters."""
NUMBER_BYTES = 8
MORE = 0x80
"""Of a byte of a length: another one follows."""


def number_of(customer_id: str) -> int:
    """What stands for a customer."""
    return _number(customer_id.encode())


def numbers_in(answer: bytes) -> list[int]:
    """Of every customer whom a serialised message names by a whole string, or by a name under the customer's."""
    whole = {each for found in OCCURRENCES.finditer(answer) for each in _strings(answer, found.start())}
    return sorted({_number(each) for each in whole | set(PARENT.findall(answer))})


def length_of(string: bytes) -> bytes:
    """As protobuf writes it before the string: seven bits a byte, the lowest first."""
    length, written = len(string), b""
    while length >= MORE:
        written, length = written + bytes([length & (MORE - 1) | MORE]), length >> 7
    return written + bytes([length])


def _strings(answer: bytes, start: int) -> Iterator[bytes]:
    """What follows NAME in the string that begins here; each string, where its length can be read in several ways."""
    for size in range(1, 4):
        written = answer[max(start - size, 0) : start]
        length = sum((byte & (MORE - 1)) << (7 * place) for place, byte in enumerate(written))
        string = answer[start : start + length]
        if len(string) > len(NAME) and length_of(string) == written:
            yield string[len(NAME) :]


def _number(customer_id: bytes) -> int:
    return int.from_bytes(blake2b(customer_id, digest_size=NUMBER_BYTES).digest(), signed=True)
