"""Encoders of texts."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from training.encoders.pretrained import loaded


@dataclass(frozen=True, slots=True)
class Encoder:
    """A transformers model with the tokenizer that belongs to it; both types are the library's."""

    model: Any
    tokenizer: Any

    def ask(self, batch: dict[str, Tensor]) -> Any:  # noqa: ANN401  # what the library's model says
        """Of a batch on the host, without learning."""
        with torch.inference_mode():
            return self.model.eval()(**moved(batch, self.model.device))


def moved(batch: dict[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """The same on a device."""
    return {name: tensor.to(device) for name, tensor in batch.items()}


def load_encoder(name: str, device: str) -> Encoder:
    """The bare encoder, for vectors; EncoderRefused where it cannot be had as data only."""
    model, tokenizer = loaded(name, AutoModel.from_pretrained, AutoTokenizer.from_pretrained)
    return Encoder(model.to(device), tokenizer)


def load_classifier(name: str, labels: int, device: str = "cpu") -> Encoder:
    """With a head for so many labels; a head that the folder has already is kept. EncoderRefused as above."""
    classifier = AutoModelForSequenceClassification.from_pretrained
    model, tokenizer = loaded(name, classifier, AutoTokenizer.from_pretrained, num_labels=labels)
    return Encoder(model.to(device), tokenizer)
