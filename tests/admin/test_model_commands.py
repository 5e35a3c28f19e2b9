"""The commands that train, measure and predict, from files and from the database, as a person would run them."""

import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from made.campaigns import add_model
from made.histories import AS_OF, random_shop
from typer.testing import CliRunner

from admin.command_line import main
from admin.commands.evaluate import _attribute
from admin.learning.data import training_data
from database.events import availability
from database.events.store import copy_events
from database.session import Database
from events.event import EventType
from events.files.reading import table

pytestmark = pytest.mark.usefixtures("home")

SHOP = random_shop(90, seed=21)
CANONICAL = SHOP.select(
    "customer_id",
    pl.col("time").dt.replace_time_zone(None),
    pl.col("event_type").replace_strict({int(kind): kind.word for kind in EventType}, return_dtype=pl.String),
    "order_id",
    "item_id",
    "quantity",
    unit_price=pl.col("unit_price_minor") / 100,
    title=pl.lit("Lamp"),
    country=pl.lit("UK"),
)


LATEST: datetime = CANONICAL.select(pl.col("time").max()).item() + timedelta(days=1)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with events, and a model trained on them."""
    folder = tmp_path_factory.mktemp("files")
    CANONICAL.write_parquet(folder / "events.parquet")
    run("train", "--events", folder / "events.parquet", "--as-of", AS_OF.isoformat(), "--out", folder / "model",
        "--epochs", "1")  # fmt: skip
    return folder


def run(*command: object, exit_code: int = 0) -> Any:  # noqa: ANN401  JSON
    done = CliRunner().invoke(main, [*map(str, command), "--json"])
    assert done.exit_code == exit_code, done.output
    return json.loads(done.stdout) if exit_code == 0 else done.stderr


def test_training_says_what_came_out(files: Path) -> None:
    manifest = json.loads((files / "model" / "manifest.json").read_bytes())

    assert manifest["as_of"] == AS_OF.isoformat()
    assert manifest["data"]["customers"] == SHOP.filter(pl.col("time") < AS_OF)["customer_id"].n_unique()
    said = run("train", "--events", files / "events.parquet", "--out", files / "model", exit_code=2)
    assert "never overwritten" in " ".join(said.split())


def test_predictions_have_one_row_for_each_customer(files: Path) -> None:
    out = files / "predictions.parquet"
    said = run("predict", "--events", files / "events.parquet", "--as-of", "2026-07-01", "--horizon", 90, "--out", out,
               "--model", files / "model")  # fmt: skip
    made = pl.read_parquet(out)

    assert made.columns == [
        "customer_id",
        "purchase_probability",
        "expected_spend",
        "churn_probability",
        "expected_orders",
        "median_spend",
        "median_orders",
    ]
    assert said["customers"] == made.height == made["customer_id"].n_unique() == SHOP["customer_id"].n_unique()
    assert made["purchase_probability"].is_between(0, 1).all()
    assert (made["churn_probability"] <= 1 - made["purchase_probability"] + 1e-9).all()
    assert made["expected_spend"].sum() == pytest.approx(said["expected_spend"], abs=0.005)
    assert (made["expected_spend"].round(2) != made["expected_spend"]).all(), "an expectation is no amount to pay"
    assert (made["expected_orders"] >= made["purchase_probability"]).all()
    assert made["expected_orders"].sum() == pytest.approx(said["expected_orders"], abs=0.05)


def test_a_shorter_horizon_promises_less(files: Path) -> None:
    made = {}
    for days in (7, 30, 90, 365):
        out = files / f"predictions{days}.parquet"
        said = run("predict", "--events", files / "events.parquet", "--as-of", "2026-07-01", "--horizon", days,
                   "--out", out, "--model", files / "model")  # fmt: skip
        made[days] = pl.read_parquet(out)
        assert said["horizon_days"] == days
        assert said["expected_buyers"] == pytest.approx(made[days]["purchase_probability"].sum(), abs=0.05)
        assert said["expected_orders"] == pytest.approx(made[days]["expected_orders"].sum(), abs=0.05)
        assert said["expected_spend"] == pytest.approx(made[days]["expected_spend"].sum(), abs=0.005)

    for shorter, longer in pairwise(made.values()):
        assert (shorter["purchase_probability"] < longer["purchase_probability"]).all()
        assert (shorter["expected_spend"] < longer["expected_spend"]).all()
        assert (shorter["expected_orders"] < longer["expected_orders"]).all()
        assert (shorter["median_spend"] <= longer["median_spend"]).all()
        assert (shorter["median_orders"] <= longer["median_orders"]).all()


def test_recommendations_are_ranked_from_zero_without_repeats(files: Path) -> None:
    out = files / "recommendations.parquet"
    run("recommend", "--events", files / "events.parquet", "--k", 4, "--out", out, "--model", files / "model")
    made = pl.read_parquet(out)

    lists = made.group_by("customer_id").agg("rank", pl.col("item_id").n_unique().alias("items"))
    assert lists["rank"].list.sort().to_list() == [[0, 1, 2, 3]] * lists.height
    assert (lists["items"] == 4).all()
    assert (made["reason"].str.len_chars() > 0).all()


def test_evaluation_sets_the_model_beside_baselines(files: Path) -> None:
    report = files / "reports" / "evaluation.html"
    found = run("evaluate", "--events", files / "events.parquet", "--as-of", AS_OF.isoformat(), "--epochs", 1,
                "--report", report, "--by", "country")  # fmt: skip

    assert set(found["figures"]) == {"model", "recency", "frequency", "closed_form", "linear", "trees"}
    assert set(found["differences"]) == {"recency", "frequency", "closed_form", "linear", "trees"}
    assert sum(row["customers"] for row in found["calibration"]) == found["customers"]
    low, high = found["differences"]["recency"]["auc"]
    assert low <= high
    assert set(found["orders"]["figures"]) == set(found["figures"])
    assert set(found["orders"]["differences"]["trees"]) == {"deviance", "spearman", "median_mae", "total_ratio"}
    assert sum(row["customers"] for row in found["order_deciles"]) == found["customers"]
    slices = found["slices"]
    assert sum(each["purchase"]["customers"] for each in slices.values()) == found["customers"]
    assert set(slices["one_order"]["churn"]["figures"]["trees"]) == {"auc", "log_loss", "ece"}
    assert sum(tier["customers"] for tier in found["tiers"]) == found["customers"]
    (uk,) = found["groups"]
    assert (uk["group"], uk["customers"], found["disparity"]["selection_ratio"]) == ("UK", found["customers"], 1.0)
    assert "Groups by country" in report.read_text()
    assert f"{found['figures']['model']['auc']:.4f}".rstrip("0") in report.read_text()


def test_groups_are_of_the_customers_whom_events_name(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("customer_id,country\n00017,UK\n18,FR\n")
    gaps = pl.DataFrame({"customer_id": [17850.0, None], "country": ["UK", "FR"]})

    assert _attribute("country", table(path)) == {"00017": "UK", "18": "FR"}
    assert _attribute("country", gaps) == {"17850": "UK"}


@pytest.mark.parametrize(
    ("rest", "way_out"),
    [
        (("--by", "shoe_size"), "there is no column shoe_size; there are customer_id, country"),
        (("--by", "consented_channels"), "holds lists"),
        (("--by", "x", "--customers", "/nowhere.csv"), "nowhere.csv"),
    ],
)
def test_groups_by_what_is_not_there_are_refused_before_anything_is_fitted(
    files: Path, rest: tuple[str, ...], way_out: str
) -> None:
    said = run("evaluate", "--events", files / "events.parquet", *rest, exit_code=2)

    assert way_out in " ".join(said.split())


@pytest.mark.parametrize(
    ("command", "way_out"),
    [
        (("--horizon", 366), "less than or equal to 365"),
        (("--as-of", "yesterday"), "give an ISO time"),
        (("--model", "/nowhere"), "/nowhere is not on this machine"),
        (("--events", "/nowhere.parquet"), "nowhere.parquet"),
    ],
)
def test_a_mistake_is_explained(files: Path, command: tuple[object, ...], way_out: str) -> None:
    rest = ("--events", files / "events.parquet", "--out", files / "never.parquet")
    said = run("predict", *rest, *command, exit_code=2)

    assert way_out in " ".join(said.split())
    assert not (files / "never.parquet").exists()


def test_whom_to_ask_next_is_nobody_who_was_asked_before(files: Path) -> None:
    model, out = ("--events", files / "events.parquet", "--model", files / "model"), files / "asks.parquet"
    run("ask", *model, "--count", 10, "--out", out)
    first = pl.read_parquet(out)
    said = run("ask", *model, "--count", 10, "--known", out, "--out", files / "more.parquet")
    more = pl.read_parquet(files / "more.parquet")

    assert first.columns == ["rank", "customer_id", "purchase_probability", "uncertainty"]
    assert first["rank"].to_list() == list(range(10))
    assert (said["known"], said["customers"]) == (10, 10)
    assert not set(first["customer_id"]) & set(more["customer_id"])
    first.drop("customer_id").write_parquet(files / "nameless.parquet")
    refused = run("ask", *model, "--known", files / "nameless.parquet", "--out", files / "never.parquet", exit_code=2)
    assert "--known: the file has no column customer_id; it has rank" in " ".join(refused.split())


def test_prices_in_another_currency_are_refused(files: Path) -> None:
    euros = files / "euros.parquet"
    CANONICAL.with_columns(currency=pl.lit("EUR")).write_parquet(euros)
    for command in ("predict", "recommend"):
        said = run(
            command, "--events", euros, "--out", files / "never.parquet", "--model", files / "model", exit_code=2
        )
        assert "currency: prices are in EUR, and the model's money is GBP" in " ".join(said.split())
    assert not (files / "never.parquet").exists()


def test_rows_that_are_left_out_are_told_with_their_reason(files: Path) -> None:
    slashes = CANONICAL.with_columns(pl.concat_str(pl.lit("eu/"), "customer_id").alias("customer_id"))
    slashes.write_parquet(files / "slashes.parquet")
    pl.concat([CANONICAL, slashes[:7]]).write_parquet(files / "some.parquet")
    out = ("--model", files / "model", "--out", files / "some-predictions.parquet")

    refused = run("predict", "--events", files / "slashes.parquet", *out, exit_code=2)
    told = CliRunner().invoke(main, [*map(str, ("predict", "--events", files / "some.parquet", *out))])

    assert f"all rows were rejected: UNUSABLE_CUSTOMER_ID ({len(SHOP):,})" in " ".join(refused.split())
    left_out = f"7 of {len(SHOP) + 7:,} rows were left out: UNUSABLE_CUSTOMER_ID (7)"
    assert left_out in " ".join(told.stderr.split())
    assert told.exit_code == 0


def test_who_is_left_without_an_event_is_answered_too(files: Path) -> None:
    bought = CANONICAL.filter(pl.col("event_type") == "purchase").head(1)
    undone = bought.with_columns(customer_id=pl.lit("undone"))
    taken_back = undone.with_columns(event_type=pl.lit("return"))
    given = bought.with_columns(customer_id=pl.lit("given"), unit_price=pl.lit(0.0))
    later = bought.with_columns(customer_id=pl.lit("later"), unit_price=pl.lit(0.0), time=pl.lit(LATEST))
    pl.concat([CANONICAL, undone, taken_back, given, later]).write_parquet(files / "more.parquet")
    asked = ("--events", files / "more.parquet", "--as-of", LATEST.isoformat(), "--model", files / "model", "--out")

    run("predict", *asked, files / "more-predictions.parquet")
    run("recommend", *asked, files / "more-items.parquet")

    for out in ("more-predictions", "more-items"):
        customers = pl.read_parquet(files / f"{out}.parquet")["customer_id"].unique()
        assert set(customers) == {"undone", "given", *SHOP["customer_id"]}


def test_ids_are_written_as_the_file_has_them(files: Path) -> None:
    number, blank = pl.col("customer_id").rank("dense").cast(pl.Float64), pl.col("item_id") + " "
    CANONICAL.with_columns(number.cast(pl.String), blank).write_parquet(files / "floats.parquet")
    (files / "blanks.csv").write_text("item_id,title\n item-1,One\nitem-2,Two\n")
    asked = ("--events", files / "floats.parquet", "--model", files / "model", "--out", files / "made.parquet")

    for command in ("predict", "recommend", "ask"):
        run(command, *asked)
        assert set(pl.read_parquet(files / "made.parquet")["customer_id"]) == {
            f"{place}.0" for place in range(1, SHOP["customer_id"].n_unique() + 1)
        }
    for items, written in (
        ((), CANONICAL["item_id"] + " "),
        (("--items", files / "blanks.csv"), (" item-1", "item-2")),
    ):
        run("recommend", *asked, *items, "--k", 100)
        assert set(pl.read_parquet(files / "made.parquet")["item_id"]) == set(written) - {None}


def test_recommended_is_what_stands_in_the_file_of_items_and_can_be_had(files: Path) -> None:
    (files / "sold.csv").write_text(
        "item_id,unit_price,available\nitem-1,5,\nitem-2,4,yes\nitem-3,dear,\nitem-4,3,no\n"
    )
    out = ("--model", files / "model", "--out", files / "sold.parquet")

    done = CliRunner().invoke(
        main, [*map(str, ("recommend", "--events", files / "events.parquet", "--items", files / "sold.csv", *out))]
    )

    said, items = " ".join(done.stderr.split()), SHOP["item_id"].drop_nulls().n_unique()
    assert "1 of 4 rows were left out: UNREADABLE_UNIT_PRICE (1)" in said
    assert f"{items - 3} of {items} items of the events do not stand there and are not recommended" in said
    assert set(pl.read_parquet(files / "sold.parquet")["item_id"]) == {"item-1", "item-2"}


def test_what_a_file_says_can_be_had_stands_above_what_was_imported(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    with database.writing() as transaction:
        copy_events(transaction, SHOP)
        availability.say(transaction, dict.fromkeys(("item-1", "item-2", "item-3"), False))
    file = tmp_path / "items.csv"
    file.write_text("item_id,available\nitem-1,yes\nitem-2,\nitem-4,no\n")

    found = training_data(None, file, None, database_url, None)

    assert found.unavailable.item_ids.split("\n") == ["item-2", "item-3", "item-4"]


def test_a_file_is_gone_on_with_line_by_line_and_from_a_time_on_order_by_order(files: Path) -> None:
    """Everybody's second order goes on where a chain of items goes on, and its last line is missing."""
    lines, following = [], {}
    for who in range(40):
        for turn, day in enumerate((30, 2)):
            first = who * (7, 5)[turn] % 24
            chain = [f"item-{(first + place) % 24:02d}" for place in range(6)]
            time = LATEST - timedelta(days=day + who)
            lines += [(f"c{who}", time, f"{who}-{turn}", item) for item in chain[: 6 - turn]]
            following[f"c{who}"] = chain[-1]
    columns = ["customer_id", "time", "order_id", "item_id"]
    table = pl.DataFrame(lines, schema=columns, orient="row").with_columns(
        event_type=pl.lit("purchase"), quantity=1.0, unit_price=1.0
    )
    table.write_parquet(files / "cut.parquet")

    def found(*asked: object) -> tuple[str, float]:
        said = run("recommend", "--events", files / "cut.parquet", "--k", 3, "--out", files / "next.parquet", *asked)
        lists = pl.read_parquet(files / "next.parquet").group_by("customer_id").agg("item_id")
        hits = [following[who] in items for who, items in lists.iter_rows()]
        return said["foretold"], sum(hits) / len(following)

    assert found() == ("next line", 1.0)
    foretold, share = found("--as-of", LATEST.isoformat())
    assert foretold == "next order"
    assert share < 0.75


