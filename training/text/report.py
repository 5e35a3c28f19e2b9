"""A classification report: by label and on average, where a line is drawn, and without any."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from scoring.seen.actions import Floats, Integers
from training.metrics import Figure, auc, average_precision, calibration_error
from training.text.line import Line

LEAST = 1e-5
"""A chance counts as no less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a classifier is worth on one part."""

    labels: dict[str, dict[str, float]]
    """Label to precision, recall, f1 and support."""
    figures: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """For `--json` and the manifest."""
        return {"labels": self.labels, "figures": self.figures}


def report_of(labels: Integers, chances: Floats, names: tuple[str, ...], line: Line) -> Report:
    """Of N texts, by [N, K] logs of chances; AUC, average precision and ECE of more than two are means over labels."""
    places = np.arange(len(names))
    chosen = line.said(chances)
    precision, recall, f1, support = precision_recall_fscore_support(labels, chosen, labels=places, zero_division=0.0)
    rows = zip(names, precision.tolist(), recall.tolist(), f1.tolist(), support.tolist(), strict=True)
    probability = np.exp(chances)
    judged = places[1:] if len(names) == 2 else places  # noqa: PLR2004  # of two labels each tells the other
    came = {place: (labels == place).astype(np.float64) for place in judged.tolist()}

    def mean(figure: Figure) -> float:
        found = [figure(truth, probability[:, place]) for place, truth in came.items() if 0 < truth.sum() < len(truth)]
        return float(np.mean(found)) if found else float("nan")

    return Report(
        labels={name: {"precision": p, "recall": r, "f1": f, "support": s} for name, p, r, f, s in rows},
        figures={
            "auc": mean(auc),
            "average_precision": mean(average_precision),
            "accuracy": float((chosen == labels).mean()),
            "macro_f1": float(f1.mean()),
            "weighted_f1": float(np.average(f1, weights=support)),
            "log_loss": float(-np.log(np.maximum(probability[np.arange(len(labels)), labels], LEAST)).mean()),
            "ece": mean(calibration_error),
        },
    )
