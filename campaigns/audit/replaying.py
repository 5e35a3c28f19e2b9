"""Why a customer got from a campaign what they got: the decision made again from stored versions, beside the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.audiences.eligibility import ChannelReason
from campaigns.audiences.frozen import FrozenFrom, from_document
from campaigns.audiences.inputs import Inputs
from campaigns.audit.decision import Decision, Known, Sameness, Who, differences, replay
from campaigns.audit.decision_words import reasons
from campaigns.audit.exclusion_words import Circumstances, Reach
from campaigns.customers.refusals import CustomerNotFound
from campaigns.life import campaigns, versions
from campaigns.life.refusals import CampaignNotLaunched, CampaignVersionNotFound
from campaigns.terms import discount_document
from campaigns.terms.campaign import Campaign, CampaignPlan, Channel
from campaigns.tiers.tiers import Tier
from database.audiences import facts
from database.audiences.tables import AudienceRow
from database.coupons import decisions
from database.coupons.decisions import Recorded
from database.customers import tombstones
from database.models import registry, scores
from database.session import Snapshot
from rules.rule import segments_named
from rules.sentence import Language

READ = "what was read of the customer"
NO_RECORD = Decision(exclusion="")
"""Of a customer who is neither in the audience nor among those who were kept out of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A decision, made again."""

    campaign: Campaign
    customer_id: str
    sameness: Sameness
    version: int | None
    """Of the plan that decided; None where that is not on record."""
    time: datetime | None
    """When the audience was frozen; None where that is not on record."""
    issued: Decision
    """What was decided then; an `exclusion` without a word is one that nothing was written down about."""
    replayed: Decision | None
    """None where it cannot be made again."""
    differences: tuple[str, ...] = ()
    """Parts of the decision that are not the same."""
    missing: tuple[str, ...] = ()
    """What it was made from and is not there any more."""
    reasons: tuple[str, ...] = ()
    """Why it is what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """What a decision can be made again from, as far as it is there."""

    known: Known | None
    missing: Sequence[str]


def explain(
    snapshot: Snapshot, campaign_id: str, customer_id: str, *, language: Language = Language.ENGLISH
) -> Explained:
    """What the campaign decided about the customer, and whether the same inputs give it again.

    The reasons are in words of the language.

    Raises CampaignNotFound, CampaignNotLaunched, CustomerNotFound.
    """
    campaign = campaigns.get(snapshot, campaign_id)
    if campaign.launch_time is None:
        raise CampaignNotLaunched(f"{campaign.name} is not launched: it decided nothing", campaign=campaign.name)
    record = decisions.recorded(snapshot, campaign_id, customer_id)
    erased = tombstones.among(snapshot, [customer_id])
    if not erased and decisions.known_since(snapshot, customer_id) is None:
        raise CustomerNotFound.of(f"customers/{customer_id}")
    kept = decisions.frozen(snapshot, campaign_id)
    if erased or kept.document is None:
        missing = "the customer: they were erased" if erased else "what the audience was frozen from: it is older"
        return _gone(campaign, customer_id, None, _issued(record), [missing])
    frozen = from_document(kept.document)
    plan = _plan(snapshot, campaign_id, frozen.version)
    if plan is None:
        return _gone(campaign, customer_id, frozen, _issued(record), [f"version {frozen.version} of the plan"])
    evidence = _evidence(snapshot, plan, frozen, record, Who(campaign_id, customer_id))
    if evidence.known is None or evidence.missing:
        return _gone(campaign, customer_id, frozen, _issued(record), evidence.missing)
    replayed = replay(frozen, plan, kept.budget_share, evidence.known)
    others = decisions.others(snapshot, campaign_id, customer_id, before=frozen.time)
    circumstances = Circumstances(frozen.time, kept.budget_share, [Reach._make(each) for each in others])
    currency = scores.scored_currency(snapshot) or plan.currency
    words = reasons(plan, evidence.known, replayed, circumstances, language, currency=currency)
    return _compared(campaign, frozen, _issued(record), replayed, words, customer_id)


def _compared(
    campaign: Campaign, frozen: FrozenFrom, issued: Decision, replayed: Decision, words: Sequence[str],
    customer_id: str,
) -> Explained:  # fmt: skip
    differing = differences(issued, replayed)
    return Explained(
        campaign=campaign, customer_id=customer_id, version=frozen.version, time=frozen.time, issued=issued,
        sameness=Sameness.DIFFERS if differing else Sameness.SAME, replayed=replayed, differences=differing,
        reasons=tuple(words),
    )  # fmt: skip


