"""Training from events to a model folder.

Two fits: a rehearsal that stands one window before the end, and the final fit that learns from everybody and every
closed window for as many epochs as the rehearsal found right.
"""

import shutil
import time
from dataclasses import asdict, replace
from datetime import UTC
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scoring.answers import Calibration, outlook_of
from scoring.folders import folder
from scoring.mixture import Mixture, Predictor
from scoring.model import Model
from scoring.predictors.horizons import log_no_order
from scoring.seen.feature_histograms import histograms
from scoring.seen.feature_registry import NAMES
from scoring.seen.view import DAY
from scoring.together import Together, nothing
from scoring.whole_file import check_new
from training.calibration import (
    FEWEST_QUESTIONS,
    level_bounded,
    seasons_of,
    spend_factor,
    year_above,
    yearly_spend_factor,
)
from training.checkpoints import checkpoints_of, remove_old
from training.course import Course, Learned, Training, course_of, learn_members
from training.material.beginning import seen_since
from training.material.labels import LONGEST, labels_of
from training.material.preparation import Prepared, prepare
from training.material.silence import order_times
from training.predictors.boosting import grow, grow_silent
from training.predictors.further_orders import fit_further_orders
from training.predictors.shares import mixture_of
from training.predictors.speakers import speakers_of
from training.provenance import currency_of, data_of, model_id_of
from training.recommending.blending import START
from training.recommending.habits import Habits
from training.recommending.next_items import learn_latest
from training.recommending.pairing import fit_together, pairs_of_items
from training.rehearsal import Rehearsal, cutoffs_to_ask, rehearse
from training.rhythm import fit_buying
from training.standing import Standing, standing_of, year_of

TIER_SHARES = {"HIGH": 0.9, "MID": 0.6}
"""Quantile of all customers at which a tier begins."""


def train(training: Training, out: Path) -> Path:
    """Train and write the model folder; resumes what a killed run had begun.

    Of a company only the one that leads writes; all read the same checkpoints. It also removes old ones that other
    trainings left beside `out`.

    Raises:
        HistoryTooShort: There are no events before the as-of time, no purchase, or too few customers.
        FileExistsError: `out` exists.
        SeveralCurrencies: Prices are in more than one.
    """
    check_new(out)
    checkpoints = checkpoints_of(out, training.fingerprint)
    if training.company.leads:
        remove_old(out.parent, time.time())
    model = fit(training, checkpoints)
    if not training.company.leads:
        return out
    written = folder.write(model, out)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return written


def fit(training: Training, checkpoints: Path) -> Model:
    """The trained model, in memory; checkpoints stay where they are. Raises HistoryTooShort, SeveralCurrencies."""
    known = training.known
    currency = currency_of(known)
    course = course_of(training, checkpoints)
    model = _final(course, rehearse(course))
    manifest = dict(model.manifest) | {
        "model_id": model_id_of(model, training.as_of),
        "as_of": training.as_of.astimezone(UTC).isoformat(),
        "currency": currency,
        "data": data_of(known, training.fingerprint, course.begin),
    }
    return replace(model, manifest=manifest)


def _final(course: Course, rehearsal: Rehearsal) -> Model:
    nobody = np.zeros(len(course.tokens.actions.time), dtype=bool)
    learning = replace(course, configuration=rehearsal.configuration)
    cutoffs = cutoffs_to_ask(learning)
    prepared = prepare(
        course.tokens, course.labelled(np.arange(course.customers)), cutoffs,
        begin=course.begin, until=course.as_of, held_out_orders=nobody,
        configuration=learning.remembering, seed=course.seed,
    )  # fmt: skip
    learned = learn_members(learning, prepared, "final fit", rehearsal.epochs, None)
    mixture = _mixture(course, prepared, learned, rehearsal)
    taste = rehearsal.taste
    next_items = None if taste is None or taste.next_items is None else learn_latest(course, taste.next_items).network
    standing, year = (
        standing_of(course, prepared, learned.networks, mixture, as_of)
        for as_of in (np.array([course.as_of]), year_of(course))
    )
    calibration = _calibration(course, standing, year)
    return Model(
        catalogue=course.catalogue, networks=learned.networks, normaliser=prepared.normaliser, buying=prepared.buying,
        calibration=calibration, mixture=mixture, further=fit_further_orders(prepared, course.seed),
        together=nothing(course.items) if taste is None else _together(course, taste.habits, nobody),
        blend=START if taste is None else taste.blend, newcomers=None if taste is None else taste.newcomers,
        ahead=None if taste is None else taste.ahead, next_items=next_items, item_vectors=course.item_vectors,
        manifest={
            "code_version": version("tierwise"),
            "configuration": course.configuration.to_json(),
            "seed": course.seed,
            "split": rehearsal.split | {"final_cutoffs": len(cutoffs), "epochs": rehearsal.epochs},
            "metrics": rehearsal.metrics,
            "habits": {} if taste is None else asdict(taste.habits),
            "predictors": rehearsal.predictors,
            "tiers": _tiers(standing, calibration),
            "histograms": _histograms(prepared, standing),
        },
    )  # fmt: skip


