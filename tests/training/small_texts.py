"""Texts that are told apart in seconds, and encoders of toy size."""

from pathlib import Path

import numpy as np

from training.text.documents import Documents
from training.text.encoder import Encoder
from training.text.recipe import Recipe
from training.text.scratch import make_classifier

TINY = Recipe(
    tokens=16, epochs=12, patience=12, batch=16, vocabulary=120, width=16, layers=1, heads=2, reading_epochs=1,
    dropout=0.1, learning_rate=5e-3, scratch_learning_rate=5e-3,
)  # fmt: skip
GOOD, BAD = ("lovely", "perfect", "sturdy", "charming"), ("flimsy", "broken", "dull", "crooked")
THINGS = ("lamp", "mug", "chair", "rug", "vase")


def reviews(count: int = 160) -> Documents:
    """Two of three are content, and say so in one of four words."""
    random = np.random.default_rng(0)
    labels = (np.arange(count) % 3 > 0).astype(np.int64)
    texts = [
        f"A {random.choice(GOOD if label else BAD)} {random.choice(THINGS)} for my {random.choice(THINGS)}"
        for label in labels
    ]
    return Documents(tuple(texts), labels)


def untaught() -> Encoder:
    """A BERT of toy size that has read the reviews."""
    return make_classifier(reviews().texts, 2, TINY, 0, lambda *_: None)


def saved(folder: Path) -> Path:
    """Its folder, as the library writes it."""
    encoder = untaught()
    encoder.model.save_pretrained(folder)
    encoder.tokenizer.save_pretrained(folder)
    return folder
