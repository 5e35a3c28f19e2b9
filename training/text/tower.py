"""The text tower: an encoder of item texts, frozen, fine-tuned or adapted to the shop's own reviews."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import polars as pl
import torch

from scoring.adapters import Method
from scoring.model import ItemVectors
from scoring.seen.catalogue import Catalogue
from training.encoders import pretrained
from training.encoders.item_encoding import item_texts, placed
from training.encoders.vector_cache import Far, VectorCache, Vectors, untold
from training.progress import Progress
from training.text.batches import encode
from training.text.classifier import fine_tune
from training.text.documents import Documents, DocumentsNotUsable, parts_at_random
from training.text.encoder import Encoder, load_encoder, new_classifier
from training.text.recipe import Recipe
from training.text.scratch import make_classifier

SCRATCH = "scratch"
"""In the place of an encoder's name: made from nothing on the shop's texts."""
GOOD_STARS = 4
LABELS = 2
"""Fewer stars, and so many or more."""


@dataclass(frozen=True)
class Tower:
    """Texts to vectors of unit length: means over an encoder's last states."""

    encoder: Encoder
    tokens: int
    cache: VectorCache

    @cached_property
    def fingerprint(self) -> str:
        """Of weights and tokenizer."""
        tokenizer = self.encoder.tokenizer
        words = tokenizer.backend_tokenizer.to_str() if tokenizer.is_fast else repr(tokenizer)
        return pretrained.fingerprint(self.encoder.model, words, str(self.tokens))

    def __call__(self, catalogue: Catalogue, progress: Progress) -> ItemVectors:
        """[V + 2, E] by item number, zeros where an item has no text."""
        texts = item_texts(catalogue)
        places = [place for place, text in enumerate(texts) if text is not None]
        told = partial(progress, "texts of items")
        return placed(catalogue, places, self.vectors([text for text in texts if text is not None], told))

    def vectors(self, texts: Sequence[str], tell: Far = untold) -> Vectors:
        """[N, E], from the cache where they are known."""
        return self.cache.vectors(self.fingerprint, texts, str.encode, self._compute, tell)

    def _compute(self, texts: Sequence[str]) -> Vectors:
        order, found = [np.zeros(0, dtype=np.int64)], list[Vectors]()
        for chosen, batch in encode(self.encoder.tokenizer, texts, self.tokens).batches():
            states = self.encoder.ask(batch).last_hidden_state.cpu()
            real = batch["attention_mask"].unsqueeze(-1)
            means = (states * real).sum(dim=1) / real.sum(dim=1)
            order.append(chosen)
            found.append(torch.nn.functional.normalize(means, dim=-1).numpy())
        return np.concatenate(found)[np.argsort(np.concatenate(order))] if found else np.zeros((0, 1), dtype=np.float32)


def tower_of(
    name: str, method: Method | None, events: pl.DataFrame, items: pl.DataFrame | None, *,
    recipe: Recipe, cache: Path, seed: int, progress: Progress, device: str = "cpu",
) -> Tower:  # fmt: skip
    """The encoder of that name, or one made from nothing on the texts of these events and items.

    It learns the stars of their reviews by the method before it makes vectors; by none, it stays as it is.

    Raises:
        EncoderRefused: It cannot be had as data only.
        DocumentsNotUsable: It shall learn from stars, and there are too few reviews.
    """
    reviews = _reviews(events)
    recipe = replace(recipe, encoder=None if name == SCRATCH else name, method=method or recipe.method)
    if name == SCRATCH:
        encoder = make_classifier(_texts(events, items), LABELS, recipe, seed, progress, device)
    else:
        encoder = load_encoder(name, device) if method is None else new_classifier(name, LABELS, seed, device)
    if method is not None:
        _teach(encoder, reviews, recipe, seed, progress)
    return Tower(encoder.body, recipe.tokens, VectorCache(cache))


def _teach(encoder: Encoder, reviews: Documents, recipe: Recipe, seed: int, progress: Progress) -> None:
    parts = parts_at_random(reviews, ("fewer stars", f"{GOOD_STARS} stars and more"), seed)
    fine_tune(encoder, parts.training, parts.validation, recipe, seed=seed, progress=progress)


def _reviews(events: pl.DataFrame) -> Documents:
    told = events.filter(pl.col("text").is_not_null() & pl.col("rating").is_not_null()).sort("event_id")
    return Documents(tuple(told["text"]), (told["rating"] >= GOOD_STARS).cast(pl.Int64).to_numpy())


def _texts(events: pl.DataFrame, items: pl.DataFrame | None) -> list[str]:
    """Titles, categories and reviews, each once, in an order that depends on nothing."""
    found = set(events["text"].drop_nulls())
    if items is not None:
        found |= set(items["title"].drop_nulls()) | {path.replace("|", ", ") for path in items["category"].drop_nulls()}
    if not found:
        raise DocumentsNotUsable("the shop has no texts: items need titles, or events need reviews")
    return sorted(found)