def _together(course: Course, habits: Habits, nobody: npt.NDArray[np.bool_]) -> Together:
    actions, until = course.tokens.actions, course.as_of
    pairs = pairs_of_items(actions, course.items, until=until, left_out=nobody)
    return fit_together(actions, pairs, until=until, left_out=nobody, habits=habits)


def _histograms(prepared: Prepared, standing: Standing) -> dict[str, list[int]]:
    """Of everybody's features at the as-of time: what is seen later of one moment is compared with one moment.

    Those of the latest questions are months older, and a young shop has changed since, whoever comes to it.
    """
    return histograms(prepared.normaliser.names, prepared.normaliser(standing.raw))


def _mixture(course: Course, prepared: Prepared, learned: Learned, rehearsal: Rehearsal) -> Mixture:
    """Those whom the rehearsal gave a share, fitted anew."""
    shares = rehearsal.stacking
    asked = {*shares.purchase, *shares.spend}
    rounds = rehearsal.tree_rounds if Predictor.TREES in asked else 0
    trees = grow(prepared.examples, rounds=rounds, seed=course.seed)
    if trees is not None:
        trees = replace(trees, silent=grow_silent(prepared.examples, rounds=rounds, seed=course.seed))
    speakers = speakers_of(prepared, learned.start, trees, course.configuration, course.seed)
    return mixture_of({name: each for name, each in speakers.items() if name in asked}, shares)


def _calibration(course: Course, now: Standing, asked: Standing) -> Calibration:
    """Seasons and level of spend of the year that was asked about.

    Without one, the spend of its latest window, and a level that is bounded by the closed form's.
    """
    outlook = outlook_of(asked.answers, Calibration(), asked.as_of)
    labels = labels_of(course.tokens.actions, asked.pairs)
    year = year_above(outlook, labels, asked.as_of, order_times(course.tokens.actions))
    if year is None:
        latest = asked.as_of == course.as_of - LONGEST
        return Calibration(level=_level(course, now), spend_factor=spend_factor(outlook, labels, latest))
    return Calibration(seasons=seasons_of(year), spend_factor=yearly_spend_factor(year))


def _level(course: Course, now: Standing) -> float:
    buyers = now.raw[:, NAMES.index("orders")] > 0
    if buyers.sum() < FEWEST_QUESTIONS:
        return 0.0
    purchase = outlook_of(now.answers, Calibration(), now.as_of).purchase[:, -1]
    rhythm = fit_buying(now.raw[seen_since(course.begin, course.tokens.actions, now.pairs)])
    closed_form = -np.expm1(log_no_order(LONGEST / DAY, now.raw, rhythm))
    return level_bounded(purchase[buyers], closed_form[buyers])


def _tiers(standing: Standing, calibration: Calibration) -> dict[str, dict[str, float]]:
    """Thresholds of each measure at quantiles of everybody at the as-of time."""
    outlook = outlook_of(standing.answers, calibration, standing.as_of)
    measures = {"purchase_90": outlook.purchase[:, -1], "expected_value": outlook.spend}
    return {
        measure: {tier: float(np.quantile(values, quantile)) for tier, quantile in TIER_SHARES.items()}
        for measure, values in measures.items()
    }
