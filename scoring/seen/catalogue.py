"""What the network knows of the items: their numbers, categories and words."""

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

ABSENT, UNKNOWN = 0, 1
"""Numbers of 'no item' and of an item that the model has never seen; known items start at 2."""

WORD_BUCKETS = 4096
WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Catalogue:
    """V known items in the order of their numbers; the number of an item is its place + 2."""

    item_ids: tuple[str, ...]
    titles: tuple[str | None, ...]
    categories: tuple[str | None, ...]
    """Path from wide to narrow, joined by '|'."""

    @cached_property
    def number_of(self) -> dict[str | None, int]:
        """Item id to number."""
        return {None: ABSENT} | {item: place + 2 for place, item in enumerate(self.item_ids)}

    @cached_property
    def category_of(self) -> npt.NDArray[np.int64]:
        """[V + 2] number of each item's whole category path; 0 where there is none."""
        seen: dict[str | None, int] = {None: 0}
        return np.array([0, 0, *(seen.setdefault(path, len(seen)) for path in self.categories)], dtype=np.int64)

    @cached_property
    def words(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Hashed words of title and category of all V + 2 items: flat numbers, and where each item's begin [V + 2]."""
        bags = [
            hashed(title) + hashed_paths(category)
            for title, category in zip((None, None, *self.titles), (None, None, *self.categories), strict=True)
        ]
        return ragged(bags)

    def numbers(self, item_ids: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
        """[N] numbers of item ids."""
        known = self.number_of
        return np.fromiter((known.get(item, UNKNOWN) for item in item_ids), dtype=np.int64, count=len(item_ids))

    def title(self, item_id: str) -> str:
        """What a person calls the item."""
        number = self.number_of.get(item_id, UNKNOWN)
        found = self.titles[number - 2] if number > UNKNOWN else None
        return found or f"item {item_id}"

    def __len__(self) -> int:
        return len(self.item_ids)


def hashed(text: str | None) -> list[int]:
    """Numbers of the words of a text, by CRC-32: the same on every machine; 0 is never used."""
    return [] if not text else [_bucket(word) for word in WORDS.findall(text.lower())]


def hashed_paths(category: str | None) -> list[int]:
    """Numbers of the parts of a category path, apart from the same words in titles."""
    return [] if not category else [_bucket(f"category:{part}") for part in category.lower().split("|")]


def ragged(bags: Sequence[Iterable[int]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Bags as one flat array and the place where each begins."""
    flat = np.array([number for bag in bags for number in bag], dtype=np.int64)
    lengths = np.array([len(list(bag)) for bag in bags], dtype=np.int64)
    return flat, np.cumsum(lengths) - lengths


def _bucket(word: str) -> int:
    return 1 + zlib.crc32(word.encode()) % (WORD_BUCKETS - 1)
