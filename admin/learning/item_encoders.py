"""`tierwise train --tower --pictures`: what the network is told of items by encoders of others."""

import hashlib
from datetime import timedelta
from pathlib import Path

import polars as pl

from admin.learning.data import TrainingData, training_progress
from admin.shell.output import fail
from scoring.adapters import Method
from scoring.networks.network import HORIZONS
from settings import settings
from training.encoders.item_encoding import ItemEncoders, Modality
from training.encoders.pretrained import EncoderRefused
from training.pictures.files import PicturesNotUsable
from training.pictures.tower import PictureTower
from training.text.documents import DocumentsNotUsable
from training.text.recipe import Recipe
from training.text.steps import Diverged
from training.text.tower import Tower, tower_of

TEXTS = Recipe(tokens=48, epochs=2, ngrams=False)
"""Titles and reviews are short, and only vectors are wanted."""


def item_encoders(
    data: TrainingData, seed: int, *, tower: str | None, method: Method | None, pictures: Path | None,
    picture_encoder: str | None,
) -> tuple[ItemEncoders, str]:  # fmt: skip
    """By modality, and what tells these encoders from others."""
    towers: dict[Modality, Tower | PictureTower] = {}
    if tower is not None:
        towers[Modality.TEXT] = text_tower(tower, method, data, seed)
    if pictures is not None or picture_encoder is not None:
        towers[Modality.PICTURE] = _picture_tower(pictures, picture_encoder)
    told = " ".join(f"{modality} {tower.fingerprint}" for modality, tower in towers.items())
    return towers, hashlib.sha256(told.encode()).hexdigest()[:24]


def text_tower(name: str, method: Method | None, data: TrainingData, seed: int) -> Tower:
    """An encoder of item texts; what it reads of events lies before the rehearsal's window."""
    before = data.events.filter(pl.col("time") < data.as_of - timedelta(days=HORIZONS[-1]))
    try:
        with training_progress() as progress:
            return tower_of(
                name, method, before, data.items, recipe=TEXTS, cache=_cache(), seed=seed, progress=progress,
                device=settings().device,
            )  # fmt: skip
    except (DocumentsNotUsable, EncoderRefused, Diverged) as refusal:
        fail(str(refusal))


def _picture_tower(pictures: Path | None, encoder: str | None) -> PictureTower:
    if pictures is None or encoder is None:
        fail("--pictures and --picture-encoder go together: a folder of pictures, and what shall read them")
    try:
        return PictureTower.of(pictures, encoder, _cache(), settings().device)
    except (EncoderRefused, PicturesNotUsable) as refusal:
        fail(str(refusal))


def _cache() -> Path:
    return settings().home / "vectors"
