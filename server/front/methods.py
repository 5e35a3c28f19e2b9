"""The methods of all services by their names, as the event loop of gRPC looks them up."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, cast

import grpc

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class Methods(grpc.GenericRpcHandler):
    """Stands where generated code expects a server to add its services to.

    They are not registered with gRPC one by one, as generated code would have it: its event loop goes through all
    registered methods for each call.
    """

    def __init__(self, wrap: Callable[[str, Handler], Handler]) -> None:
        """Each method is wrapped once, when it is asked for first."""
        self._wrap = wrap
        self._services: list[grpc.GenericRpcHandler] = []
        self._wrapped: dict[str, Handler] = {}

    @property
    def as_server(self) -> grpc.Server:
        """For generated code, which asks of a server only what follows."""
        return cast("grpc.Server", self)

    def add_generic_rpc_handlers(self, generic_rpc_handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        """One more service."""
        self._services += generic_rpc_handlers

    def add_registered_method_handlers(self, service_name: str, method_handlers: Mapping[str, Handler]) -> None:
        """Nothing: the service has been added."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        """The method that is called; None where there is none of that name."""
        name = handler_call_details.method
        if name not in self._wrapped:
            found = (each.service(handler_call_details) for each in self._services)
            handler = next((each for each in found if each is not None), None)
            if handler is None:
                return None
            self._wrapped[name] = self._wrap(name, handler)
        return self._wrapped[name]
