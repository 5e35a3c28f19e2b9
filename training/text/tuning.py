"""How much of an encoder learns: all of it, or few numbers that peft grafts on and that are merged in afterwards."""

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from peft import AdaLoraConfig, IA3Config, LoraConfig, PeftConfig, get_peft_model
from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING
from torch import nn

from scoring.adapters import Method
from training.encoders.pretrained import EncoderRefused

MERGED = (Method.FULL, Method.LORA, Method.ADALORA, Method.IA3)
"""Methods of which nothing is left but changed weights, so that the encoder stays one that everybody can load."""


@dataclass(frozen=True, slots=True)
class Tunable:
    """A classifier in which only some numbers learn."""

    model: Any
    after_step: Callable[[int], None]
    share: float
    """Of the numbers that learn."""


def tunable(model: Any, method: Method, rank: int, steps: int) -> Tunable:  # noqa: ANN401  # the library's type
    """Graft what the method needs; the head always learns. EncoderRefused for a method that cannot be merged."""
    if method not in MERGED:
        raise EncoderRefused(f"{method} cannot be merged into an encoder; use one of {', '.join(MERGED)}")
    if method is Method.FULL:
        return Tunable(model, _nothing, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are going out of use, and of what peft mends by itself
        grafted = get_peft_model(model, _configuration(model, method, rank, steps))
    for part in _head(model):
        part.requires_grad_(requires_grad=True)
    learning, all_of_them = grafted.get_nb_trainable_parameters()
    after_step = grafted.base_model.update_and_allocate if method is Method.ADALORA else _nothing
    return Tunable(grafted, after_step, learning / all_of_them)


def settle(model: Any, method: Method) -> None:  # noqa: ANN401  # the library's type
    """Merge what was learned into the model that was grafted."""
    if method is not Method.FULL:
        model.merge_and_unload()


def _configuration(model: Any, method: Method, rank: int, steps: int) -> PeftConfig:  # noqa: ANN401  # as above
    known = model.config.model_type in TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING
    if method is Method.IA3:
        return IA3Config() if known else IA3Config(target_modules=_linear(model), feedforward_modules=[])
    changed = {} if known else {"target_modules": _linear(model)}
    if method is Method.LORA:
        return LoraConfig(**changed, r=rank, lora_alpha=2 * rank)
    first, last = max(1, steps // 10), max(1, steps // 4)
    return AdaLoraConfig(
        **changed, init_r=2 * rank, target_r=rank, lora_alpha=2 * rank, tinit=first, tfinal=last,
        deltaT=max(1, steps // 50), total_step=max(steps, first + last + 1),
    )  # fmt: skip


def _head(model: Any) -> Iterator[nn.Module]:  # noqa: ANN401  # as above
    """What stands on top of the body, which may be drawn at random, and so learns whatever the method."""
    return (part for name, part in model.named_children() if name != model.base_model_prefix)


def _linear(model: Any) -> str:  # noqa: ANN401  # as above
    """A pattern of every linear part of a body whose kind peft does not know."""
    linear = [name for name, part in model.base_model.named_modules() if isinstance(part, nn.Linear)]
    return rf"{model.base_model_prefix}\.(?:{'|'.join(map(re.escape, linear))})"


def _nothing(step: int) -> None:
    """Most methods are done with a step when the optimizer is."""
