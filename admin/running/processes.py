"""Everything that must run, as children of one process: started in order, stopped in the reverse order."""

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NamedTuple, Self

from database import embedded
from database.migrate import migrate
from settings import PYTHON, Settings, child_environment

STOP_SECONDS = 30
SETTLED_SECONDS = 10.0
"""Whoever ends sooner after its start has failed, and would fail again."""
AGAIN_SECONDS = 0.05
WATCH_SECONDS = 0.5
INSECURE = {
    "TIERWISE_INSECURE": "true",
    # An empty variable is as good as none.
    **dict.fromkeys(("TIERWISE_TLS_CERTIFICATE", "TIERWISE_TLS_KEY", "TIERWISE_TLS_CLIENT_CA"), ""),
    "TIERWISE_CERTIFICATE_ROLES": "",
}
"""For a server of our own on loopback, which only this machine can ask."""


class ChildFailedError(RuntimeError):
    """A process that should run has ended; the message carries the end of its log."""


class Child(NamedTuple):
    """A process that should run."""

    arguments: Sequence[str]
    process: "subprocess.Popen[bytes]"
    begun: float
    """In the seconds of time.monotonic()."""


@dataclass(slots=True)
class Processes:
    """A database and the processes that use it. As a context manager it leaves nothing behind."""

    home: Path
    environment: dict[str, str]
    database_url: str
    postgres: embedded.EmbeddedPostgres | None = None
    children: dict[str, Child] = field(default_factory=dict)

    @classmethod
    def prepare(cls, home: Path, settings: Settings) -> Self:
        """Use the database of the settings, else start an embedded one in `home`; migrate it."""
        postgres = None
        if settings.database_url is None:
            postgres = embedded.start(home / "postgres")
            url = postgres.url()
        else:
            url = settings.database_url.get_secret_value()
        prepared = cls(
            home=home,
            environment={
                "TIERWISE_DATABASE_URL": url,
                "TIERWISE_HOME": str(home),
                **({} if settings.tls_certificate else INSECURE),
                "TORCHINDUCTOR_CACHE_DIR": str(home / "torch"),  # else torch leaves a folder behind in /tmp
            },
            database_url=url,
            postgres=postgres,
        )
        try:
            migrate(url)
        except BaseException:
            prepared.stop()
            raise
        return prepared

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Start `python ARGUMENTS` with its output in home/logs/NAME.log.

        In a session of its own, so that Ctrl-C reaches it through stop(), in order, and not by the terminal. It ends
        with this process, also when that is killed.
        """
        logs = self.home / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*PYTHON, *arguments], stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                env=child_environment(self.environment),
                preexec_fn=embedded.end_with_parent(signal.SIGTERM),  # noqa: PLW1509 - takes no lock
            )  # fmt: skip
        self.children[name] = Child(arguments, process, time.monotonic())

    def start_all(self) -> None:
        """Server, worker and beat."""
        self.start("server", ["-m", "server"])
        self.start("worker", ["-m", "worker"])
        self.start("beat", ["-m", "worker", "beat"])

    def check(self) -> None:
        """Raise ChildFailedError if one has ended by itself."""
        for name, child in self.children.items():
            if child.process.poll() is not None:
                log = (self.home / "logs" / f"{name}.log").read_text(errors="replace")[-3000:]
                message = f"{name} ended with status {child.process.returncode}; the end of its log:\n{log}"
                raise ChildFailedError(message)

    def watch(self, tell: Callable[[str], None]) -> None:
        """Start again what ends, and tell it. Returns never but by an exception: a child's failure or Ctrl-C."""
        while True:
            time.sleep(WATCH_SECONDS)
            if self.postgres is not None and self.postgres.process.poll() is not None:
                self.postgres = embedded.start(self.postgres.folder, port=self.postgres.port)
                tell("PostgreSQL had ended and was started again")
            for name, child in [*self.children.items()]:
                if child.process.poll() is None:
                    continue
                if time.monotonic() < child.begun + SETTLED_SECONDS:
                    self.check()
                self.start(name, child.arguments)
                tell(f"{name} had ended with status {child.process.returncode} and was started again")

    def stop(self) -> None:
        """Ask each to end, last started first, then the database; whoever does not listen is killed."""
        while self.children:
            process = self.children.popitem()[1].process
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
            process.wait()
        if self.postgres is not None:
            self.postgres.stop()
            self.postgres = None


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Inside the block SIGTERM and SIGHUP end it as Ctrl-C does, so that children are stopped too.

    One that comes while a finaliser or a weak reference's callback runs is swallowed there, and so is sent once more.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def swallowed(what: "sys.UnraisableHookArgs") -> None:
        if what.exc_type is KeyboardInterrupt:
            again = (threading.main_thread().ident or 0, signal.SIGTERM)
            threading.Timer(AGAIN_SECONDS, signal.pthread_kill, again).start()
        else:
            told(what)

    previous = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    told, sys.unraisablehook = sys.unraisablehook, swallowed
    try:
        yield
    finally:
        sys.unraisablehook = told
        for number, handler in previous.items():
            signal.signal(number, handler)
