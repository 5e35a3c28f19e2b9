"""Items and customers in bulk: a catalogue replaces, what events say beside only fills gaps, unknown erases nothing."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import polars as pl
import pytest
from running.lock_waits import somebody_waits
from running.worker_processes import wait_for
from sqlalchemy import text

from database.customers.loading import copy_customers
from database.events.items import copy_items, read_items
from database.session import Database, driver_connection
from events.event import CUSTOMER_SCHEMA, ITEM_SCHEMA

KNOWN = ("a", "Lantern", "Home", "Acme", 250, "GBP")


def items(*rows: Sequence[object]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=ITEM_SCHEMA, orient="row")


def customers(*rows: Sequence[object]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=CUSTOMER_SCHEMA, orient="row")


def catalogue(database: Database) -> list[tuple[object, ...]]:
    with database.reading() as snapshot:
        return read_items(snapshot).rows()


def customer(database: Database, customer_id: str) -> tuple[object, ...]:
    statement = """SELECT country, zone, preferred_channel, consented_channels, revision
                   FROM customers WHERE customer_id = %s"""
    with database.reading() as snapshot:
        rows = driver_connection(snapshot).execute(statement, (customer_id,)).fetchall()
    (row,) = rows
    return row


def update_time(database: Database) -> datetime:
    with database.reading() as snapshot:
        rows = driver_connection(snapshot).execute("SELECT max(update_time) FROM items").fetchall()
    when = rows[0][0]
    assert isinstance(when, datetime)
    return when


def test_a_catalogue_goes_in_and_comes_out(database: Database) -> None:
    frame = items(("B", None, None, None, None, None), KNOWN, ("ä", "Größe\t|", None, None, None, None))
    with database.writing() as transaction:
        assert copy_items(transaction, frame) == 3
    assert catalogue(database) == frame.rows()


def test_the_same_catalogue_again_changes_nothing(database: Database) -> None:
    with database.writing() as transaction:
        copy_items(transaction, items(KNOWN))
    before = update_time(database)
    for replace in (True, False):
        with database.writing() as transaction:
            assert copy_items(transaction, items(KNOWN), replace=replace) == 0
    assert update_time(database) == before


@pytest.mark.parametrize(
    ("replace", "expected"),
    [
        (True, ("a", "Lamp", "Home", "Acme", 999, "EUR")),
        (False, KNOWN),
    ],
)
def test_a_catalogue_replaces_and_events_do_not(
    database: Database, expected: tuple[object, ...], *, replace: bool
) -> None:
    with database.writing() as transaction:
        copy_items(transaction, items(KNOWN))
        assert copy_items(transaction, items(("a", "Lamp", None, None, 999, "EUR")), replace=replace) == int(replace)
    assert catalogue(database) == [expected]


def test_gaps_are_filled_with_price_and_currency_together(database: Database) -> None:
    with database.writing() as transaction:
        copy_items(transaction, items(("a", "Lantern", None, None, None, None)))
        assert copy_items(transaction, items(("a", "Lamp", "Home", None, 5, "JPY")), replace=False) == 1
    assert catalogue(database) == [("a", "Lantern", "Home", None, 5, "JPY")]


def test_a_customer_is_kept_as_given_whatever_the_symbols(database: Database) -> None:
    odd = ["e-mail", 'quo"te', "back\\slash", "comma,tab\t"]
    with database.writing() as transaction:
        assert copy_customers(transaction, customers(("anna", "GB", "Europe/London", "email", odd))) == 1
    assert customer(database, "anna") == ("GB", "Europe/London", "email", odd, 1)


def test_a_change_moves_the_revision_and_no_change_does_not(database: Database) -> None:
    with database.writing() as transaction:
        copy_customers(transaction, customers(("anna", "GB", None, None, ["email"])))
        assert copy_customers(transaction, customers(("anna", "GB", None, None, None))) == 0
        assert copy_customers(transaction, customers(("anna", None, None, "sms", None))) == 1
    assert customer(database, "anna") == ("GB", None, "sms", ["email"], 2)


def test_who_becomes_known_meanwhile_is_changed_all_the_same(database: Database) -> None:
    told = customers(("anna", "GB", None, None, ["email"]))
    with database.writing() as first, ThreadPoolExecutor(1) as importer:
        first.execute(text("INSERT INTO customers (customer_id) VALUES ('anna')"))

        def copied() -> int:
            with database.writing() as transaction:
                return copy_customers(transaction, told)

        under_way = importer.submit(copied)
        wait_for(lambda: under_way.done() or somebody_waits(database))
        first.commit()
        assert under_way.result(10) == 1
    assert customer(database, "anna") == ("GB", None, None, ["email"], 2)


@pytest.mark.parametrize("replace", [True, False])
def test_customers_are_held_in_the_order_of_their_ids_wherever_they_lie(database: Database, *, replace: bool) -> None:
    first, *others = [(name, "GB", None, None, None) for name in "abc"]
    with database.writing() as transaction:
        driver_connection(transaction).execute("INSERT INTO customers (customer_id) VALUES ('c'), ('b'), ('a')")
    alone = "SELECT customer_id FROM customers WHERE customer_id > 'a' FOR UPDATE SKIP LOCKED"

    def tell() -> int:
        with database.writing() as transaction:
            return copy_customers(transaction, customers(*others, first), replace=replace)

    with ThreadPoolExecutor(1) as pool:
        with database.writing() as holder, database.writing() as anybody:
            driver_connection(holder).execute("SELECT FROM customers WHERE customer_id = 'a' FOR UPDATE")
            told = pool.submit(tell)
            wait_for(lambda: somebody_waits(database))
            assert sorted(driver_connection(anybody).execute(alone)) == [("b",), ("c",)]
        assert told.result() == 3


def test_a_withdrawn_consent_is_known_and_an_unknown_one_is_none(database: Database) -> None:
    with database.writing() as transaction:
        copy_customers(transaction, customers(("anna", None, None, None, ["email"]), ("bert", None, None, None, None)))
        assert copy_customers(transaction, customers(("anna", None, None, None, []))) == 1
    assert customer(database, "anna")[3] == []
    assert customer(database, "bert")[3] == []


def test_what_events_say_of_customers_only_fills_the_country(database: Database) -> None:
    with database.writing() as transaction:
        copy_customers(transaction, customers(("anna", "GB", None, None, None), ("bert", None, None, None, None)))
        told = customers(("anna", "FR", None, None, None), ("bert", "FR", None, None, None))
        assert copy_customers(transaction, told, replace=False) == 1
    assert customer(database, "anna")[0] == "GB"
    assert customer(database, "bert")[0] == "FR"
