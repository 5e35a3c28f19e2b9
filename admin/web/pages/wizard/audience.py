"""Audience: the rule builder, how many the rule means while it is written, and some of them."""

from dataclasses import dataclass, field, replace
from typing import Any

from starlette.responses import Response

from admin.web.forms import rule_tree
from admin.web.forms.fact_values import CATEGORY_FACTS, choices_of, choices_with
from admin.web.forms.rule_tree import Node
from admin.web.forms.typed import Fault, Fields
from admin.web.pages.wizard import step
from admin.web.visit import Visit
from campaigns.audiences import counting, segments
from campaigns.audiences.segments import SegmentState
from campaigns.errors import Refusal
from campaigns.forecast import rule_notes, rule_preview
from campaigns.terms.campaign import Campaign
from database.events import items
from database.session import Snapshot
from rules.check import InvalidRule
from rules.document import parse, to_yaml
from rules.facts import FACTS, TOPICS
from rules.rule import MAXIMUM_DEPTH, MAXIMUM_NODES, Rule
from rules.sentence import Speaker

EXAMPLES = 5
END = "end"
"""The place after all rows."""
SEGMENTS, CATEGORIES = 200, 300
"""Most that are suggested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What stands in the builder, and the rule that it means."""

    node: Node | None = None
    document: str | None = None
    """YAML, where the rule is written so."""
    rule: Rule | None = None
    """None where the builder says everyone, or something is wrong."""
    errors: step.Errors = field(default_factory=dict)
    focus: str = ""
    """The place that comes under the hands of who pressed a button; empty leaves them where they are."""


def show(visit: Visit) -> Response:
    """The rule as it is."""
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
        written = of_rule(campaign.plan.rule, campaign.plan.currency)
        return _page(visit, snapshot, campaign, written)


def act(visit: Visit) -> Response:
    """A button: another row, the count, the other way to write the rule, or saving it."""
    verb, _, place = visit.field("do").partition(" ")
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
        written = _read(snapshot, step.fields_of(visit), campaign.plan.currency)
        if verb in ("count", "narrow"):
            return _meaning(visit, snapshot, campaign, written, closely=verb == "narrow")
        if verb not in step.SAVES or written.errors:
            changed = _pressed(written, verb, place, campaign.plan.currency)
            return _page(visit, snapshot, campaign, changed)
    refusal = step.save(visit, lambda plan: replace(plan, rule=written.rule))
    if refusal is None:
        return step.go_on(visit, "audience")
    return _refused(visit, written, refusal)


def _read(snapshot: Snapshot, fields: Fields, currency: str) -> Written:
    if "document" in fields:
        text = fields["document"][0]
        try:
            rule = parse(text) if text.strip() else None
        except InvalidRule as error:
            return Written(document=text, errors={"document": str(error)})
        return _checked(snapshot, Written(document=text, rule=rule))
    node = rule_tree.read(fields)
    compiled = rule_tree.compiled(node, currency)
    return _checked(snapshot, Written(node=node, rule=compiled.rule, errors=compiled.faults))


def _checked(snapshot: Snapshot, written: Written) -> Written:
    """With what the rule itself does not show: segments that cannot answer, limits, values that no fact has."""
    problems = [] if written.rule is None else segments.problems_of(snapshot, written.rule)
    if not problems:
        return written
    if written.document is not None:
        return replace(written, rule=None, errors={"document": "; ".join(map(str, problems))})
    return replace(written, rule=None, errors={rule_tree.place_of(each.path): each.message for each in problems})


def _pressed(written: Written, verb: str, place: str, currency: str) -> Written:
    match verb:
        case "add" | "group" | "remove":
            node = rule_tree.pressed(written.node, verb, place)
            compiled = rule_tree.compiled(node, currency)
            focus = rule_tree.place_of_new(written.node, verb, place) if verb != "remove" else END
            return Written(node=node, rule=compiled.rule, errors=compiled.faults, focus=focus)
        case "write" if not written.errors:
            return Written(document="" if written.rule is None else to_yaml(written.rule), rule=written.rule, focus=END)
        case "build" if not written.errors:
            return replace(of_rule(written.rule, currency), focus=END)
        case _:
            return written


def of_rule(rule: Rule | None, currency: str) -> Written:
    """Rows, or YAML for what they cannot show."""
    if rule is None:
        return Written()
    node = rule_tree.shown(rule, currency)
    return Written(document=to_yaml(rule), rule=rule) if node is None else Written(node=node, rule=rule)


def _page(
    visit: Visit, snapshot: Snapshot, campaign: Campaign, written: Written, refusal: Refusal | None = None
) -> Response:
    currency = campaign.plan.currency
    values: dict[str, Any] = {"written": written, "builder": parts(currency, written) | _suggestions(snapshot, written)}
    if visit.fragment:
        # What was just put there need not be called empty yet.
        wrong = {place: error for place, error in written.errors.items() if error != Fault.EMPTY}
        response = visit.page("rule_builder.html", campaign=campaign, errors=wrong, **values)
        response.headers["hx-trigger-after-settle"] = "rule-changed"
        return response
    return step.shown(
        visit, "wizard_audience.html", campaign, "audience", refusal=refusal, errors=written.errors, **values
    )  # fmt: skip


def _refused(visit: Visit, written: Written, refusal: Refusal) -> Response:
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
        named = step.named(refusal, lambda path: rule_tree.place_of(path) if written.document is None else "document")
        return _page(visit, snapshot, campaign, replace(written, errors=named), refusal)


def _meaning(visit: Visit, snapshot: Snapshot, campaign: Campaign, written: Written, *, closely: bool) -> Response:
    """The rule in words and about how many it means; then exactly, condition by condition, and for example."""
    if written.errors:
        return visit.page("rule_meaning.html", wrong=True)
    speaker = Speaker(language=visit.language, currency=campaign.plan.currency)
    if not closely:
        sentence = None if written.rule is None else speaker.sentence(written.rule)
        about, notes = counting.about(snapshot, written.rule), rule_notes.notes(snapshot, written.rule, visit.language)
        return visit.page("rule_meaning.html", wrong=False, sentence=sentence, about=about, notes=notes)
    narrowing = counting.narrowing(snapshot, written.rule)
    steps = [(speaker.sentence(each.rule), each.left) for each in narrowing.steps]
    examples = (
        () if written.rule is None else rule_preview.examples(snapshot, written.rule, size=EXAMPLES, speaker=speaker)
    )
    return visit.page("rule_narrowing.html", narrowing=narrowing, steps=steps, examples=examples)


def parts(currency: str, written: Written) -> dict[str, Any]:
    """What rows of conditions are made from, as far as it is the same for all."""
    return {
        "currency": currency, "topics": TOPICS, "facts": FACTS, "most": MAXIMUM_NODES, "deepest": MAXIMUM_DEPTH,
        "size": rule_tree.size(written.node), "depth": rule_tree.depth(written.node),
        "operators_of": rule_tree.operators_of, "choices_of": choices_of, "choices_with": choices_with,
        "category_facts": CATEGORY_FACTS,
    }  # fmt: skip


def _suggestions(snapshot: Snapshot, written: Written) -> dict[str, Any]:
    """What the shop has: segments that can answer, and its categories where a row asks about them."""
    rows = () if written.node is None else tuple(rule_tree.conditions(written.node))
    named = any(row.fact in CATEGORY_FACTS for row in rows)
    found = segments.page(snapshot, limit=SEGMENTS)
    return {
        "segments": [each for each in found if each.state is not SegmentState.NEW],
        "categories": items.categories(snapshot, limit=CATEGORIES) if named else [],
    }
