"""What grpc.health says: of the server, of each service, and of each model as models/ID."""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2

from server.scoring.live import InForce
from server.wire.names import MODEL

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
LONGEST_NAME = 256
"""Symbols. What is watched is kept for as long as somebody watches it, and nobody has to say who they are."""
MOST_WATCHERS = 5000
"""At once; each takes about 9 kB."""
Tell = Callable[[str, int], None]
"""Sets the status of what has this name, one of those of HealthCheckResponse."""


class Health(health.aio.HealthServicer):
    """gRPC's own, which by itself tells of one name at a time, and keeps whatever is watched."""

    def __init__(self) -> None:
        super().__init__()
        self._watchers = 0

    async def Watch(self, request: Any, context: "grpc.aio.ServicerContext[Any, Any]") -> None:  # noqa: ANN401, N802
        """As gRPC's own, for so many at once and for names that something here may have."""
        if len(request.service) > LONGEST_NAME:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"service: must be at most {LONGEST_NAME} symbols")
        if self._watchers >= MOST_WATCHERS:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"{MOST_WATCHERS} are watching: ask with Check")
        self._watchers += 1
        try:
            await super().Watch(request, context)
        finally:
            self._watchers -= 1

    async def List(self, _request: Message, _context: object) -> Message:  # noqa: N802 - the method's name
        statuses: dict[str, int] = self._server_status  # type: ignore[attr-defined] # its stub type hides it
        told = {name: health_pb2.HealthCheckResponse(status=status) for name, status in statuses.items()}
        answer: Message = health_pb2.HealthListResponse(statuses=told)  # type: ignore[attr-defined] # newer than its stub
        return answer


class Announcer:
    """Told what is in force, of each pool how many replicas it has, and whether the database answers; tells watchers.

    Of the server as a whole nothing is told here: that it runs does not depend on others.
    """

    def __init__(self, tell: Tell, *, need_model: Mapping[str, str], need_database: Iterable[str]) -> None:
        """`need_model` are services with the pool that answers for each; they need the database, too."""
        self._tell = tell
        self._pools: Mapping[str, str | None] = {**dict.fromkeys(need_database), **need_model}
        """Of every service."""
        self._models: frozenset[str] = frozenset()
        self._empty: frozenset[str] = frozenset()
        self._database_answers = True
        self._one_at_a_time = threading.Lock()
        self.announce(InForce())

    def announce(self, in_force: InForce) -> None:
        """A model that is not in force any more answers nobody, and says so."""
        with self._one_at_a_time:
            models = frozenset(f"{MODEL}{model.model_id}" for model in in_force.answering)
            for model in self._models - models:
                self._tell(model, NOT_SERVING)
            for model in models:
                self._tell(model, SERVING)
            self._models = models
            self._tell_of_services()

    def staffed(self, pool: str, replicas: int) -> None:
        """Without replicas a pool answers nobody."""
        with self._one_at_a_time:
            self._empty = self._empty - {pool} if replicas else self._empty | {pool}
            self._tell_of_services()

    def database(self, answers: bool) -> None:  # noqa: FBT001 - all that there is to tell
        """Without it no service answers."""
        with self._one_at_a_time:
            self._database_answers = answers
            self._tell_of_services()

    def _tell_of_services(self) -> None:
        for service, pool in self._pools.items():
            ready = pool is None or (self._models and pool not in self._empty)
            self._tell(service, SERVING if ready and self._database_answers else NOT_SERVING)
