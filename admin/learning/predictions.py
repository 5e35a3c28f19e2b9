"""The model that a command predicts with, and customers in blocks for it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from admin.learning.data import TrainingData, training_progress
from admin.learning.strays import tell_strays_of
from admin.shell.output import fail, progress_bar
from events.currency import strange
from events.history import Histories
from scoring.folders.market_files import MarketName
from scoring.markets import Markets
from scoring.score import ModelRejected, NoNumber
from scoring.scorer import Scorer
from settings import settings
from training.configuration import Configuration
from training.course import HistoryTooShort
from training.fit import train
from training.provenance import SeveralCurrencies
from training.purpose import Purpose


@contextmanager
def scorer_for(
    data: TrainingData, model: Path | None, *, purpose: Purpose, seed: int, market: str | None = None
) -> Iterator[Scorer]:
    """The model of a folder, or one trained on the data for a purpose and forgotten; `market` names an adapter."""
    try:
        if model is not None:
            base = Scorer.load(model, settings().device)
            if foreign := strange(data.events["currency"].unique(), base.currency):
                fail(f"currency: prices are in {', '.join(foreign)}, and the model's money is {base.currency}; convert")
            yield base if market is None else Markets(base, model).scorer(market)
            return
        with tempfile.TemporaryDirectory() as home:
            with training_progress() as progress:
                training = data.training(Configuration(), seed)
                training = replace(training, device=settings().device, progress=progress, purpose=purpose)
                folder = train(training, Path(home) / "model")
            trained = Scorer.load(folder, settings().device)
            tell_strays_of(trained.manifest)
            yield trained
    except (MarketName, ModelRejected, HistoryTooShort, SeveralCurrencies, NoNumber) as refusal:
        fail(str(refusal))


def blocks(histories: Histories, size: int, description: str) -> Iterator[Histories]:
    """The customers, so many at a time, with a progress bar."""
    with progress_bar() as bar:
        task = bar.add_task(description, total=len(histories))
        for start in range(0, len(histories), size):
            block = histories.some(start, min(start + size, len(histories)))
            yield block
            bar.advance(task, len(block))
