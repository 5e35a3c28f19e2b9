"""What can be chosen about a language model; the defaults fit two processor cores and a few minutes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from scoring.adapters import Method

CLASSIFIER = "classifier.json"
"""In the folder of what was taught: by which recipe, and what came of it."""
MAY_BE_0 = "reading_epochs"


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
    bfloat16: bool = False
    """Learn from what the encoder says in bfloat16, which pays on a GPU; weights, losses and steps stay in float32."""
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

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """What `to_json` wrote, or a part of it; ValueError for a field that there is not, or one that cannot be."""
        if unknown := sorted(set(value) - {field.name for field in fields(cls)}):
            raise ValueError(f"{', '.join(unknown)}: a recipe has no such field")
        usual = cls().to_json()
        for name, said in value.items():
            _check(name, said, usual[name])
        made = cls(**{**value, "method": Method(value.get("method", Method.FULL))})
        if made.width % made.heads:
            raise ValueError(f"width: {made.width} cannot be divided among {made.heads} heads")
        return made


def _check(name: str, said: object, usual: object) -> None:
    match usual:
        case None if not isinstance(said, str | None):
            raise ValueError(f"{name}: {said!r} names no encoder")
        case bool() if not isinstance(said, bool):
            raise ValueError(f"{name}: {said!r} is neither true nor false")
        case int() if not isinstance(usual, bool) and not (type(said) is int and said >= (name != MAY_BE_0)):
            raise ValueError(f"{name}: {said!r} is no whole number from {int(name != MAY_BE_0)} on")
        case float() if not (isinstance(said, int | float) and 0 <= said < 1):
            raise ValueError(f"{name}: {said!r} does not lie between 0 and 1")
