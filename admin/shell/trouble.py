"""What a command says when something around it does not work, instead of a traceback."""

from database.failures import Failure, failure_of, in_a_line, of_another_shape
from database.session import BadAddress
from scoring.whole_file import NotWritten
from settings import SettingsRefused

WORDS = {
    Failure.AWAY: "the database cannot be reached or went away; nothing was changed: is it running at that address?",
    Failure.BUSY: "the database has no connection free: try again, or raise its max_connections",
    Failure.TIMEOUT: "a statement took longer than it may; nothing was changed",
    Failure.CONFLICT: "another change came in between; nothing was changed: try again",
}


def explained(error: Exception) -> str | None:
    """A message with the way out; None for a bug, which deserves its traceback."""
    if isinstance(error, BadAddress | SettingsRefused | NotWritten):
        return str(error)
    if of_another_shape(error):
        return f"the database has another shape than this version needs ({in_a_line(error)}): run `tierwise migrate`"
    failure = failure_of(error)
    return None if failure is None else WORDS[failure]
