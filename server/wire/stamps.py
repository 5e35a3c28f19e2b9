"""Times between the wire and us; microseconds are kept, nanoseconds are cut off."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp


def stamp(time: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(time)
    return made


def maybe_stamp(time: datetime | None) -> Timestamp | None:
    """For a field that may be absent."""
    return None if time is None else stamp(time)


def moment(given: Timestamp) -> datetime:
    """From the wire, in UTC."""
    return given.ToDatetime(tzinfo=UTC)


def instant_key(time: datetime) -> str:
    """As part of a page's key."""
    return time.isoformat()


def key_instant(key: str) -> datetime:
    """From a page's key."""
    return datetime.fromisoformat(key)
