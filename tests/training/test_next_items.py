"""The network that learns what is bought next: from which sequences, where it begins, and that it finds a chain."""

from pathlib import Path

import numpy as np
import pytest
import torch
from made.histories import DAY, NOW, bought, frame, histories
from networks.small_training import course
from scipy import sparse

from scoring.model import item_words
from scoring.networks.network import Architecture, Network
from scoring.seen.actions import actions_of
from scoring.seen.catalogue import Catalogue
from scoring.seen.sequence import TOKENS, tokens_of
from training.learning import Gradient
from training.material.examples import NONE
from training.material.held_out import held_out
from training.material.preparation import last_orders
from training.material.validation import misplaced
from training.recommending.item_start import SPREAD, begin, vectors_of
from training.recommending.next_items import examples_of_items, learn_latest, learn_next_items
from training.recommending.pairing import Pairs, pairs_of_items

CHAIN = tuple(f"item-{number:02d}" for number in range(24))
SHOP = frame(
    [
        bought(90.0 - turn, customer=f"c{who:03d}", item_id=CHAIN[(who * 5 + turn) % 24])
        for who in range(72)
        for turn in range(3 + who % 4)
    ]
)


NOTHING = Pairs(sparse.csr_matrix((12, 12)), sparse.csr_matrix((12, 12)), np.zeros(12), sparse.csr_matrix((0, 12)))


def chain_of(links: list[tuple[int, int]], items: int) -> Pairs:
    after = sparse.csr_matrix((np.ones(len(links)), tuple(zip(*links, strict=True))), shape=(items, items))
    seen = np.asarray(after.sum(axis=0)).ravel()
    return Pairs(after, sparse.csr_matrix(after.T), seen, sparse.csr_matrix((0, items)))


def test_long_histories_are_cut_so_that_each_order_follows_another() -> None:
    """The last token of a sequence is the first of the one after it; what is held out is no target."""
    actions = actions_of(
        histories(*(bought(400.0 - turn) for turn in range(TOKENS + 3)), bought(9, customer="bob")),
        Catalogue(("item-1",), (None,), (None,)),
    )
    found = examples_of_items(tokens_of(actions), last_orders(actions), NOW - 269 * DAY)
    earlier = examples_of_items(tokens_of(actions), last_orders(actions), NOW - 270.5 * DAY)

    assert list(zip(found.first.tolist(), found.last.tolist(), strict=True)) == [(3, TOKENS + 3), (0, 4)]
    assert found.next_order[:6].tolist() == [1, 2, 3, 4, 5, 6]
    assert found.next_order[TOKENS:].tolist() == [TOKENS + 1, NONE, NONE, NONE]
    assert list(zip(earlier.first.tolist(), earlier.last.tolist(), strict=True)) == [(2, TOKENS + 2), (0, 3)]


def test_items_begin_where_being_bought_together_puts_them() -> None:
    """Two groups that are never bought together."""
    groups = [(a, b) for low in (2, 7) for a in range(low, low + 5) for b in range(low, low + 5) if a != b]
    vectors = vectors_of(chain_of(groups, 12), 4, seed=0)
    alike = vectors[2:] @ vectors[2:].T

    assert vectors.std() == pytest.approx(SPREAD)
    assert np.abs(alike[:5, 5:]).max() < 1e-4
    assert alike[:5, :5].min() > 0.05
    assert not vectors_of(NOTHING, 4, seed=0).any()


def test_a_fresh_network_that_has_begun_ranks_what_goes_with_an_item_first() -> None:
    torch.manual_seed(0)
    words = item_words(Catalogue(CHAIN, (None,) * 24, (None,) * 24))
    network = Network(Architecture(features=1, items=26, width=16, layers=1, heads=2), words).eval()
    groups = [(a, b) for low in range(2, 26, 4) for a in range(low, low + 4) for b in range(low, low + 4) if a != b]
    begin(network, chain_of(groups, 26), seed=0)
    numbers = torch.arange(26)
    ranked = network.item_logits(network.items(numbers), numbers)[2:, 2:].argsort(dim=1, descending=True)[:, :4]

    assert (torch.sort(ranked).values // 4 == (torch.arange(24) // 4).unsqueeze(1)).all()


def test_a_gradient_of_some_rows_is_whole_and_knows_nothing_of_the_step_before() -> None:
    kept = Gradient(torch.zeros(5, 2), torch.zeros(0, dtype=torch.int64))
    for rows in ([3, 1, 3], [2], []):
        where = torch.tensor([rows], dtype=torch.int64)
        some = torch.sparse_coo_tensor(where, torch.ones(len(rows), 2), (5, 2), check_invariants=True)
        assert torch.equal(kept.take(some), some.to_dense())


def test_a_chain_is_learned_and_in_the_end_what_was_held_out_too(tmp_path: Path) -> None:
    of = course(SHOP, folder=tmp_path, max_epochs=6)
    last = last_orders(of.tokens.actions)
    held = held_out(of.tokens, last, seed=0)
    pairs = pairs_of_items(of.tokens.actions, of.items, until=of.as_of, left_out=last)
    begun = learn_next_items(of, pairs, last, lambda network: misplaced(network, of.tokens, held))
    latest = learn_latest(of, begun)

    assert misplaced(begun.network, of.tokens, held) < 0.2
    assert misplaced(latest.network, of.tokens, held) <= misplaced(begun.network, of.tokens, held)
    assert latest.epochs == min(begun.epochs, 2)
    assert not torch.equal(latest.network.next_item.weight, begun.network.next_item.weight)


def test_what_was_told_little_begins_anew_in_the_end(tmp_path: Path) -> None:
    """Of two orders each the later one is held out, so that nothing is known of what goes together."""
    couples = [
        bought(9.0 - turn, customer=f"c{who:03d}", item_id=CHAIN[(who + turn) % 24])
        for who in range(72)
        for turn in range(2)
    ]
    of = course(frame(couples), folder=tmp_path, max_epochs=2)
    last = last_orders(of.tokens.actions)
    held = held_out(of.tokens, last, seed=0)
    pairs = pairs_of_items(of.tokens.actions, of.items, until=of.as_of, left_out=last)
    begun = learn_next_items(of, pairs, last, lambda network: misplaced(network, of.tokens, held))
    latest = learn_latest(of, begun)

    assert misplaced(latest.network, of.tokens, held) < 0.5 < misplaced(begun.network, of.tokens, held)
