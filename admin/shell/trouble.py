"""What a command says when something around it does not work, instead of a traceback."""

import errno
import re

from database.failures import Failure, failure_of, in_a_line, lacks_a_right, of_another_shape
from database.migrate import LaterVersion, TableInUse, UnfitDatabase
from database.session import BadAddress
from scoring.whole_file import NotWritten
from settings import SettingsRefused

WORDS = {
    Failure.AWAY: "the database cannot be reached or went away; nothing was changed: is it running at that address, "
    "and has its disk room?",
    Failure.BUSY: "the database has no connection free: try again, or raise its max_connections or the role's limit",
    Failure.TIMEOUT: "a statement took longer than it may; nothing was changed",
    Failure.CONFLICT: "another change came in between; nothing was changed: try again",
}
NO_PLACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG})
"""A disk that is full or only read, a right that is lacking, a path that is too long."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Where no file is named, standard output goes there."""
UNDECODED = re.compile("[\udc80-\udcff]")
"""What stands for a byte of an argument that is no text (PEP 383)."""


def explained(error: Exception) -> str | None:
    """A message with the way out; None for a bug, which deserves its traceback."""
    if isinstance(error, BadAddress | SettingsRefused | NotWritten | LaterVersion | TableInUse | UnfitDatabase):
        return str(error)
    if isinstance(error, OSError) and error.errno in NO_PLACE and error.filename is not None:
        return f"{error.filename}: {error.strerror}; give this account room and rights there, or name another place"
    if isinstance(error, OSError) and error.errno in FULL:
        return f"what is printed could not be written: {error.strerror}; make room where it goes, or print elsewhere"
    if isinstance(error, UnicodeEncodeError) and UNDECODED.search(error.object):
        return (
            "what was typed holds bytes that are no text in this shell's locale: set LC_ALL to the terminal's encoding"
        )
    return _of_the_database(error)


def _of_the_database(error: Exception) -> str | None:
    if of_another_shape(error):
        return f"the database has another shape than this version needs ({in_a_line(error)}): run `tierwise migrate`"
    if lacks_a_right(error):
        return (
            f"the login to the database lacks a right ({in_a_line(error)}): `tierwise migrate` needs the database's "
            "owner, and everything else the owner or a login IN ROLE tierwise_app"
        )
    failure = failure_of(error)
    return None if failure is None else f"{WORDS[failure]} ({in_a_line(error)})"
