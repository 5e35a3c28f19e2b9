"""What one market changes of a network: a small file over a base model, applied to a copy that shares the rest.

Low-rank updates (LoRA, AdaLoRA) and rescalings (IA3) are merged into the weights they change, so they cost nothing when
asked; bottlenecks and prefixes become part of their block. The names say what a tensor is and where it belongs.
"""

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from scoring.folders.adapter_seal import AGAIN, SEAL, check_sealed, seal_of
from scoring.model import Model
from scoring.networks.network import Network
from scoring.networks.prefix import Prefix
from scoring.score import ModelRejected
from scoring.whole_file import whole_file

FORMAT = "2"
NAME = re.compile(r"(?P<network>\d+):(?P<place>[\w.]+):(?P<part>\w+)")
"""Of a tensor: which of the model's networks, which of its modules, which part of the change."""


WHOLE = "."
"""The place of what belongs to the network itself."""


class Method(StrEnum):
    """How a network is changed with few numbers; FULL is the yardstick: all of its weights."""

    LORA = "lora"
    ADALORA = "adalora"
    IA3 = "ia3"
    PREFIX = "prefix"
    BOTTLENECK = "bottleneck"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """The change, and the model that it changes."""

    market: str
    method: Method
    base: str
    """model_id; an adapter fits no other model."""
    tensors: Mapping[str, Tensor]

    @property
    def size(self) -> int:
        """Numbers in it."""
        return sum(tensor.numel() for tensor in self.tensors.values())


class Bottleneck(nn.Module):
    """A linear layer, and a narrow detour added to what it says (Houlsby et al. 2019)."""

    def __init__(self, layer: nn.Module, down: Tensor, up: Tensor) -> None:
        """`down` [r, D] and `up` [D, r]."""
        super().__init__()
        self.layer, self.down, self.up = layer, nn.Parameter(down), nn.Parameter(up)

    def forward(self, values: Tensor) -> Tensor:
        """[..., I] to [..., D]."""
        said: Tensor = self.layer(values)
        return said + functional.silu(said @ self.down.T) @ self.up.T


def write(adapter: Adapter, path: Path) -> Path:
    """As safetensors; a reader sees the old file or the new one, never a part."""
    about = {"format": FORMAT, "market": adapter.market, "method": adapter.method.value, "base": adapter.base}
    tensors = {name: tensor.contiguous() for name, tensor in adapter.tensors.items()}
    sealed = save(tensors, about | {SEAL: seal_of(save(tensors, about))})
    with whole_file(path) as unfinished:
        unfinished.write_bytes(sealed)
    return path


def read(path: Path, market: str) -> Adapter:
    """Of this market. ModelRejected where it is not what `write` wrote."""
    check_sealed(path)
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            if about.get("format") != FORMAT:
                raise ModelRejected(
                    f"{path}: format is {about.get('format')!r}, this version reads {FORMAT!r}; {AGAIN}"
                )
            if about["market"] != market:
                raise ModelRejected(f"{path} is the adapter of market {about['market']!r}, not of {market!r}")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a mapping
        return Adapter(market=about["market"], method=Method(about["method"]), base=about["base"], tensors=tensors)
    except (SafetensorError, KeyError, ValueError) as error:
        raise ModelRejected(f"{path} is not an adapter ({error})") from error


def adapted(model: Model, adapter: Adapter) -> Model:
    """The model with its networks changed; everything that the adapter leaves alone is shared, not copied.

    Raises:
        ModelRejected: The adapter was made for another model, or names what this one has not.
    """
    if adapter.base != model.model_id:
        raise ModelRejected(f"the adapter of market {adapter.market!r} changes {adapter.base}, not {model.model_id}")
    networks = tuple(_twin(network) for network in model.networks)
    try:
        for (number, place), parts in _places(adapter.tensors).items():
            change(networks[number], place, parts)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelRejected(f"the adapter of market {adapter.market!r} does not fit the model ({error})") from error
    return replace(model, networks=tuple(network.eval().requires_grad_(requires_grad=False) for network in networks))


def _twin(network: Network) -> Network:
    shared: dict[int, object] = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
    return copy.deepcopy(network, shared)


def _places(tensors: Mapping[str, Tensor]) -> dict[tuple[int, str], dict[str, Tensor]]:
    places: dict[tuple[int, str], dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        found = NAME.fullmatch(name)
        if found is None:
            raise ModelRejected(f"{name!r} is no name of an adapter's tensor")
        places.setdefault((int(found["network"]), found["place"]), {})[found["part"]] = tensor
    return places


def change(network: nn.Module, place: str, parts: Mapping[str, Tensor]) -> None:
    """Apply the parts of one module's change, without touching tensors that others may share."""
    parent, _, name = place.rpartition(".")
    owner: Any = network.get_submodule(parent)
    module: Any = network.get_submodule("" if place == WHOLE else place)
    device = next(network.parameters()).device
    on = {part: tensor.to(device) for part, tensor in parts.items()}
    match sorted(on):
        case ["down", "up"]:
            _set(module, "weight", module.weight + on["up"] @ on["down"])
        case ["input"]:
            _set(module, "weight", module.weight * on["input"])
        case ["output"]:
            _set(module, "weight", module.weight * on["output"].unsqueeze(1))
            _set(module, "bias", module.bias * on["output"])
        case ["detour_down", "detour_up"]:
            setattr(owner, name, Bottleneck(module, on["detour_down"], on["detour_up"]))
        case ["keys", "values"]:
            module.prefix = Prefix(on["keys"], on["values"])
        case replaced:
            for part in replaced:
                if getattr(module, part).shape != on[part].shape:
                    raise ValueError(f"{place}.{part} has another shape")
                _set(module, part, on[part])


def _set(module: nn.Module, part: str, value: Tensor) -> None:
    setattr(module, part, nn.Parameter(value))
