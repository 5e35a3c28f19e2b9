"""Options of `tierwise train`, beside those that all commands which train have."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from admin.files.result_files import writable
from scoring.adapters import Method


class Backbone(StrEnum):
    """What reads a history."""

    EVENTS = "events"
    TEXT = "text"


Out = Annotated[
    Path | None, typer.Option(help="New folder; default: below TIERWISE_HOME, named by its id.", callback=writable)
]
Members = Annotated[int, typer.Option(min=1, help="Networks whose answers are averaged.")]
Epochs = Annotated[int, typer.Option(min=1, help="At most; with text 4 unless it is given.")]
Activate = Annotated[
    bool, typer.Option(help="Let the model answer from now on; only a first one may before it was judged.")
]
Reader = Annotated[Backbone, typer.Option(help="events: the network that answers; text: a language model, beside it.")]
ConfigurationFile = Annotated[
    Path | None,
    typer.Option(help="JSON that `tierwise tune` wrote; with text, fields of a recipe. Other options come on top."),
]
Pretrain = Annotated[int, typer.Option(min=0, help="Epochs over actions without labels, before labels.")]
LabelShare = Annotated[float, typer.Option(min=0.0, max=1.0, help="Of the customers whose windows are learned from.")]

# What encodes items for the network.
Tower = Annotated[
    str | None,
    typer.Option(help="Encoder of item texts for the network: a Hugging Face id, a local folder, or scratch."),
]
Pictures = Annotated[
    Path | None, typer.Option(help="Folder of item pictures, each named by its item: A-12.jpg, .png or .webp.")
]
PictureEncoder = Annotated[
    str | None, typer.Option(help="What reads them: a Hugging Face id or a local folder of a vision model.")
]
EncoderMethod = Annotated[
    Method | None, typer.Option(help="How much of an encoder learns: the whole with text, nothing with --tower.")
]

# With `--backbone text`.
Encoder = Annotated[
    str | None, typer.Option(help="With text: a Hugging Face id or a local folder; default: made from nothing.")
]
Documents = Annotated[Path | None, typer.Option(help="With text: CSV or Parquet of texts, in the place of histories.")]
TextColumns = Annotated[list[str] | None, typer.Option(help="Column of --documents to read; may be repeated.")]
LabelColumn = Annotated[str | None, typer.Option(help="Column of --documents to tell: two to 64 values.")]

# With `--private-epsilon`.
PrivateEpsilon = Annotated[
    float | None, typer.Option(help="Train with differential privacy by the customer: at most this epsilon, as 4.")
]
PrivateDelta = Annotated[
    float | None, typer.Option(help="In private: the chance that epsilon does not hold; default: 1 / customers^1.1.")
]
PrivateClipping = Annotated[
    float | None, typer.Option(help="In private: the most that a customer weighs in a step; default: 8.")
]
PrivateLot = Annotated[
    int | None,
    typer.Option(help="In private: customers in a step, on average; default: a fifth of them, at most 1,024."),
]
PrivateSteps = Annotated[int | None, typer.Option(help="In private: how many steps are taken; default: 100.")]
PrivateSeed = Annotated[
    int | None, typer.Option(help="In private: repeats the noise, for tests; default: a secret that is kept nowhere.")
]
