"""The audit trail: each use case leaves a line in its own transaction, and a refusal leaves one of its own.

It is the one gate to the log, which cannot be changed: the name of a customer does not pass it. `customers/anna`
becomes `subjects/…`, a random name that an erasure makes nobody's.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from campaigns.actor import Cause
from campaigns.basis import Basis
from campaigns.errors import Refusal
from campaigns.faults import Fault
from database.audit import log, subjects
from database.audit.log import ALL, AuditEntry, Wanted
from database.session import Snapshot, Transaction

CUSTOMER = "customers/"
SUBJECT = "subjects/"
LONGEST_KIND = 32
SOMEONE = "customers"
"""A customer who is not known here."""
RESOURCE = re.compile(r"(?!customers/)[A-Za-z_]{1,32}/[A-Za-z0-9._-]{1,128}|staff/[a-z0-9._@+-]{1,64}")
"""What may be called by its name although nobody has found it: no customer, and nothing that was typed in its place."""
LONGEST_ID = 128
NAMED = re.compile(rf"[^\s/,;'\"]{{1,{LONGEST_ID}}}(?<![:.])")
"""A customer in the middle of a sentence, whose own signs are not of the name: an id may be crm:17. Of who is known, or
was, the id may also have spaces and quotes.
"""


def done(
    transaction: Transaction, cause: Cause, action: str, object_name: str, *,
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None, version: int | None = None,
    basis: Basis | None = None,
) -> None:  # fmt: skip
    """The change happened, if the transaction commits. `version` is the object's revision after it."""
    _append(
        transaction, cause, action, object_name, outcome="OK", before=before, after=after, version=version, basis=basis
    )


def tried(
    transaction: Transaction, cause: Cause, action: str, object_name: str, *,
    after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Someone asked what the change would do; nothing but this line is written."""
    _append(transaction, cause, action, object_name, outcome="DRY_RUN", after=after)


def denied(transaction: Transaction, cause: Cause, action: str, object_name: str, refusal: Refusal) -> None:
    """The change was refused. The door calls this in a new transaction: the refused one is rolled back.

    It stands under the campaign that refused, if one did, so that refusals can be counted by campaign and reason; under
    the kind alone of what cannot be a name.
    """
    name = refusal.metadata.get("campaign", object_name)
    if not name.startswith(CUSTOMER) and not RESOURCE.fullmatch(name):
        name = name.partition("/")[0][:LONGEST_KIND]
    _append(transaction, cause, action, name, outcome="DENIED", after={"refusal": refusal.reason})


def failed(
    transaction: Transaction, cause: Cause, action: str, object_name: str, error: str, *,
    fault: Fault | None = None,
) -> None:  # fmt: skip
    """The work broke for good; a fault is why, as a value beside the English words."""
    after: dict[str, Any] = {"error": _discreet(transaction, error, object_name)}
    if fault is not None:
        facts = {
            name: _discreet(transaction, fact, object_name) if isinstance(fact, str) else fact
            for name, fact in fault.facts.items()
        }
        after["why"] = fault.why | {"facts": facts}
    _append(transaction, cause, action, object_name, outcome="FAILED", after=after)


def page(snapshot: Snapshot, wanted: Wanted = ALL, *, limit: int, before: int | None = None) -> list[AuditEntry]:
    """Newest first; the next page is `before` the last audit_id of this one. A customer may be asked for by name."""
    wanted = replace(
        wanted, object_name=_known(snapshot, wanted.object_name), customer=_known(snapshot, wanted.customer)
    )
    return log.page(snapshot, wanted, limit=limit, before=before)


def _append(
    transaction: Transaction, cause: Cause, action: str, object_name: str, *,
    outcome: str, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None,
    version: int | None = None, basis: Basis | None = None,
) -> None:  # fmt: skip
    entry = AuditEntry(
        time=cause.now, actor=str(cause.actor), action=action, object_name=_spoken_of(transaction, object_name),
        object_version=version, outcome=outcome, before=_hidden(transaction, before),
        after=_hidden(transaction, after), basis=None if basis is None else basis.facts(),
        reason=_discreet(transaction, cause.reason, object_name), request_id=cause.request_id,
    )  # fmt: skip
    log.append(transaction, entry)


def _known(snapshot: Snapshot, name: str | None) -> str | None:
    """What the log calls a resource; of a customer of whom it says nothing, what it calls nobody."""
    if name is None or not name.startswith(CUSTOMER):
        return name
    return SUBJECT + (subjects.find(snapshot, name.removeprefix(CUSTOMER)) or "")


def _spoken_of(transaction: Transaction, name: str) -> str:
    """The name under which the log may keep a resource."""
    if not name.startswith(CUSTOMER):
        return name
    subject_id = subjects.ensure(transaction, name.removeprefix(CUSTOMER))
    return SOMEONE if subject_id is None else SUBJECT + subject_id


def _discreet(transaction: Transaction, said: str | None, object_name: str) -> str | None:
    """What was said without the names of customers, nor the bare id of the one whom the action is about."""
    if said is None:
        return None
    if object_name.startswith(CUSTOMER):
        own = re.escape(object_name.removeprefix(CUSTOMER))
        said = re.sub(f"(?:{CUSTOMER})?{own}", lambda _: _spoken_of(transaction, object_name), said)
    first, *others = said.split(CUSTOMER)
    return first + "".join(_beginning(transaction, other) for other in others)


def _beginning(transaction: Transaction, said: str) -> str:
    """What stands behind `customers/`, without the id that it begins with."""
    named = NAMED.match(said)
    known = subjects.beginning(transaction, said[:LONGEST_ID])
    customer_id = max("" if named is None else named[0], known or "", key=len)
    if not customer_id:
        return CUSTOMER + said
    return _spoken_of(transaction, CUSTOMER + customer_id) + said[len(customer_id) :]


def _hidden(transaction: Transaction, value: Any) -> Any:  # noqa: ANN401 - JSON
    """The same JSON with every customer's name replaced. Raises ValueError for an id that does not say whose it is."""
    match value:
        case str():
            return _spoken_of(transaction, value)
        case Mapping():
            if "customer_id" in value:
                raise ValueError("the audit log takes no customer_id: write customers/ID, which the trail replaces")
            return {name: _hidden(transaction, inner) for name, inner in value.items()}
        case list() | tuple():
            return [_hidden(transaction, inner) for inner in value]
        case _:
            return value
