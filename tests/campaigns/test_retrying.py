"""Work that failed or was cancelled is begun once more, as what it was; other work is left alone."""

import pytest
from made.campaigns import audit_lines, begin_launch, counts, create_campaign, make_cause, read_operation, store_scores

from campaigns import retrying
from campaigns.callers import access
from campaigns.errors import Refusal
from campaigns.tiers import previewing, rescoring
from campaigns.work.refusals import OperationNotFound, OperationNotRetryable
from database.session import Database
from database.work import operations
from database.work.operations import Operation

NOT_RETRIED = {operations.ERASE_CUSTOMER}


@pytest.fixture
def shop(database: Database) -> Database:
    store_scores(database, {"anna": 9000, "bert": 10})
    return database


def fail(database: Database, operation: Operation) -> None:
    with database.writing() as transaction:
        assert operations.fail(transaction, operation.operation_id, "broken", make_cause().now)


def retry(database: Database, operation_id: str) -> Operation:
    with database.writing() as transaction:
        return retrying.retry(transaction, make_cause(), operation_id)


def refused(database: Database, refusal: type[Refusal], operation_id: str) -> None:
    before = counts(database, "operations", "outbox", "audit_log")
    with pytest.raises(refusal):
        retry(database, operation_id)
    assert counts(database, "operations", "outbox", "audit_log") == before


def test_a_preview_is_of_the_same_scheme(shop: Database) -> None:
    with shop.writing() as transaction:
        first = previewing.begin(transaction, make_cause(), 1)
    refused(shop, OperationNotRetryable, first.operation_id)
    fail(shop, first)

    again = retry(shop, first.operation_id)

    assert again.operation_id != first.operation_id
    assert (again.kind, again.state, again.request) == (first.kind, "RUNNING", first.request)
    assert read_operation(shop, first.operation_id).error == "broken"
    assert audit_lines(shop)[-1] == ("tiers.preview", "tierSchemes/1", "OK")


def test_a_launch_is_taken_up_where_it_stopped(shop: Database) -> None:
    create_campaign(shop)
    first = begin_launch(shop)
    fail(shop, first)

    again = retry(shop, first.operation_id)

    assert (again.kind, again.request) == ("LAUNCH_CAMPAIGN", {"campaign_id": "spring"})


def test_everybody_is_scored_by_the_model_of_now(shop: Database) -> None:
    with shop.writing() as transaction:
        first = rescoring.begin(transaction, make_cause())
        operations.cancel(transaction, first.operation_id, make_cause().now)

    assert retry(shop, first.operation_id).kind == "SCORE_ALL_CUSTOMERS"


def test_what_succeeded_and_what_nobody_began_is_not_begun_again(shop: Database) -> None:
    with shop.reading() as snapshot:
        (done,) = operations.page(snapshot, limit=1)

    refused(shop, OperationNotRetryable, done.operation_id)
    refused(shop, OperationNotFound, "nobody")


def test_every_kind_of_work_can_be_begun_again_but_an_erasure() -> None:
    kinds = {value for name, value in vars(operations).items() if name.isupper() and value == name}

    assert kinds - {"RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"} == retrying.KINDS.keys() | NOT_RETRIED
    assert {kind.action for kind in retrying.KINDS.values()} <= access.ACTIONS.keys()
