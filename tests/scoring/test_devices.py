"""Replicas spread over GPUs, and what befalls one there costs nobody else an answer."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from made.histories import NOW, random_shop
from networks.doubling import doubling
from networks.tiny_model import write_tiny_model
from on_gpu import roomy_rows

from events.history import Histories
from scoring.pool.pool import Pool
from scoring.pool.process import ProcessReplica
from scoring.pool.refusals import ComputationFailed, ReplicaDied
from scoring.pool.replica import LocalReplica
from scoring.pool.row import Loaded
from scoring.pool.zygote import Zygote
from scoring.replicas.devices import device_of, dying_with_the_device
from scoring.scorer import Scorer

on_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
WAIT = 120
Bytes = Pool[bytes, None]


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    made = Zygote(["networks.doubling", "on_gpu"])
    yield made
    made.close()


@pytest.fixture
def replica(zygote: Zygote) -> ProcessReplica:
    return ProcessReplica(zygote, roomy_rows)


@pytest.fixture
def pool(replica: ProcessReplica) -> Iterator[Bytes]:
    made = Bytes([replica], batch_size=8)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("asked", "number", "gpus", "found"),
    [
        ("cuda", 0, 2, "cuda:0"),
        ("cuda", 3, 2, "cuda:1"),
        ("cuda", 1, 0, "cuda:0"),
        ("cuda:1", 2, 4, "cuda:1"),
        ("cpu", 3, 2, "cpu"),
    ],
)
def test_each_replica_takes_the_next_gpu(asked: str, number: int, gpus: int, found: str) -> None:
    assert device_of(asked, number, gpus) == found


def test_a_process_ends_with_its_device_and_another_one_answers(zygote: Zygote) -> None:
    replica = ProcessReplica(zygote, doubling)
    pool, first = Bytes([replica], batch_size=8), replica.pid

    lost, well = (pool.submit_loaded(Loaded(payload, None)) for payload in (b"lost", b"well"))

    assert isinstance(lost.exception(WAIT), ReplicaDied)
    assert well.result(WAIT).answer == b"wellwell"
    assert replica.pid != first
    pool.close()


def test_without_processes_a_lost_device_is_told_as_a_death() -> None:
    replica = LocalReplica(doubling())

    replica.start(None, [b"lost"])

    with pytest.raises(ReplicaDied, match="asked to lose the device"):
        replica.finish()


def test_only_what_the_device_raises_is_its_loss() -> None:
    with pytest.raises(ReplicaDied, match="the device is lost: gone"), dying_with_the_device():
        raise torch.AcceleratorError("gone")
    with pytest.raises(torch.OutOfMemoryError), dying_with_the_device():
        raise torch.OutOfMemoryError("full")


@on_a_gpu
def test_a_batch_that_does_not_fit_is_divided_until_it_does(pool: Bytes) -> None:
    payloads = [b"a", b"b", b"c", b"huge", b"d", b"e"]

    tickets = [pool.submit_loaded(Loaded(payload, None)) for payload in payloads]
    huge = tickets.pop(3)

    assert [ticket.result(WAIT).answer for ticket in tickets] == [b"aa", b"bb", b"cc", b"dd", b"ee"]
    assert isinstance(failed := huge.exception(WAIT), ComputationFailed)
    assert "OutOfMemoryError" in str(failed)


@on_a_gpu
def test_a_lost_device_ends_the_process_and_the_next_one_has_it_again(pool: Bytes, replica: ProcessReplica) -> None:
    first = replica.pid
    lost, well = (pool.submit_loaded(Loaded(payload, None)) for payload in (b"lost", b"well"))

    assert isinstance(lost.exception(WAIT), ReplicaDied)
    assert well.result(WAIT).answer == b"wellwell"
    assert replica.pid != first


@on_a_gpu
def test_a_gpu_scores_as_the_processor_does(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path)
    histories = Histories.from_frame(random_shop(40, seed=5))
    as_of = np.full(len(histories), NOW)

    here, there = (Scorer.load(folder, device).score(histories, as_of) for device in ("cpu", "cuda"))

    for ours, theirs in zip(here, there, strict=True):
        assert theirs.purchase_90 == pytest.approx(ours.purchase_90, abs=1e-4)
        assert theirs.spend_minor == pytest.approx(ours.spend_minor, rel=1e-3, abs=1)
