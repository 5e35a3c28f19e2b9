"""The predictors beside the networks, fitted on the same examples."""

from collections.abc import Mapping
from dataclasses import replace

from scoring.mixture import Predictor, Speaker
from scoring.predictors.trees import Trees
from scoring.seen.feature_registry import BUYING
from training.configuration import Configuration
from training.material.preparation import Prepared
from training.predictors.linear_start import Solved, solve_linear

CLOSED_FORM_PENALTY, CLOSED_FORM_PRIOR = 0.001, 1.0
"""There are five features at most, and nothing to learn by heart."""


def speakers_of(
    prepared: Prepared, start: Solved, trees: Trees | None, configuration: Configuration, seed: int
) -> Mapping[Predictor, Speaker]:
    """Everybody beside the networks; the linear model is the one that they start from."""
    names = prepared.normaliser.names
    columns = [names.index(feature.name) for feature in BUYING if feature.name in names]
    mild = replace(configuration, direct_penalty=max(CLOSED_FORM_PENALTY, CLOSED_FORM_PRIOR / prepared.customers))
    closed_form = solve_linear(prepared, mild, seed, columns=columns).linear
    speakers: dict[Predictor, Speaker] = {Predictor.LINEAR: start.linear, Predictor.CLOSED_FORM: closed_form}
    return speakers if trees is None else {Predictor.TREES: trees} | speakers
