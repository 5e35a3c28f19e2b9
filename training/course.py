"""One course of training: the data, how it is run, and the networks that come out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import torch

from events.event import EventType
from events.history import Histories
from scoring.model import ItemVectors, item_words
from scoring.networks.network import Architecture, Network
from scoring.seen.actions import Actions, Integers
from scoring.seen.catalogue import Catalogue
from scoring.seen.sequence import Tokens
from training.company import ALONE, Company
from training.configuration import Configuration
from training.curves.curves import NOWHERE, Curves
from training.encoders.item_encoding import ItemEncoders
from training.learning import Validate, from_lessons, learn, learner_of
from training.material.beginning import records_begin
from training.material.preparation import Prepared, catalogue_of, tokens_from
from training.predictors.linear_start import Solved, solve_linear
from training.pretraining import pretrain
from training.progress import Progress, silence
from training.provenance import fingerprint_of
from training.purpose import Purpose


class HistoryTooShort(ValueError):
    """There is nothing to learn from."""


def check_bought(actions: Actions) -> None:
    """HistoryTooShort where nobody ever bought: who will is then unknown, and a network would say that nobody does."""
    if not len(actions.kind):
        raise HistoryTooShort("there are no events before the as-of time; give a longer history or a later as-of time")
    if not (actions.kind == EventType.PURCHASE).any():
        raise HistoryTooShort(
            "none of the events before the as-of time is a purchase, so nothing tells who buys: import the orders too, "
            "or give a later as-of time"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What is asked for: from what to learn and how, where, and who is told how far it is."""

    events: pl.DataFrame
    """In EVENT_SCHEMA; those from `as_of` on are not seen."""
    items: pl.DataFrame | None = None
    as_of: datetime
    configuration: Configuration
    seed: int = 0
    encoders: ItemEncoders = field(default_factory=dict)
    """They make vectors of the items; `configuration.item_encoders` says what they are."""
    purpose: Purpose = Purpose.EVERYTHING
    device: str = "cpu"
    company: Company = ALONE
    progress: Progress = silence
    curves: Curves = NOWHERE

    @property
    def known(self) -> pl.DataFrame:
        """The events strictly before `as_of`."""
        return self.events.filter(pl.col("time") < self.as_of)

    @property
    def fingerprint(self) -> str:
        """Of everything that decides the weights."""
        return fingerprint_of(self.events, self.items, self.as_of, self.configuration, self.seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The data of one training, and how it is run."""

    tokens: Tokens
    catalogue: Catalogue
    as_of: float
    """Seconds since the epoch; the data end before it."""
    configuration: Configuration
    seed: int
    device: torch.device
    checkpoints: Path | None
    """A folder; None where nothing may lie about."""
    progress: Progress
    curves: Curves = NOWHERE
    item_vectors: Mapping[str, ItemVectors] = field(default_factory=dict)
    """By modality, what encoders made of the items."""
    company: Company = ALONE
    purpose: Purpose = Purpose.EVERYTHING

    @property
    def customers(self) -> int:
        """How many there are."""
        return len(self.tokens.actions.offsets) - 1

    @property
    def items(self) -> int:
        """Known items and the two reserved numbers."""
        return len(self.catalogue) + 2

    @property
    def begin(self) -> float:
        """When the records begin; the as-of time where there are none."""
        return records_begin(self.tokens.actions.histories, self.as_of)

    @property
    def remembering(self) -> Configuration:
        """The configuration with the memory of a shop of this size: for cut-offs and what questions count."""
        return self.configuration.remembering(self.customers)

    def labelled(self, customers: Integers) -> Integers:
        """Those whose windows are learned from: a random part of these, in their order."""
        count = max(1, round(self.configuration.label_share * len(customers)))
        return customers[np.sort(np.random.default_rng(self.seed).permutation(len(customers))[:count])]


def course_of(training: Training, checkpoints: Path | None, catalogue: Catalogue | None = None) -> Course:
    """Of what is asked for, with a folder for checkpoints, or None where nothing may lie about.

    The catalogue is what events and items name, unless it is given.
    """
    known = training.known
    catalogue = catalogue_of(known, training.items) if catalogue is None else catalogue
    return Course(
        tokens=tokens_from(Histories.from_frame(known), catalogue), catalogue=catalogue,
        as_of=training.as_of.timestamp(), configuration=training.configuration, seed=training.seed,
        device=torch.device(training.device), checkpoints=checkpoints, progress=training.progress,
        curves=training.curves, company=training.company, purpose=training.purpose,
        item_vectors={
            modality.value: encode(catalogue, training.progress) for modality, encode in training.encoders.items()
        },
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Learned:
    """Networks of different seeds, after how many epochs each was at its best, and what is linear."""

    networks: tuple[Network, ...]
    epochs: tuple[int, ...]
    start: Solved


def learn_members(course: Course, prepared: Prepared, stage: str, epochs: int, validate: Validate | None) -> Learned:
    """Train every member of the ensemble on the same examples, from the same linear start.

    Where windows are over in part alone, the linear model learns from them, and networks begin at what is believed.
    """
    start = solve_linear(prepared, _believing(course.configuration, prepared), course.seed)
    of = prepared.of_closed
    configuration, networks, best = _believing(course.configuration, of), [], []
    begin = start if of is prepared else solve_linear(of, configuration, course.seed)
    shape = Architecture(
        features=len(prepared.normaliser.names), items=course.items, width=configuration.width,
        layers=configuration.layers, heads=configuration.heads, dropout=configuration.dropout,
    )  # fmt: skip
    encoded = {modality: torch.from_numpy(vectors) for modality, vectors in course.item_vectors.items()}
    words = item_words(course.catalogue)
    for member in range(configuration.members):
        seed = course.seed * 1000 + member
        torch.manual_seed(seed)
        network, average = (Network(shape, words, encoded).to(course.device) for _ in range(2))
        if configuration.pretrain_epochs:
            pretrain(network, course.tokens, configuration, until=prepared.until, seed=seed, curves=course.curves)
        begin.begin(network)
        learner = learner_of(network, average, configuration)
        name = f"{stage} {member + 1}"
        learn(
            learner, from_lessons(of.examples, configuration, seed, course.company),
            stage=name, epochs=epochs, validate=validate, patience=configuration.patience,
            checkpoint=course.checkpoints and course.checkpoints / f"{name}.pt", progress=course.progress,
            curves=course.curves, company=course.company,
        )  # fmt: skip
        networks.append(learner.average.eval().requires_grad_(requires_grad=False))
        best.append(learner.best_epoch)
    return Learned(tuple(networks), tuple(best), start)


def _believing(configuration: Configuration, prepared: Prepared) -> Configuration:
    """Where nothing is told no label holds what is believed against the penalty."""
    return configuration.believing(prepared.customers) if prepared.told else replace(configuration, direct_penalty=0.0)


def describe(times: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[str]:
    """Epoch seconds as ISO times."""
    return [str(np.datetime64(round(time * 1e6), "us").astype("datetime64[s]")) + "Z" for time in times.tolist()]
