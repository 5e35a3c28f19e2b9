"""A look along the audit chain by the worker's own step, in this process."""

from made.campaigns import read_operation

from database.session import Database
from database.work.operations import Operation
from settings import Settings
from worker.steps.verification import step
from worker.tools import Tools


def verify_in_the_background(database: Database, operation_id: str, **settings: object) -> Operation:
    """The operation when it is over."""
    tools = Tools(settings=Settings.model_validate(settings), database_url="")
    vars(tools)["database"] = database
    while not (operation := read_operation(database, operation_id)).done:
        assert step(tools, operation)
    return operation
