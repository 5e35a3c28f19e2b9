"""A trained model in memory: everything that answering needs, and the manifest that says where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from scoring.answers import Calibration
from scoring.bought import Returning
from scoring.buying import BuyingModel
from scoring.mixture import Mixture
from scoring.networks.network import Network
from scoring.predictors.further_orders import Recurrence
from scoring.seen.catalogue import Catalogue
from scoring.seen.normalisation import Normaliser
from scoring.together import Together

ITEM_WORDS = 16
"""Words of title and category that the network reads of an item."""

Manifest = Mapping[str, Any]
"""What manifest.json holds, see ARCHITECTURE.md."""
ItemVectors = npt.NDArray[np.float32]
"""[V + 2, E] by item number, zeros where there is nothing to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """How strategies are mixed for this shop, chosen on held-out orders."""

    together: float
    deep: float
    content: float
    popular: float
    decay: float
    """Weight of the items of an order against those of the order after it."""
    repurchase: bool
    """Whether items bought before may be recommended again."""
    again: float = 0.0
    """0 in a folder of before there was this strategy."""
    fashion: float = 0.0
    """What is bought again counts by how popular it is to this power; 0 in a folder of before that counted."""
    rest: tuple[float, ...] = ()
    """How much what is bought again counts by how many orders ago it was last bought, in `again.STEPS`; empty where
    that says nothing, and in a folder of before that counted."""
    at_once: bool = True
    """Whether those of an order that is read line by line may be again in the same order."""

    @property
    def returning(self) -> Returning:
        """The two in one word."""
        return Returning.NOTHING if not self.repurchase else Returning.ALL if self.at_once else Returning.LATER


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One trained model. `manifest` is what was, or will be, written as JSON."""

    manifest: Manifest
    catalogue: Catalogue
    networks: tuple[Network, ...]
    normaliser: Normaliser
    buying: BuyingModel
    calibration: Calibration
    together: Together
    blend: Blend
    mixture: Mixture = field(default_factory=Mixture)
    further: Recurrence | None = None
    """How many orders come after the first one; None in a folder of before there was one."""
    newcomers: Blend | None = None
    """Of who has bought nothing yet; None where that is the blend of all, as in a folder of before there was one."""
    ahead: Blend | None = None
    """Of customers who are not there; None where that is the blend of all, as in a folder of before there was one."""
    next_items: Network | None = None
    """Learned what is bought next and nothing else; None where the networks say that, too."""
    item_vectors: Mapping[str, ItemVectors] = field(default_factory=dict)
    """What encoders made of each item, by what they have read: text, picture."""

    @property
    def model_id(self) -> str:
        """Derived from the weights: the same training gives the same id."""
        return str(self.manifest["model_id"])

    @property
    def currency(self) -> str:
        """ISO 4217 code of all money that the model saw."""
        return str(self.manifest["currency"])


def item_words(catalogue: Catalogue) -> torch.Tensor:
    """[V + 2, ITEM_WORDS] hashed words of each item, padded with 0."""
    flat, starts = catalogue.words
    table = np.zeros((len(starts), ITEM_WORDS), dtype=np.int64)
    length = np.minimum(np.diff(np.append(starts, len(flat))), ITEM_WORDS)
    row = np.repeat(np.arange(len(starts)), length)
    column = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    table[row, column] = flat[starts[row] + column]
    return torch.from_numpy(table)
