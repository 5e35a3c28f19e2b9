"""A model as a folder: a manifest, weights, items, trees and vectors of items. Reading it runs nothing in it.

Written under a temporary name and renamed, so that a folder of the final name is always whole; every file but the
manifest is named in the manifest with its SHA-256.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from safetensors import SafetensorError
from safetensors.numpy import load, save

from scoring.answers import Calibration
from scoring.buying import BuyingModel
from scoring.folders.manifest import FORMAT, MANIFEST, checked, digest, read_manifest
from scoring.mixture import Mixture, Predictor, Speaker
from scoring.model import Blend, ItemVectors, Model, item_words
from scoring.networks.network import HORIZONS, Architecture, Network
from scoring.predictors.further_orders import recurrence_from
from scoring.predictors.linear import Linear, linear_from
from scoring.predictors.trees import Trees
from scoring.score import ModelRejected
from scoring.seen.catalogue import Catalogue
from scoring.seen.normalisation import Normaliser
from scoring.together import together_from
from scoring.whole_file import whole_folder

WEIGHTS, ITEMS, TREES = "weights.safetensors", "items.parquet", "trees.json"
VECTORS = "vectors.safetensors"
NEXT_ITEMS = "next_items"
TOGETHER_PREFIXES = ("together.", "popular")
LINEAR_PREDICTORS = (Predictor.LINEAR, Predictor.CLOSED_FORM)


def write(model: Model, folder: Path) -> Path:
    """Write the model. Raises FileExistsError if the folder is there already, NotWritten."""
    with whole_folder(folder) as unfinished:
        _write_files(model, unfinished)
    return folder


def weights_bytes(model: Model) -> bytes:
    """All arrays of the model, in an order that depends on nothing."""
    arrays = {
        f"{place}.{name}": tensor.detach().cpu().numpy()
        for place, network in _named(model).items()
        for name, tensor in network.state_dict().items()
    }
    for predictor, speaker in model.mixture.speakers.items():
        if isinstance(speaker, Linear):
            arrays |= speaker.arrays(predictor)
    if model.further is not None:
        arrays |= model.further.arrays()
    return save(dict(sorted((arrays | model.together.arrays()).items())))


def _named(model: Model) -> dict[str, Network]:
    """By where its weights stand."""
    named = {str(place): network for place, network in enumerate(model.networks)}
    return named if model.next_items is None else named | {NEXT_ITEMS: model.next_items}


def _write_files(model: Model, folder: Path) -> None:
    weights = weights_bytes(model)
    (folder / WEIGHTS).write_bytes(weights)
    catalogue = model.catalogue
    table = {"item_id": catalogue.item_ids, "title": catalogue.titles, "category": catalogue.categories}
    pl.DataFrame(table, schema=dict.fromkeys(table, pl.String)).write_parquet(folder / ITEMS)
    files = {WEIGHTS: digest(weights), ITEMS: digest((folder / ITEMS).read_bytes())}
    trees = model.mixture.speakers.get(Predictor.TREES)
    if isinstance(trees, Trees):
        grown = trees.to_json().encode()
        (folder / TREES).write_bytes(grown)
        files[TREES] = digest(grown)
    if model.item_vectors:
        vectors = save(dict(model.item_vectors))
        (folder / VECTORS).write_bytes(vectors)
        files[VECTORS] = digest(vectors)
    manifest = dict(model.manifest) | {
        "format": FORMAT,
        "horizons_days": list(HORIZONS),
        "architecture": [network.shape.to_json() for network in model.networks],
        "next_items": None if model.next_items is None else model.next_items.shape.to_json(),
        "features": model.normaliser.to_json(),
        "buying": asdict(model.buying),
        "calibration": model.calibration.to_json(),
        "blend": asdict(model.blend),
        "newcomers": None if model.newcomers is None else asdict(model.newcomers),
        "ahead": None if model.ahead is None else asdict(model.ahead),
        "shares": {"purchase": dict(model.mixture.purchase), "spend": dict(model.mixture.spend)},
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, allow_nan=False))


def read(folder: Path, device: str = "cpu") -> Model:
    """Load and check a model folder.

    Raises:
        ModelRejected: A file is missing, altered, of another format, or does not fit the others.
    """
    manifest = read_manifest(folder)
    try:
        return _assembled(folder, manifest, torch.device(device))
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        RuntimeError,
        SafetensorError,
        pl.exceptions.PolarsError,
    ) as error:
        if isinstance(error, ModelRejected):
            raise
        raise ModelRejected(
            f"{folder}: the parts of the model do not fit together ({error}); train it again"
        ) from error


def _assembled(folder: Path, manifest: Mapping[str, Any], device: torch.device) -> Model:
    if tuple(manifest["horizons_days"]) != HORIZONS:
        raise ModelRejected(
            f"{folder}: horizons are {manifest['horizons_days']}, this version answers {list(HORIZONS)}"
        )
    arrays = load(checked(folder, WEIGHTS, manifest))
    table = pl.read_parquet(checked(folder, ITEMS, manifest))
    catalogue = Catalogue(tuple(table["item_id"]), tuple(table["title"]), tuple(table["category"]))
    vectors = load(checked(folder, VECTORS, manifest)) if VECTORS in manifest["files"] else {}
    together = {name: array for name, array in arrays.items() if name.startswith(TOGETHER_PREFIXES)}
    normaliser = Normaliser.from_json(manifest["features"])
    shapes = {str(place): shape for place, shape in enumerate(manifest["architecture"])}
    if manifest.get(NEXT_ITEMS) is not None:
        shapes[NEXT_ITEMS] = manifest[NEXT_ITEMS]
    networks = _networks(shapes, catalogue, vectors, arrays, device)
    next_items = networks.pop(NEXT_ITEMS, None)
    return Model(
        manifest=manifest,
        catalogue=catalogue,
        networks=tuple(networks.values()),
        next_items=next_items,
        normaliser=normaliser,
        buying=BuyingModel(**{name: float(value) for name, value in manifest["buying"].items()}),
        calibration=Calibration.from_json(manifest["calibration"]),
        together=together_from(together, len(catalogue) + 2),
        blend=_blend(manifest["blend"]),
        newcomers=None if manifest.get("newcomers") is None else _blend(manifest["newcomers"]),
        ahead=None if manifest.get("ahead") is None else _blend(manifest["ahead"]),
        mixture=_mixture(folder, manifest, arrays, len(normaliser.names)),
        further=recurrence_from(arrays, len(normaliser.names)),
        item_vectors=vectors,
    )


def _blend(said: Mapping[str, Any]) -> Blend:
    return Blend(**{**said, "rest": tuple(said.get("rest", ()))})


def _mixture(folder: Path, manifest: Mapping[str, Any], arrays: dict[str, np.ndarray], features: int) -> Mixture:
    purchase, spend = (
        {Predictor(name): float(share) for name, share in manifest["shares"][part].items()}
        for part in ("purchase", "spend")
    )
    asked = {*purchase, *spend}
    speakers: dict[Predictor, Speaker] = {
        predictor: linear_from(arrays, predictor, features) for predictor in LINEAR_PREDICTORS if predictor in asked
    }
    if Predictor.TREES in asked:
        speakers[Predictor.TREES] = Trees.from_json(checked(folder, TREES, manifest))
    return Mixture(speakers=speakers, purchase=purchase, spend=spend)


def _networks(
    shapes: Mapping[str, Any],
    catalogue: Catalogue,
    vectors: Mapping[str, ItemVectors],
    arrays: dict[str, np.ndarray],
    device: torch.device,
) -> dict[str, Network]:
    words, networks = item_words(catalogue), {}
    encoded = {modality: torch.from_numpy(found) for modality, found in vectors.items()}
    for place, shape in shapes.items():
        network = Network(Architecture(**shape), words, encoded)
        own = {name: torch.from_numpy(array) for name, array in arrays.items() if name.startswith(f"{place}.")}
        network.load_state_dict({name.split(".", 1)[1]: tensor for name, tensor in own.items()})
        networks[place] = network.to(device).eval().requires_grad_(requires_grad=False)
    return networks