def test_events_without_items_have_nothing_to_recommend(files: Path) -> None:
    CANONICAL.drop("item_id").write_parquet(files / "unnamed.parquet")

    said = run("recommend", "--events", files / "unnamed.parquet", "--out", files / "never.parquet", exit_code=2)

    assert "no event before the as-of time names an item" in " ".join(said.split())


def test_a_file_with_columns_of_its_own_is_read_by_its_mapping(files: Path) -> None:
    CANONICAL.select(Card="customer_id", When="time", Kind="event_type").write_csv(files / "till.csv")
    (files / "till.yaml").write_text("columns: {Card: customer_id, When: time, Kind: event_type}\ncurrency: EUR\n")
    out = ("--model", files / "model", "--out", files / "till.parquet")

    run("predict", "--events", files / "till.csv", "--mapping", files / "till.yaml", *out)
    refused = run("predict", "--events", files / "till.csv", "--mapping", files / "no.yaml", *out, exit_code=2)

    assert pl.read_parquet(files / "till.parquet").height == SHOP["customer_id"].n_unique()
    assert "no.yaml" in refused


def test_prices_in_several_currencies_are_no_history_to_learn_from(files: Path) -> None:
    both = files / "both.parquet"
    euros = CANONICAL.with_columns(pl.concat_str(pl.lit("eu-"), "customer_id").alias("customer_id"))
    pl.concat(
        [CANONICAL.with_columns(currency=pl.lit("GBP")), euros.with_columns(currency=pl.lit("EUR"))]
    ).write_parquet(both)

    said = run("predict", "--events", both, "--out", files / "never.parquet", exit_code=2)

    assert "prices in EUR, GBP cannot be added up; convert them to one currency first" in " ".join(said.split())


