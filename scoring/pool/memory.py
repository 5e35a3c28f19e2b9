"""Memory that two processes share, and how the model process uses its own."""

import ctypes
import mmap
import os
import struct
from collections.abc import Sequence

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's mallopt."""
KEPT_BYTES = 2**30
GRAIN = 2**18
"""Bytes by which a block grows."""


def keep_freed_memory() -> None:
    """Let malloc keep what tensors free, instead of giving it back to the system and faulting it in for each batch."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, KEPT_BYTES)
        mallopt(TRIM_THRESHOLD, KEPT_BYTES)


class Block:
    """One contiguous block in which a batch of rows lies: their number, their lengths, and then their bytes.

    It has no name, so that nothing is left of it when both processes have ended, however they end.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._memory: mmap.mmap | None = None

    @classmethod
    def new(cls) -> "Block":
        """An empty one."""
        descriptor = os.memfd_create("batch", os.MFD_CLOEXEC)
        os.ftruncate(descriptor, GRAIN)
        return cls(descriptor)

    def write(self, rows: Sequence[bytes]) -> None:
        """In place of what it held."""
        lengths = struct.pack(f"<{len(rows) + 1}Q", len(rows), *map(len, rows))
        size = len(lengths) + sum(map(len, rows))
        memory = self._reaching(size)
        memory[: len(lengths)] = lengths
        memory[len(lengths) : size] = b"".join(rows)

    def read(self) -> list[memoryview]:
        """The rows, as they lie in the block."""
        view = memoryview(self._reaching(os.fstat(self.descriptor).st_size))
        (count,) = struct.unpack_from("<Q", view)
        lengths = struct.unpack_from(f"<{count}Q", view, 8)
        start = 8 + 8 * count
        rows = []
        for length in lengths:
            rows.append(view[start : start + length])
            start += length
        return rows

    def close(self) -> None:
        """Let go of it."""
        os.close(self.descriptor)

    def _reaching(self, size: int) -> mmap.mmap:
        """The memory, of at least this size; the other process may have made it larger."""
        held = self._memory
        if held is None or len(held) < size:
            there = os.fstat(self.descriptor).st_size
            if there < size:
                there = -(-size // GRAIN) * GRAIN
                os.ftruncate(self.descriptor, there)
            held = self._memory = mmap.mmap(self.descriptor, there)
        return held
