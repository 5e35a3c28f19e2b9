"""The picture tower: a frozen encoder of item pictures, and the vectors it makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor
from transformers import AutoImageProcessor, AutoModel

from scoring.model import ItemVectors
from scoring.seen.catalogue import Catalogue
from training.encoders import pretrained
from training.encoders.item_encoding import placed
from training.encoders.vector_cache import VectorCache, Vectors
from training.pictures.files import opened, pictures_of
from training.progress import Progress

BATCH = 32


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
            EncoderRefused: It cannot be had as data only.
            PicturesNotUsable: There are none.
        """
        pictures = pictures_of(folder)
        model, processor = pretrained.loaded(encoder, AutoModel.from_pretrained, AutoImageProcessor.from_pretrained)
        return cls(model.to(device).eval(), processor, pictures, VectorCache(cache))

    @cached_property
    def fingerprint(self) -> str:
        """Of weights and preparation of pictures."""
        return pretrained.fingerprint(self.model, self.processor.to_json_string())

    def __call__(self, catalogue: Catalogue, progress: Progress) -> ItemVectors:
        """[V + 2, E] by item number, zeros where an item has no picture. Raises PicturesNotUsable."""
        places = [place for place, item_id in enumerate(catalogue.item_ids) if item_id in self.pictures]
        paths = [self.pictures[catalogue.item_ids[place]] for place in places]
        told = partial(progress, "pictures of items")
        vectors = self.cache.vectors(self.fingerprint, paths, Path.read_bytes, self._compute, told)
        return placed(catalogue, places, vectors)

    def _compute(self, paths: Sequence[Path]) -> Vectors:
        batches = [paths[begin : begin + BATCH] for begin in range(0, len(paths), BATCH)]
        vectors = [self._seen(batch) for batch in batches]
        return np.concatenate(vectors) if vectors else np.zeros((0, 1), dtype=np.float32)

    def _seen(self, paths: Sequence[Path]) -> Vectors:
        # One after the other: thirty photographs as they come from a camera take a gigabyte, and as prepared 20 MB.
        ready = [self.processor(images=opened(path), return_tensors="pt")["pixel_values"] for path in paths]
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
