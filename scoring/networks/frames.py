"""Forward passes of fixed sizes: on a GPU one captured graph each, replayed by one launch instead of a hundred.

A batch is laid into the smallest frame that holds it; what is left of the frame is padding, which nothing sees. It
crosses to the device in one copy from pinned memory, and the answers come back in one. On a processor the same code
calls the networks where a GPU replays.
"""

import itertools
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields
from typing import NamedTuple

import torch
from torch import Tensor

from scoring.networks.network import HORIZONS, Network
from scoring.networks.passing import Networks
from scoring.seen.sequence import ITEMS, NUMBERS, TOKENS, WORDS, Batch

ROWS = (1, 8, 32, 64, 128, 256)
LENGTHS = (16, 64, TOKENS)
BAGS = ((4, 4), (ITEMS, WORDS))
"""Items and words of a token: few, as nearly everywhere, or as many as are ever read."""
ALIGNED = 64
"""Bytes; every field begins at a multiple."""
WARM_UPS = 3
"""Passes before one is captured, in which libraries choose their kernels."""

Replay = Callable[[], object]
MemoryPool = tuple[int, int] | None
"""Of graphs that leave nothing in it between two replays, one at a time."""


class Size(NamedTuple):
    """Of a frame."""

    rows: int
    length: int
    items: int
    words: int

    def holds(self, other: "Size") -> bool:
        """Whether a batch of the other size fits."""
        return all(ours >= theirs for ours, theirs in zip(self, other, strict=True))


SIZES = sorted(
    (Size(rows, length, *bags) for rows, length, bags in itertools.product(ROWS, LENGTHS, BAGS)), key=math.prod
)
"""Smallest first."""


@dataclass(frozen=True, slots=True)
class Field:
    """Where a field of the batch lies in the block."""

    start: int
    stop: int
    dtype: torch.dtype
    shape: tuple[int, ...]


class Frames:
    """Networks that answer batches of up to max(ROWS) questions, one of each sequence. Safe to call from threads."""

    def __init__(self, networks: Sequence[Network], device: torch.device, *, bfloat16: bool = False) -> None:
        self._networks, self._device, self._bfloat16 = Networks(networks), device, bfloat16
        self._frames: dict[Size, _Frame] = {}
        self._pool = torch.cuda.graph_pool_handle() if device.type == "cuda" else None
        self._lock = threading.Lock()

    def __call__(self, batch: Batch) -> Tensor:
        """As every Forward."""
        size = size_of(batch)
        with self._lock, _on(self._device):
            return self._frame(size).answer(batch)

    def prepare(self) -> None:
        """Capture every size, so that no caller waits for one; the largest first, whose memory the others share."""
        with self._lock, _on(self._device):
            for size in reversed(SIZES):
                self._frame(size)

    def _frame(self, size: Size) -> "_Frame":
        if size not in self._frames:
            self._frames[size] = _Frame(self._networks, size, self._device, self._pool, bfloat16=self._bfloat16)
        return self._frames[size]


def size_of(batch: Batch) -> Size:
    """The smallest that holds it."""
    rows, length = batch.kind.shape
    wanted = Size(rows, length, batch.items.shape[2], batch.words.shape[2])
    return next(size for size in SIZES if size.holds(wanted))


class _Frame:
    """One size, with its memory on both sides."""

    def __init__(
        self, networks: Networks, size: Size, device: torch.device, pool: MemoryPool, *, bfloat16: bool
    ) -> None:
        pinned = device.type == "cuda"
        layout, length = _layout(size, networks.features)
        self._host = torch.zeros(length, dtype=torch.uint8, pin_memory=pinned)
        self._block = torch.zeros(length, dtype=torch.uint8, device=device)
        self._laid, batch = _views(self._host, layout), Batch(**_views(self._block, layout))
        self._said = torch.zeros(size.rows, len(HORIZONS) + 3, dtype=torch.float64, pin_memory=pinned)
        self._answers = torch.zeros_like(self._said, device=device)

        def compute() -> None:
            # Autocast keeps rounded weights for the next call, which a captured graph must not read.
            with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16, cache_enabled=False):
                self._answers.copy_(networks.means(batch)[:, 0])

        self._device, self._replay = device, _captured(compute, pool) if device.type == "cuda" else compute

    def answer(self, batch: Batch) -> Tensor:
        self._lay(batch)
        with torch.inference_mode():
            self._block.copy_(self._host, non_blocking=True)
            self._replay()
            self._said.copy_(self._answers, non_blocking=True)
        if self._device.type == "cuda":
            torch.cuda.current_stream(self._device).synchronize()
        return self._said[: len(batch.kind)].clone()

    def _lay(self, batch: Batch) -> None:
        self._host.zero_()
        for name, laid in self._laid.items():
            values: Tensor = getattr(batch, name)
            laid[tuple(slice(size) for size in values.shape)] = values


def _layout(size: Size, features: int) -> tuple[Mapping[str, Field], int]:
    """Of each field, and how long the block is."""
    rows, length, items, words = size
    wanted = {
        "kind": (torch.int32, (rows, length)),
        "time": (torch.float64, (rows, length)),
        "numbers": (torch.float32, (rows, length, NUMBERS)),
        "items": (torch.int32, (rows, length, items)),
        "words": (torch.int32, (rows, length, words)),
        "query_time": (torch.float64, (rows, 1)),
        "tabular": (torch.float32, (rows, 1, features)),
    }
    layout, start = dict[str, Field](), 0
    for field in fields(Batch):
        dtype, shape = wanted[field.name]
        stop = start + dtype.itemsize * math.prod(shape)
        layout[field.name] = Field(start, stop, dtype, shape)
        start = -(-stop // ALIGNED) * ALIGNED
    return layout, start


def _views(block: Tensor, layout: Mapping[str, Field]) -> dict[str, Tensor]:
    return {name: block[at.start : at.stop].view(at.dtype).view(at.shape) for name, at in layout.items()}


def _on(device: torch.device) -> AbstractContextManager[object]:
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def _captured(compute: Callable[[], None], pool: MemoryPool) -> Replay:
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch does not type it
    stream.wait_stream(torch.cuda.current_stream())
    with torch.inference_mode():
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                compute()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=pool):  # type: ignore[arg-type]  # torch keeps the type to itself
            compute()
    return graph.replay
