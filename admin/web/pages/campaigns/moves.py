"""The buttons that move a campaign, and the page that says what each will do before it does it."""

from collections.abc import Callable, Mapping

from starlette.responses import Response

from admin.web.done import Deed
from admin.web.forms.typed import Errors, Fault
from admin.web.received import REASON, number_of
from admin.web.visit import UNUSABLE, Visit
from campaigns.actor import Cause
from campaigns.life import agreed_rules, approving, campaigns, inbox, launch, scheduling
from campaigns.life.agreed_rules import Changes
from campaigns.terms.campaign import MOVES, Campaign, Move, State
from campaigns.terms.refusals import CampaignNotMovable
from database.session import Snapshot, Transaction

DECIDED = (Move.APPROVE, Move.REJECT)
AGREED = (Move.APPROVE, Move.SCHEDULE, Move.LAUNCH)
"""For which the rules of segments have to be those of the version."""
DEEDS: Mapping[Move, Deed] = {
    Move.SUBMIT: Deed.SUBMITTED, Move.APPROVE: Deed.APPROVED, Move.REJECT: Deed.REJECTED,
    Move.SCHEDULE: Deed.SCHEDULED, Move.UNSCHEDULE: Deed.UNSCHEDULED, Move.LAUNCH: Deed.LAUNCHED,
    Move.PAUSE: Deed.PAUSED, Move.RESUME: Deed.RESUMED, Move.END: Deed.ENDED,
}  # fmt: skip
APPROVALS = "approvals"
"""Where who decides in the inbox goes on."""
Act = Callable[[Visit, Transaction, Cause, str], object]


def _submit(visit: Visit, transaction: Transaction, cause: Cause, campaign_id: str) -> object:
    return approving.submit(transaction, cause, campaign_id, visit.house.policy, etag=visit.field("etag"))


def _approve(visit: Visit, transaction: Transaction, cause: Cause, campaign_id: str) -> object:
    return approving.approve(
        transaction, cause, campaign_id, visit.house.policy, version=_read_version(visit), etag=visit.field("etag")
    )


def _reject(visit: Visit, transaction: Transaction, cause: Cause, campaign_id: str) -> object:
    return approving.reject(transaction, cause, campaign_id, version=_read_version(visit), etag=visit.field("etag"))


def _plainly(use_case: Callable[..., object]) -> Act:
    return lambda visit, transaction, cause, name: use_case(transaction, cause, name, etag=visit.field("etag"))


ACTS: Mapping[Move, Act] = {
    Move.SUBMIT: _submit,
    Move.APPROVE: _approve,
    Move.REJECT: _reject,
    Move.LAUNCH: _plainly(launch.launch),
    Move.SCHEDULE: _plainly(scheduling.schedule),
    Move.UNSCHEDULE: _plainly(scheduling.unschedule),
    Move.PAUSE: _plainly(campaigns.pause),
    Move.RESUME: _plainly(campaigns.resume),
    Move.END: _plainly(campaigns.end),
}
"""What people do to a campaign, each the use case of the same name."""


def open_moves(visit: Visit, campaign: Campaign, awaited: Changes) -> list[Move]:
    """What the visitor may do to a campaign as it stands; `awaited` is why it is submitted again first."""
    open_now = [verb for state, verb in MOVES if state is campaign.state and verb in ACTS]
    if awaited:
        open_now = [Move.SUBMIT, *(verb for verb in open_now if verb not in AGREED)]
    if campaign.state is State.LAUNCHING or campaign.plan.recurrence is not None:
        open_now = [verb for verb in open_now if verb is not Move.LAUNCH]
    return [verb for verb in open_now if visit.may(f"campaigns.{verb.lower()}")]


def confirm(visit: Visit) -> Response:
    """What the button will do, before it does it."""
    return _confirm(visit, {})


def move(visit: Visit) -> Response:
    """Make a move as the visitor saw it: a campaign that changed since is left alone."""
    campaign_id, verb, reason = visit.campaign_id, _verb(visit), visit.field(REASON)
    if verb is Move.REJECT and not reason:
        return _confirm(visit, {REASON: Fault.EMPTY})
    with visit.changing(f"campaigns.{verb.lower()}", f"campaigns/{campaign_id}", reason=reason) as (transaction, cause):
        ACTS[verb](visit, transaction, cause, campaign_id)
    if visit.field("back") == APPROVALS:
        return visit.go("/approvals", DEEDS[verb], campaign_id)
    return visit.go(f"/campaigns/{campaign_id}", DEEDS[verb])


def _confirm(visit: Visit, errors: Errors) -> Response:
    verb = _verb(visit)
    with visit.reading() as snapshot:
        campaign = campaigns.get(snapshot, visit.campaign_id)
        read = inbox.read(snapshot, campaign) if verb in DECIDED else None
        changed = _changed(snapshot, campaign, verb)
    return visit.page(
        "campaign_confirm.html", UNUSABLE if errors else 200, campaign=campaign, verb=verb, read=read, changed=changed,
        errors=errors, back=visit.field("back"),
    )  # fmt: skip


def _changed(snapshot: Snapshot, campaign: Campaign, verb: Move) -> Changes:
    """What makes the next version when the campaign is submitted, or keeps it from being agreed to."""
    if verb is Move.SUBMIT:
        return agreed_rules.changed(snapshot, campaign)
    return agreed_rules.awaited(snapshot, campaign) if verb in AGREED else Changes()


def _verb(visit: Visit) -> Move:
    verb = visit.request.path_params["verb"].upper()
    if verb not in ACTS:
        raise CampaignNotMovable(
            f"there is no way to {verb.lower()} a campaign", campaign=f"campaigns/{visit.campaign_id}", move=verb
        )
    return Move(verb)


def _read_version(visit: Visit) -> int:
    return number_of(visit.field("version")) or 0
