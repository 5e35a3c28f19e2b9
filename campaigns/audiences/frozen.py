"""What an audience was frozen from: kept on the campaign, so that each decision can be made again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from campaigns.audiences.inputs import Inputs, read
from campaigns.terms.campaign import Campaign
from campaigns.tiers import schemes
from campaigns.tiers.tiers import Bounds, Hysteresis, Levels, Measure, bounds_of
from database.audiences import freezing
from database.audiences.eligibility import Targeting
from database.session import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """By what a version of a tier scheme placed customers then: a later rescoring draws new thresholds."""

    measure: Measure
    bounds: Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenFrom:
    """The policies behind an audience."""

    version: int
    """Of the plan."""
    time: datetime
    names: tuple[str, ...]
    """Of the inputs that are kept with each customer."""
    standards: Mapping[int, Standard]
    """By the version of the tier scheme."""
    taken_up: bool
    """Whether a launch that had failed was taken up again: whom the budget bore the first time stayed."""

    def inputs(self, values: list[Any] | None) -> Inputs | None:
        """What was read of one customer; None where it is not there any more."""
        return None if values is None else read(dict(zip(self.names, values, strict=True)))


def document(snapshot: Snapshot, campaign: Campaign, targeting: Targeting, now: datetime) -> dict[str, Any]:
    """Of an audience that was frozen just now, as JSON."""
    _, versions = freezing.policies_of(snapshot, campaign.campaign_id)
    return {
        "version": campaign.version, "time": now.astimezone(UTC).isoformat(), "inputs": targeting.inputs,
        "taken_up": campaign.launch_time is not None,
        "standards": {str(version): _standard(snapshot, version) for version in versions},
    }  # fmt: skip


def from_document(stored: Mapping[str, Any]) -> FrozenFrom:
    """As it was written."""
    return FrozenFrom(
        version=stored["version"], time=datetime.fromisoformat(stored["time"]), names=tuple(stored["inputs"]),
        taken_up=stored["taken_up"],
        standards={
            int(version): Standard(
                measure=Measure(each["measure"]),
                bounds=bounds_of(
                    Levels(high=each["high"], mid=each["mid"]),
                    Hysteresis(margin=each["margin"], grace_days=each["grace_days"]),
                ),
            )
            for version, each in stored["standards"].items()
            if each is not None
        },
    )  # fmt: skip


def _standard(snapshot: Snapshot, version: int) -> dict[str, Any] | None:
    scheme = schemes.get(snapshot, version)
    if scheme.thresholds is None:
        return None
    return {
        "measure": scheme.measure, "high": scheme.thresholds.high, "mid": scheme.thresholds.mid,
        "margin": scheme.hysteresis.margin, "grace_days": scheme.hysteresis.grace_days,
    }  # fmt: skip
