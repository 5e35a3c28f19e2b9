"""Use cases on the versions of the tier thresholds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from campaigns import trail
from campaigns.actor import Cause
from campaigns.tiers.refusals import NoActiveTierScheme, TierSchemeChanged, TierSchemeNotFound
from campaigns.tiers.tiers import Hysteresis, Levels, Measure, Method, TierScheme, check, thresholds_of
from database.session import Snapshot, Transaction
from database.tiers import schemes
from database.tiers.tables import TierSchemeRow

DEFAULT = Levels(high=0.10, mid=0.30)
"""The best tenth is HIGH, the next three tenths are MID, by expected value."""
NOT_MADE = 0
"""Version of a scheme that is not made yet."""
STEADY = Hysteresis(margin=0.10, grace_days=14)
"""What a scheme does against flapping unless told otherwise."""


def create(
    transaction: Transaction, cause: Cause, *, measure: Measure, method: Method, parameters: Levels,
    hysteresis: Hysteresis = STEADY,
) -> TierScheme:  # fmt: skip
    """A new version, not yet in force. Raises InvalidTierScheme."""
    check(measure, method, parameters, hysteresis)
    known = thresholds_of(method, parameters)
    row = schemes.create(
        transaction, measure=measure, method=method, parameters=_json(parameters),
        thresholds=None if known is None else _json(known), margin=hysteresis.margin, grace_days=hysteresis.grace_days,
    )  # fmt: skip
    scheme = _scheme(row)
    trail.done(transaction, cause, "tiers.create", name(scheme), after=_facts(scheme), version=scheme.version)
    return scheme


def draft(
    *, measure: Measure, method: Method, parameters: Levels, hysteresis: Hysteresis = STEADY, now: datetime
) -> TierScheme:
    """A scheme that is not made yet, to be looked at. Raises InvalidTierScheme."""
    check(measure, method, parameters, hysteresis)
    return TierScheme(
        version=NOT_MADE, measure=measure, method=method, parameters=parameters,
        thresholds=thresholds_of(method, parameters), hysteresis=hysteresis, active=False, revision=0, create_time=now,
    )  # fmt: skip


def activate(transaction: Transaction, cause: Cause, version: int, *, etag: str | None = None) -> TierScheme:
    """Put a version in force; stored scores keep their tiers until the next rescoring.

    Raises TierSchemeNotFound, TierSchemeChanged.
    """
    schemes.hold(transaction)
    seen = get(transaction, version)
    TierSchemeChanged.check(name(seen), etag, seen.etag)
    before = active(transaction)
    row = schemes.activate(transaction, version)
    assert row is not None, "it was there a moment ago, and versions are never deleted"
    scheme = _scheme(row)
    was = None if before is None else {"version": before.version}
    trail.done(
        transaction, cause, "tiers.activate", name(scheme), before=was, after={"version": version}, version=version
    )
    return scheme


def active(snapshot: Snapshot) -> TierScheme | None:
    """The version in force."""
    row = schemes.active(snapshot)
    return None if row is None else _scheme(row)


def in_force(snapshot: Snapshot) -> TierScheme:
    """The version in force. Raises NoActiveTierScheme."""
    scheme = active(snapshot)
    if scheme is None:
        raise NoActiveTierScheme("no tier scheme is in force: run ScoreAllCustomers, or activate one")
    return scheme


def ensure(transaction: Transaction, cause: Cause) -> TierScheme:
    """The version in force; the default one is made and put in force when there is none."""
    scheme = active(transaction)
    if scheme is not None:
        return scheme
    made = create(transaction, cause, measure=Measure.EXPECTED_VALUE, method=Method.QUANTILE, parameters=DEFAULT)
    return activate(transaction, cause, made.version)


def get(snapshot: Snapshot, version: int) -> TierScheme:
    """One version. Raises TierSchemeNotFound."""
    return _scheme(TierSchemeNotFound.unless(schemes.get(snapshot, version), f"tierSchemes/{version}"))


def page(snapshot: Snapshot, *, limit: int, before: int | None = None) -> list[TierScheme]:
    """Newest first."""
    return [_scheme(row) for row in schemes.page(snapshot, limit=limit, before=before)]


def name(scheme: TierScheme) -> str:
    """The resource name."""
    return f"tierSchemes/{scheme.version}"


def _json(levels: Levels) -> dict[str, float]:
    return {"high": levels.high, "mid": levels.mid}


def _facts(scheme: TierScheme) -> dict[str, Any]:
    return {
        "measure": scheme.measure, "method": scheme.method, "parameters": _json(scheme.parameters),
        "margin": scheme.hysteresis.margin, "grace_days": scheme.hysteresis.grace_days,
    }  # fmt: skip


def _scheme(row: TierSchemeRow) -> TierScheme:
    return TierScheme(
        version=row.version, measure=Measure(row.measure), method=Method(row.method),
        parameters=_levels(row.parameters), thresholds=None if row.thresholds is None else _levels(row.thresholds),
        hysteresis=Hysteresis(margin=row.margin, grace_days=row.grace_days), active=row.active,
        revision=row.revision, create_time=row.create_time,
    )  # fmt: skip


def _levels(stored: Mapping[str, float]) -> Levels:
    return Levels(high=float(stored["high"]), mid=float(stored["mid"]))
