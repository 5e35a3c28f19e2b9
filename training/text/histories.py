"""Customers' histories as documents: who buys within the longest horizon, forward in time."""

from datetime import datetime

import numpy as np
import polars as pl

from events.history import Histories
from scoring.seen.actions import Floats, Pairs
from scoring.seen.catalogue import Catalogue
from scoring.seen.sequence import Tokens
from scoring.seen.view import DAY
from training.configuration import Configuration
from training.course import HistoryTooShort
from training.material.beginning import in_words, records_begin
from training.material.labels import LONGEST, cutoffs_of, labels_of, questions
from training.material.preparation import at_most, catalogue_of, tokens_from
from training.text.documents import VALIDATION_SHARE, Documents, Parts
from training.text.narrative import narratives

MOST_DOCUMENTS = 8_000
"""Of one part: one epoch is then about a minute on one core."""


def parts_of_events(events: pl.DataFrame, items: pl.DataFrame | None, *, as_of: datetime, seed: int) -> Parts:
    """Judged on the last closed window, as `tierwise evaluate` judges; learned from windows that close before it.

    Where the history allows it the validation part is the window before the last, otherwise other customers.

    Raises:
        HistoryTooShort: No window closes before the last one begins.
    """
    known = events.filter(pl.col("time") < as_of)
    catalogue = catalogue_of(known, items)
    tokens = tokens_from(Histories.from_frame(known), catalogue)
    boundary = as_of.timestamp() - LONGEST
    begin, rhythm = records_begin(tokens.actions.histories, as_of.timestamp()), Configuration()
    early, late = (cutoffs_of(begin, closed, rhythm) for closed in (boundary - LONGEST, boundary))
    if len(late) == 0:
        raise HistoryTooShort(
            f"{in_words(begin, tokens.actions.histories)}, {(as_of.timestamp() - begin) // DAY:.0f} days before the "
            "as-of time; learning from texts needs at least 188: a window to be judged on, one to learn from, and a "
            "week before them"
        )
    told = _Told(tokens, catalogue, seed)
    if len(early):
        training, validation = told.ask(early), told.ask(np.array([boundary - LONGEST]))
        how = "by time: the last window to be judged on, the one before it to choose by"
    else:
        training, validation = told.by_customer(late)
        how = "by time: the last window to be judged on; other customers to choose by"
    return Parts(
        training=told.documents(training), validation=told.documents(validation),
        test=told.documents(told.ask(np.array([boundary]))), names=("stays away", "buys"), how=how,
    )  # fmt: skip


class _Told:
    """One shop, ready to be told."""

    def __init__(self, tokens: Tokens, catalogue: Catalogue, seed: int) -> None:
        self._actions, self._catalogue, self._seed = tokens.actions, catalogue, seed

    def ask(self, cutoffs: Floats) -> Pairs:
        return questions(self._actions, cutoffs)

    def by_customer(self, cutoffs: Floats) -> tuple[Pairs, Pairs]:
        pairs = self.ask(cutoffs)
        customers = len(self._actions.offsets) - 1
        apart = np.random.default_rng(self._seed).random(customers) < VALIDATION_SHARE
        held = apart[pairs.customer]
        return pairs.some(~held), pairs.some(held)

    def documents(self, pairs: Pairs) -> Documents:
        pairs = at_most(pairs, MOST_DOCUMENTS, self._seed)
        labels = labels_of(self._actions, pairs).bought.astype(np.int64)
        return Documents(tuple(narratives(self._actions, self._catalogue, pairs)), labels, pairs.customer)
