"""The benchmark of the pool beside the floors: what it compares, and what it does without them."""

from pathlib import Path

import pytest

from bench import peers
from bench.cost import Cost
from bench.figures import Figure
from bench.peers import Peer


def test_without_floors_it_is_skipped_and_says_where_it_looked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    peers.main(floors=tmp_path / "floors")

    assert capsys.readouterr().out == (
        f"skipped: there are no floors in {tmp_path / 'floors'}; name their folder by --floors\n"
    )


def test_the_pool_stands_beside_the_floor_under_the_same_load() -> None:
    costs = {
        "floor: 8 callers": Cost(rate=100.0, p50=4.0, p99=8.0, processor=2.0),
        "pool: 8 callers": Cost(rate=150.0, p50=2.0, p99=4.0, processor=1.0),
        "pool: bare": Cost(rate=200.0, p50=1.0, p99=1.0, processor=0.5),
    }

    found = dict(peers._figures(costs, [Peer("floor", None, (), {}, ""), Peer("pool", "floor", (), {}, "")]))

    assert found["pool: 8 callers: rate"] == Figure(value=150.0, unit="answers/s", against="floor", ratio=1.5)
    assert found["pool: 8 callers: p99"] == Figure(value=4.0, unit="ms", against="floor", ratio=0.5)
    assert found["floor: 8 callers: processor"] == Figure(value=2.0, unit="ms/answer")
    assert found["pool: bare: rate"] == Figure(value=200.0, unit="answers/s")