def test_a_model_trained_on_the_database_is_known_to_it_and_can_be_activated(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    with database.writing() as transaction:
        copy_events(transaction, SHOP)
    add_model(database, "old")
    said = run(
        "train", "--database-url", database_url, "--out", tmp_path / "model", "--epochs", 1, "--activate", exit_code=2
    )
    known = {row["state"]: row["model_id"] for row in run("models", "list", "--database-url", database_url)}

    assert "was not judged beside models/old" in " ".join(said.split())
    assert (len(known), known["ACTIVE"]) == (2, "old")
    model_id = known["CANDIDATE"]
    shown = {
        each["predictor"]: each
        for each in run("models", "show", model_id, "--database-url", database_url)["predictors"]
    }
    assert {"networks", "linear", "closed_form"} <= set(shown)
    assert sum(each["purchase_share"] for each in shown.values()) == pytest.approx(1.0)
    assert all(
        ("adds nothing" in each["why"]) == (each["purchase_share"] + each["spend_share"] == 0)
        for each in shown.values()
    )
    moved = run(
        "models", "move", model_id, "active", "--override-gates", "--reason", "x", "--database-url", database_url
    )
    assert moved["state"] == "ACTIVE"
    assert run("models", "register", tmp_path / "model", "--database-url", database_url)["state"] == "ACTIVE"
    assert "there is no models/nope" in run("models", "activate", "nope", "--database-url", database_url, exit_code=2)
