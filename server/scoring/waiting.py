"""How a call waits for what the pool has promised it, and what it is told when nothing comes."""

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import TypeAlias

from scoring.pool.batch import Ticket
from scoring.pool.refusals import ComputationFailed, Expired, ReplicaDied
from scoring.pool.row import Told
from server.answering import call
from server.scoring.loading import Place
from server.wire.refusals import CallerGone, ModelUnavailable

Promised = Ticket[Told[Place]]
Silent: TypeAlias = Callable[[], float]
"""For how many seconds an answer has been owed, where nobody should wait for it any more; else 0."""
LOOK_SECONDS = 0.5
"""Between two looks whether it is so."""


class ModelFailed(Exception):
    """The network raised something; the cause says what."""


async def awaited(ticket: Promised, silent: Silent) -> Told[Place]:
    """As `waited`, in the event loop."""
    while not ticket.done() and (left := call.current().remaining()) > 0:
        _check(silent)
        await _settled(ticket, min(left, LOOK_SECONDS))
    return _told(ticket)


def waited(ticket: Promised, silent: Silent) -> Told[Place]:
    """The answer, if it comes before the deadline. Raises what the pool raises, in the door's words.

    Raises ModelUnavailable once it is `silent`.
    """
    while not ticket.done() and (left := call.current().remaining()) > 0:
        _check(silent)
        with suppress(TimeoutError, CancelledError):
            ticket.exception(min(left, LOOK_SECONDS))
    return _told(ticket)


async def _settled(ticket: Promised, seconds: float) -> None:
    """Until it is done, or for so long."""
    settled = asyncio.get_running_loop().create_future()

    def settle(_ticket: object) -> None:
        if not settled.done():
            settled.set_result(None)

    ticket.add_done_callback(settle)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await settled


def _check(silent: Silent) -> None:
    """Before each wait: of many tickets the first has waited for all."""
    if seconds := silent():
        raise ModelUnavailable(f"the model cannot answer: its replica is silent for {seconds:.1f} s longer than usual")


def _told(ticket: Promised) -> Told[Place]:
    try:
        told = ticket.result(0)
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
