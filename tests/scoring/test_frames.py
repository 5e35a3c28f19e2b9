"""A batch in a frame is answered as the batch alone; without a GPU the same code computes where a GPU replays."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from made.histories import NOW, bought, frame, histories, random_shop, row
from networks.tiny_model import tiny_model

from events.event import EventType
from events.history import Histories
from scoring.networks.frames import SIZES, Frames, Size, size_of
from scoring.networks.passing import Plainly
from scoring.seen.actions import actions_of, pairs_of
from scoring.seen.sequence import Batch, batch_of, tokens_of

CPU = torch.device("cpu")
MODEL = tiny_model()
FEATURES = MODEL.networks[0].shape.features
NOBODY = Histories.from_frame(frame([]), ["nobody"])


def batch(known: Histories, seed: int = 0) -> Batch:
    tokens, count = tokens_of(actions_of(known, MODEL.catalogue)), len(known)
    pairs = pairs_of(tokens.actions, np.arange(count), np.full(count, NOW))
    tabular = np.random.default_rng(seed).normal(size=(count, 1, FEATURES)).astype(np.float32)
    return batch_of(tokens, pairs.first, pairs.last, pairs.as_of[:, None], tabular)


def spoken(words: int) -> Batch:
    told = " ".join(f"word{number}" for number in range(words))
    return batch(histories(bought(30), row(EventType.REVIEW, 20, item_id="item-1", text=told), bought(3)))


def test_a_frame_answers_as_the_networks_do() -> None:
    frames, plainly = Frames(MODEL.networks, CPU), Plainly(MODEL.networks, CPU)
    for asked in (batch(Histories.from_frame(random_shop(5, seed=3))), spoken(2), spoken(30), batch(NOBODY)):
        torch.testing.assert_close(frames(asked), plainly(asked), rtol=0, atol=1e-6)


def test_what_lay_in_a_frame_before_is_not_seen() -> None:
    frames, small = Frames(MODEL.networks, CPU), batch(histories(bought(40), bought(9)))
    alone = frames(small)
    large = batch(histories(*(bought(days, item_id="item-7") for days in range(1, 16))))
    assert size_of(large) == size_of(small)
    assert not torch.equal(frames(large), alone)
    assert torch.equal(frames(small), alone)


def test_the_smallest_frame_that_holds_a_batch_is_taken() -> None:
    assert size_of(spoken(2)) == Size(1, 16, 4, 4)
    assert size_of(spoken(30)) == Size(1, 16, 16, 32)
    assert SIZES[-1] == Size(256, 128, 16, 32)
    assert all(size.holds(size) for size in SIZES)
    assert not Size(8, 16, 4, 4).holds(Size(1, 17, 1, 1))


def test_callers_of_several_threads_do_not_mix_their_answers() -> None:
    frames, plainly = Frames(MODEL.networks, CPU), Plainly(MODEL.networks, CPU)
    asked = [batch(histories(bought(days), bought(days / 2)), seed=days) for days in range(2, 34)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(frames, asked))
    for answer, one in zip(answers, asked, strict=True):
        torch.testing.assert_close(answer, plainly(one), rtol=0, atol=1e-6)


def test_bfloat16_is_near_float32_in_a_frame_too() -> None:
    asked = batch(Histories.from_frame(random_shop(5, seed=3)))
    rounded, exact = (Frames(MODEL.networks, CPU, bfloat16=rounding)(asked) for rounding in (True, False))
    assert 0 < (rounded - exact).abs().max() < 0.1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_a_captured_graph_answers_as_the_networks_do() -> None:
    gpu = torch.device("cuda")
    networks = tuple(network.to(gpu) for network in tiny_model().networks)
    frames, plainly = Frames(networks, gpu), Plainly(MODEL.networks, CPU)
    for seed in range(3):
        asked = batch(Histories.from_frame(random_shop(5, seed=seed)), seed)
        torch.testing.assert_close(frames(asked), plainly(asked), rtol=0, atol=1e-4)
