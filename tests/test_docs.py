"""What the pages show is what happens: every command and every program of docs/ runs, in order, on one shop.

The services are Debian's PostgreSQL and Redis, as a user would set them: the embedded ones have tests of their own.
"""

import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from running.resident_shell import Ended, tierwise
from running.worker_processes import redis, wait_for

from admin.running.processes import Processes
from database import embedded
from database.embedded import free_port
from settings import Settings, child_environment

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("importing.md", "model.md", "marketing.md", "services.md")
DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
LONGEST = 150
"""Seconds that a command or a program of the pages may take."""
PATIENT = "import tierwise_client.client as client\nclient.QUICK_SECONDS = 60.0\n"
"""A method's own deadline, a second for a score, passes where tests share few processors."""
BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<file>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Place(NamedTuple):
    """Where a reader would be: a folder, and the services around it."""

    folder: Path
    processes: Processes
    address: str

    @property
    def environment(self) -> dict[str, str]:
        return child_environment(self.processes.environment | {"PYTHONPATH": f"{ROOT}:{ROOT}/protos/gen"})

    def python(self, program: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", program]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False, timeout=LONGEST
        )

    def tierwise(self, words: list[str]) -> Ended:
        return tierwise(words, folder=self.folder, environment=self.environment, within=LONGEST)


@contextmanager
def system_postgres() -> Iterator[embedded.EmbeddedPostgres]:
    """Debian's own server, in a folder that its account may enter."""
    with tempfile.TemporaryDirectory(prefix="tierwise-docs-") as name:
        Path(name).chmod(0o755)
        server = embedded.start(Path(name) / "postgres", binaries=DEBIAN[-1].parent, durable=False)
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A folder of one's own with PostgreSQL and Redis from Debian, a server, a worker and the clock."""
    if not DEBIAN:
        pytest.skip("Debian's postgresql is not installed")
    folder = tmp_path_factory.mktemp("reader")
    with system_postgres() as data, redis(free_port()) as broker:
        chosen = Settings.model_validate({"database_url": data.url(), "broker_url": broker})
        address = f"127.0.0.1:{free_port()}"
        with Processes.prepare(folder / "var", chosen) as processes:
            processes.environment |= {
                "TIERWISE_BROKER_URL": broker, "TIERWISE_LISTEN": address,
                "TIERWISE_CHANNELS": f'{{"EMAIL": "file:{folder}/out"}}',
            }  # fmt: skip
            processes.start_all()
            yield Place(folder, processes, address)
            processes.check()


@pytest.mark.timeout(600)
def test_everything_that_the_pages_show_works(place: Place) -> None:
    for page in PAGES:
        for block in BLOCK.finditer((ROOT / "docs" / page).read_text()):
            if block["file"]:
                (place.folder / block["file"]).write_text(block["text"])
            elif block["kind"] == "python":
                wait_for(lambda: "listens on" in (place.folder / "var/logs/server.log").read_text())
                done = place.python(f"ADDRESS = {place.address!r}\n{PATIENT}{block['text']}")
                assert done.returncode == 0, f"{page}: {done.stderr}"
            elif block["kind"] == "console":
                run_console(place, page, block["text"])
    place.processes.check()


def run_console(place: Place, page: str, text: str) -> None:
    for line in text.splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True)
        assert words[0] == "tierwise", f"{page}: {line}"
        done = place.tierwise(words[1:])
        assert done.returncode == 0, f"{page}: {line}\n{done.stdout}{done.stderr}"
