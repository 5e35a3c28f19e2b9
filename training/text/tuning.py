"""How much of an encoder learns: all of it, or few numbers that peft grafts on and that are merged in afterwards."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from peft import AdaLoraConfig, IA3Config, LoraConfig, PeftConfig, get_peft_model

from scoring.adapters import Method
from training.encoders.pretrained import EncoderRefused

TASK = "SEQ_CLS"
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
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by a name that is going out of use
        grafted = get_peft_model(model, _configuration(method, rank, steps))
    learning, all_of_them = grafted.get_nb_trainable_parameters()
    after_step = grafted.base_model.update_and_allocate if method is Method.ADALORA else _nothing
    return Tunable(grafted, after_step, learning / all_of_them)


def settle(model: Any, method: Method) -> None:  # noqa: ANN401  # the library's type
    """Merge what was learned into the model that was grafted."""
    if method is not Method.FULL:
        model.merge_and_unload()


def _configuration(method: Method, rank: int, steps: int) -> PeftConfig:
    if method is Method.IA3:
        return IA3Config(task_type=TASK)
    if method is Method.LORA:
        return LoraConfig(task_type=TASK, r=rank, lora_alpha=2 * rank)
    first, last = max(1, steps // 10), max(1, steps // 4)
    return AdaLoraConfig(
        task_type=TASK, init_r=2 * rank, target_r=rank, lora_alpha=2 * rank, tinit=first, tfinal=last,
        deltaT=max(1, steps // 50), total_step=max(steps, first + last + 1),
    )  # fmt: skip


def _nothing(step: int) -> None:
    """Most methods are done with a step when the optimizer is."""
