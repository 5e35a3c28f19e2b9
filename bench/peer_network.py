"""The network that other servers were measured with, behind a replica of ours.

Its files lie outside the project; `make bench-serving` is told where.
"""

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scoring.pool.replica import Compute, Payload

TOKENS = 64
TOKEN_BYTES = TOKENS * 8
ROW_BYTES = 2 * TOKEN_BYTES
"""int64 tokens [64], then float32 features [64, 2]."""
WARM = (1, 2, 4, 8, 16, 32)
Tokens = npt.NDArray[np.int64]
Features = npt.NDArray[np.float32]
Forward = Callable[[Tokens, Features], npt.NDArray[np.float32]]


class Variant(NamedTuple):
    """How the network computes."""

    bfloat16: bool = False
    last: bool = False
    """The last layer for the last position only."""
    openvino: bool = False


def computing(folder: Path, variant: Variant) -> Compute:
    """For a replica: rows as they come over the wire, answers as messages of the floors' own proto."""
    forward, answered = forward_of(folder, variant), messages(folder).ScoreResponse

    def compute(_kind: object, rows: Sequence[Payload]) -> list[bytes]:
        tokens, features = batch_of(rows)
        return [answered(scores=each).SerializeToString() for each in forward(tokens, features).tolist()]

    for count in WARM:
        compute(None, [bytes(ROW_BYTES)] * count)
    return compute


def batch_of(rows: Sequence[Payload]) -> tuple[Tokens, Features]:
    """[B, 64] and [B, 64, 2]."""
    numbers = np.frombuffer(b"".join(rows), np.int64).reshape(len(rows), 2 * TOKENS)
    features = numbers[:, TOKENS:].copy().view(np.float32).reshape(len(rows), TOKENS, 2)
    return numbers[:, :TOKENS].copy(), features


def forward_of(folder: Path, variant: Variant) -> Forward:
    """Of the same weights, whatever the variant; one thread."""
    import torch  # noqa: PLC0415  # the front imports this module too, and no tensors

    torch.set_num_threads(1)
    made = _import(folder, "model").build_model()
    network = _import(folder, "lastonly").LastOnly(made).eval() if variant.last else made
    if variant.openvino:
        return _compiled(network, "bf16" if variant.bfloat16 else "f32")
    dtype = torch.bfloat16 if variant.bfloat16 else torch.float32
    network = network.to(dtype)

    def forward(tokens: Tokens, features: Features) -> npt.NDArray[np.float32]:
        with torch.inference_mode():
            answers: npt.NDArray[np.float32] = (
                network(torch.from_numpy(tokens), torch.from_numpy(features).to(dtype)).float().numpy()
            )
            return answers

    return forward


def _compiled(network: Any, precision: str) -> Forward:  # noqa: ANN401 - a module from outside the project
    import openvino  # noqa: PLC0415  # an extra
    import torch  # noqa: PLC0415  # see above

    example = (torch.zeros(8, TOKENS, dtype=torch.int64), torch.zeros(8, TOKENS, 2))
    converted = openvino.convert_model(network, example_input=example)
    options = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1}
    request = openvino.Core().compile_model(converted, "CPU", options).create_infer_request()
    return lambda tokens, features: request.infer([tokens, features], share_inputs=True, share_outputs=True)[0]


def messages(folder: Path) -> Any:  # noqa: ANN401 - generated, and not ours
    """The generated module of the floors' proto."""
    return _import(folder / "gen", "bench_pb2")


def _import(folder: Path, name: str) -> Any:  # noqa: ANN401 - from outside the project
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return importlib.import_module(name)
