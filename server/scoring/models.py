"""Registered models between the wire and us."""

from collections.abc import Mapping
from typing import Any

from tierwise.v1 import model_pb2, scoring_service_pb2

from campaigns.models.comparison import comparison_of
from campaigns.models.gates import Gate, Report
from campaigns.models.stages import Stage, State
from database.models.registry import RegisteredModel
from database.models.shadow_comparisons import StoredComparison
from server.wire.money import money
from server.wire.names import MODEL
from server.wire.stamps import maybe_stamp, stamp


def stage_of(request: scoring_service_pb2.MoveModelRequest) -> Stage:
    """Where a model should go."""
    share = request.canary_share if request.HasField("canary_share") else None
    return Stage(State(model_pb2.Model.State.Name(request.state)), share)


def model_message(
    model: RegisteredModel, comparison: StoredComparison | None = None, report: Report | None = None
) -> model_pb2.Model:
    """For the wire; with what it said as a shadow and what it proved, if anything."""
    return model_pb2.Model(
        name=f"{MODEL}{model.model_id}", state=model_pb2.Model.State.Value(model.state),
        metrics=_numbers(model.manifest.get("metrics", {})), etag=model.etag, create_time=stamp(model.create_time),
        activate_time=maybe_stamp(model.activate_time), move_time=maybe_stamp(model.move_time),
        canary_share=model.canary_share,
        predecessor="" if model.predecessor is None else f"{MODEL}{model.predecessor}",
        comparison=None if comparison is None else _comparison(comparison),
        gates=[] if report is None else [_gate(gate) for gate in report.gates],
    )  # fmt: skip


def _gate(gate: Gate) -> model_pb2.Model.Gate:
    return model_pb2.Model.Gate(
        name=gate.name, value=gate.value, limit=gate.limit, reason=gate.reason,
        verdict=model_pb2.Model.Gate.Verdict.Value(gate.verdict),
    )  # fmt: skip


def _comparison(stored: StoredComparison) -> model_pb2.Model.Comparison:
    found = comparison_of(stored)
    return model_pb2.Model.Comparison(
        against=f"{MODEL}{stored.against}", count=found.count, purchase_difference=found.purchase_difference,
        spend_difference=money(round(found.spend_difference_minor), stored.currency), stability=found.stability,
        rank_correlation=found.rank_correlation, failed_count=stored.sums.failed_count,
        skipped_count=stored.sums.skipped_count, begin_time=stamp(stored.begin_time),
        update_time=stamp(stored.update_time),
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
