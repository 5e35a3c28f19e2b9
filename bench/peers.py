"""The network that other servers were measured with: behind our pool, behind the floors, and bare.

The floors tie the ratios to the table of other servers, which was made on another machine: there the one-process floor
made 204, 576, 731 and 682 answers a second at 1, 8, 32 and 128 callers, and the best of the others 395, 694, 950, 907.
"""

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bench.cost import UNITS, Cost
from bench.figures import Figure, in_turn, publish
from bench.shop import free_address
from settings import child_environment

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ROOT.parent / "shared" / "bench"
STRONGEST = {"PEER_BF16": "1", "PEER_GREEDY": "1", "PEER_LAST": "1"}
FLOOR, FAST_FLOOR = "floor", "fast floor"
FAST = ("bfloat16", "last")
OPENVINO = "openvino"
BARE = {
    "pool: bare": (),
    "pool last: bare": ("last",),
    "pool OpenVINO: bare": ("last", OPENVINO),
    "pool bf16: bare": FAST,
    "pool bf16 OpenVINO: bare": (*FAST, OPENVINO),
}


@dataclass(frozen=True, slots=True)
class Peer:
    """A server of the network."""

    name: str
    against: str | None
    """Name of the floor that it is compared with."""
    command: Sequence[str]
    variables: Mapping[str, str]
    address: str
    servers: int = 1
    """On one port: Linux gives each connection to one of them (SO_REUSEPORT, which gRPC sets)."""

    def closed(self, folder: Path, callers: int, seconds: float) -> Cost:
        """So many callers at once."""
        engine = "h2load" if shutil.which("h2load") else "py"
        return self._loaded(folder, "--engine", engine, "--concurrency", str(callers), "--duration", f"{seconds:g}")

    def open(self, folder: Path, rate: int, seconds: float) -> Cost:
        """So many requests a second, whoever answers; times are from when each should have been sent."""
        return self._loaded(folder, "--mode", "open", "--rate", str(rate), "--duration", f"{seconds:g}")

    def _loaded(self, folder: Path, *arguments: str) -> Cost:
        told = subprocess.run(
            [
                sys.executable, str(folder / "load.py"), "--target", self.address, "--builder", "builders:Bench",
                "--tag", self.name, "--warmup", "1", *arguments,
            ],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        seen = json.loads(told)
        if seen["errors"]:
            raise RuntimeError(f"{seen['errors']} calls of {self.name} failed")
        return Cost(rate=seen["req_s"], p50=seen["p50"], p99=seen["p99"], processor=seen["server_cpu_ms_req"])


def main(
    *,
    floors: Annotated[Path, typer.Option(help="Folder of the load generator, the floors and their network.")] = FLOORS,
    seconds: Annotated[float, typer.Option(min=1, help="Of one slice of load.")] = 3.0,
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    callers: Annotated[str, typer.Option(help="At the same time; several by commas.")] = "1,8,32,128",
    rates: Annotated[str, typer.Option(help="Of the open loop, a second; several by commas.")] = "200,500",
    layouts: Annotated[bool, typer.Option(help="Compare fronts and places instead of floors.")] = False,
) -> None:
    """Measure the pool."""
    if not floors.is_dir():
        print(f"skipped: there are no floors in {floors}; name their folder by --floors")
        return
    able = importlib.util.find_spec(OPENVINO) is not None
    peers = [peer for peer in (_layouts(floors) if layouts else _peers(floors)) if able or OPENVINO not in peer.command]
    variants = {name: variant for name, variant in BARE.items() if able or OPENVINO not in variant}
    with _running(peers), _bare(floors, variants) as bare:
        slices: dict[str, Callable[[], Cost]] = {}
        for count in _numbers(callers):
            slices |= {f"{peer.name}: {count} callers": partial(peer.closed, floors, count, seconds) for peer in peers}
        for rate in _numbers(rates):
            slices |= {f"{peer.name}: {rate}/s": partial(peer.open, floors, rate, seconds) for peer in peers}
        slices |= {name: partial(forwarded, seconds / 2) for name, forwarded in bare.items()}
        costs = {name: Cost.median(seen) for name, seen in in_turn(slices, rounds).items()}
    notes = [
        f"slices of {seconds:g} s in turn, medians of {rounds} rounds; one replica, one thread a replica, loopback"
    ]
    if not able:
        notes.append("OpenVINO is not installed, and its rows are left out: make setup EXTRAS=dev,openvino")
    publish("layouts" if layouts else "serving", dict(_figures(costs, peers)), notes=notes)


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part]


