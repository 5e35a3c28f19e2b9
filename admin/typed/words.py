"""Words of which there are a few, as people type them."""

from collections.abc import Collection

from admin.shell.output import fail


def read_word(typed: str, option: str, known: Collection[str]) -> str:
    """In whatever case. The command ends, naming the option and the words there are, where it is none of them."""
    if typed.upper() not in known:
        fail(f"{option} {typed}: give one of {', '.join(known)}")
    return typed.upper()
