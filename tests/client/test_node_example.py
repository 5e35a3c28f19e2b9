"""The Node example speaks to a real server by the released descriptors, without a stub of its own."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from made.campaigns import add_customers
from running.serving import Shop, serving

from database.session import Database

EXAMPLE = Path(__file__).resolve().parents[2] / "docs/examples/node"
NODE = shutil.which("node")


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[Shop]:
    if NODE is None:
        pytest.skip("node is not installed")
    if not (EXAMPLE / "node_modules/@grpc/grpc-js").is_dir():
        pytest.skip(f"its packages are not installed: run `npm ci` in {EXAMPLE.relative_to(EXAMPLE.parents[2])}")
    add_customers(database, ["anna"])
    with serving(database, tmp_path) as running:
        yield running


def ask(shop: Shop, customer: str) -> "subprocess.CompletedProcess[str]":
    command = [NODE or "node", "client.mjs", f"127.0.0.1:{shop.server.port}", customer]
    return subprocess.run(command, cwd=EXAMPLE, capture_output=True, text=True, check=False, timeout=60)


def test_the_example_prints_a_score_and_a_refusal(shop: Shop) -> None:
    answered, refused = ask(shop, "anna"), ask(shop, "nobody")

    assert answered.returncode == 0, answered.stderr
    assert json.loads(answered.stdout) == {
        "customer": "customers/anna", "model": "models/tiny-1", "horizons": [30, 60, 90],
    }  # fmt: skip
    assert answered.stderr.startswith("waited ")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.strip() == "NOT_FOUND: there is no customers/nobody"
