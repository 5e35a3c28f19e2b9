"""The Node example speaks to a real server by the released descriptors, without a stub of its own."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from made.campaigns import issued_codes
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
    now = datetime.now(UTC)
    issued_codes(database, ["anna"], start_time=now - timedelta(days=1), end_time=now + timedelta(days=9))
    with serving(database, tmp_path) as running:
        yield running


def ask(shop: Shop, *asked: str, example: str = "client.mjs") -> "subprocess.CompletedProcess[str]":
    command = [NODE or "node", example, f"127.0.0.1:{shop.server.port}", *asked]
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


def test_the_shop_tells_of_a_customer_from_signing_up_to_being_forgotten(shop: Shop) -> None:
    told = ask(shop, "C-new", "anna", example="customer.mjs")

    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        "customers/C-new of GB agreed to email",
        "2 recorded, 0 when sent again",
        "scored by models/tiny-1, 2 items recommended",
        "agreed to 0 channels",
        "erased: 1 of 2 recorded",
    ]


def test_the_till_takes_a_code_gives_it_back_and_is_told_the_reason_of_a_refusal(shop: Shop) -> None:
    told = ask(shop, "anna", "o-1", "59.90", "GBP", example="till.mjs")

    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        "10% off: 5.99 GBP off o-1",
        "5.99 GBP given back",
        'FAILED_PRECONDITION COUPON_ALREADY_REDEEMED {"campaign":"campaigns/spring"}',
        "tierwise.v1.LaunchCampaignMetadata done: 1",
    ]