def _ours(floors: Path, name: str, against: str | None, *arguments: str, servers: int = 1) -> Peer:
    address = free_address()
    command = [sys.executable, "-m", "bench.peer_front", address, str(floors), *arguments]
    return Peer(name, against, command, {}, address, servers)


def _floor(floors: Path, name: str, variables: Mapping[str, str]) -> Peer:
    address = free_address()
    command = [sys.executable, str(floors / "servers" / "floor.py"), "batcher", address.rpartition(":")[2]]
    return Peer(name, None, command, variables, address)


def _peers(floors: Path) -> Iterator[Peer]:
    yield _floor(floors, FLOOR, {})
    yield _ours(floors, "pool", FLOOR, "aio", "process")
    yield _ours(floors, "pool last", FLOOR, "aio", "process", "last")
    yield _ours(floors, "pool OpenVINO", FLOOR, "aio", "process", "last", OPENVINO)
    yield _floor(floors, FAST_FLOOR, STRONGEST)
    yield _ours(floors, "pool bf16", FAST_FLOOR, "aio", "process", *FAST)
    yield _ours(floors, "pool bf16 OpenVINO", FAST_FLOOR, "aio", "process", *FAST, OPENVINO)


def _layouts(floors: Path) -> Iterator[Peer]:
    """Names say the front, where the network is, and how many servers there are."""
    first = "sync, local"
    for front in ("sync", "aio"):
        for place in ("local", "process"):
            name = f"{front}, {place}"
            yield _ours(floors, name, first if name != first else None, front, place, *FAST)
    yield _ours(floors, "aio, two processes", first, "aio", "processes", *FAST)
    for place in ("local", "process"):
        yield _ours(floors, f"aio, {place}, two on one port", first, "aio", place, *FAST, servers=2)


@contextmanager
def _running(peers: Sequence[Peer]) -> Iterator[None]:
    """All at once, so that slices can take turns; an idle server costs nothing."""
    processes: list[subprocess.Popen[str]] = []
    try:
        for peer in peers:
            variables = child_environment({"OMP_NUM_THREADS": "1", "PEER_TAG": peer.name, **peer.variables})
            for _ in range(peer.servers):
                processes.append(
                    subprocess.Popen(peer.command, env=variables, cwd=ROOT, stdout=subprocess.PIPE, text=True)
                )
                _wait_until_ready(processes[-1], peer)
        yield
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _wait_until_ready(process: "subprocess.Popen[str]", peer: Peer) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready"):
            return
    raise RuntimeError(f"{peer.name} did not start")


@contextmanager
def _bare(floors: Path, variants: Mapping[str, Sequence[str]]) -> Iterator[Mapping[str, Callable[[float], Cost]]]:
    """Each variant in a process like a replica's, with batches of 32 and no server."""
    processes: dict[str, subprocess.Popen[str]] = {}
    try:
        for name, variant in variants.items():
            processes[name] = subprocess.Popen(
                [sys.executable, "-m", "bench.peer_bare", str(floors), *variant], cwd=ROOT, text=True,
                env=child_environment({"OMP_NUM_THREADS": "1"}), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        yield {name: partial(_forwarded, process) for name, process in processes.items()}
    finally:
        for process in processes.values():
            process.kill()
            process.communicate()


def _forwarded(process: "subprocess.Popen[str]", seconds: float) -> Cost:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{seconds}\n")
    process.stdin.flush()
    return Cost(**json.loads(process.stdout.readline()))


def _figures(costs: Mapping[str, Cost], peers: Sequence[Peer]) -> Iterator[tuple[str, Figure]]:
    floors = {peer.name: peer.against for peer in peers}
    for name, cost in costs.items():
        peer, _, under = name.partition(": ")
        floor = costs.get(f"{floors.get(peer)}: {under}")
        against = floors.get(peer) if floor else None
        for measure, unit in UNITS.items():
            measured, compared = getattr(cost, measure), floor and getattr(floor, measure)
            ratio = measured / compared if compared else None
            yield f"{name}: {measure}", Figure(value=measured, unit=unit, against=against, ratio=ratio)


if __name__ == "__main__":
    typer.run(main)
