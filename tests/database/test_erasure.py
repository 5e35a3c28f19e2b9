"""Who is erased leaves no row behind that names them, and nobody else loses one."""

import polars as pl
import psycopg
from made.campaigns import NOW
from sqlalchemy import text

from database import erasure
from database.customers.loading import copy_customers
from database.session import Database
from events.event import CUSTOMER_SCHEMA


def test_rejected_rows_of_the_customer_go_too_however_the_file_writes_the_id(
    database: Database, database_url: str
) -> None:
    cells = ["17", '"17"', "171", "17.0", r'"\u00a017.0\t"', '"17.00"', '"K-9"', r'" k-9\u3000"', '"K-99"']
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO imports VALUES ('one', 'events', 'till.csv', 'FINISHED', '{}')")
        for number, cell in enumerate(cells):
            content = f'{{"Card": {cell}, "Pieces": null}}'
            connection.execute("INSERT INTO rejected_rows VALUES ('one', %s, 'DUPLICATE', %s)", (number, content))
    with database.writing() as transaction:
        copy_customers(
            transaction,
            pl.DataFrame({"customer_id": ["17"]}).match_to_schema(CUSTOMER_SCHEMA, missing_columns="insert"),
        )

    with database.writing() as transaction:
        for customer_id in ("17", "K-9"):
            erasure.wipe_traces(transaction, customer_id, pseudonym="erased-1")

    with psycopg.connect(database_url) as connection:
        left = connection.execute("SELECT content ->> 'Card' FROM rejected_rows ORDER BY row_number").fetchall()
    assert left == [("171",), ("17.00",), ("K-99",)]


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


def test_audiences_of_years_are_not_read_whole_for_one_customer(database: Database, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            """INSERT INTO campaigns
              (campaign_id, display_name, state, zone, start_time, end_time, currency, offers, activate_time)
            SELECT 'c' || n, 'Spring', 'ENDED', 'UTC', now() - interval '1 day', now(), 'GBP', '{}', now()
            FROM generate_series(1, 1000) AS n"""
        )
        connection.execute(
            """INSERT INTO audiences (campaign_id, customer_id, tier, tier_scheme, model_id, purchase_90, spend_minor)
            SELECT campaign_id, n::text, 'LOW', 1, 'm1', 0, 0 FROM campaigns, generate_series(1, 20) AS n"""
        )
        connection.execute("ANALYZE audiences")

    with database.writing() as transaction:
        touched = erasure.erase(transaction, "17", pseudonym="erased-1", now=NOW)
        read = transaction.execute(
            text("SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'audiences'")
        ).scalar_one()

    assert (touched["audiences"], read) == (1000, 0)
