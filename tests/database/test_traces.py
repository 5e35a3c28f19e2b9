"""An erasure finds what names the customer, and reads nothing else."""

from datetime import UTC, datetime

import psycopg
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.json import Jsonb
from sqlalchemy import text
from tierwise.v1 import customer_pb2, event_pb2

from database import erasure
from database.customers.traces import length_of, number_of, numbers_in
from database.session import Database
from database.work import requests

NOW = datetime(2026, 11, 20, tzinfo=UTC)
NAMES = st.lists(
    st.sampled_from(["customers", "customers/", "/", "a", "b" * 118, "c" * 119, "é", "events"]), max_size=5
)
IDS = st.sampled_from(["a", "aa", "b" * 118, "c" * 119, "é", "customers", "customersa", "events", "z"])


@given(names=st.lists(NAMES.map("".join), max_size=4), customer_id=IDS)
def test_whom_an_answer_names_is_known_without_it(names: list[str], customer_id: str) -> None:
    """As the erasure itself looks."""
    answer = b"".join(customer_pb2.Customer(name=name).SerializeToString() for name in names)
    name = f"customers/{customer_id}".encode()

    named = length_of(name) + name in answer or name + b"/" in answer

    assert (number_of(customer_id) in numbers_in(answer)) == named


def test_an_erasure_reads_only_what_names_the_customer(database: Database, database_url: str) -> None:
    about = customer_pb2.Customer(name="customers/anna").SerializeToString()
    event = event_pb2.Event(name="customers/anna/events/e-1").SerializeToString()
    other = customer_pb2.Customer(name="customers/anna2").SerializeToString()
    with database.writing() as transaction:
        for number, answer in enumerate((about, event, other, b"")):
            requests.claim(transaction, "New", f"r-{number}", b"", NOW)
            requests.keep(transaction, "New", f"r-{number}", answer)
        requests.claim(transaction, "New", "unanswered", b"", NOW)
    with psycopg.connect(database_url) as connection:
        for number, answer in enumerate((about, other)):
            connection.execute(
                "INSERT INTO requests (method, request_id, body_hash, response) VALUES ('Old', %s, '', %s)",
                (f"r-{number}", answer),
            )
        connection.execute("INSERT INTO imports VALUES ('one', 'events', 'till.csv', 'FINISHED', '{}')")
        for number, row in enumerate(
            ({"who": " anna "}, {"who": "ben", "to": "anna"}, {"who": "annabel"}, {"who": None})
        ):
            connection.execute("INSERT INTO rejected_rows VALUES ('one', %s, 'DUPLICATE', %s)", (number, Jsonb(row)))

    with database.writing() as transaction:
        # As if the tables were too large to be read whole.
        transaction.execute(text("SET LOCAL enable_seqscan = off"))
        touched = erasure.wipe_traces(transaction, "anna", pseudonym="erased-1")
        scans = (
            transaction.execute(
                text("SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname IN ('requests', 'rejected_rows')")
            )
            .scalars()
            .all()
        )
        left = transaction.execute(text("SELECT method, request_id FROM requests ORDER BY method, request_id")).all()

    assert (touched["requests"], touched["rejected_rows"], scans) == (3, 2, [0, 0])
    assert [tuple(row) for row in left] == [("New", "r-2"), ("New", "r-3"), ("New", "unanswered"), ("Old", "r-1")]
