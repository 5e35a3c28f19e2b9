"""A worker takes a preview of tiers to its end in one step, and fails it for good where there is nothing to look at."""

import pytest
from made.campaigns import make_cause, read_operation, store_scores
from running.working import one_chunk, work_on
from sqlalchemy import text

from campaigns.tiers import previewing
from campaigns.tiers.refusals import CustomersNotScored
from database.session import Database
from database.work.operations import Operation


def begin(database: Database) -> Operation:
    store_scores(database, {"anna": 9000, "bert": 10})
    with database.writing() as transaction:
        return previewing.begin(transaction, make_cause(), 1)


def test_it_is_over_in_one_step(database: Database, database_url: str) -> None:
    operation = begin(database)

    done = work_on(database_url, operation, enough=one_chunk)

    assert (done.state, done.done_count) == ("SUCCEEDED", 2)
    assert done.response is not None
    assert [cell["customers"] for cell in done.response["cells"]] == [1, 1]


def test_without_scores_it_is_refused(database: Database, database_url: str) -> None:
    operation = begin(database)
    with database.writing() as transaction:
        transaction.execute(text("DELETE FROM scores"))

    with pytest.raises(CustomersNotScored):
        work_on(database_url, operation, enough=one_chunk)

    assert read_operation(database, operation.operation_id).state == "RUNNING"
