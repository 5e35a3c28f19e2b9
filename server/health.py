"""What grpc.health says: of the server, of each service, and of each model as models/ID."""

from grpc_health.v1 import health, health_pb2

from server.live import InForce
from server.model_messages import MODEL

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Announcer:
    """Told what is in force, tells whoever watches."""

    def __init__(self, status: health.HealthServicer, *, need_model: tuple[str, ...]) -> None:
        self._status = status
        self._need_model = need_model
        self._model: str | None = None
        self.announce(InForce())

    def announce(self, in_force: InForce) -> None:
        """A model that is not in force any more answers nobody, and says so."""
        model = None if in_force.model is None else f"{MODEL}{in_force.model.model_id}"
        if self._model not in {None, model}:
            self._status.set(self._model, NOT_SERVING)
        if model is not None:
            self._status.set(model, SERVING)
        for service in self._need_model:
            self._status.set(service, NOT_SERVING if model is None else SERVING)
        self._model = model
