"""Looks after a training that runs beside the tasks: starts it, waits a while, and makes known what it made."""

import logging
from pathlib import Path

from campaigns.faults import Code, Hopeless
from campaigns.models import retraining
from campaigns.models.retraining import Retraining
from database.work.operations import Operation
from scoring.folders.manifest import read_manifest
from worker import learning
from worker.tools import Tools

log = logging.getLogger(__name__)
LOOK_SECONDS = 5.0
MOST_STARTS = 20
"""Deployments and crashes together; each start goes on from the checkpoints of the one before."""


def step(tools: Tools, operation: Operation) -> bool:
    """A look at it, or the end; False when another worker was faster. Raises Hopeless where nothing comes."""
    folder, pinned = _folder(tools, operation), Retraining.of(operation.request)
    reason = learning.refused(folder, pinned)
    if reason is not None or folder.exists():
        tools.learner.settle()
    if reason is not None:
        raise Hopeless(Code.TRAINING_REFUSED, reason)
    if folder.exists():
        return _finish(tools, operation, folder)
    starts = int(operation.cursor or 0)
    if starts < MOST_STARTS:
        starts += tools.learner.start(folder, pinned, tools.database_url)
    elif not learning.under_way(folder):
        raise Hopeless(Code.TRAINING_WITHOUT_MODEL, starts=MOST_STARTS)
    tools.learner.wait(LOOK_SECONDS)
    with tools.database.writing() as transaction:
        return retraining.goes_on(transaction, operation, starts=starts, now=tools.now())


def abandon(tools: Tools, operation: Operation) -> None:
    """End the training, wherever it goes on; what a disk that takes nothing lets go on makes a folder nobody wants."""
    try:
        pinned = Retraining.of(operation.request)
        learning.refuse(_folder(tools, operation), pinned, "nobody waits for the model any more")
    except OSError as error:
        log.warning("%s: its training is not told that it is over: %s", operation.name, error)


def _folder(tools: Tools, operation: Operation) -> Path:
    return tools.settings.models / operation.operation_id


def _finish(tools: Tools, operation: Operation, folder: Path) -> bool:
    manifest = read_manifest(folder)
    with tools.database.writing() as transaction:
        cause = tools.cause()
        return retraining.finish(
            transaction, operation, cause, str(manifest["model_id"]), folder=str(folder.resolve()), manifest=manifest
        )
