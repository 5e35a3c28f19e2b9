"""Customers: one card with everything that is known, predicted and offered, and why."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from admin.web.charts import RowBar, row_bars
from admin.web.done import Deed
from admin.web.house import House
from admin.web.visit import UNUSABLE, Visit, page
from campaigns.actor import Cause
from campaigns.audit import replaying
from campaigns.callers.access import TEAM, Right
from campaigns.coupons import blocking, inquiry, offering, quoting
from campaigns.coupons.refusals import CouponNotFound, InvalidCode
from campaigns.customers import profiles
from campaigns.errors import Refusal
from campaigns.models import registry
from campaigns.terms.campaign import Channel
from campaigns.tiers import schemes
from campaigns.tiers.tiers import Tier, TierScheme, measured
from database.coupons import messages
from database.events.store import EventKey, histories, page_of_events
from database.forecast import expected_uplifts, uplifts
from database.models import scores
from database.models.registry import RegisteredModel
from database.models.scores import StoredScore
from database.session import Transaction
from database.tiers import changes as tier_changes
from database.tiers import lists
from events.event import EventType
from events.history import Histories
from scoring.score import Contrast, Contribution, Explanation, ModelRejected, NoNumber, Score

DECISION = "/customers/{customer_id}/campaigns/{campaign_id}"
LISTED = 20
EVENTS = 40
CHANGES = 20
MESSAGES = 5
REASONS = 12
"""Contributions that are told one by one."""
CONTACTS = (EventType.COUPON, EventType.MESSAGE)
SHOWN: Mapping[str, Collection[EventType]] = MappingProxyType(
    {"": tuple(EventType), "orders": (EventType.PURCHASE, EventType.RETURN), "contacts": CONTACTS}
)
"""What the timeline may be narrowed to."""


class Rise(NamedTuple):
    """What more would be enough for a higher tier, by the model."""

    contrast: Contrast
    tier: Tier


class Steps(NamedTuple):
    """From what is said of a customer of whom nothing is known to what is said of this one."""

    base: float
    told: Sequence[tuple[Contribution, RowBar]]
    rest_count: int
    rest_points: float
    rest_bar: RowBar
    end: float


def routes(house: House) -> Sequence[Route]:
    """Search, the card, and the parts of it that take a moment."""
    team = Right(TEAM)
    return (
        Route("/customers", page(house, search, team), name="customers"),
        Route("/customers", page(house, by_code, team), methods=["POST"], name="customer_by_code"),
        Route("/customers/{customer_id}", page(house, card, team), name="customer"),
        Route("/customers/{customer_id}/events", page(house, events, team), name="customer_events"),
        Route("/customers/{customer_id}/why", page(house, why, team), name="customer_why"),
        Route(DECISION, page(house, decision, team), name="decision"),
        Route(DECISION + "/block", page(house, block, team), methods=["POST"], name="block_coupon"),
        Route(DECISION + "/unblock", page(house, unblock, team), methods=["POST"], name="unblock_coupon"),
    )


def search(visit: Visit) -> Response:
    """Customers whose ids begin with what was typed."""
    return _found(visit)


def by_code(visit: Visit) -> Response:
    """What became of a coupon, by the code that its customer names; an address never has one, for others read it."""
    try:
        with visit.reading() as snapshot:
            coupon = quoting.read(snapshot, visit.field("code"))
    except (InvalidCode, CouponNotFound) as refusal:
        return _found(visit, refusal)
    return visit.go(f"/customers/{quote(coupon.customer_id, safe='')}/campaigns/{coupon.campaign_id}#coupon")


def _found(visit: Visit, refusal: Refusal | None = None) -> Response:
    typed, after = visit.field("q"), visit.field("after")
    with visit.reading() as snapshot:
        listed = lists.page(snapshot, lists.Sought(id_prefix=typed), after=after or None, limit=LISTED + 1)
        shown = listed[:LISTED]
        scored = scores.among(snapshot, [each.customer.customer_id for each in shown])
    template = "customers_rows.html" if visit.fragment else "customers.html"
    return visit.page(
        template, 200 if refusal is None else UNUSABLE, customers=shown, scored=scored, typed=typed, refusal=refusal,
        code=visit.field("code"), last=shown[-1].customer.customer_id if len(listed) > LISTED else "",
    )  # fmt: skip


def card(visit: Visit) -> Response:
    """Score, what an offer adds, offers, consent, messages, tiers so far, and a page of events, the latest first."""
    customer_id, shown = _id(visit), _shown(visit)
    with visit.reading() as snapshot:
        customer = profiles.get(snapshot, customer_id)
        score = scores.get(snapshot, customer_id)
        changes = tier_changes.page(snapshot, customer_id=customer_id, limit=CHANGES)
        found = page_of_events(snapshot, customer_id, after=_key(visit), limit=EVENTS + 1, kinds=SHOWN[shown])
        contacts = page_of_events(snapshot, customer_id, after=None, limit=MESSAGES, kinds=CONTACTS)
        sent = messages.of_customer(snapshot, customer_id, limit=MESSAGES)
        offers = offering.offers_for(snapshot, customer_id, visit.now, full=True, language=visit.language)
        uplift = expected_uplifts.of_customer(snapshot, customer_id)
        taught = uplifts.latest_campaign(snapshot) is not None
    addressed = [channel for channel in Channel if channel.needs_consent]
    return visit.page(
        "customer.html", customer=customer.customer, score=score, changes=changes, channels=addressed, offers=offers,
        contacts=contacts, sent=sent, uplift=uplift, taught=taught, show=shown, shows=list(SHOWN),
        events=found[:EVENTS], older=found[EVENTS - 1] if len(found) > EVENTS else None,
    )  # fmt: skip


def events(visit: Visit) -> Response:
    """Older events, for the end of the list."""
    shown = _shown(visit)
    with visit.reading() as snapshot:
        customer = profiles.get(snapshot, _id(visit))
        found = page_of_events(snapshot, _id(visit), after=_key(visit), limit=EVENTS + 1, kinds=SHOWN[shown])
    older = found[EVENTS - 1] if len(found) > EVENTS else None
    return visit.page(
        "customer_events.html", customer=customer.customer, events=found[:EVENTS], older=older, show=shown
    )


def why(visit: Visit) -> Response:
    """What made the stored score, by the network that made it; a note while that is being read from its folder."""
    customer_id = _id(visit)
    with visit.reading() as snapshot:
        customer = profiles.get(snapshot, customer_id)
        score = scores.get(snapshot, customer_id)
        model = None if score is None else registry.get(snapshot, score.model_id)
        scheme = schemes.active(snapshot)
        history = None if score is None else histories(snapshot, [customer_id], before=score.as_of)
    told, rejected, rises = None, None, list[Rise]()
    if score is not None and model is not None and history is not None:
        try:
            told = visit.house.explainer.explain(model, history, score.as_of, visit.language)
            rises = _rises(visit, model, history, score, scheme)
        except (ModelRejected, NoNumber) as problem:
            rejected = problem
    steps = None if told is None else _steps(told)
    return visit.part(
        "customer_why.html", f"/customers/{quote(customer_id, safe='')}", customer=customer.customer, score=score,
        steps=steps, rejected=rejected, rises=rises,
    )  # fmt: skip


def _rises(
    visit: Visit, model: RegisteredModel, history: Histories, score: StoredScore, scheme: TierScheme | None
) -> list[Rise]:
    """None where there is no tier yet, and none above it."""
    if scheme is None or scheme.bounds is None or not score.tier:
        return []
    bounds, measure, now = scheme.bounds, scheme.measure, Tier(score.tier)

    def tier_of(changed: Score) -> Tier:
        return bounds.reached(measured(measure, changed))

    found = visit.house.explainer.contrasts(
        model, history, score.as_of, lambda changed: tier_of(changed).rank > now.rank, visit.language
    )
    return [Rise(each, tier_of(each.score)) for each in found]


def _steps(told: Explanation) -> Steps:
    said, rest = told.contributions[:REASONS], told.contributions[REASONS:]
    left = sum(each.points for each in rest)
    *bars, rest_bar = row_bars([*(each.points for each in said), left])
    end = told.score.purchase_90
    return Steps(
        base=end - sum(each.points for each in told.contributions) / 100, told=list(zip(said, bars, strict=True)),
        rest_count=len(rest), rest_points=left, rest_bar=rest_bar, end=end,
    )  # fmt: skip


def decision(visit: Visit) -> Response:
    """What a campaign decided about the customer, made again from what it was made from, and what of its coupon."""
    campaign_id = visit.campaign_id
    with visit.reading() as snapshot:
        found = replaying.explain(snapshot, campaign_id, _id(visit), language=visit.language)
        asked = inquiry.of_customer(snapshot, campaign_id, _id(visit), visit.now)
    return visit.page("customer_decision.html", found=found, asked=asked)


def block(visit: Visit) -> Response:
    """No till takes the customer's coupon from now on."""
    with _moving(visit, "coupons.block") as (transaction, cause, code):
        blocking.block(transaction, cause, code)
    return visit.go(_decision(visit), Deed.BLOCKED)


def unblock(visit: Visit) -> Response:
    """It may be used again."""
    with _moving(visit, "coupons.unblock") as (transaction, cause, code):
        blocking.unblock(transaction, cause, code)
    return visit.go(_decision(visit), Deed.UNBLOCKED)


@contextmanager
def _moving(visit: Visit, action: str) -> Iterator[tuple[Transaction, Cause, str]]:
    """With the code, which the page does not show. Raises CouponNotFound."""
    name, reason = f"campaigns/{visit.campaign_id}", visit.field("reason")
    with visit.changing(action, name, reason=reason) as (transaction, cause):
        yield transaction, cause, inquiry.code_of(transaction, visit.campaign_id, _id(visit))


def _decision(visit: Visit) -> str:
    return f"/customers/{quote(_id(visit), safe='')}/campaigns/{visit.campaign_id}#coupon"


def _id(visit: Visit) -> str:
    customer_id: str = visit.request.path_params["customer_id"]
    return customer_id


def _shown(visit: Visit) -> str:
    shown = visit.field("show")
    return shown if shown in SHOWN else ""


def _key(visit: Visit) -> EventKey | None:
    try:
        return EventKey(datetime.fromisoformat(visit.field("time")), visit.field("event_id"))
    except ValueError:
        return None
