"""Models that could not be loaded: each is left alone for a while, and then tried again."""

import time

from scoring.replicas.asking import ModelFolder

RETRY_SECONDS = 30.0


class Rejected:
    """`model in rejected` until it is tried again."""

    def __init__(self) -> None:
        self._retry_at: dict[str, float] = {}
        """By the model's id."""

    def __contains__(self, model: ModelFolder) -> bool:
        return time.monotonic() < self._retry_at.get(model.model_id, 0.0)

    def add(self, model: ModelFolder) -> None:
        """It could not be loaded just now."""
        self._retry_at[model.model_id] = time.monotonic() + RETRY_SECONDS
