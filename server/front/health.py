"""What grpc.health says: of the server, of each service, and of each model as models/ID."""

from collections.abc import Callable

from grpc_health.v1 import health_pb2

from server.scoring.live import InForce
from server.wire.names import MODEL

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
Tell = Callable[[str, int], None]
"""Sets the status of what has this name, one of those of HealthCheckResponse."""


class Announcer:
    """Told what is in force, tells whoever watches."""

    def __init__(self, tell: Tell, *, need_model: tuple[str, ...]) -> None:
        self._tell = tell
        self._need_model = need_model
        self._models: frozenset[str] = frozenset()
        self.announce(InForce())

    def announce(self, in_force: InForce) -> None:
        """A model that is not in force any more answers nobody, and says so."""
        models = frozenset(f"{MODEL}{model.model_id}" for model in in_force.answering)
        for model in self._models - models:
            self._tell(model, NOT_SERVING)
        for model in models:
            self._tell(model, SERVING)
        for service in self._need_model:
            self._tell(service, SERVING if models else NOT_SERVING)
        self._models = models
