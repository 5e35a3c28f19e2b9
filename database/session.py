"""Where transactions begin and end. Doors open them; nothing below a door commits."""

import math
import select
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, NewType, Self, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row
from sqlalchemy import CursorResult, Engine, Result, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from database.failures import takes_no_writes

Snapshot = NewType("Snapshot", Session)
"""A consistent view (REPEATABLE READ) that PostgreSQL itself keeps from writing."""
Transaction = NewType("Transaction", Snapshot)
"""Reads and writes that happen together or not at all."""
Kind = TypeVar("Kind")
DRIVER = "driver"
"""Where a session keeps the connection that its transaction has."""
USED = "used"
"""Where a connection keeps when it was used last, in the seconds of time.monotonic()."""
SINCE = "since"
"""Where it keeps when it was made, in the same seconds."""
LEFT_ALONE = (
    "-c client_connection_check_interval=1s -c idle_in_transaction_session_timeout=10min"
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4 -c tcp_user_timeout=30s"
)
"""When PostgreSQL lets a transaction's locks go, and vacuum pass it: at once where the process was killed, after half a
minute where its machine went without a word (else two hours) or takes none of an answer, and after ten minutes where it
stands still."""
LOST_SERVER: Mapping[str, str] = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
}
"""libpq gives up a server whose machine went without a word after half a minute: else it would wait for two hours."""
ENCODED: Mapping[str, str] = {"client_encoding": "UTF8"}
"""Not among the settings below: what PGCLIENTENCODING says would come before them."""
SETTLED = (
    "-c timezone=UTC -c datestyle=ISO,MDY -c intervalstyle=postgres -c extra_float_digits=1"
    " -c search_path=public -c default_transaction_isolation=read\\ committed"
)
"""What the statements mean, however the role, the database or the server has it: who waited for a row that another
transaction changed reads it anew, and is not refused."""
LOCK_MILLISECONDS = 10_000
INTERPRETED = "-c jit=off"
"""What PostgreSQL takes for a large question is a chunk of one to us: to compile it takes longer than to answer it."""
BELIEVED_SECONDS = 1.0
"""For which a quiet connection is taken to be there still after its use: to ask takes as long as a question itself."""


class Connections(NamedTuple):
    """Of a process to its database."""

    in_use: int
    idle: int
    most: int
    """That it may have; who needs one more waits."""


class BadAddress(ValueError):
    """Not the address of a PostgreSQL database."""


