"""Our pool behind the floors' own proto: `python -m bench.peer_front ADDRESS FOLDER FRONT PLACE [VARIANT …]`.

FRONT is `aio`, or `sync` for threads; PLACE is `process`, `processes` for two of them, or `local` for the network in
this process. A VARIANT is a field of `Variant`. It only glues: the two fields of a request are a row, and the replica
answers with the bytes of the message. Requests share no rows, though the load generator always sends the same one.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import grpc

from bench.peer_network import Variant, computing, messages
from scoring.pool.batch import Batch, Ticket
from scoring.pool.pool import Pool
from scoring.pool.process import ProcessReplica
from scoring.pool.replica import LocalReplica, Replica
from scoring.pool.row import Loaded, Told
from scoring.pool.zygote import Zygote
from server.front.port import new_server

SERVICE, METHOD = "bench.Scorer", "Score"
THREADS = 300
LONGEST_SECONDS = 60.0
PROCESSES = {"process": 1, "processes": 2}
Rows = Pool[None, None]


class LoopTicket(asyncio.Future[Told[None]]):
    """A promise that belongs to an event loop, with what the pool notes in it."""

    batch: Batch | None = None
    waited: float = 0.0
    mark: object = None


def loaded(request: Any) -> Loaded[None]:  # noqa: ANN401 - a message from outside the project
    """The two fields of a request."""
    return Loaded(request.tokens + request.feats, None)


def deadline_of(context: Any) -> float:  # noqa: ANN401 - of either colour
    """Of the caller, by the pool's clock."""
    return time.monotonic() + min(context.time_remaining() or LONGEST_SECONDS, LONGEST_SECONDS)


def replicas_of(folder: Path, place: str, variant: Variant) -> list[Replica]:
    """The network, where it is to compute."""
    make = partial(computing, folder, variant)
    if place == "local":
        return [LocalReplica(make())]
    zygote = Zygote(["torch", "numpy"])
    return [ProcessReplica(zygote, make) for _ in range(PROCESSES[place])]


def add(server: Any, score: Any, address: str, folder: Path) -> None:  # noqa: ANN401 - of either colour
    """The one method of the service."""
    handlers: dict[str, Any] = {
        METHOD: grpc.unary_unary_rpc_method_handler(score, messages(folder).ScoreRequest.FromString)
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_registered_method_handlers(SERVICE, handlers)
    server.add_insecure_port(address)


def _settle(loop: asyncio.AbstractEventLoop, settle: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(settle)


async def serve(address: str, replicas: list[Replica], folder: Path) -> None:
    """In an event loop, in which the pool's threads settle whole batches at once."""
    loop = asyncio.get_running_loop()
    pool = Rows(
        replicas, promise=lambda _arrived, _mark: LoopTicket(loop=loop),  # type: ignore[arg-type,return-value] # a future
        hand_out=lambda settle: _settle(loop, settle),
    )  # fmt: skip

    async def score(request: Any, context: Any) -> bytes:  # noqa: ANN401 - generated stubs type it no better
        ticket: Any = pool.submit_loaded(loaded(request), deadline=deadline_of(context))
        told: Told[None] = await ticket
        return told.answer

    server = await new_server()
    add(server, score, address, folder)
    await server.start()
    print("ready", flush=True)
    await server.wait_for_termination()


def serve_by_threads(address: str, replicas: list[Replica], folder: Path) -> None:
    """A thread waits for each answer."""
    pool = Rows(replicas)

    def score(request: Any, context: Any) -> bytes:  # noqa: ANN401 - generated stubs type it no better
        ticket: Ticket[Told[None]] = pool.submit_loaded(loaded(request), deadline=deadline_of(context))
        return ticket.result().answer

    server = grpc.server(ThreadPoolExecutor(THREADS))
    add(server, score, address, folder)
    server.start()
    print("ready", flush=True)
    server.wait_for_termination()


def main(address: str, folder: str, front: str, place: str, *variant: str) -> None:
    """Until it is killed."""
    replicas = replicas_of(Path(folder), place, Variant(**dict.fromkeys(variant, True)))
    if front == "aio":
        asyncio.run(serve(address, replicas, Path(folder)))
    else:
        serve_by_threads(address, replicas, Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
