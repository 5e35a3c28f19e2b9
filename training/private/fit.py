"""Training in private, from events to a model folder: the network alone, and nothing else that customers taught."""

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from scoring.answers import Calibration
from scoring.buying import UNFITTED
from scoring.folders import folder
from scoring.model import Blend, Model
from scoring.networks.network import Network
from scoring.together import nothing
from scoring.whole_file import check_new
from training import course as usual_course
from training.checkpoints import checkpoints_of, remove_old
from training.course import Course, HistoryTooShort, Training
from training.private.asking import asked_of
from training.private.price import PRIVATE, Price, price_of
from training.private.promise import Budget, Promise, budget_of
from training.private.public import NORMALISER
from training.private.secret import Secret
from training.private.steps import Steps
from training.private.teaching import CONFIGURATION, course_of, taught
from training.provenance import currency_of, model_id_of
from training.purpose import Purpose

STAGE = "private fit"
BLEND = Blend(together=0.0, deep=0.0, content=1.0, popular=0.0, decay=0.5, repurchase=False)
"""What is alike is recommended: the words of items are public."""
COVERS: Mapping[str, str] = {
    "weights.safetensors, model_id": "covered by epsilon and delta",
    "items.parquet": "public: the item file, or those of the database; none without",
    "features, buying, calibration, blend, shares, configuration, seed": "public: constants and what the command said",
    "tiers, histograms, how many orders come, popular items, items bought together": "left out",
    "as_of, currency, data.customers": "taken as public",
    "metrics, privacy.price": "not covered: figures without noise; take them out before the folder leaves the house",
}
"""What of a model folder tells of customers, part by part."""


def train(training: Training, out: Path, promise: Promise, secret: Secret) -> Path:
    """Learn in private and write the model folder; resumes what a killed run had begun.

    Only weights with their noise are kept on the way. `training` says how the model without privacy learns that the
    price is measured beside, and its seed is public; the private one has the CONFIGURATION of its own.

    Raises:
        HistoryTooShort: No customer was seen before a window that is closed.
        FileExistsError: `out` exists.
        SeveralCurrencies: Prices are in more than one.
        ValueError: The promise cannot be kept.
    """
    check_new(out)
    currency = currency_of(training.known)
    private = replace(training, configuration=CONFIGURATION)
    course = course_of(private)
    budget = budget_of(promise, course.customers)
    public = replace(private, events=training.events.clear())
    checkpoints = checkpoints_of(out, _fingerprint(public.fingerprint, budget))
    remove_old(out.parent, time.time())
    network = _learned(course, budget, secret, checkpoints / f"{STAGE}.pt")
    beside = usual_course.course_of(replace(training, purpose=Purpose.ORDERS), None)
    price = price_of(course, beside, budget, secret.apart("price"))
    model = _model(course, network, _manifest(course, budget, price, training.as_of, currency))
    named = replace(model, manifest=dict(model.manifest) | {"model_id": model_id_of(model, training.as_of)})
    written = folder.write(named, out)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return written


def _fingerprint(public: str, budget: Budget) -> str:
    """Of what decides the weights, but for the events: the name of a folder must tell nothing of them."""
    return hashlib.sha256(f"{public} {json.dumps(budget.to_json(), sort_keys=True)}".encode()).hexdigest()


def _learned(course: Course, budget: Budget, secret: Secret, checkpoint: Path) -> Network:
    customers = np.arange(course.customers)
    asked = asked_of(course.tokens, customers, until=course.as_of, configuration=course.remembering)
    if not len(asked.prepared.examples.pairs):
        raise HistoryTooShort("no customer was seen before a window of 90 days that is closed; give a longer history")
    steps = Steps(asked=asked, customers=customers, budget=budget, secret=secret, configuration=course.configuration)
    return taught(course, steps, STAGE, checkpoint)


def _manifest(course: Course, budget: Budget, price: Price, as_of: datetime, currency: str) -> dict[str, Any]:
    return {
        "code_version": version("tierwise"),
        "as_of": as_of.astimezone(UTC).isoformat(),
        "currency": currency,
        "data": {"customers": course.customers},
        "configuration": course.configuration.to_json(),
        "seed": course.seed,
        "metrics": {name: value for name, value in price[PRIVATE].items() if name != "seconds"},
        "privacy": {"unit": "customer", **asdict(budget), "covers": dict(COVERS), "price": price},
    }


def _model(course: Course, network: Network, manifest: Mapping[str, Any]) -> Model:
    return Model(
        manifest=manifest, catalogue=course.catalogue, networks=(network,), normaliser=NORMALISER, buying=UNFITTED,
        calibration=Calibration(), blend=BLEND, together=nothing(course.items),
    )  # fmt: skip