class Database:
    """The connections of one process; made once at the door and handed down."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._doubted = -math.inf
        """When a server was last found that takes no writes, in the seconds of time.monotonic()."""
        _check_idle(engine, lambda: self._doubted)
        reads = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._reads = sessionmaker(reads, expire_on_commit=False)
        self._writes = sessionmaker(engine, expire_on_commit=False)

    @classmethod
    def at(cls, url: str, *, pool_size: int = 8, statement_timeout_ms: int = 60_000) -> Self:
        """Connect lazily to `url` (postgresql://…); the time limits hold for every statement of this process."""
        options = f"-c statement_timeout={statement_timeout_ms} -c lock_timeout={LOCK_MILLISECONDS} {INTERPRETED}"
        chosen = {"options": f"{options} {SETTLED} {LEFT_ALONE}", "application_name": "tierwise", **unsaid(url)}
        engine = engine_at(url, pool_size=pool_size, max_overflow=0, connect_args=chosen)
        return cls(engine)

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """One snapshot; a write inside it raises ReadOnlySqlTransaction."""
        with self._reads.begin() as session:
            yield Snapshot(session)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """One transaction: committed at the end of the block, rolled back by any exception."""
        try:
            with self._writes.begin() as session:
                yield Transaction(Snapshot(session))
        except Exception as error:
            if takes_no_writes(error):
                # Behind its address another server may have taken over: only who connects anew gets there.
                self._doubted = time.monotonic()
            raise

    def apart(self) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection that is the caller's own, to close; each statement commits by itself."""
        borrowed = self._engine.raw_connection()
        driver = _psycopg(borrowed.driver_connection)
        borrowed.detach()
        driver.autocommit = True
        return driver

    def vacuum(self, table: str) -> None:
        """Clear away what earlier versions of a table's rows left, and learn its figures; in no transaction."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"VACUUM (ANALYZE, SKIP_LOCKED) {table}"))

    def connections(self) -> Connections:
        """How many there are at this moment."""
        pool = self._engine.pool
        if not isinstance(pool, QueuePool):
            raise TypeError(f"expected a pool of connections, found {type(pool).__name__}")
        return Connections(in_use=pool.checkedout(), idle=pool.checkedin(), most=pool.size())

    def close(self) -> None:
        """Give every connection back to the server."""
        self._engine.dispose()


def _check_idle(engine: Engine, doubted: Callable[[], float]) -> None:
    """Ask a connection that nobody used for a while, or that is not quiet, whether it is there; else it is replaced.

    So are all that were made before a server was `doubted`.
    """

    def begin(_driver: object, record: ConnectionPoolEntry) -> None:
        record.info[SINCE] = time.monotonic()

    def note(_driver: object, record: ConnectionPoolEntry) -> None:
        record.info[USED] = time.monotonic()

    def check(driver: DBAPIConnection, record: ConnectionPoolEntry, _borrowed: object) -> None:
        if record.info[SINCE] <= doubted():
            raise InvalidatePoolError
        believed = time.monotonic() - record.info.get(USED, math.inf) < BELIEVED_SECONDS
        try:
            if not (believed and is_quiet(_psycopg(record.driver_connection))):
                engine.dialect.do_ping(driver)
        except psycopg.OperationalError as error:
            raise InvalidatePoolError from error

    event.listen(engine, "connect", begin)
    event.listen(engine, "checkin", note)
    event.listen(engine, "checkout", check)


def is_quiet(connection: "psycopg.Connection[tuple[object, ...]]") -> bool:
    """Whether nothing has come that nobody asked for, as it does from a server that goes; takes no round trip."""
    line = select.poll()
    line.register(connection.fileno(), select.POLLIN)
    return not line.poll(0)


def engine_at(url: str, **choices: Any) -> Engine:  # noqa: ANN401 - as create_engine
    """SQLAlchemy's way to an address that libpq reads, which knows more of addresses: several servers, say.

    What a statement was about stays out of the words of its errors, which are logged. Raises BadAddress.
    """
    _parts(url)
    engine = create_engine("postgresql+psycopg://", hide_parameters=True, **choices)
    # To ask for the right to write, after reading, would be another error on a server that has it not.
    engine.dialect.set_readonly = _set_readonly  # type: ignore[attr-defined]

    def name_address(_dialect: object, _record: object, arguments: list[str], _named: object) -> None:
        arguments[:] = [url]

    event.listen(engine, "do_connect", name_address)
    return engine


def _set_readonly(driver: "psycopg.Connection[Any]", value: bool) -> None:  # noqa: FBT001 - SQLAlchemy's
    driver.read_only = value or None


def unsaid(url: str, *, writes: bool = False) -> dict[str, str]:
    """LOST_SERVER, and of several servers, or for `writes`, the one that takes them, unless the address says otherwise.

    And UTF-8, whatever the address, the role, the database or PGCLIENTENCODING says: names are of every script, and
    what is copied is written so. Raises BadAddress.
    """
    said = _parts(url)
    picky = {"target_session_attrs": "read-write"} if writes or "," in str(said.get("host", "")) else {}
    return {**{name: value for name, value in {**LOST_SERVER, **picky}.items() if name not in said}, **ENCODED}


def _parts(url: str) -> dict[str, Any]:
    """Of an address. Raises BadAddress, which keeps its secret: the driver's own words would tell it."""
    if url.startswith(("postgresql://", "postgres://")):
        with suppress(psycopg.ProgrammingError):
            return conninfo_to_dict(url)
    raise BadAddress(
        "the database's address must look like postgresql://user:password@host:port/database, with special characters "
        "of the password as %XX"
    )


def changed_rows(result: Result[Any]) -> int:
    """How many rows an UPDATE or DELETE touched."""
    if not isinstance(result, CursorResult):
        message = f"expected the result of a statement that writes, found {type(result).__name__}"
        raise TypeError(message)
    return result.rowcount


def driver_connection(snapshot: Snapshot) -> "psycopg.Connection[tuple[object, ...]]":
    """The psycopg connection under a session, for COPY and for the hot path; it shares the transaction."""
    known: tuple[object, psycopg.Connection[tuple[object, ...]]] | None = snapshot.info.get(DRIVER)
    if known is not None and known[0] is snapshot.get_transaction():
        return known[1]
    raw = _psycopg(snapshot.connection().connection.driver_connection)
    # A session takes as long to find its connection as it takes to ask a small question.
    snapshot.info[DRIVER] = snapshot.get_transaction(), raw
    return raw


def _psycopg(driver: object) -> "psycopg.Connection[tuple[object, ...]]":
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"expected a psycopg connection, found {type(driver).__name__}")
    return driver


def one(snapshot: Snapshot, kind: Callable[..., Kind], statement: str, values: Mapping[str, object]) -> Kind | None:
    """The only row of a plain statement, or None: for the hot path, where the ORM takes longer than the answer."""
    cursor = driver_connection(snapshot).cursor(row_factory=dict_row)
    found = cursor.execute(statement.encode(), values).fetchone()
    return None if found is None else kind(**found)