def _gone(
    campaign: Campaign, customer_id: str, frozen: FrozenFrom | None, issued: Decision, missing: Sequence[str]
) -> Explained:
    return Explained(
        campaign=campaign, customer_id=customer_id, sameness=Sameness.NOT_REPLAYABLE,
        version=None if frozen is None else frozen.version, time=None if frozen is None else frozen.time,
        issued=issued, replayed=None, missing=tuple(missing),
    )  # fmt: skip


def _plan(snapshot: Snapshot, campaign_id: str, version: int) -> CampaignPlan | None:
    try:
        return versions.get(snapshot, campaign_id, version).plan
    except CampaignVersionNotFound:
        return None


def _evidence(snapshot: Snapshot, plan: CampaignPlan, frozen: FrozenFrom, record: Recorded, who: Who) -> _Evidence:
    """From the record of who is in it or was kept out; of others from what is known now, if it was so then."""
    if record.member is not None:
        return _of_member(snapshot, frozen, record.member, who)
    if record.excluded is not None:
        inputs, tier = frozen.inputs(record.excluded.inputs), record.excluded.tier
        if inputs is None or tier is None:
            return _Evidence(known=None, missing=[READ])
        return _Evidence(known=Known(who=who, tier=Tier(tier), score=None, standard=None, inputs=inputs), missing=[])
    since = decisions.known_since(snapshot, who.customer_id)
    was_there = since is not None and since <= frozen.time
    missing = _changed_since(snapshot, plan, frozen) if was_there else []
    return _Evidence(known=_as_now(snapshot, who, was_there=was_there), missing=missing)


def _of_member(snapshot: Snapshot, frozen: FrozenFrom, row: AudienceRow, who: Who) -> _Evidence:
    inputs, standard = frozen.inputs(row.inputs), frozen.standards.get(row.tier_scheme)
    missing = [] if registry.get(snapshot, row.model_id) else [f"models/{row.model_id}"]
    missing += [] if standard is not None else [f"the thresholds of tierSchemes/{row.tier_scheme}"]
    if inputs is None:
        return _Evidence(known=None, missing=[READ, *missing])
    known = Known(who=who, tier=Tier(row.tier), score=row, standard=standard, inputs=inputs, borne=frozen.taken_up)
    return _Evidence(known=known, missing=missing)


def _as_now(snapshot: Snapshot, who: Who, *, was_there: bool) -> Known:
    score = scores.get(snapshot, who.customer_id)
    stored = facts.stored_facts(snapshot, who.customer_id)
    inputs = Inputs(facts={} if stored is None else stored.facts, segments=facts.segments_of(snapshot, who.customer_id))
    tier = None if score is None or score.tier is None else Tier(score.tier)
    return Known(who=who, tier=tier, score=None, standard=None, inputs=inputs, was_there=was_there, reachable=False)


def _changed_since(snapshot: Snapshot, plan: CampaignPlan, frozen: FrozenFrom) -> list[str]:
    """What a decision about somebody outside the audience read, and is not what it was."""
    rescored = decisions.rescored(snapshot)
    changed = []
    if rescored is not None and rescored > frozen.time:
        changed.append(f"score and facts: all customers were rescored at {rescored.isoformat()}")
    wanted = frozenset() if plan.rule is None else segments_named(plan.rule)
    built = decisions.built(snapshot, wanted)
    for segment_id in sorted(wanted):
        time = built.get(segment_id)
        if time is None or time > frozen.time:
            changed.append(f"segments/{segment_id}: it was built anew, or is gone")
    return changed


def _issued(record: Recorded) -> Decision:
    if record.member is not None:
        row, coupon = record.member, record.coupon
        return Decision(
            tier=Tier(row.tier), group=row.arm, channel=Channel(row.channel),
            channel_reason=ChannelReason(row.channel_reason),
            discount=None if coupon is None else discount_document.from_data(coupon.discount),
        )  # fmt: skip
    if record.excluded is not None:
        tier = record.excluded.tier
        return Decision(exclusion=record.excluded.reason, tier=None if tier is None else Tier(tier))
    return NO_RECORD
