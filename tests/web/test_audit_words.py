"""Every action of the audit log has words, and can be chosen in its filter."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import campaigns
from admin.web.look import environment
from rules.sentence import Language

HOUSE = Path(campaigns.__file__).parents[1]
DOORS = ("campaigns", "worker", "server", "admin/commands")


def recorded_actions(nouns: str) -> Iterator[str]:
    """What the code calls what it does: names such as `coupons.give`, and what is added to a module's ACTION."""
    for path in sorted(path for door in DOORS for path in (HOUSE / door).rglob("*.py")):
        tree = ast.parse(path.read_text())
        constants = {
            target.id: node.value.value
            for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets if isinstance(target, ast.Name)
        }  # fmt: skip
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str(name)) if re.fullmatch(rf"({nouns})(\.[a-zA-Z_]+)+", name):
                    yield name
                case ast.JoinedStr(values=[ast.FormattedValue(value=ast.Name(id="ACTION")), ast.Constant(value=end)]):
                    yield str(constants["ACTION"]) + str(end)


def test_whatever_is_recorded_has_words() -> None:
    module = environment(Language.ENGLISH).get_template("audit_parts.html").make_module({"language": Language.ENGLISH})
    words = module.ACTIONS  # type: ignore[attr-defined]
    actions = set(recorded_actions("|".join({action.partition(".")[0] for action in words})))

    assert {"audit.verify.finish", "campaigns.launch.finish", "coupons.give"} <= actions
    assert actions - set(words) == set()
