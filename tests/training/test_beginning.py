"""A few early events make no young shop an old one, and no growth makes an old shop young."""

from datetime import timedelta

import numpy as np
import pytest
from made.histories import AS_OF, DAY, NOW, Row, bought, frame, histories, row

from events.event import EventType
from scoring.buying import BuyingModel
from scoring.seen.catalogue import Catalogue
from training.configuration import Configuration
from training.course import Training, course_of
from training.material.beginning import in_words, records_begin
from training.material.preparation import prepare, tokens_from
from training.rehearsal import cutoffs_to_ask

CATALOGUE = Catalogue(("item-1",), (None,), (None,))
CUSTOMERS = 400
OPEN = 60.0
SHOP = [bought(ago, customer=f"c{number}") for number, ago in enumerate(np.linspace(OPEN, 0.1, CUSTOMERS).tolist())]
"""Open for 60 days."""


def strays(*days_ago: float) -> list[Row]:
    return [bought(ago, customer=f"stray{number}") for number, ago in enumerate(days_ago)]


def begun(rows: list[Row], *, until: float = 0.0) -> float:
    """Days before AS_OF."""
    return round((NOW - records_begin(histories(*rows), NOW - until * DAY)) / DAY, 6)


@pytest.mark.parametrize(
    "early",
    [
        [],
        strays(790),
        strays(790, 780, 779, 500, 430),
        strays(*np.linspace(790, 425, 30)),
        strays(*(9650 + np.arange(30) / 10)),
        strays(9000, 8999, 4000, 3999, 1500, 800, 400, 390, 160, 100),
        [bought(ago, customer=f"tester{ago % 5}") for ago in range(63, 430, 7)],
        [bought(700 + number, customer=f"c{40 * number + 40}") for number in range(5)],
        [row(EventType.VIEW, 700, "a visitor")],
    ],
    ids=["none", "one", "five", "thirty", "in-2000", "in-lots", "weekly-tests", "known-again", "a-view"],
)
def test_strays_are_before_the_records(early: list[Row]) -> None:
    assert begun([*early, *SHOP]) == OPEN


def test_who_is_told_when_records_begin_is_told_of_earlier_events() -> None:
    assert [in_words(NOW - OPEN * DAY, histories(*strays(*early), *SHOP)) for early in ((), (790,), (790, 700))] == [
        f"the records begin on {AS_OF - timedelta(days=OPEN):%Y-%m-%d}{early}"
        for early in ("", " but for 1 early event", " but for 2 early events")
    ]


def test_what_the_first_windows_are_goes_without_strays() -> None:
    def asked(rows: list[Row]) -> list[float]:
        training = Training(events=frame(rows), as_of=AS_OF, configuration=Configuration())
        times: list[float] = cutoffs_to_ask(course_of(training, None)).tolist()
        return times

    assert asked([*strays(790, 700, 430), *SHOP]) == asked(SHOP)


def test_the_rhythm_of_strays_is_not_the_shops_even_before_so_many_followed() -> None:
    def rhythm(rows: list[Row]) -> BuyingModel:
        tokens, until = tokens_from(histories(*rows), CATALOGUE), NOW - 20 * DAY
        nothing, everybody = np.zeros(len(rows), dtype=bool), np.arange(len(tokens.actions.offsets) - 1)
        return prepare(
            tokens, everybody, np.array([until - 30 * DAY]), begin=records_begin(tokens.actions.histories, NOW),
            until=until, held_out_orders=nothing, configuration=Configuration(), seed=0,
        ).buying  # fmt: skip

    assert rhythm([*strays(*(9650 + np.arange(30) / 10)), *SHOP]) == rhythm(SHOP)


@pytest.mark.parametrize("growth", [1.0, 10.0, 1e3, 1e6])
@pytest.mark.parametrize("customers", [30, 300, 3000])
def test_however_fast_a_shop_grows_its_first_customer_is_no_stray(growth: float, customers: int) -> None:
    share = np.random.default_rng(customers).random(customers)
    days = 900 * (np.log1p(share * (growth - 1)) / np.log(growth) if growth > 1 else share)

    assert begun([bought(900 - day, customer=f"c{n}") for n, day in enumerate(days.tolist())]) == round(
        900 - days.min(), 6
    )


def test_the_day_from_which_visits_are_recorded_makes_no_old_shop_young() -> None:
    old = [bought(900.0 - 9 * number, customer=f"c{number}") for number in range(100)]
    visits = [row(EventType.VIEW, 30 - number / 100, f"visitor{number}") for number in range(2000)]

    assert begun([*old, *visits]) == 900


def test_who_comes_later_is_not_known_yet() -> None:
    rows = [*strays(790), *SHOP]

    assert begun(rows, until=59.5) == 790
    assert begun(rows, until=50.0) == OPEN
    assert records_begin(histories(), NOW) == records_begin(histories(*SHOP), NOW - 99 * DAY) + 99 * DAY == NOW


def test_a_quarter_of_the_customers_is_no_handful_of_strays() -> None:
    legacy = strays(*np.linspace(790, 425, CUSTOMERS // 4))

    assert begun([*legacy, *SHOP]) == 790
