"""The client's wheel works where there is nothing of the server: with gRPC, protobuf and Google's messages alone."""

import json
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from made.campaigns import add_customers
from running.serving import Shop, serving
from tierwise.v1 import scoring_service_pb2_grpc

from database.session import Database
from settings import child_environment

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("grpc", "google", "typing_extensions.py")
PROGRAM = """
import json, sys
import buf.theirs
from importlib.metadata import version
from importlib.resources import files
from tierwise_client import NotFound, Tierwise, __version__
assert version("tierwise-client") == __version__
with Tierwise(sys.argv[1], insecure=True, timeout=10) as tierwise:
    score = tierwise.score("anna")
    try:
        tierwise.score("nobody")
    except NotFound as error:
        refused = error.reason
ours = sorted({"server", "scoring", "torch", "sqlalchemy", "grpc_status"} & set(sys.modules))
typed = [name for name in ("tierwise", "tierwise_client") if (files(name) / "py.typed").is_file()]
print(json.dumps([score.customer, score.model, refused, ours, typed]))
"""


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[Shop]:
    add_customers(database, ["anna"])
    with serving(database, tmp_path) as running:
        yield running


def run(*command: str | Path, folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, env=child_environment({"PYTHONPATH": ""}), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_is_all_that_a_service_needs(shop: Shop, tmp_path: Path) -> None:
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist",
        folder=ROOT / "tierwise_client")  # fmt: skip
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "service", folder=tmp_path)
    python = tmp_path / "service/bin/python"
    run(Path(sys.executable).with_name("uv"), "pip", "install", "--python", python, "--no-index", "--no-deps",
        *(tmp_path / "dist").glob("*.whl"), folder=tmp_path)  # fmt: skip
    (site,) = (tmp_path / "service/lib").glob("python*/site-packages")
    for name in NEEDED:
        (site / name).symlink_to(Path(sysconfig.get_path("purelib")) / name)
    (tmp_path / "generated/buf").mkdir(parents=True)
    (tmp_path / "generated/buf/theirs.py").touch()
    (site / "generated.pth").write_text(str(tmp_path / "generated"))

    said = run(python, "-I", "-c", PROGRAM, f"127.0.0.1:{shop.server.port}", folder=tmp_path)

    assert json.loads(said) == [
        "customers/anna",
        "models/tiny-1",
        "CUSTOMER_NOT_FOUND",
        [],
        ["tierwise", "tierwise_client"],
    ]


def test_the_oldest_grpc_that_it_takes_reads_its_stubs() -> None:
    needs = tomllib.loads((ROOT / "tierwise_client/pyproject.toml").read_text())["project"]["dependencies"]

    assert f"grpcio>={scoring_service_pb2_grpc.GRPC_GENERATED_VERSION}" in needs
