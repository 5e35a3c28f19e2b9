"""Budget, holdout, stacking and other limits of a plan as people type them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from admin.web.forms.typed import Fault, Fields, Mistyped, decimal_of, first, lines, major, minor_of, whole_of
from campaigns.terms.campaign import CampaignId, CampaignPlan
from campaigns.terms.limits import USUAL_CONFIDENCE, Budget
from campaigns.terms.restraint import OfferCap, Stacking
from rules.sentence import plain

WHOLE = 100
NAMES = {"budget.limit": "budget", "budget.confidence": "confidence", "offer_caps": "cap.0.offers"}
CAP = ("offers", "days")
SPARE = 1
"""Empty rows for caps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The limits of a form on a plan, or what stands in their way by field."""

    plan: CampaignPlan
    faults: Mapping[str, Fault]


def shown(plan: CampaignPlan) -> dict[str, list[str]]:
    """The fields of a form that `read` reads back as the same limits."""
    budget = plan.budget
    confidence = USUAL_CONFIDENCE if budget is None else budget.confidence
    texts = {
        "budget": "" if budget is None else major(budget.limit_minor, plan.currency),
        "confidence": plain(Decimal(repr(confidence)) * WHOLE),
        "redemption_limit": _text(plan.redemption_limit),
        "holdout_percent": str(plan.holdout_percent),
        "margin_percent": _text(plan.margin_percent),
        "audience_limit": _text(plan.audience_limit),
        "excluded_campaigns": "\n".join(plan.excluded_campaigns),
        "priority": str(plan.stacking.priority),
        "group": plan.stacking.group or "",
    }
    for place, cap in enumerate(plan.offer_caps):
        texts |= {f"cap.{place}.offers": str(cap.offers), f"cap.{place}.days": str(cap.days)}
    boxes = {"refund_gives_code_back": plan.refund_gives_code_back, "alone": plan.stacking.alone}
    texts |= {name: "1" for name, ticked in boxes.items() if ticked}
    return {name: [text] for name, text in texts.items()}


def read(fields: Fields, plan: CampaignPlan) -> Read:
    """The plan with the limits of the form; what is faulty stays as it was."""
    form = _Form(fields, plan.currency)
    budget, confidence = form.money("budget"), form.share("confidence")
    holdout = form.whole("holdout_percent")
    changed = replace(
        plan,
        budget=None
        if budget is None
        else Budget(limit_minor=budget, confidence=USUAL_CONFIDENCE if confidence is None else confidence),
        redemption_limit=form.whole("redemption_limit"),
        holdout_percent=0 if holdout is None else holdout,
        margin_percent=form.whole("margin_percent"),
        audience_limit=form.whole("audience_limit"),
        excluded_campaigns=tuple(map(CampaignId, lines(fields, "excluded_campaigns"))),
        offer_caps=form.caps(),
        stacking=Stacking(
            priority=form.whole("priority") or 0,
            group=first(fields, "group") or None,
            alone=bool(first(fields, "alone")),
        ),
        refund_gives_code_back=bool(first(fields, "refund_gives_code_back")),
    )
    return Read(plan=plan if form.faults else changed, faults=form.faults)


def rows_of(fields: Fields) -> int:
    """Caps that the form has, with a spare one."""
    used = [place for place in range(len(fields)) if any(first(fields, f"cap.{place}.{part}") for part in CAP)]
    return max(used, default=-1) + 1 + SPARE


def field_of(refused: str) -> str:
    """The field of the form that shows what a refusal names: offer_caps[0].days is cap.0.days."""
    return NAMES.get(refused, refused.replace("offer_caps[", "cap.").replace("]", "").removeprefix("stacking."))


class _Form:
    """Collects what is wrong."""

    def __init__(self, fields: Fields, currency: str) -> None:
        self._fields, self._currency = fields, currency
        self.faults: dict[str, Fault] = {}

    def whole(self, name: str) -> int | None:
        """None where nothing stands."""
        text = first(self._fields, name)
        try:
            return whole_of(text) if text else None
        except Mistyped as error:
            self.faults[name] = error.fault
            return None

    def money(self, name: str) -> int | None:
        """None where nothing stands."""
        text = first(self._fields, name)
        try:
            return minor_of(text, self._currency) if text else None
        except Mistyped as error:
            self.faults[name] = error.fault
            return None

    def share(self, name: str) -> float | None:
        """Typed in percent; None where nothing stands."""
        text = first(self._fields, name)
        try:
            return float(decimal_of(text) / WHOLE) if text else None
        except Mistyped as error:
            self.faults[name] = error.fault
            return None

    def caps(self) -> tuple[OfferCap, ...]:
        """Rows in which something stands; half a row is a fault."""
        found = []
        for place in range(rows_of(self._fields) - SPARE):
            offers, days = (self._half(f"cap.{place}.{part}") for part in CAP)
            if offers is not None and days is not None:
                found.append(OfferCap(offers=offers, days=days))
        return tuple(found)

    def _half(self, name: str) -> int | None:
        number = self.whole(name)
        if number is None:
            self.faults.setdefault(name, Fault.EMPTY)
        return number


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
