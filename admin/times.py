"""Times as people type them."""

from datetime import UTC, datetime

from admin.output import fail


def read_time(typed: str, option: str) -> datetime:
    """An ISO time; UTC where it names no zone. The command ends, naming the option, where it is none."""
    try:
        read = datetime.fromisoformat(typed)
    except ValueError:
        fail(f"{option} {typed}: give an ISO time such as 2026-12-01T08:00:00+00:00")
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
