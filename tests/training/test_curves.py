"""How a training goes is told to TensorBoard always, and to Weights & Biases where a project is named."""

from pathlib import Path

import pytest
from running.worker_processes import wait_for
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from admin.learning.curves import curves_of
from settings import settings


def told_to_tensorboard(folder: Path) -> list[tuple[int, float]]:
    board = EventAccumulator(str(folder))
    board.Reload()
    return [(event.step, event.value) for event in board.Scalars("fit/loss")]


def test_tensorboard_is_told_each_figure(home: Path) -> None:
    curves = curves_of("alone")
    curves.note("fit/loss", 0.5, 1)
    curves.note("fit/loss", 0.25, 2)
    curves.close()

    assert told_to_tensorboard(home / "runs" / "alone") == [(1, 0.5), (2, 0.25)]
    assert not list((home / "runs" / "alone").glob("wandb"))


def test_weights_and_biases_is_told_the_same_and_nothing_of_the_machine(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERWISE_WANDB_PROJECT", "tierwise")
    monkeypatch.setenv("WANDB_MODE", "offline")
    settings.cache_clear()
    curves = curves_of("both")
    curves.note("fit/loss", 0.5, 1)
    curves.note("fit/loss", 0.25, 2)
    curves.close()

    assert told_to_tensorboard(home / "runs" / "both") == [(1, 0.5), (2, 0.25)]
    (run,) = (home / "runs" / "both" / "wandb").glob("offline-run-*-both")
    kept = run / "run-both.wandb"
    wait_for(lambda: all(value in kept.read_bytes() for value in (b"fit/loss", b"fit/step", b"0.25")), seconds=60)
    assert str(Path.cwd()).encode() not in kept.read_bytes()
    monkeypatch.undo()
    settings.cache_clear()
