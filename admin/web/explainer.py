"""The networks behind stored scores, for pages that ask them: read in a thread on first use, so that no page waits."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from database.models.registry import RegisteredModel
from events.history import Histories
from rules.sentence import Language
from scoring.score import Contrast, Explanation, Recommendation, Score, Unavailable

if TYPE_CHECKING:
    from scoring.scorer import Scorer

KEPT = 2
"""The one that answers, and the one before it, whose scores are still stored."""


class Explainer:
    """Nothing of the network is imported before the first question: it is half of this process's memory."""

    def __init__(self, device: str = "cpu") -> None:
        self._device = device
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="explainer")
        self._known: OrderedDict[str, Future[Scorer]] = OrderedDict()
        self._guard = threading.Lock()
        self._one_at_a_time = threading.Lock()

    def explain(
        self, model: RegisteredModel, histories: Histories, as_of: datetime, language: Language
    ) -> Explanation | None:
        """Of the first customer; None while the network is being read. Raises ModelRejected."""
        scorer = self._ready(model)
        if scorer is None:
            return None
        with self._one_at_a_time:
            return scorer.explain(histories, np.full(1, as_of.timestamp()), language=language)[0]

    def contrasts(
        self, model: RegisteredModel, history: Histories, as_of: datetime, above: Callable[[Score], bool],
        language: Language,
    ) -> list[Contrast]:  # fmt: skip
        """Of one customer; none while the network is being read. Raises ModelRejected."""
        scorer = self._ready(model)
        if scorer is None:
            return []
        with self._one_at_a_time:
            return scorer.contrasts(history, as_of.timestamp(), above, language=language)

    def recommend(
        self, model: RegisteredModel, history: Histories, as_of: datetime, count: int, unavailable: Unavailable
    ) -> list[Recommendation] | None:
        """To one customer; None while the network is being read. Raises ModelRejected."""
        scorer = self._ready(model)
        if scorer is None:
            return None
        with self._one_at_a_time:
            return scorer.recommend(history, np.full(1, as_of.timestamp()), count=count, unavailable=unavailable)[0]

    def _ready(self, model: RegisteredModel) -> "Scorer | None":
        with self._guard:
            future = self._known.get(model.model_id)
            if future is None:
                future = self._reader.submit(_read, model, self._device)
                self._known[model.model_id] = future
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
            self._known.move_to_end(model.model_id)
            if not future.done():
                return None
            if future.exception() is not None:
                del self._known[model.model_id]  # its folder may come
        return future.result()


def _read(model: RegisteredModel, device: str) -> "Scorer":
    from scoring.scorer import Scorer  # noqa: PLC0415  # takes seconds, and memory that only this needs
    from scoring.threads import limit_threads  # noqa: PLC0415  # likewise

    limit_threads()
    return Scorer.load(Path(model.folder), device, model_id=model.model_id, registered=model.manifest)
