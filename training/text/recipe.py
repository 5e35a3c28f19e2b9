"""What can be chosen about a language model; the defaults fit two processor cores and a few minutes."""

from dataclasses import asdict, dataclass
from typing import Any

from scoring.adapters import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything besides texts, labels and seed that decides the weights."""

    encoder: str | None = None
    """A Hugging Face id or a local folder; None: a small BERT is made from nothing on these texts."""
    method: Method = Method.FULL
    """How much of the encoder learns."""
    rank: int = 8
    """Of low-rank updates."""
    tokens: int = 96
    """Of one text that are read; the rest is cut off."""
    epochs: int = 4
    """At most; the best on the validation part is kept."""
    patience: int = 1
    """Epochs without improvement before learning stops."""
    batch: int = 32
    learning_rate: float = 5e-5
    """Of a downloaded encoder."""
    scratch_learning_rate: float = 7e-4
    """Of one that is made from nothing."""
    graft_learning_rate: float = 2e-3
    """Of few numbers in an encoder whose own weights stay."""
    weight_decay: float = 0.01
    warm_up: float = 0.1
    """Share of the steps over which the learning rate rises; then it falls to 0."""
    vocabulary: int = 8000
    """WordPieces, where the encoder is made from nothing; so are the following."""
    width: int = 64
    layers: int = 2
    heads: int = 4
    dropout: float = 0.2
    reading_epochs: int = 2
    """Over the texts without their labels, guessing hidden words, before labels are learned."""
    ngrams: bool = True
    """Mix in a linear model of words and pairs of words, by a share that the validation part decides."""

    def to_json(self) -> dict[str, Any]:
        """For the manifest."""
        return asdict(self)
