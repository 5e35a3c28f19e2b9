"""Search for the configuration that forecasts best: hopeless trials end early, and a study goes on where it was.

Every trial learns what a rehearsal learns and is judged on the window that the rehearsal keeps back.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from scoring.networks.network import Network
from scoring.whole_file import whole_file
from training.configuration import Configuration
from training.course import Course, HistoryTooShort, learn_members
from training.material.preparation import Prepared, last_orders, prepare
from training.material.validation import Forward, forward_of
from training.progress import Progress
from training.rehearsal import asked_after, split_of

STUDY = "tierwise"
FIRST_TRIALS = 4
"""That are not pruned: there is nothing to compare them with."""
OF = "of"
"""Of a study: what its trials learn from."""
BEGIN = b'{"op_code"'
"""Of its file."""
NO_STUDY = "is not a study that `tierwise tune` began; name another file"
ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
SEEDS_A_STUDY = 10_000
MEDIAN = optuna.pruners.MedianPruner(n_startup_trials=FIRST_TRIALS, n_warmup_steps=1)
"""Ends a trial that is worse after an epoch than half of those before it were."""


class StudyNotUsable(ValueError):
    """It is none, or one of other data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best trial so far."""

    configuration: Configuration
    loss: float
    """Mean negative log-likelihood of when the next order came."""
    default_loss: float
    """Of the configuration that the search began with."""
    trials: int
    pruned: int


def suggested(trial: Any, plain: Configuration) -> Configuration:  # noqa: ANN401  # optuna's type
    """What a trial tries; everything else stays as it is."""
    return replace(
        plain,
        width=trial.suggest_int("width", 16, 128, step=16),
        layers=trial.suggest_int("layers", 1, 3),
        dropout=trial.suggest_float("dropout", 0.0, 0.3),
        learning_rate=trial.suggest_float("learning_rate", 3e-4, 3e-3, log=True),
        weight_decay=trial.suggest_float("weight_decay", 1e-3, 0.2, log=True),
        direct_penalty=trial.suggest_float("direct_penalty", 0.01, 0.3, log=True),
        item_weight=trial.suggest_float("item_weight", 0.0, 0.3),
    )


SEARCHED = ("width", "layers", "dropout", "learning_rate", "weight_decay", "direct_penalty", "item_weight")


def tune(
    course: Course, *, fingerprint: str, trials: int, study: Path, progress: Progress, pruner: Any = MEDIAN,  # noqa: ANN401  # optuna's
) -> Found:  # fmt: skip
    """Search until so many trials have ended, those of earlier runs of the same study counted.

    Raises:
        HistoryTooShort: No window is closed.
        StudyNotUsable: The file is none, or its trials are of something else than this fingerprint says.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    searched = _opened(study, fingerprint, pruner)
    done = len(searched.get_trials(deepcopy=False, states=ENDED))
    searched.sampler = optuna.samplers.TPESampler(seed=course.seed * SEEDS_A_STUDY + done)
    plain = course.configuration
    if not done:  # one that was killed in the first trial has not tried it
        searched.enqueue_trial({name: getattr(plain, name) for name in SEARCHED})
    judged = _Judged(course)
    for number in range(done, trials):
        searched.optimize(judged.trial, n_trials=1)
        progress("trials", number + 1, trials)
    return _found(searched, plain)


def _opened(study: Path, fingerprint: str, pruner: Any) -> Any:  # noqa: ANN401  # optuna's types
    study.parent.mkdir(parents=True, exist_ok=True)
    _end_at_a_line(study)
    try:
        searched = optuna.create_study(
            study_name=STUDY, storage=JournalStorage(JournalFileBackend(str(study))), load_if_exists=True,
            pruner=pruner,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise StudyNotUsable(f"{study} {NO_STUDY}") from error
    if searched.user_attrs.setdefault(OF, fingerprint) != fingerprint:
        raise StudyNotUsable(
            f"{study} was begun with other events, options or code, and its trials do not compare; name another file"
        )
    searched.set_user_attr(OF, fingerprint)
    return searched


def _end_at_a_line(study: Path) -> None:
    """Take off what a killed process wrote of a line: the next one would go on in it."""
    written = study.read_bytes() if study.exists() else b""
    if written[: len(BEGIN)] != BEGIN[: len(written)]:
        raise StudyNotUsable(f"{study} {NO_STUDY}")
    if not written.endswith(b"\n"):
        with whole_file(study) as unfinished:
            unfinished.write_bytes(written[: written.rfind(b"\n") + 1])


def _found(searched: Any, plain: Configuration) -> Found:  # noqa: ANN401  # optuna's type
    ended = searched.get_trials(deepcopy=False, states=ENDED)
    first = next(trial for trial in ended if trial.state is TrialState.COMPLETE)
    return Found(
        configuration=replace(plain, **searched.best_params), loss=float(searched.best_value),
        default_loss=float(first.value), trials=len(ended),
        pruned=sum(trial.state is TrialState.PRUNED for trial in ended),
    )  # fmt: skip


class _Judged:
    """The data of all trials, prepared once."""

    def __init__(self, course: Course) -> None:
        self._course, split = course, split_of(course)
        self._prepared: Prepared = prepare(
            course.tokens, course.labelled(np.flatnonzero(~split.held)), split.cutoffs,
            begin=course.begin, until=split.boundary, held_out_orders=last_orders(course.tokens.actions),
            configuration=course.remembering, seed=course.seed,
        )  # fmt: skip
        asked = asked_after(course, split)
        if not len(asked):
            raise HistoryTooShort(
                "no window of 90 days is closed in which somebody could be asked, so nothing tells one configuration "
                "from another: give a longer history, of 98 days at least, or more customers"
            )
        self._forward: Forward = forward_of(course.tokens, asked, self._prepared, split.held)

    def trial(self, trial: Any) -> float:  # noqa: ANN401  # optuna's type
        """The loss of the best epoch."""
        losses: list[float] = []

        def validate(network: Network) -> float:
            losses.append(self._forward.value_loss(network))
            trial.report(losses[-1], len(losses))
            if trial.should_prune():
                raise optuna.TrialPruned
            return losses[-1]

        with TemporaryDirectory() as checkpoints:
            course = replace(
                self._course, configuration=suggested(trial, self._course.configuration), checkpoints=Path(checkpoints)
            )
            epochs = course.configuration.max_epochs
            learn_members(course, self._prepared, f"trial {trial.number}", epochs, validate)
        return min(losses)
