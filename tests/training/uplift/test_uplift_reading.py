"""A table becomes a trial, or it is said what is wrong with which column."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from scoring.uplift.columns import OTHER
from training.uplift.reading import Reading, Treatment, read
from training.uplift.trial import TrialNotUsable

SIZE = 600


def table(**columns: object) -> pl.DataFrame:
    random = np.random.default_rng(0)
    plain: dict[str, object] = {
        "arm": ["mail", "none", "sms"] * (SIZE // 3), "visit": random.random(SIZE) < 0.4, "age": random.random(SIZE),
        "city": ["Ulm", "Ulm", "Bonn", "Bonn", None, None] * (SIZE // 6),
    }  # fmt: skip
    return pl.DataFrame(plain | columns)


def reading(frame: pl.DataFrame, arm: str = "arm=mail,none", **options: Any) -> Reading:  # noqa: ANN401
    return read(frame, treatment=Treatment.read(arm), outcome="visit", **options)


def test_two_arms_of_three_and_columns_by_their_kind() -> None:
    found = reading(table())

    assert found.rows.tolist() == [True, True, False] * (SIZE // 3)
    assert found.trial.treated.tolist() == [True, False] * (SIZE // 3)
    assert found.trial.propensity.tolist() == [0.5] * 400
    assert [(column.name, column.levels) for column in found.columns] == [
        ("age", None), ("city", ("Bonn", "Ulm", OTHER))
    ]  # fmt: skip
    assert found.trial.categorical == (1,)
    assert found.trial.features[:3, 1].tolist() == [1, 1, 0]
    assert reading(table(), "arm=mail").trial.propensity[0] == pytest.approx(1 / 3)


def test_arms_may_have_commas_in_their_names() -> None:
    frame = table(arm=["10% off, mail", "none", "mail,sms"] * (SIZE // 3))

    for arm, treated, rows in (
        ("10% off, mail,none", 0, 400), ("10% off, mail, none", 0, 400), ("mail,sms,10% off, mail", 2, 400),
        ("10% off, mail", 0, SIZE), ("mail,sms", 2, SIZE), ("none", 1, SIZE),
    ):  # fmt: skip
        found = reading(frame, f"arm={arm}")
        assert (np.flatnonzero(found.rows)[found.trial.treated] % 3 == treated).all()
        assert (found.trial.treated.sum(), len(found.trial)) == (200, rows)
    with pytest.raises(TrialNotUsable, match="arm is never 'nobody': it is 10% off, mail, mail,sms, none"):
        reading(frame, "arm=10% off, mail,nobody")


def test_what_is_not_known_is_no_number_and_a_text_never_seen_is_another() -> None:
    columns = reading(table(), "arm=mail").columns
    codes = columns[1].numbers(pl.Series(["Ulm", "Rome", None]))

    assert codes[:2].tolist() == [1, 2]
    assert np.isnan(codes[2])
    assert np.isnan(columns[0].numbers(pl.Series([float("inf"), None, float("nan")]))).all()


def test_times_that_texts_write_are_times() -> None:
    """As CSV has them: each customer's own, so that they would seem to name customers."""
    days = np.arange(SIZE, dtype=float)
    since = pl.Series(days * 86_400_000_000).cast(pl.Datetime("us"))
    joined, first = since.dt.strftime("%Y-%m-%d %H:%M:%S"), since.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    found = reading(table(joined=joined, first=first.set(pl.Series(days < 9), None), code=["2024-01", "x"] * 300))

    assert [column.levels is None for column in found.columns] == [True, False, True, True, False]
    assert np.allclose(found.trial.features[:, 2], days[found.rows])
    assert np.isnan(found.trial.features[:6, 3]).all()
    assert found.columns[3].numbers(pl.Series(["1970-01-03", None])).tolist()[0] == 2
    assert np.isnan(found.columns[3].numbers(pl.Series([None], dtype=pl.String)))
    assert found.columns[3].numbers(pl.Series(["1970-01-03", "n/a"])).tolist()[0] == 2
    with pytest.raises(ValueError, match="says 'soon' in row 0, counted from 0, which is neither a number"):
        found.columns[3].numbers(pl.Series(["soon"]))


