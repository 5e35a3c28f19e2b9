"""The rule builder as far as every page has it that writes a rule: what stands in it, and whom the rule means."""

from dataclasses import dataclass, field, replace
from typing import Any

from starlette.responses import Response

from admin.web.forms import rule_tree
from admin.web.forms.fact_values import CATEGORY_FACTS, choices_of, choices_with
from admin.web.forms.rule_tree import Node
from admin.web.forms.typed import Errors, Fault, Fields
from admin.web.visit import Visit
from campaigns.audiences import counting, segments
from campaigns.audiences.segments import SegmentState
from campaigns.errors import Refusal
from campaigns.forecast import rule_notes, rule_preview
from database.events import items
from database.session import Snapshot
from rules.check import InvalidRule
from rules.document import parse, to_yaml
from rules.facts import FACTS, TOPICS
from rules.rule import MAXIMUM_DEPTH, MAXIMUM_NODES, Rule
from rules.sentence import Speaker

COUNTS = frozenset({"count", "narrow"})
"""Buttons that nobody presses: the page asks whom the rule means, at once and then exactly."""
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
    errors: Errors = field(default_factory=dict)
    focus: str = ""
    """The place that comes under the hands of who pressed a button; empty leaves them where they are."""


def read(snapshot: Snapshot, fields: Fields, currency: str) -> Written:
    """What the form says, with what is wrong in it."""
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


def pressed(written: Written, verb: str, place: str, currency: str) -> Written:
    """After a button: another row, one less, or the other way to write the rule."""
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


def refused(written: Written, refusal: Refusal) -> Errors:
    """The refusal beside the row that it is about, if it is about one."""
    path = refusal.metadata.get("field")
    if path is None:
        return {}
    return {rule_tree.place_of(path) if written.document is None else "document": refusal.message}


def shown(
    snapshot: Snapshot, written: Written, currency: str, *, needed: bool = False, without: str = ""
) -> dict[str, Any]:
    """Values of `rule_builder.html`. Where one is `needed` nothing is not everybody; no segment asks about itself."""
    offered = {"needed": needed} | parts(currency, written) | _suggestions(snapshot, written, without)
    return {"written": written, "builder": offered}


def part(visit: Visit, values: dict[str, Any], written: Written) -> Response:
    """The rows alone, for a page that stands already."""
    # What was just put there need not be called empty yet.
    wrong = {place: error for place, error in written.errors.items() if error != Fault.EMPTY}
    response = visit.page("rule_builder.html", errors=wrong, **values)
    response.headers["hx-trigger-after-settle"] = "rule-changed"
    return response


def meaning(visit: Visit, snapshot: Snapshot, written: Written, currency: str, *, closely: bool) -> Response:
    """The rule in words and about how many it means; then exactly, condition by condition, and for example."""
    if written.errors:
        return visit.page("rule_meaning.html", wrong=True)
    speaker = Speaker(language=visit.language, currency=currency)
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


def _checked(snapshot: Snapshot, written: Written) -> Written:
    """With what the rule itself does not show: segments that cannot answer, limits, values that no fact has."""
    problems = [] if written.rule is None else segments.problems_of(snapshot, written.rule)
    if not problems:
        return written
    if written.document is not None:
        return replace(written, rule=None, errors={"document": "; ".join(map(str, problems))})
    return replace(written, rule=None, errors={rule_tree.place_of(each.path): each.message for each in problems})


def _suggestions(snapshot: Snapshot, written: Written, without: str) -> dict[str, Any]:
    """What the shop has: segments that can answer, and its categories where a row asks about them."""
    rows = () if written.node is None else tuple(rule_tree.conditions(written.node))
    named = any(row.fact in CATEGORY_FACTS for row in rows)
    found = segments.page(snapshot, limit=SEGMENTS)
    return {
        "segments": [each for each in found if each.state is not SegmentState.NEW and each.segment_id != without],
        "categories": items.categories(snapshot, limit=CATEGORIES) if named else [],
    }
