"""Callers who ask for scores without a pause, and what they were told."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle

import grpc
from running.serving import Shop
from tierwise.v1 import score_pb2, scoring_service_pb2

CALLERS = 4
Told = list[score_pb2.Score | grpc.RpcError]


def score(shop: Shop, customer: str) -> score_pb2.Score:
    request = scoring_service_pb2.ScoreRequest(customer=f"customers/{customer}")
    answered: score_pb2.Score = shop.scoring.Score(request, timeout=60).score
    return answered


@contextmanager
def asking(shop: Shop, customers: Sequence[str]) -> Iterator[Told]:
    """Callers who ask about all customers in turn; what they were told grows meanwhile."""
    told: Told = []
    done = threading.Event()

    def caller(first: int) -> None:
        for customer in cycle([*customers[first:], *customers[:first]]):
            if done.is_set():
                return
            try:
                told.append(score(shop, customer))
            except grpc.RpcError as error:
                told.append(error)

    callers = [threading.Thread(target=caller, args=(len(customers) // CALLERS * each,)) for each in range(CALLERS)]
    for each in callers:
        each.start()
    try:
        yield told
    finally:
        done.set()
        for each in callers:
            each.join(60)


def answers(told: Told) -> list[score_pb2.Score]:
    """Fresh scores; a test that finds them to be all that was told knows that no call failed."""
    return [each for each in told if isinstance(each, score_pb2.Score) and not each.degraded]
