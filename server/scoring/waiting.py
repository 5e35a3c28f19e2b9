"""How a call waits for what the pool has promised it, and what it is told when nothing comes."""

import asyncio
from concurrent.futures import CancelledError
from contextlib import suppress

from scoring.pool.batch import Ticket
from scoring.pool.refusals import ComputationFailed, Expired, ReplicaDied
from scoring.pool.row import Told
from server.answering import call
from server.scoring.loading import Place
from server.wire.refusals import CallerGone, ModelUnavailable

Promised = Ticket[Told[Place]]


class ModelFailed(Exception):
    """The network raised something; the cause says what."""


async def awaited(ticket: Promised) -> Told[Place]:
    """As `waited`, in the event loop."""
    settled = asyncio.get_running_loop().create_future()

    def settle(_ticket: object) -> None:
        if not settled.done():
            settled.set_result(None)

    ticket.add_done_callback(settle)
    with suppress(TimeoutError):
        async with asyncio.timeout_at(call.current().deadline):
            await settled
    return waited(ticket)


def waited(ticket: Promised) -> Told[Place]:
    """The answer, if it comes before the deadline. Raises what the pool raises, in the door's words."""
    try:
        told = ticket.result(max(call.current().remaining(), 0))
    except CancelledError as gone:
        raise CallerGone("the call was cancelled") from gone
    except TimeoutError as late:
        raise Expired("the deadline passed before the answer was ready") from late
    except ComputationFailed as failed:
        raise ModelFailed("the network failed") from failed
    except ReplicaDied as died:
        raise ModelUnavailable(f"the model cannot answer: {died}") from died
    call.current().timings.note(ticket)
    return told
