"""The least that a server of this stack can do: `python -m bench.echo ADDRESS FILE` answers with the file's bytes."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

METHOD = "/bench.Echo/Answer"
THREADS = 64


def echo(answer: bytes, address: str) -> grpc.Server:
    """A server that reads nothing of the request: no validation, no database, no network."""
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(
        lambda _request, _context: answer
    )
    server = grpc.server(ThreadPoolExecutor(THREADS), options=[("grpc.so_reuseport", 0)])
    service, method = METHOD[1:].split("/")
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
    server.add_insecure_port(address)
    server.start()
    return server


if __name__ == "__main__":
    echo(Path(sys.argv[2]).read_bytes(), sys.argv[1]).wait_for_termination()
