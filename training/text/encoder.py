"""Encoders of texts."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from training.encoders.pretrained import EncoderRefused, loaded

UNBOUNDED = 1_000_000
"""Tokens of a text."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """A transformers model with the tokenizer that belongs to it; both types are the library's."""

    model: Any
    tokenizer: Any

    def ask(self, batch: dict[str, Tensor]) -> Any:  # noqa: ANN401  # what the library's model says
        """Of a batch on the host, without learning."""
        with torch.inference_mode():
            return self.model.eval()(**moved(batch, self.model.device))

    @property
    def body(self) -> "Encoder":
        """Without a head, and without what writes or sees: the part that reads texts."""
        base = self.model.base_model
        reading = base.get_encoder() if base.config.is_encoder_decoder else getattr(base, "text_model", base)
        return Encoder(reading, self.tokenizer)


def moved(batch: dict[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """The same on a device."""
    return {name: tensor.to(device) for name, tensor in batch.items()}


def load_encoder(name: str, device: str) -> Encoder:
    """The bare encoder, for vectors; EncoderRefused where it cannot be had as data only."""
    model, tokenizer = loaded(name, AutoModel.from_pretrained, AutoTokenizer.from_pretrained)
    return _fitted(name, Encoder(model, tokenizer).body, device)


def load_classifier(name: str, labels: int, device: str = "cpu") -> Encoder:
    """One that was taught so many labels. EncoderRefused as above."""
    return _headed(name, labels, device, new_head=False)


def new_classifier(name: str, labels: int, seed: int, device: str = "cpu") -> Encoder:
    """To be taught so many labels: its head is kept if it has as many, else drawn. EncoderRefused as above."""
    torch.manual_seed(seed)
    return _headed(name, labels, device, new_head=True)


def _headed(name: str, labels: int, device: str, *, new_head: bool) -> Encoder:
    classifier = AutoModelForSequenceClassification.from_pretrained
    model, tokenizer = loaded(name, classifier, AutoTokenizer.from_pretrained, new_head=new_head, num_labels=labels)
    return _fitted(name, Encoder(model, tokenizer), device)


def _fitted(name: str, encoder: Encoder, device: str) -> Encoder:
    """With a tokenizer that pads, and that cuts texts off where the model's positions end."""
    model, tokenizer = encoder.model, encoder.tokenizer
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token  # no part of a text, and hidden from the model
    _check_words(name, model, tokenizer)
    config = model.config.get_text_config()
    if getattr(config, "pad_token_id", None) is None:
        config.pad_token_id = tokenizer.pad_token_id
    tokenizer.model_max_length = min(tokenizer.model_max_length, _positions(model))
    return Encoder(model.to(device), tokenizer)


def _check_words(name: str, model: Any, tokenizer: Any) -> None:  # noqa: ANN401  # the library's types
    if len(tokenizer) <= len(tokenizer.all_special_tokens):
        raise EncoderRefused(f"{name} has no tokenizer, or an empty one; save it in the same folder")
    if tokenizer.pad_token is None:
        raise EncoderRefused(f"{name}: its tokenizer has neither a token that pads nor one that ends a text")
    known = getattr(model.config.get_text_config(), "vocab_size", None)
    said = max(tokenizer.vocab_size - 1, tokenizer.pad_token_id, *tokenizer("")["input_ids"])
    if known is not None and said >= known:
        raise EncoderRefused(
            f"{name}: its tokenizer has {said + 1:,} words and the model knows {known:,}: "
            "they do not belong together; save the model's own one in the folder"
        )


def _positions(model: Any) -> int:  # noqa: ANN401  # the library's type
    """How many tokens of a text it can read."""
    for name, places in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(places, nn.Embedding):
            # RoBERTa and its kin count from behind the place of padding.
            return places.num_embeddings - (0 if places.padding_idx is None else places.padding_idx + 1)
    most = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return most if isinstance(most, int) and most > 0 else UNBOUNDED
