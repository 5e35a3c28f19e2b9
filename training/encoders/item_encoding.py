"""What encoders make of items: of what one is called and where it stands, of what it looks like."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import numpy as np

from scoring.model import ItemVectors
from scoring.seen.catalogue import Catalogue
from training.progress import Progress

RESERVED = 2
"""Numbers of no item and of an unknown one, of which nothing is known."""


class Modality(StrEnum):
    """What of an item is encoded."""

    TEXT = "text"
    PICTURE = "picture"


ItemEncoder = Callable[[Catalogue, Progress], ItemVectors]
"""The V items to [V + 2, E] by item number, zeros where there is nothing to encode; it says how far it is."""
ItemEncoders = Mapping[Modality, ItemEncoder]


def placed(catalogue: Catalogue, places: Sequence[int], vectors: ItemVectors) -> ItemVectors:
    """[V + 2, E] by item number, of vectors [N, E] of the items at these places; zeros elsewhere."""
    table = np.zeros((len(catalogue) + RESERVED, vectors.shape[1]), dtype=np.float32)
    table[np.array(places, dtype=np.int64) + RESERVED] = vectors
    return table


def item_texts(catalogue: Catalogue) -> tuple[str | None, ...]:
    """[V] title and category of each item as one text; None where neither is known."""
    parts = zip(catalogue.titles, catalogue.categories, strict=True)
    return tuple(_text(title, category) for title, category in parts)


def _text(title: str | None, category: str | None) -> str | None:
    said = [part for part in (title, category and category.replace("|", ", ")) if part]
    return ". ".join(said) or None
