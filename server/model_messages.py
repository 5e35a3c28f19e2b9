"""Registered models between the wire and us."""

from collections.abc import Mapping
from typing import Any

from tierwise.v1 import model_pb2

from database.models import RegisteredModel
from server.stamps import stamp

MODEL = "models/"


def model_id(name: str) -> str:
    """Last part of a resource name."""
    return name.removeprefix(MODEL)


def model_message(model: RegisteredModel) -> model_pb2.Model:
    """For the wire."""
    return model_pb2.Model(
        name=f"{MODEL}{model.model_id}", state=model_pb2.Model.State.Value(model.state),
        metrics=_numbers(model.manifest.get("metrics", {})), etag=model.etag, create_time=stamp(model.create_time),
        activate_time=None if model.activate_time is None else stamp(model.activate_time),
    )  # fmt: skip


def _numbers(metrics: Mapping[str, Any], root: str = "") -> dict[str, float]:
    """Figures by path, such as `test.auc`."""
    found: dict[str, float] = {}
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            found |= _numbers(value, f"{root}{name}.")
        elif isinstance(value, int | float):
            found[root + name] = float(value)
    return found
