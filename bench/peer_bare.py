"""The bare network of the floors: `python -m bench.peer_bare FOLDER [VARIANT …]` measures for each line of seconds."""

import json
import statistics
import sys
import time
from pathlib import Path

from bench.figures import percentile
from bench.peer_network import ROW_BYTES, Variant, batch_of, forward_of
from scoring.pool.memory import keep_freed_memory

BATCH = 32
MILLISECONDS = 1000


def main(folder: str, *variant: str) -> None:
    """Until the lines end."""
    keep_freed_memory()
    forward = forward_of(Path(folder), Variant(**dict.fromkeys(variant, True)))
    tokens, features = batch_of([bytes(ROW_BYTES)] * BATCH)
    forward(tokens, features)
    for line in sys.stdin:
        taken: list[float] = []
        began_processor, end = time.process_time(), time.perf_counter() + float(line)
        while (began := time.perf_counter()) < end:
            forward(tokens, features)
            taken.append(MILLISECONDS * (time.perf_counter() - began))
        answers = len(taken) * BATCH
        told = {
            "rate": MILLISECONDS * answers / sum(taken), "p50": statistics.median(taken),
            "p99": percentile(taken, 0.99),
            "processor": MILLISECONDS * (time.process_time() - began_processor) / answers,
        }  # fmt: skip
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
