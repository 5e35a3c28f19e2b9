"""The shadow: asked after the answer what it would have said. It has processes of its own, so it delays nobody.

What it said is kept as sums, which are added to those in the database every few seconds; a process that is killed,
or finds no database, loses the last ones.
"""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import structlog

from campaigns.models.comparison import sums_of
from database.models import shadow_comparisons
from database.session import Database
from scoring.pool.batch import Observer, Ticket
from scoring.pool.figures import PoolFigures
from scoring.pool.lane import Lane
from scoring.pool.pool import Pool
from scoring.pool.process import Wanted
from scoring.pool.refusals import Closed, Expired, GivenUp, Overloaded, ReplicaDied
from scoring.pool.row import Loaded, Told
from scoring.replicas.asking import Kind, ModelFolder, Role, Task, score_of
from scoring.replicas.replicas import Replicas
from scoring.score import ModelRejected, Score
from server.scoring.live import InForce
from server.scoring.loading import Place
from server.scoring.outage import outage
from server.scoring.rejected import Rejected

BATCH = 16
LONGEST_WAIT = 5.0
"""Seconds that a question waits for the shadow; with more before it, it is not asked."""
POLL_SECONDS = 1.0
KEEP_SECONDS = 5.0

log = structlog.get_logger("server")


class Shadow:
    """One model and what it said beside another; safe for threads."""

    def __init__(self, model: ModelFolder, replicas: Replicas, observe: Observer, wanted: Wanted) -> None:
        """Raises ModelRejected, and GivenUp once it is not `wanted` any more while it loads."""
        self.model, self._kind = model, Kind(Task.SCORE, Role.SHADOW, model_id=model.model_id)
        self._pool = Pool[None, None](
            replicas.several(1),
            batch_size=BATCH,
            longest_wait=LONGEST_WAIT,
            name="shadow",
            observe=observe,
            died=lambda _kind, error: log.warning("replica died", pool="shadow", error=str(error)),
        )
        self._lock = threading.Lock()
        self._pairs: list[tuple[Score, Score]] = []
        self._failed = self._skipped = 0
        try:
            replicas.hold({Role.SHADOW: model}, wanted)
        except (ModelRejected, GivenUp):
            self._pool.close()
            raise

    def ask(self, said: Score, place: Place) -> None:
        """What it would have said there; nobody waits for it."""
        asked = Loaded(place.payload, None)
        deadline = time.monotonic() + LONGEST_WAIT
        try:
            ticket = self._pool.submit_loaded(asked, deadline=deadline, lane=Lane.BACKGROUND, kind=self._kind)
        except (Overloaded, Expired, Closed, ReplicaDied):
            self._count(skipped=1)
        else:
            ticket.add_done_callback(partial(self._told, said, place))

    def keep(self, database: Database) -> None:
        """Add what was said since the last time to the sums in the database, beside the model that answered last."""
        with self._lock:
            pairs, failed, skipped = self._pairs, self._failed, self._skipped
            self._pairs, self._failed, self._skipped = [], 0, 0
        if not pairs:
            self._count(failed=failed, skipped=skipped)
            return
        said, now = pairs[-1][0], datetime.now(UTC)
        sums = sums_of((pair for pair in pairs if pair[0].model_id == said.model_id), failed=failed, skipped=skipped)
        with database.writing() as transaction:
            shadow_comparisons.add(transaction, self.model.model_id, said.model_id, said.currency, sums, now)

    def figures(self) -> PoolFigures:
        """Counters of its pool."""
        return self._pool.figures()

    def close(self) -> None:
        """Ask it no more; its processes end."""
        self._pool.close()

    def _told(self, said: Score, place: Place, ticket: Ticket[Told[None]]) -> None:
        try:
            shadow = score_of(ticket.result().answer, said.customer_id, place.as_of)
        except Expired:
            self._count(skipped=1)
        except Exception:  # noqa: BLE001 - whatever it is, no caller has to do with it
            self._count(failed=1)
        else:
            with self._lock:
                self._pairs.append((said, shadow))

    def _count(self, *, failed: int = 0, skipped: int = 0) -> None:
        with self._lock:
            self._failed += failed
            self._skipped += skipped


class Shadows:
    """Follows which model is the shadow, and sees that what it says is kept."""

    def __init__(
        self, database: Database, replicas: Replicas, in_force: Callable[[], InForce], observe: Observer
    ) -> None:
        """`replicas` are those of the models that answer; a shadow has others beside them."""
        self._database, self._replicas, self._in_force, self._observe = database, replicas, in_force, observe
        self._shadow: Shadow | None = None
        self._left_alone = Rejected()
        self._keep_at = 0.0
        self._following = threading.Lock()
        self._stop = threading.Event()
        self._follower = threading.Thread(target=self._run, name="shadow-follower", daemon=True)

    def start(self) -> None:
        """Follow from here on."""
        self._follower.start()

    def stop(self) -> None:
        """Follow no longer, and keep what was said."""
        self._stop.set()
        if self._follower.is_alive():
            self._follower.join()
        self._end()

    def ask(self, said: Score, place: Place) -> None:
        """The shadow, if there is one, what it would have said in the place of the active model."""
        shadow, active = self._shadow, self._in_force().model
        if shadow is not None and active is not None and said.model_id == active.model_id:
            shadow.ask(said, place)

    def figures(self) -> Mapping[str, PoolFigures]:
        """Of its pool, if there is one."""
        shadow = self._shadow
        return {} if shadow is None else {"shadow": shadow.figures()}

    def follow(self) -> None:
        """Take up or give up what is in force at this moment, and keep what was said."""
        with self._following:
            wanted, shadow, now = self._in_force().models.get(Role.SHADOW), self._shadow, time.monotonic()
            if shadow is not None and shadow.model != wanted:
                self._end()
            elif shadow is not None and now >= self._keep_at:
                self._keep_at = now + KEEP_SECONDS
                shadow.keep(self._database)
            if wanted is not None and self._shadow is None and wanted not in self._left_alone:
                self._begin(wanted)

    def _begin(self, model: ModelFolder) -> None:
        try:
            with suppress(GivenUp):
                self._shadow = Shadow(model, self._replicas.beside(), self._observe, partial(self._wants, model))
        except ModelRejected as error:
            self._left_alone.add(model)
            log.warning("shadow rejected", model=model.model_id, error=str(error))

    def _wants(self, model: ModelFolder) -> bool:
        return not self._stop.is_set() and self._in_force().models.get(Role.SHADOW) == model

    def _end(self) -> None:
        shadow, self._shadow = self._shadow, None
        if shadow is not None:
            shadow.close()
            shadow.keep(self._database)

    def _run(self) -> None:
        attempt = outage("shadow")
        while not self._stop.wait(POLL_SECONDS):
            with attempt:
                self.follow()
