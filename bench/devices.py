"""A GPU beside one core of the processor: the bare network, whole scores, and learning.

    python -m bench.devices [--customers 4000] [--device cuda]

With `--device cpu` the same code runs where a GPU would stand, so that it can be tried without one.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import torch
import typer

from bench.figures import Figure, interleaved, publish
from bench.shop import simulated
from events.history import Histories
from scoring.networks.frames import Frames
from scoring.networks.passing import Forward, Plainly
from scoring.scorer import Scorer
from scoring.seen.actions import Floats, actions_of, pairs_of
from scoring.seen.blocks import PASSES
from scoring.seen.features import raw_features
from scoring.seen.sequence import Batch, batch_of, tokens_of
from scoring.threads import limit_threads
from simulator.catalogue import catalogue
from simulator.shop import Shop
from simulator.stream import simulate
from training.configuration import Configuration
from training.course import Training
from training.fit import train

SIZES = (1, 8, 32, 64, 128, 256)
TIMES = 20
MILLISECONDS = 1000.0
EPOCHS = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """Customers of the shop."""

    histories: Histories
    as_of: float

    def some(self, count: int) -> tuple[Histories, Floats]:
        """So many of them."""
        return self.histories.some(0, count), np.full(count, self.as_of)

    def batch(self, scorer: Scorer, count: int) -> Batch:
        """As the networks are asked about so many."""
        histories, as_of = self.some(count)
        actions = actions_of(histories, scorer.model.catalogue)
        pairs = pairs_of(actions, np.arange(count), as_of)
        tabular = scorer.model.normaliser(raw_features(actions, pairs, scorer.model.buying))
        return batch_of(tokens_of(actions), pairs.first, pairs.last, pairs.as_of[:, None], tabular[:, None])


def main(
    *,
    customers: Annotated[int, typer.Option(min=300, help="Of the simulated shop.")] = 4_000,
    device: Annotated[str, typer.Option(help="What is measured beside one core.")] = "cuda",
    rounds: Annotated[int, typer.Option(min=1)] = 3,
) -> None:
    """Measure a device."""
    limit_threads()
    shop = simulated(customers)
    blocks = list(simulate(shop))
    events = pl.concat([block.events for block in blocks])
    with tempfile.TemporaryDirectory(prefix="tierwise-bench-") as folder:
        learned = _learned(shop, events, Path(folder), device)
        here, there = (Scorer.load(learned.folder, name) for name in ("cpu", device))
        asked = Asked(Histories.from_frame(events), shop.as_of.timestamp())
        capturing, frames = _captured(there, bfloat16=False)
        rounded_capturing, rounded = _captured(there, bfloat16=True)
        ways: dict[str, Forward] = {
            "processor": Plainly(here.model.networks, torch.device("cpu")),
            "device, as it is": Plainly(there.model.networks, there.device),
            "device, in frames": frames,
            "device, in frames, bfloat16": rounded,
        }
        figures = (
            learned.figures
            | _networks(ways, asked, here, rounds)
            | _scores({"processor": here, "device": there}, asked, rounds)
        )
    figures["capturing all frames"] = Figure(value=capturing, unit="s")
    figures["capturing all frames, bfloat16"] = Figure(value=rounded_capturing, unit="s")
    publish("devices", figures, notes=[_name(device), f"one thread of the processor; medians of {rounds} rounds"])


@dataclass(frozen=True, slots=True)
class Learned:
    """A model, and how long it took on each device."""

    folder: Path
    figures: dict[str, Figure]


def _learned(shop: Shop, events: pl.DataFrame, folder: Path, device: str) -> Learned:
    """The same shop learned from on the processor, and on the device in both precisions."""
    configuration = Configuration(max_epochs=EPOCHS, patience=EPOCHS, tree_rounds=0)
    ways = {
        "processor": ("cpu", configuration),
        "device": (device, configuration),
        "device, bfloat16": (device, replace(configuration, bfloat16=True)),
    }
    taken = {}
    for name, (where, chosen) in ways.items():
        clock = _EpochClock()
        training = Training(
            events=events, items=catalogue(shop), as_of=shop.as_of, configuration=chosen, device=where, progress=clock
        )
        train(training, folder / name.replace(", ", "-"))
        taken[name] = clock.seconds
    return Learned(folder / "processor", _beside("an epoch of learning", taken, "s"))


def _beside(what: str, taken: Mapping[str, float], unit: str) -> dict[str, Figure]:
    """Times, each with how many of it the processor's holds."""
    return {
        f"{what}, {name}": Figure(value=time, unit=unit, against="processor", ratio=taken["processor"] / time)
        for name, time in taken.items()
    }


class _EpochClock:
    """Fewest seconds between two epochs."""

    def __init__(self) -> None:
        self._last, self.seconds = time.perf_counter(), float("inf")

    def __call__(self, _stage: str, done: int, _total: int) -> None:
        now = time.perf_counter()
        if done > 1:
            self.seconds = min(self.seconds, now - self._last)
        self._last = now


def _captured(scorer: Scorer, *, bfloat16: bool) -> tuple[float, Frames]:
    frames = Frames(scorer.model.networks, scorer.device, bfloat16=bfloat16)
    began = time.perf_counter()
    frames.prepare()
    return time.perf_counter() - began, frames


def _networks(ways: Mapping[str, Forward], asked: Asked, scorer: Scorer, rounds: int) -> dict[str, Figure]:
    figures = dict[str, Figure]()
    for count in SIZES:
        batch = asked.batch(scorer, count)
        taken = interleaved(
            {name: partial(_milliseconds, partial(forward, batch)) for name, forward in ways.items()}, rounds
        )
        exact = ways["processor"](batch)
        figures |= _beside(f"network, {count} customers", taken, "ms")
        for name in ("device, in frames", "device, in frames, bfloat16"):
            off = float((ways[name](batch) - exact).abs().max())
            figures[f"network, {count} customers, {name}, off by"] = Figure(value=off, unit="logits")
    return figures


def _milliseconds(compute: Callable[[], object]) -> float:
    compute()
    began = time.perf_counter()
    for _ in range(TIMES):
        compute()
    return MILLISECONDS * (time.perf_counter() - began) / TIMES


def _score(scorer: Scorer, asked: Asked, count: int) -> None:
    scorer.score(*asked.some(count))


def _scores(scorers: Mapping[str, Scorer], asked: Asked, rounds: int) -> dict[str, Figure]:
    figures = dict[str, Figure]()
    for count in (1, *(passes.most for passes in PASSES.values())):
        scored = {name: partial(_score, scorer, asked, count) for name, scorer in scorers.items()}
        taken = interleaved({name: partial(_milliseconds, score) for name, score in scored.items()}, rounds)
        figures |= _beside(f"whole scores, {count} customers", taken, "ms")
    return figures


def _name(device: str) -> str:
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device


if __name__ == "__main__":
    typer.run(main)
