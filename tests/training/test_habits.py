"""What a shop's orders say of how its items go together, and of how long they are popular."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from made.histories import DAY, NOW, Row, bought, histories, row
from networks.tiny_model import ITEMS, tiny_model
from scipy import sparse

from events.event import EventType
from scoring.bought import CONTEXT, EVEN, context_of
from scoring.seen.actions import Floats, actions_of, pairs_of
from scoring.seen.catalogue import Catalogue
from scoring.seen.sequence import Tokens
from training.material.held_out import held_out
from training.material.preparation import last_orders, tokens_from
from training.recommending.blending import START, choose_blend
from training.recommending.choosing_habits import habits_of
from training.recommending.habits import Habits
from training.recommending.pairing import fit_together, largest, pairs_of_items
from training.recommending.popularity import EVER, popular_at, purchases_of
from training.recommending.regression import RIDGE, regressed

MANY = tuple(f"item-{number:03d}" for number in range(60))


def catalogue(*items: str) -> Catalogue:
    return Catalogue(items, (None,) * len(items), (None,) * len(items))


def tokens(rows: list[Row], *items: str) -> Tokens:
    return tokens_from(histories(*rows), catalogue(*items))


def chosen(of: Tokens, items: int) -> Habits:
    last = last_orders(of.actions)
    pairs = pairs_of_items(of.actions, items + 2, until=NOW, left_out=last)
    return habits_of(of, pairs, held_out(of, last, seed=0), left_out=last, seed=0)[0]


def test_popular_is_what_was_bought_lately_and_little_of_what_was_bought_ever() -> None:
    orders = [bought(90, item_id="a"), bought(30, item_id="a"), bought(30, item_id="b"), bought(10, item_id="b")]
    actions = actions_of(histories(*orders), catalogue("a", "b"))
    nothing = np.zeros(len(actions.time), dtype=bool)
    found = popular_at(purchases_of(actions, nothing), 4, NOW - np.array([90, 20, 0]) * DAY, 20.0)

    def shares(lately: list[float], ever: list[float]) -> Floats:
        popular = np.array(lately) + EVER * np.array(ever) / sum(ever)
        return np.asarray(popular / popular.max())

    assert found.scores[0].tolist() == [0, 0, 0, 0]
    assert found.scores[1, 2:] == pytest.approx(shares([1 + np.exp(-3), 1], [2, 1]))
    assert found.scores[2, 2:] == pytest.approx(shares([np.exp(-1) + np.exp(-4), 1 + np.exp(-1)], [2, 2]))
    assert found.places(NOW - np.array([95, 20, 19, -5]) * DAY).tolist() == [0, 1, 1, 2]


def test_an_order_counts_an_item_once_for_popularity_and_what_is_held_out_not_at_all() -> None:
    orders = [bought(9, item_id="a"), bought(9, item_id="a"), bought(5, item_id="b"), bought(5, item_id="strange")]
    actions = actions_of(histories(*orders), catalogue("a", "b"))

    assert purchases_of(actions, np.zeros(2, dtype=bool)).item.tolist() == [2, 3]
    assert purchases_of(actions, last_orders(actions)).item.tolist() == [2]


@pytest.mark.parametrize(("days_of_fashion", "days"), [(4, 7.0), (25, 20.0), (400, 45.0)])
def test_a_shop_remembers_as_long_as_its_fashion_lasts(days_of_fashion: int, days: float) -> None:
    random = np.random.default_rng(0)
    rows = []
    for number in range(200):
        for ago in np.sort(random.uniform(0, 200, 6))[::-1].tolist():
            item = MANY[(int(200 - ago) // days_of_fashion * 3 + int(random.integers(3))) % 60]
            rows.append(bought(ago, customer=f"c{number:03d}", item_id=item))

    assert chosen(tokens(rows, *MANY), 60).popular_days == days


def test_an_item_goes_with_those_bought_after_it_and_less_with_those_before() -> None:
    """After a view, and within an order, too; what everybody does says less."""
    rows = [
        row(EventType.VIEW, 9, item_id="a"), bought(8, item_id="b"),
        bought(6, item_id="c"), bought(6, item_id="d"),
    ]  # fmt: skip
    actions = actions_of(histories(*rows), catalogue("a", "b", "c", "d"))
    nobody = np.zeros(len(actions.time), dtype=bool)
    pairs = pairs_of_items(actions, 6, until=NOW, left_out=nobody)

    assert pairs.after.toarray()[2:, 2:].tolist() == [[0, 1, 0.5, 0.5], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 1, 0]]
    assert pairs.before.toarray()[2:, 2:].tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]]
    assert pairs.seen.tolist() == [0, 0, 1, 1, 1, 1]

    twice = actions_of(histories(*rows, row(EventType.VIEW, 40, "bob", item_id="b")), catalogue("a", "b", "c", "d"))
    nobody = np.zeros(4, dtype=bool)
    weights = fit_together(
        twice, pairs_of_items(twice, 6, until=NOW, left_out=nobody), until=NOW, left_out=nobody,
        habits=Habits(before=0.4, rarity=0.25),
    ).weights.toarray()[2:, 2:]  # fmt: skip

    assert weights[0] == pytest.approx(np.array([0, 2**-0.25, 0.5, 0.5]))
    assert weights[1] == pytest.approx(np.array([0, 0, 2**-0.5, 2**-0.5]))
    assert weights[2] == pytest.approx(np.array([0, 0.4 * 2**-0.25, 0, 1]))


def test_an_item_is_foretold_by_each_other_beside_the_rest() -> None:
    """As by a ridge regression of each column on all others, of which what speaks against an item is left out."""
    had = (np.random.default_rng(5).random((900, 6)) < [0.7, 0.6, 0.5, 0.3, 0.3, 0.2]).astype(np.float32)
    had[:, 5] = had[:, 4] * had[:, 3]
    gram = had.T @ had
    wanted = np.zeros((6, 6))
    for item in range(6):
        rest = [other for other in range(6) if other != item]
        one = gram[np.ix_(rest, rest)] + RIDGE * np.eye(5)
        wanted[rest, item] = np.maximum(np.linalg.solve(one, gram[rest, item]), 0.0)

    assert regressed(sparse.csr_matrix(had)) == pytest.approx(wanted, abs=1e-5)


def test_of_equally_strong_followers_the_first_are_kept() -> None:
    kept = largest(np.array([1, 3, 2, 2, 0, 2], dtype=np.float32), 3)

    assert kept.tolist() == [False, True, True, True, False, False]


@pytest.mark.parametrize(("in_order", "before"), [(True, 0.3), (False, 1.0)])
def test_where_the_order_says_nothing_what_came_before_speaks_as_loudly(*, in_order: bool, before: float) -> None:
    """Everybody buys of one dozen of items, one after the other or in any order."""
    random, rows = np.random.default_rng(1), []
    for number in range(150):
        dozen, first = int(random.integers(5)) * 12, int(random.integers(6))
        places = first + np.arange(6) if in_order else random.permutation(12)[:6]
        rows += [
            bought(20.0 - turn, customer=f"c{number:03d}", item_id=MANY[dozen + int(place)])
            for turn, place in enumerate(places.tolist())
        ]

    habits = chosen(tokens(rows, *MANY), 60)

    assert (habits.before, habits.regressed) == (before, False)


def test_where_what_all_like_hides_what_some_like_items_speak_beside_one_another() -> None:
    """Five of twelve that all like, and three of four of two tastes of twelve, in any order."""
    random, rows = np.random.default_rng(0), []
    for number in range(250):
        tastes = [12 + 4 * taste + random.permutation(4)[:3] for taste in random.permutation(12)[:2].tolist()]
        places = random.permutation(np.concatenate([random.permutation(12)[:5], *tastes]))
        rows += [
            bought(20.0 - turn, customer=f"c{number:03d}", item_id=MANY[place])
            for turn, place in enumerate(places.tolist())
        ]
    habits = chosen(tokens(rows, *MANY), 60)

    assert (habits.regressed, habits.decay) == (True, EVEN)


@pytest.mark.parametrize(("decay", "speak"), [(EVEN, 60), (0.8, CONTEXT)])
def test_where_all_speak_alike_more_of_them_do(decay: float, speak: int) -> None:
    of = tokens([bought(70.0 - turn, item_id=item) for turn, item in enumerate(MANY)], *MANY)
    weights = context_of(of, pairs_of(of.actions, np.zeros(1, dtype=np.int64), np.array([NOW])), 62, decay, ())

    assert sorted(weights.data[weights.data > 0], reverse=True) == pytest.approx(decay ** np.arange(speak))


def test_where_only_the_last_item_speaks_it_is_asked_for_what_follows_it_alone() -> None:
    """Sessions: of sixty items each is followed by one of eight others, or by anything."""
    random, rows = np.random.default_rng(6), []
    for number in range(300):
        places = [int(random.integers(60))]
        for _ in range(int(random.integers(2, 7))):
            anything, one = random.integers(60), places[-1] * 7 + random.integers(8) * 5
            places.append(int(anything if random.random() < 0.2 else one) % 60)
        rows += [bought(9 - n / 100, customer=f"c{number:03d}", item_id=MANY[at]) for n, at in enumerate(places)]
    habits = chosen(tokens(rows, *MANY), 60)

    assert (habits.decay, habits.before) == (0.1, 0.0)


@pytest.mark.parametrize(("liked", "fashion"), [(True, 0.25), (False, 0.1)])
def test_a_shop_learns_how_far_what_comes_again_is_what_others_buy(*, liked: bool, fashion: float) -> None:
    """Everybody comes again for what all others buy, or for what they alone bought twice."""
    random, rows = np.random.default_rng(3), []
    for number in range(40):
        own, known = random.permutation(np.arange(5, 40))[:10].tolist(), random.permutation(5)[:2].tolist()
        orders = ((30, own + known), (25, own[:1]), (2, known[:1] if liked else own[:1]))
        rows += [bought(days, customer=f"c{number}", item_id=MANY[place]) for days, some in orders for place in some]
    rows += [bought(26, customer=f"other{number}", item_id=MANY[number % 5]) for number in range(2000)]

    assert chosen(tokens(rows, *MANY), 60).fashion == fashion


@pytest.mark.parametrize("cycle", [7, 2, 1])
def test_a_shop_learns_how_soon_what_was_bought_is_wanted_again(cycle: int) -> None:
    """Everybody goes round their items, or buys the last one again, and now and then anything that they know."""
    random, rows = np.random.default_rng(4), []
    for number in range(60):
        own = [MANY[place] for place in random.permutation(60)[:7].tolist()]
        orders = [own[turn % 7] for turn in range(7)]
        for _ in range(33):
            orders.append(orders[-cycle] if random.random() < 0.7 else own[int(random.integers(7))])
        rows += [bought(40.0 - turn, customer=f"c{number:02d}", item_id=item) for turn, item in enumerate(orders)]
    of = tokens(rows, *MANY)
    rest = np.array(chosen(of, 60).rest)

    assert rest.argmax() == int(2 * np.log2(cycle))
    assert rest.max() > 1.5 * np.delete(rest, rest.argmax()).max()


def test_of_a_shop_that_buys_its_items_as_it_comes_no_rest_is_kept() -> None:
    """Numbers that are counted there are better on some orders, too, and by chance alone."""
    random, rows = np.random.default_rng(0), []
    for number in range(60):
        own = [MANY[place] for place in random.permutation(60)[:7].tolist()]
        orders = random.integers(7, size=40).tolist()
        rows += [bought(40.0 - turn, customer=f"c{number:02d}", item_id=own[n]) for turn, n in enumerate(orders)]

    assert chosen(tokens(rows, *MANY), 60).rest == ()


def test_a_shop_with_too_few_orders_has_the_usual_habits() -> None:
    rows = [bought(days, customer=f"c{who}", item_id=MANY[who]) for who in range(29) for days in (9, 5)]

    assert chosen(tokens(rows, *MANY), 60) == Habits()


@pytest.mark.parametrize(
    ("customers", "again", "step", "returns"),
    [
        (40, True, 1e-5, (True, False)), (40, True, 0.0, (True, True)), (40, False, 1e-5, (False, False)),
        (20, True, 0.0, (True, True)), (20, False, 0.0, (False, True)),
    ],
)  # fmt: skip
def test_what_came_again_may_come_again(
    *, customers: int, again: bool, step: float, returns: tuple[bool, bool]
) -> None:
    """A second order of three items, of the first one's six or of others; line by line its last one is held out.

    Twenty customers are too few to choose a blend by, and what they bought again is seen all the same.
    """
    random, rows = np.random.default_rng(2), []
    for who in range(customers):
        some = [ITEMS[place] for place in random.permutation(12).tolist()]
        for days, items in ((30.0, some[:6]), (2.0, some[:3] if again else some[6:9])):
            rows += [
                bought(days - line * step, customer=f"c{who:02d}", order_id=f"{days}", item_id=item)
                for line, item in enumerate(items)
            ]
    model = replace(tiny_model(), blend=START)
    of = tokens_from(histories(*rows), model.catalogue)
    last = last_orders(of.actions)
    popularity = popular_at(purchases_of(of.actions, last), 14, np.array([NOW]), 45.0)
    blend, _ = choose_blend(model, of, held_out(of, last, seed=0), popularity, torch.device("cpu"))

    assert (blend.repurchase, blend.at_once) == returns
