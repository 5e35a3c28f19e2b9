"""A worker's tasks in the process of the test, without a broker and with connections of their own."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from celery import signals
from made.campaigns import read_operation

from campaigns.work import jobs
from database.work.operations import Operation
from settings import Settings
from worker.advance import advance
from worker.app import make_app
from worker.tasks import register
from worker.tools import Tools


@contextmanager
def tools_on(database_url: str, **settings: object) -> Iterator[Tools]:
    tools = Tools(settings=Settings.model_validate(settings), database_url=database_url)
    with closing(tools.database):
        yield tools


def to_the_end() -> bool:
    return False


def one_chunk() -> bool:
    return True


def work_on(
    database_url: str, operation: Operation, *, enough: Callable[[], bool] = to_the_end, turn: int | None = None,
    **settings: object,
) -> Operation:  # fmt: skip
    """What the task does; the operation afterwards."""
    with tools_on(database_url, **settings) as tools:
        advance(tools, operation.operation_id, enough=enough, turn=turn)
        return read_operation(tools.database, operation.operation_id)


def run_task(database_url: str, operation: Operation, *, retries: int = 0, **settings: object) -> int:
    """The Celery task with the retries that it has left after so many; how often it ran."""
    with tools_on(database_url, **settings) as tools:
        app = make_app(tools.settings, database_url)
        register(app, tools)
        runs = 0

        def count_run(**_: object) -> None:
            nonlocal runs
            runs += 1

        signals.task_prerun.connect(count_run)
        app.tasks[jobs.ADVANCE].apply(kwargs={"operation_id": operation.operation_id}, retries=retries)
    return runs
