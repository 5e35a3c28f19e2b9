"""A classification report: by label and on average, at one threshold, and without any."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.metrics import precision_recall_fscore_support

from training.metrics import auc, average_precision, calibration_error, log_loss

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

THRESHOLDS = np.linspace(0.05, 0.95, 91)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a classifier of two labels is worth on one part."""

    labels: dict[str, dict[str, float]]
    """Label to precision, recall, f1 and support."""
    figures: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """For `--json` and the manifest."""
        return {"labels": self.labels, "figures": self.figures}


def report_of(labels: Integers, logits: Floats, names: tuple[str, str], threshold: float) -> Report:
    """Of N texts; the second label is chosen where its probability reaches the threshold."""
    probability = expit(logits)
    chosen = (probability >= threshold).astype(np.int64)
    precision, recall, f1, support = precision_recall_fscore_support(labels, chosen, labels=[0, 1], zero_division=0.0)
    rows = zip(names, precision.tolist(), recall.tolist(), f1.tolist(), support.tolist(), strict=True)
    truth = labels.astype(np.float64)
    return Report(
        labels={name: {"precision": p, "recall": r, "f1": f, "support": s} for name, p, r, f, s in rows},
        figures={
            "auc": auc(truth, probability),
            "average_precision": average_precision(truth, probability),
            "accuracy": float((chosen == labels).mean()),
            "macro_f1": float(f1.mean()),
            "log_loss": log_loss(truth, probability),
            "ece": calibration_error(truth, probability),
        },
    )  # fmt: skip


def best_threshold(labels: Integers, logits: Floats) -> float:
    """Of the highest macro F1; chosen on the validation part, used on the test part."""
    probability = expit(logits)
    scores = [
        precision_recall_fscore_support(
            labels, (probability >= threshold).astype(np.int64), labels=[0, 1], average="macro", zero_division=0.0
        )[2]
        for threshold in THRESHOLDS
    ]
    return float(THRESHOLDS[int(np.argmax(scores))])
