"""What a replica of a test computes on a GPU: it runs out of memory, and loses its device, on request."""

from collections.abc import Sequence

import torch

from scoring.pool.replica import Compute, Payload
from scoring.replicas.devices import dying_with_the_device

SHARE = 0.02
"""Of the GPU's memory that the replica may take."""


def roomy_rows() -> Compute:
    """Doubles rows. Each takes a third of the memory, `huge` takes more than all, and `lost` breaks the device."""
    torch.cuda.set_per_process_memory_fraction(SHARE)
    all_of_it = int(SHARE * torch.cuda.get_device_properties(0).total_memory)

    def compute(_kind: object, rows: Sequence[Payload]) -> list[bytes]:
        payloads = [bytes(row) for row in rows]
        with dying_with_the_device():
            if b"lost" in payloads:
                # An index beyond the end is an assertion on the device, after which nothing of this process runs there.
                torch.zeros(1, device="cuda")[torch.tensor([9], device="cuda")].cpu()
            taken = [torch.empty(all_of_it // 3, dtype=torch.uint8, device="cuda") for _ in payloads]
            if b"huge" in payloads:
                taken.append(torch.empty(2 * all_of_it, dtype=torch.uint8, device="cuda"))
            del taken
            torch.cuda.empty_cache()
        return [payload * 2 for payload in payloads]

    return compute
