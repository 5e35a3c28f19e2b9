"""Decisions that are made again, and what they are made again from."""

from datetime import timedelta

from made.campaigns import NOW
from sqlalchemy import text

from campaigns.audit import replaying
from campaigns.audit.replaying import Explained
from database.session import Database
from rules.sentence import Language


def explain(
    database: Database, customer_id: str = "anna", campaign_id: str = "spring", language: Language = Language.ENGLISH
) -> Explained:
    with database.reading() as snapshot:
        return replaying.explain(snapshot, campaign_id, customer_id, language=language)


def run(database: Database, statement: str, **values: object) -> None:
    with database.writing() as transaction:
        transaction.execute(text(statement), values)


def known_long_ago(database: Database) -> None:
    run(database, "UPDATE customers SET create_time = :then", then=NOW - timedelta(days=99))
