"""A model of toy size with random weights: untrained, and otherwise the real thing."""

from pathlib import Path

import numpy as np
import torch
from scipy import sparse

from scoring.answers import Calibration
from scoring.buying import UNFITTED
from scoring.folders import folder
from scoring.model import Blend, Model, item_words
from scoring.networks.network import Architecture, Network
from scoring.seen.catalogue import Catalogue
from scoring.seen.feature_registry import NAMES
from scoring.seen.normalisation import Normaliser
from scoring.together import Together

ITEMS = tuple(f"item-{number}" for number in range(12))
TITLES = tuple(f"{colour} {thing}" for colour in ("Red", "Blue", "Green") for thing in ("Lamp", "Mug", "Chair", "Rug"))


def tiny_model(model_id: str = "tiny-1", *, seed: int = 1, layers: int = 1) -> Model:
    """Every weight is random, so that every input moves the answer a little."""
    torch.manual_seed(seed)
    catalogue = Catalogue(ITEMS, TITLES, tuple("Home|Small" for _ in ITEMS))
    shape = Architecture(features=len(NAMES), items=len(ITEMS) + 2, width=16, layers=layers, heads=2, dropout=0.0)
    network = Network(shape, item_words(catalogue))
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight) * 0.05)
    random = np.random.default_rng(seed)
    weights = sparse.csr_matrix(random.random((len(ITEMS) + 2, len(ITEMS) + 2)).astype(np.float32))
    return Model(
        manifest={"model_id": model_id, "currency": "GBP", "metrics": {"test": {"auc": 0.5}}},
        catalogue=catalogue,
        networks=(network.eval(),),
        normaliser=Normaliser(names=NAMES, mean=np.zeros(len(NAMES)), deviation=np.ones(len(NAMES)), dropped={}),
        buying=UNFITTED,
        calibration=Calibration(),
        together=Together(weights=weights, popular=random.random(len(ITEMS) + 2)),
        blend=Blend(together=1.0, deep=1.0, content=1.0, popular=1.0, decay=0.9, repurchase=False),
    )


def write_tiny_model(models: Path, model_id: str = "tiny-1", *, seed: int = 1) -> Path:
    """Its folder."""
    return folder.write(tiny_model(model_id, seed=seed), models / model_id)