def test_among_times_and_numbers_a_mark_is_what_is_not_known_and_another_text_is_told_with_its_row() -> None:
    days = [f"2020-03-{1 + place % 28:02}" for place in range(SIZE)]
    numbers = [str(place % 91) for place in range(SIZE)]
    found = reading(table(
        joined=["N/A", *days[1:]], left=[*days[:4], "2020-02-31", *days[5:]], paid=["NA", *numbers[1:]], zip=numbers,
        born=["", *(f"{1 + place % 12:02}/{1 + place % 28:02}/19{10 + place % 90}" for place in range(1, SIZE))],
        cohort=["01/02/2020", "01/03/2020", "01/04/2020", "01/05/2020"] * (SIZE // 4),
    ))  # fmt: skip

    assert [column.name for column in found.columns] == ["age", "city", "joined", "paid", "cohort"]
    assert [column.levels is None for column in found.columns] == [True, False, True, True, False]
    assert np.isnan(found.trial.features[0, 2:4]).all()
    assert found.trial.features[1, 2:4].tolist() == [18_323, 1]
    assert found.left_out == {
        "left": "left has times, but says '2020-02-31' in row 4, counted from 0: mend it, or leave it empty where it "
        "is not known",
        "born": "born has times such as '02/02/1911': write them by ISO 8601, such as 2026-03-14 15:09:26",
        "zip": "zip has no text that 50 share; if it says whose row it is, name it (--customer zip)",
    }


def test_rows_of_one_customer_are_known_and_those_of_nobody_are_each_their_own() -> None:
    who = pl.Series(["a", "b", None, *(f"c{place // 2}" for place in range(SIZE - 3))])
    found = reading(table(who=who), "arm=mail", customer="who")

    assert found.trial.customer is not None
    assert found.trial.customers == who.n_unique()
    assert found.trial.customer[3] == found.trial.customer[4] != found.trial.customer[2]
    assert [column.name for column in found.columns] == ["age", "city"]
    assert reading(table(who=range(SIZE)), "arm=mail", customer="who").trial.customer is None


def test_columns_that_describe_nobody_or_are_known_only_afterwards_are_left_out() -> None:
    visit = table()["visit"]
    frame = table(
        visit=visit, shop=1, who=[f"c{n}" for n in range(SIZE)], spend=visit.cast(pl.Float64) * np.arange(SIZE),
        tags=[["a"]] * SIZE, CLIENT_ID=[n // 3 for n in range(SIZE)], shopId=[n % 197 for n in range(SIZE)],
        paid=[n % 197 for n in range(SIZE)],
    )  # fmt: skip
    assert dict(reading(frame).left_out) == {
        "shop": "shop is the same for everybody",
        "who": "who names customers",
        "spend": "spend is always 0.0 without visit: it seems to be known only afterwards",
        "tags": "tags holds List(String)",
        **{
            name: f"{name} numbers somebody or something; if it says whose row it is, name it (--customer {name})"
            for name in ("CLIENT_ID", "shopId")
        },
    }
    assert [column.name for column in reading(frame, features=["age", "shopId"]).columns] == ["age", "shopId"]
    assert [column.name for column in reading(frame, ignored=["age"]).columns] == ["city", "paid"]


def test_what_tells_who_was_treated_or_what_came_is_left_out() -> None:
    """Whichever value is the usual one, and however many there are."""
    frame = table().with_columns(
        sent=pl.when(arm="mail").then(pl.int_range(SIZE)),
        paid=pl.when("visit").then(pl.int_range(SIZE) % 90),
        letter=pl.when(arm="mail").then(pl.int_range(SIZE) % 2).otherwise(2),
        number=pl.int_range(SIZE),
        looked=pl.col("visit") | (pl.int_range(SIZE) % 12 == 0),
        opened=pl.when(pl.col("visit") | (pl.int_range(SIZE) % 12 == 0)).then(pl.int_range(SIZE) % 90),
    )
    assert dict(reading(frame).left_out) == {
        "sent": "sent is never known without arm: it seems to be known only afterwards",
        "paid": "paid is never known without visit: it seems to be known only afterwards",
        "letter": "letter is always 2 without arm: it seems to be known only afterwards",
        "number": "number names customers",
        "looked": "looked is never False with visit: it seems to be known only afterwards",
        "opened": "opened is always known with visit: it seems to be known only afterwards",
    }
    several = frame.with_columns(letter=pl.when(arm="mail").then(1).otherwise(pl.int_range(SIZE) % 5 + 2))
    assert reading(several).left_out["letter"].startswith("letter is always 1 with arm")
    assert reading(several.with_columns(letter=pl.int_range(SIZE) % 60)).left_out["letter"] == (
        "letter tells arm of everybody: it seems to be known only afterwards"
    )
    assert [column.name for column in reading(frame, features=["number", "sent"]).columns] == ["number", "sent"]


def test_no_column_tells_of_an_amount_that_everybody_has() -> None:
    frame = table(visit=np.random.default_rng(1).normal(5.0, 1.0, SIZE), loyal=np.arange(SIZE) % 7 > 2)

    assert [column.name for column in reading(frame).columns] == ["age", "city", "loyal"]
    nearly = frame.with_columns(visit=pl.when(pl.int_range(SIZE) == 3).then(0.0).otherwise("visit"))
    assert dict(reading(nearly).left_out) == {}


@pytest.mark.parametrize(("yes", "no"), [("Yes", "no"), ("TRUE", "FALSE"), ("1", " 0 "), ("y", "N"), (1.0, 0.0)])
def test_yes_and_no_are_said_in_many_ways(yes: object, no: object) -> None:
    plain = table(arm=np.arange(SIZE) % 2 == 0)
    words = table(
        arm=pl.Series([yes, no] * (SIZE // 2)), visit=pl.Series([yes if came else no for came in plain["visit"]])
    )
    found, usual = reading(words, "arm").trial, reading(plain, "arm").trial

    assert found.treated.tolist() == usual.treated.tolist()
    assert found.outcome.tolist() == usual.outcome.tolist()
    gap = reading(words.with_columns(visit=pl.when(pl.int_range(SIZE) > 9).then("visit")), "arm")
    assert gap.rows.tolist() == [False] * 10 + [True] * (SIZE - 10)


def test_an_arm_is_named_as_it_is_read() -> None:
    arms = np.arange(SIZE) % 3
    for frame, arm in (
        (table(arm=arms.astype(float)), "arm=1,0"), (table(arm=arms), "arm=1.0,0"), (table(arm=arms == 1), "arm=True")
    ):  # fmt: skip
        assert reading(frame, arm).trial.treated.sum() == SIZE // 3


@pytest.mark.parametrize(
    ("frame", "arm", "said"),
    [
        (table(), "group", "there is no column group: there are arm, visit, age, city"),
        (table(), "arm", r"arm is not 0 and 1 but mail, none, sms: say which is the treatment, arm=VALUE,CONTROL"),
        (table(), "arm=post", "arm is never 'post': it is mail, none, sms"),
        (table(visit="seen"), "arm=mail", "visit holds String: it must be a number, or yes and no"),
        (table(visit=0), "arm=mail", "visit: 0 customers who were treated have one, at least 25 are needed"),
        (table(visit=1), "arm=mail", "visit: is the same of all customers"),
        (
            table(visit=np.where(np.arange(SIZE) % 4 == 0, -1e200, 1.0)),
            "arm=mail",
            "visit: -1e[+]200 of one customer is no amount, 1e[+]15 is the most: mend it, or leave it empty",
        ),
        (
            table(visit=[number % 3 == 0 or number < 60 for number in range(SIZE)]),
            "arm=mail,none",
            "visit: 20 customers who were not treated have one, at least 25 are needed",
        ),
        (
            table().select("arm", "visit"),
            "arm=mail",
            "no column is left that .* there are arm, visit",
        ),
        (table().head(90), "arm=mail", "arm: 30 customers were treated, at least 100 are needed"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(frame: pl.DataFrame, arm: str, said: str) -> None:
    with pytest.raises(TrialNotUsable, match=said):
        reading(frame, arm)


def test_what_was_known_only_afterwards_is_not_named_as_a_feature() -> None:
    with pytest.raises(TrialNotUsable, match="visit, arm: known only afterwards, and so no feature"):
        reading(table(), features=["age", "arm", "visit"])


def test_propensities_must_be_probabilities() -> None:
    with pytest.raises(TrialNotUsable, match="p: every customer's probability of treatment must lie between 0 and 1"):
        reading(table(p=1.0), propensity="p")
    assert reading(table(p=0.25), propensity="p").trial.propensity.tolist() == [0.25] * 400
