"""What runs in the zygote and in the replicas that it forks."""

import importlib
import os
import pickle
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from scoring.pool.memory import Block, keep_freed_memory
from scoring.pool.process import DONE, FAILED
from scoring.pool.refusals import ReplicaDied
from scoring.pool.replica import Compute
from scoring.pool.zygote import NEWS_BYTES

LIKELY_VICTIM = "500"
"""For the kernel, when memory runs out: rather this process than the one that answers callers."""


def zygote(descriptor: int, imports: Sequence[str]) -> None:
    """Fork for each order until the stream ends."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # Both are meant for the process that started this one, and are sent to whole groups.
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for name in imports:
        importlib.import_module(name)
    with socket.socket(fileno=descriptor) as link:
        while True:
            order, descriptors, _, _ = socket.recv_fds(link, NEWS_BYTES, 2)
            if not order:
                return
            pid = os.fork()
            if pid == 0:
                link.close()
                _replica(order, *descriptors)
            for each in descriptors:
                os.close(each)
            link.send(str(pid).encode())


def _replica(order: bytes, stream: int, memory: int) -> None:
    """Make what computes, and compute until the stream ends; never returns."""
    status = 1
    try:
        Path("/proc/self/oom_score_adj").write_text(LIKELY_VICTIM)
        # Whoever takes calls up goes first: under overload one that waits for a core refuses nobody in time.
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        keep_freed_memory()
        with socket.socket(fileno=stream) as link:
            _serve(order, link, Block(memory))
        status = 0
    except BaseException:  # noqa: BLE001 - the last words of a process
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _serve(order: bytes, link: socket.socket, block: Block) -> None:
    try:
        compute: Compute = pickle.loads(order)()  # noqa: S301 - our own words, over our own stream
    except Exception:  # noqa: BLE001 - whoever asked is told
        block.write([traceback.format_exc().encode()])
        link.send(FAILED)
        return
    link.send(DONE)
    while link.recv(1):
        kind, *rows = block.read()
        try:
            answers = compute(pickle.loads(kind), rows)  # noqa: S301 - the same
        except ReplicaDied:
            raise  # with this process
        except Exception:  # noqa: BLE001 - whoever asked is told
            block.write([traceback.format_exc().encode()])
            link.send(FAILED)
        else:
            block.write(answers)
            link.send(DONE)
