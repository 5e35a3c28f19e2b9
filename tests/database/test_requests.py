"""Answers are kept for a while, and belong to one method and one body."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import text

from database.session import Database
from database.work import requests
from database.work.requests import RequestIdReused

NOW = datetime(2026, 11, 20, tzinfo=UTC)
WIPED_MEANWHILE = """
CREATE FUNCTION wipe() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT FROM added) THEN DELETE FROM requests; END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER wipe AFTER INSERT ON requests REFERENCING NEW TABLE AS added EXECUTE FUNCTION wipe()
"""


def claim(database: Database, *, method: str = "Create", body: bytes = b"1", now: datetime = NOW) -> bytes | None:
    with database.writing() as transaction:
        answer = requests.claim(transaction, method, "id-1", body, now)
        if answer is None:
            requests.keep(transaction, method, "id-1", b"answer")
        return answer


def test_the_second_claim_gets_the_answer_of_the_first(database: Database) -> None:
    assert [claim(database), claim(database)] == [None, b"answer"]


def test_an_id_is_good_for_one_body_and_free_for_another_method(database: Database) -> None:
    claim(database)

    with pytest.raises(RequestIdReused, match="id-1 was used with another body"):
        claim(database, body=b"2")
    assert claim(database, method="Delete", body=b"2") is None


def test_a_claim_that_is_rolled_back_leaves_the_id_free(database: Database) -> None:
    with database.writing() as transaction:
        assert requests.claim(transaction, "Create", "id-1", b"1", NOW) is None
        transaction.rollback()

    assert claim(database) is None


def test_old_answers_are_forgotten(database: Database) -> None:
    claim(database, now=NOW - timedelta(days=40))
    claim(database, method="Delete")

    with database.writing() as transaction:
        assert requests.forget(transaction, NOW - timedelta(days=30), limit=9) == 1

    assert [claim(database), claim(database, method="Delete")] == [None, b"answer"]


def test_an_answer_that_goes_while_it_is_looked_for_leaves_the_id_free(database: Database) -> None:
    claim(database)
    with database.writing() as transaction:
        transaction.execute(text(WIPED_MEANWHILE))

    assert [claim(database), claim(database, method="Delete")] == [None, None]


def test_nobody_can_guess_the_body_from_what_is_kept(database: Database) -> None:
    claim(database, body=sha256(b"customers/anna").digest())

    with database.reading() as snapshot:
        kept = snapshot.execute(text("SELECT body_hash FROM requests")).scalar_one()
        key = snapshot.execute(text("SELECT key FROM erasure_key")).scalar_one()
    assert kept == sha256(key + sha256(b"customers/anna").digest()).digest()
