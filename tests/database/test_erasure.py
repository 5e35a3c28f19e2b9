"""Who is erased leaves no row behind that names them, and nobody else loses one."""

import polars as pl
import psycopg
from campaign_factories import NOW

from database import erasure
from database.customers.loading import copy_customers
from database.session import Database
from events.event import CUSTOMER_SCHEMA


def test_rejected_rows_of_the_customer_go_too(database: Database, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO imports VALUES ('one', 'events', 'till.csv', 'FINISHED', '{}')")
        connection.execute(
            """INSERT INTO rejected_rows VALUES
               ('one', 1, 'DUPLICATE', '{"Card": 17, "Pieces": 2}'), ('one', 2, 'DUPLICATE', '{"Card": "17"}'),
               ('one', 3, 'DUPLICATE', '{"Card": 171, "Pieces": null}')"""
        )
    with database.writing() as transaction:
        copy_customers(
            transaction,
            pl.DataFrame({"customer_id": ["17"]}).match_to_schema(CUSTOMER_SCHEMA, missing_columns="insert"),
        )

    with database.writing() as transaction:
        erasure.wipe_traces(transaction, "17", pseudonym="erased-1")

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT row_number FROM rejected_rows").fetchall() == [(3,)]


def test_facts_and_memberships_go_too_and_those_of_others_stay(database: Database, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO customers (customer_id) VALUES ('anna'), ('ben')")
        connection.execute("INSERT INTO customer_facts (customer_id, as_of) VALUES ('anna', now()), ('ben', now())")
        connection.execute("INSERT INTO segments (segment_id, display_name, rule) VALUES ('all', 'All', '{}')")
        connection.execute(
            "INSERT INTO segment_members VALUES ('all', 1, 'anna'), ('all', 1, 'ben'), ('all', 2, 'anna')"
        )

    with database.writing() as transaction:
        erasure.erase(transaction, "anna", pseudonym="erased-1", now=NOW)

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT customer_id FROM customer_facts").fetchall() == [("ben",)]
        assert connection.execute("SELECT build, customer_id FROM segment_members").fetchall() == [(1, "ben")]


def test_what_kept_the_customer_out_of_audiences_goes_too(database: Database, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO customers (customer_id) VALUES ('anna'), ('ben')")
        connection.execute("INSERT INTO exclusions VALUES ('spring', 'anna', 'CAP'), ('spring', 'ben', 'CAP')")

    with database.writing() as transaction:
        erasure.erase(transaction, "anna", pseudonym="erased-1", now=NOW)

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT customer_id FROM exclusions").fetchall() == [("ben",)]
