"""The picture tower: a frozen encoder of item pictures, and the vectors it makes of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from transformers import AutoImageProcessor, AutoModel

from scoring.model import ItemVectors
from scoring.seen.catalogue import Catalogue
from training.encoders import pretrained
from training.encoders.item_encoding import placed
from training.encoders.vector_cache import VectorCache, Vectors
from training.pictures.files import PicturesNotUsable, opened, pictures_of
from training.progress import Progress

BATCH = 32
BLANK = 64
"""Pixels a side of what an encoder is tried with."""


@dataclass(frozen=True)
class PictureTower:
    """Pictures to vectors of unit length; both types of the encoder are the library's."""

    model: Any
    processor: Any
    pictures: dict[str, Path]
    """By item id."""
    cache: VectorCache

    @classmethod
    def of(cls, folder: Path, encoder: str, cache: Path, device: str = "cpu") -> Self:
        """The encoder of that Hugging Face id or local folder, and the pictures in the folder.

        Raises:
            EncoderRefused: It cannot be had as data only, or sees no pictures.
            PicturesNotUsable: There are none.
        """
        pictures = pictures_of(folder)
        model, processor = pretrained.loaded(encoder, AutoModel.from_pretrained, AutoImageProcessor.from_pretrained)
        tower = cls(model.to(device).eval(), processor, pictures, VectorCache(cache))
        try:
            tower._seen([Image.new("RGB", (BLANK, BLANK))])
        except Exception as error:  # models of others fail in any way
            raise pretrained.EncoderRefused(f"{encoder} sees no pictures ({error}); name a vision model") from error
        return tower

    @cached_property
    def fingerprint(self) -> str:
        """Of weights and preparation of pictures."""
        return pretrained.fingerprint(self.model, self.processor.to_json_string())

    def __call__(self, catalogue: Catalogue, progress: Progress) -> ItemVectors:
        """[V + 2, E] by item number, zeros where an item has no picture. Raises PicturesNotUsable."""
        places = [place for place, item_id in enumerate(catalogue.item_ids) if item_id in self.pictures]
        if not places:
            some = next(iter(self.pictures.values()))
            raise PicturesNotUsable(f"{some} and all beside it are of no item: a picture is named by its item's id")
        paths = [self.pictures[catalogue.item_ids[place]] for place in places]
        told = partial(progress, "pictures of items")
        vectors = self.cache.vectors(self.fingerprint, paths, Path.read_bytes, self._compute, told)
        return placed(catalogue, places, vectors)

    def _compute(self, paths: Sequence[Path]) -> Vectors:
        batches = [paths[begin : begin + BATCH] for begin in range(0, len(paths), BATCH)]
        vectors = [self._seen(map(opened, batch)) for batch in batches]
        return np.concatenate(vectors) if vectors else np.zeros((0, 1), dtype=np.float32)

    def _seen(self, pictures: Iterable[Image.Image]) -> Vectors:
        # One after the other: thirty photographs as they come from a camera take a gigabyte, and as prepared 20 MB.
        ready = [self.processor(images=picture, return_tensors="pt")["pixel_values"] for picture in pictures]
        with torch.inference_mode():
            features = _features(self.model, torch.cat(ready).to(self.model.device))
        vectors: Vectors = torch.nn.functional.normalize(features, dim=-1).cpu().numpy()
        return vectors


def _features(model: Any, pixels: Tensor) -> Tensor:  # noqa: ANN401  # the library's own type
    """[N, E] of pictures [N, 3, H, W]: those that a model of pictures and texts shares with texts, else a mean.

    The mean is over positions of the last states: a pooler is often not among published weights, and then random.
    """
    if hasattr(model, "get_image_features"):
        shared: Tensor = model.get_image_features(pixel_values=pixels).pooler_output
        return shared
    states: Tensor = model(pixel_values=pixels).last_hidden_state
    return states.mean(dim=(2, 3)) if states.ndim == 4 else states.mean(dim=1)  # noqa: PLR2004  # [N, E, h, w]
