"""Trainings that take a second: a random shop and a network of toy size."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import torch
from made.histories import AS_OF, random_shop

from events.history import Histories
from scoring.threads import limit_threads
from training.configuration import Configuration
from training.course import Course, Training
from training.fit import train
from training.material.preparation import Prepared, catalogue_of, prepare, tokens_from
from training.progress import silence
from training.purpose import Purpose
from training.rehearsal import cutoffs_to_ask

SMALL = Configuration(
    width=16, layers=1, heads=2, max_epochs=2, patience=1, sequences=16, cutoffs=8, negatives=16, averaging=0.9
)
LONGER = replace(SMALL, max_epochs=3, patience=9)
SHOP = random_shop(120, seed=11)
ASKED = Training(events=SHOP, as_of=AS_OF, configuration=SMALL)


def course(
    events: pl.DataFrame = SHOP, *, as_of: datetime = AS_OF, folder: Path = Path("unused"), **changes: object
) -> Course:
    """Ready to be rehearsed or prepared."""
    catalogue = catalogue_of(events, None)
    return Course(
        tokens=tokens_from(Histories.from_frame(events), catalogue), catalogue=catalogue, as_of=as_of.timestamp(),
        configuration=replace(SMALL, **changes), seed=0, device=torch.device("cpu"), checkpoints=folder,  # type: ignore[arg-type]
        progress=silence,
    )  # fmt: skip


def prepared(of: Course) -> Prepared:
    """Everybody at every closed cut-off."""
    return prepare(
        of.tokens, np.arange(of.customers), cutoffs_to_ask(of), begin=of.begin, until=of.as_of,
        held_out_orders=np.zeros(len(of.tokens.actions.time), dtype=bool),
        configuration=of.configuration, seed=0,
    )  # fmt: skip


def trained(
    folder: Path, *, seed: int = 0, events: pl.DataFrame = SHOP, configuration: Configuration = SMALL,
    purpose: Purpose = Purpose.EVERYTHING,
) -> Path:  # fmt: skip
    """A model folder, learned as commands do it."""
    limit_threads()
    return train(replace(ASKED, events=events, configuration=configuration, seed=seed, purpose=purpose), folder)
