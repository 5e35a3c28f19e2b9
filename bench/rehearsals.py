"""What a choice of training is worth: rehearsals of one history, forward in time, that differ in that choice only.

    python -m bench.rehearsals --events F --vary text|pretraining|open [--items I] [--preset P] [--as-of T] [--epochs N]

Every row is the network alone and the whole mixture on the last window, as the manifest of a model shows them.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from admin.learning.data import TrainingData, training_data
from admin.learning.item_encoders import text_tower
from bench.history import history_parser
from scoring.adapters import Method
from scoring.threads import limit_threads
from training.configuration import Configuration
from training.course import course_of
from training.encoders.item_encoding import Modality
from training.purpose import Purpose
from training.rehearsal import rehearse

FIGURES = ("auc_networks", "auc", "log_loss", "gini")
PRETRAIN_EPOCHS, OPEN_WEIGHT = 4, 0.5
LABEL_SHARES = (0.01, 0.1, 1.0)

Variant = tuple[str, Configuration, bool, Method | None]
"""Its name, its configuration, whether it has a text tower, and how that is tuned."""


def variants(vary: str, plain: Configuration) -> Iterator[Variant]:
    """The plain training first."""
    if vary == "text":
        yield "words alone", plain, False, None
        yield "text tower, frozen", plain, True, None
        yield "text tower, tuned on stars", plain, True, Method.FULL
    else:
        for share in LABEL_SHARES:
            labels = replace(plain, label_share=share)
            yield f"{share:.0%} of labels", labels, False, None
            if vary == "pretraining":
                yield f"{share:.0%}, pre-trained", replace(labels, pretrain_epochs=PRETRAIN_EPOCHS), False, None
            else:
                yield f"{share:.0%}, open windows too", replace(labels, open_weight=OPEN_WEIGHT), False, None


def rehearsed(data: TrainingData, variant: Variant, seed: int, encoder: str) -> dict[str, object]:
    """Figures of one."""
    name, configuration, with_text, method = variant
    began = time.process_time()
    encoders = {Modality.TEXT: text_tower(encoder, method, data, seed)} if with_text else {}
    with TemporaryDirectory() as folder:
        training = replace(data.training(configuration, seed), encoders=encoders, purpose=Purpose.ORDERS)
        found = rehearse(course_of(training, Path(folder)))
    figures = {figure: round(found.metrics[figure], 4) for figure in FIGURES if figure in found.metrics}
    return {"variant": name, **figures, "epochs": found.epochs, "seconds": round(time.process_time() - began)}


def main() -> None:
    """Print a row of JSON for each variant, as soon as it is there."""
    parser = history_parser(__doc__)
    parser.add_argument("--vary", choices=("text", "pretraining", "open"), required=True)
    parser.add_argument("--epochs", type=int, default=Configuration().max_epochs)
    parser.add_argument("--encoder", default="scratch")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    limit_threads()
    data = training_data(asked.events, asked.items, asked.preset, None, asked.as_of)
    for variant in variants(asked.vary, Configuration(max_epochs=asked.epochs)):
        print(json.dumps(rehearsed(data, variant, asked.seed, asked.encoder)), flush=True)


if __name__ == "__main__":
    main()
