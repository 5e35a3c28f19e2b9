"""Replicas take up a model together: all in the precision that one of them found out, or none of them at all."""

import pickle
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from networks.doubling import broken, ending, exact
from networks.tiny_model import tiny_model, write_tiny_model

from scoring.folders import folder
from scoring.pool.process import Process
from scoring.pool.zygote import Zygote
from scoring.recommendation import Recommender
from scoring.replicas.asking import Kind, ModelFolder, Role, Task
from scoring.replicas.computing import computing
from scoring.replicas.replicas import STARTS, LocalReplicas, ProcessReplicas
from scoring.score import ModelRejected

WAIT = 60


class Made(ProcessReplicas):
    """Each start is told in which precision, and computes what stands next in a list."""

    def __init__(self, zygote: Zygote, *makes: Callable[[], Any]) -> None:
        super().__init__("cpu", zygote)
        self.makes = list(makes)
        self.told: list[frozenset[Role] | None] = []
        self.processes: list[Process] = []

    def _making(
        self, _models: object, rounded: frozenset[Role] | None, _seat: object, *, forgiving: bool = False
    ) -> Any:  # noqa: ANN401
        if forgiving:
            return exact
        self.told.append(rounded)
        return self.makes.pop(0)

    def _started(self, *given: Any) -> tuple[Process, frozenset[Role]]:  # noqa: ANN401 - as the method in whose place it stands
        started = super()._started(*given)
        self.processes.append(started[0])
        return started


@pytest.fixture
def zygote() -> Iterator[Zygote]:
    made = Zygote(["networks.doubling"])
    yield made
    made.close()


def test_a_model_that_says_no_number_is_rejected_where_nothing_stands_between(tmp_path: Path) -> None:
    model = tiny_model("mute")
    with torch.no_grad():
        model.networks[0].kind.weight.fill_(float("nan"))
    place = ModelFolder("mute", folder.write(model, tmp_path / "mute"))

    with pytest.raises(ModelRejected, match="models/mute says no number of nobody"):
        LocalReplicas("cpu").check({Role.ACTIVE: place})


def test_processes_that_were_started_end_when_a_later_one_cannot_be(zygote: Zygote) -> None:
    replicas = Made(zygote, exact, exact, broken)
    held = replicas.several(3)

    with pytest.raises(ModelRejected, match="cannot start"):
        replicas.hold({})

    assert len(replicas.processes) == 2
    for process in replicas.processes:
        until_ended(process.pid)
    for replica in held:
        replica.close()


def test_one_replica_finds_out_the_precision_and_the_others_are_told(zygote: Zygote) -> None:
    replicas = Made(zygote, exact, exact, exact)
    held = replicas.several(3)

    replicas.hold({})

    assert replicas.told == [None, frozenset(), frozenset()]
    for replica in held:
        replica.close()


@pytest.mark.parametrize("often", [2, 3])
def test_a_model_is_at_fault_when_processes_end_while_they_load_it_again_and_again(
    zygote: Zygote, tmp_path: Path, often: int
) -> None:
    notes = tmp_path / "begun"
    make = partial(ending, notes, often)
    replicas = Made(zygote, make, make, make)
    held = replicas.several(1)

    if often < STARTS:
        replicas.hold({})
    else:
        with pytest.raises(ModelRejected, match="ended"):
            replicas.hold({})

    assert notes.read_text() == "..."
    for replica in held:
        replica.close()


@pytest.mark.parametrize("rounded", [frozenset(), frozenset({Role.ACTIVE})])
def test_models_score_in_the_precision_that_was_decided(tmp_path: Path, rounded: frozenset[Role]) -> None:
    models = {Role.ACTIVE: ModelFolder("tiny-1", write_tiny_model(tmp_path, "tiny-1", seed=1))}

    made = computing(models, "cpu", rounded=rounded)

    assert pickle.loads(made(Kind(Task.ROUNDED), [b""])[0]) == rounded


def test_only_a_replica_that_recommends_prepares_for_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[Recommender] = []

    def note(recommender: Recommender) -> None:
        prepared.append(recommender)

    monkeypatch.setattr(Recommender, "prepare", note)
    replicas = LocalReplicas("cpu")
    models = {Role.ACTIVE: ModelFolder("tiny-1", write_tiny_model(tmp_path, "tiny-1", seed=1))}

    replicas.several(1)
    replicas.hold(models)
    assert not prepared

    replicas.several(1, lists=True)
    replicas.hold(models)
    assert len(prepared) == 1


def until_ended(pid: int) -> None:
    for _ in range(100 * WAIT):
        if not Path(f"/proc/{pid}").exists():
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"process {pid} still runs")
