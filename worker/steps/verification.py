"""One chunk of a look along the chain of the audit log."""

import logging

from campaigns.audit import anchors, verification
from campaigns.audit.chain import Verdict
from database.work.operations import Operation
from worker.tools import Tools

log = logging.getLogger(__name__)


def step(tools: Tools, operation: Operation) -> bool:
    """The links after the operation's cursor, or the end; False when another worker was faster."""
    anchor = tools.settings.audit_anchor
    marks = () if anchor is None else anchors.read(anchor)
    with tools.database.reading() as snapshot:
        found = verification.look(snapshot, operation, marks, tools.now())
    if found.verdict is not Verdict.INTACT:
        log.error("audit log: %s: %s", found.verdict.name, found.message)
    with tools.database.writing() as transaction:
        return verification.keep(transaction, operation, found, tools.cause())
