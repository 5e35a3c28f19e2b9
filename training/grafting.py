"""What an adapter learns with: few new numbers grafted onto a network, and how they are harvested afterwards.

LoRA, AdaLoRA and IA3 are grafted by peft; bottlenecks and prefixes by us, for peft puts them into transformers' own
models only. The bias of the heads always learns: markets differ first of all in their level.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from peft import AdaLoraConfig, AdaLoraModel, IA3Config, IA3Model, LoraConfig, LoraModel
from torch import Tensor, nn

from scoring.adapters import WHOLE, Bottleneck, Method
from scoring.networks.network import Block, Network
from scoring.networks.prefix import Prefix

LINEAR = ("to_query_key_value", "from_heads", "gate", "value", "back")
"""Of a block: what low-rank updates change."""
SCALED, SCALED_INSIDE = ("to_query_key_value", "back"), ("back",)
"""What IA3 rescales, and where it rescales what goes in rather than what comes out."""
LEVEL = "heads:bias"
NAME = "default"
"""Of the adapter inside peft."""
SPREAD = 0.02


@dataclass(frozen=True, slots=True)
class Graft:
    """A network that learns little, and what must be done after each of its steps."""

    network: Network
    after_step: Callable[[int], None]

    @property
    def share(self) -> float:
        """Numbers that learn, in all numbers."""
        learning = sum(each.numel() for each in self.network.parameters() if each.requires_grad)
        return learning / sum(each.numel() for each in self.network.parameters())


def graft(network: Network, method: Method, rank: int, steps: int) -> Graft:
    """Change the network in place; `rank` is also the width of a bottleneck and the length of a prefix."""
    network.requires_grad_(requires_grad=False)
    after_step: Callable[[int], None] = _nothing
    match method:
        case Method.LORA:
            LoraModel(network, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=list(LINEAR)), NAME)
        case Method.ADALORA:
            after_step = _adaptive(network, rank, steps)
        case Method.IA3:
            scaled = IA3Config(target_modules=list(SCALED), feedforward_modules=list(SCALED_INSIDE))
            IA3Model(network, scaled, NAME)
        case Method.BOTTLENECK:
            _bottlenecks(network, rank)
        case Method.PREFIX:
            _prefixes(network, rank)
        case Method.FULL:
            network.requires_grad_()
    network.heads.bias.requires_grad_()
    return Graft(network, after_step)


def harvest(network: Network, method: Method) -> dict[str, Tensor]:
    """`place:part` to tensor, as `scoring.adapters.change` applies them."""
    if method is Method.FULL:
        return {":".join(_apart(name)): tensor.detach().clone() for name, tensor in network.named_parameters()}
    found = {LEVEL: network.heads.bias.detach().clone()}
    for place, module in network.named_modules():
        match module:
            case Bottleneck():
                found |= {f"{place}:detour_down": module.down, f"{place}:detour_up": module.up}
            case Prefix():
                block = place.rpartition(".")[0]
                found |= {f"{block}:keys": module.keys, f"{block}:values": module.values}
            case _ if hasattr(module, "lora_A") or hasattr(module, "ia3_l"):
                found |= {f"{place}:{part}": tensor for part, tensor in _learned_by_peft(module, method).items()}
    return {name: tensor.detach().clone() for name, tensor in found.items()}


def _apart(name: str) -> tuple[str, str]:
    place, _, part = name.rpartition(".")
    return place or WHOLE, part


def _learned_by_peft(module: Any, method: Method) -> dict[str, Tensor]:  # noqa: ANN401  # peft's layers
    if method is Method.IA3:
        scale = module.ia3_l[NAME].flatten()
        return {"input": scale} if module.is_feedforward else {"output": scale}
    scaling = module.scaling[NAME]
    if method is Method.ADALORA:
        down = module.lora_A[NAME] * module.lora_E[NAME]
        return {"down": down, "up": module.lora_B[NAME] * (scaling / (module.ranknum[NAME] + 1e-5))}
    return {"down": module.lora_A[NAME].weight, "up": module.lora_B[NAME].weight * scaling}


def _adaptive(network: Network, rank: int, steps: int) -> Callable[[int], None]:
    """AdaLoRA begins with twice the rank and gives up what matters least, over the middle of the steps."""
    first, last = max(1, steps // 10), max(1, steps // 4)
    chosen = AdaLoraConfig(
        init_r=2 * rank, target_r=rank, lora_alpha=2 * rank, tinit=first, tfinal=last, deltaT=max(1, steps // 50),
        total_step=max(steps, first + last + 1), target_modules=list(LINEAR),
    )  # fmt: skip
    tuner = AdaLoraModel(network, chosen, NAME)

    def after_step(step: int) -> None:
        tuner.update_and_allocate(step)

    return after_step


def _bottlenecks(network: Network, rank: int) -> None:
    width = network.shape.width
    for block in _blocks(network):
        down = torch.randn(rank, width) / math.sqrt(width)
        block.back = Bottleneck(block.back, down, torch.zeros(width, rank))


def _prefixes(network: Network, rank: int) -> None:
    heads, size = network.shape.heads, network.shape.width // network.shape.heads
    for block in _blocks(network):
        block.prefix = Prefix(torch.randn(heads, rank, size) * SPREAD, torch.zeros(heads, rank, size))


def _blocks(network: Network) -> list[Block]:
    return [module for module in network.modules() if isinstance(module, Block)]


def _nothing(step: int) -> None:
    """Most methods are done with a step when the optimizer is."""


def learning_parameters(network: nn.Module) -> list[nn.Parameter]:
    """Those that learn."""
    return [each for each in network.parameters() if each.requires_grad]
