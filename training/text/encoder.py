"""Encoders of texts."""

from dataclasses import dataclass
from typing import Any

from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from training.pretrained import loaded


@dataclass(frozen=True, slots=True)
class Encoder:
    """A transformers model with the tokenizer that belongs to it; both types are the library's."""

    model: Any
    tokenizer: Any


def load_encoder(name: str) -> Encoder:
    """The bare encoder, for vectors; EncoderRefused where it cannot be had as data only."""
    return Encoder(*loaded(name, AutoModel.from_pretrained, AutoTokenizer.from_pretrained))


def load_classifier(name: str, labels: int) -> Encoder:
    """With a head for so many labels; a head that the folder has already is kept. EncoderRefused as above."""
    classifier = AutoModelForSequenceClassification.from_pretrained
    return Encoder(*loaded(name, classifier, AutoTokenizer.from_pretrained, num_labels=labels))
