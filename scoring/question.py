"""Customers as the networks read them: their actions, and their features at the time that is asked about."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from events.history import Histories
from scoring.model import Model
from scoring.reasons.explanation import Customer
from scoring.seen.actions import Floats, Pairs, actions_of, pairs_of
from scoring.seen.features import raw_features
from scoring.seen.sequence import Tokens, tokens_of


@dataclass(frozen=True, slots=True)
class Question:
    """A batch of C customers, ready to be asked about."""

    tokens: Tokens
    pairs: Pairs
    raw: Floats
    """[C, F] raw features."""
    tabular: npt.NDArray[np.float32]
    """[C, S] normalised features; 0 where nothing is known of the customer."""

    @classmethod
    def of(cls, model: Model, histories: Histories, as_of: Floats) -> Self:
        """As a model reads them, each seen from its as-of time [C] (epoch seconds)."""
        actions = actions_of(histories, model.catalogue)
        pairs = pairs_of(actions, np.arange(len(histories)), as_of)
        raw = raw_features(actions, pairs, model.buying)
        known = (pairs.last > pairs.first)[:, None]
        return cls(tokens_of(actions), pairs, raw, np.where(known, model.normaliser(raw), np.float32(0)))

    def customer(self, place: int) -> Customer:
        """One of them."""
        pairs = self.pairs
        return Customer(
            tokens=self.tokens,
            first=int(pairs.first[place]),
            last=int(pairs.last[place]),
            as_of=float(pairs.as_of[place]),
            raw=self.raw[place],
            tabular=self.tabular[place],
        )
