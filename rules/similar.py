"""What a misspelt name was probably meant to be."""

from collections.abc import Iterable
from difflib import get_close_matches


def instead(name: str, possible: Iterable[str]) -> str:
    """The way out of a name that does not exist: the likeliest ones, or all there are; begins with a separator."""
    names = sorted(possible)
    close = get_close_matches(name, names, n=3)
    return f": did you mean {' or '.join(close)}?" if close else f": use one of {', '.join(names)}"
