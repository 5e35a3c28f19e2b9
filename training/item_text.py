"""What an item is called and where it stands, as a text; and the vectors that an encoder makes of such texts."""

from collections.abc import Callable, Sequence

import numpy as np

from scoring.catalogue import Catalogue
from scoring.model import ItemText

ItemEncoder = Callable[[Sequence[str]], ItemText]
"""N texts to [N, E]."""
RESERVED = 2
"""Numbers of no item and of an unknown one, which have no text."""


def item_texts(catalogue: Catalogue) -> tuple[str | None, ...]:
    """[V] title and category of each item as one text; None where neither is known."""
    parts = zip(catalogue.titles, catalogue.categories, strict=True)
    return tuple(_text(title, category) for title, category in parts)


def item_vectors(catalogue: Catalogue, encode: ItemEncoder) -> ItemText:
    """[V + 2, E] by item number, zeros where an item has no text."""
    texts = item_texts(catalogue)
    told = [place for place, text in enumerate(texts) if text is not None]
    found = encode([text for text in texts if text is not None])
    vectors = np.zeros((len(catalogue) + RESERVED, found.shape[1]), dtype=np.float32)
    vectors[np.array(told, dtype=np.int64) + RESERVED] = found
    return vectors


def _text(title: str | None, category: str | None) -> str | None:
    said = [part for part in (title, category and category.replace("|", ", ")) if part]
    return ". ".join(said) or None
