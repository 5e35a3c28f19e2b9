"""Rules as YAML or JSON documents.

A rule is a mapping with one key, the kind of the node:

    every:
      - compare: {fact: orders_90, operator: at_least, value: 3}
      - not: {compare: {fact: consented_channels, operator: contains, value: email}}
      - within: {fact: country, values: [DE, AT]}
      - some: [{in_segment: spring-buyers}, {is_known: last_category}]

Times are texts with a zone, such as "2026-01-31T08:00:00Z"; a date alone is its first moment in UTC.
"""

import json
import re
from collections.abc import Hashable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any, assert_never

import yaml
from yaml.composer import Composer

from rules.check import InvalidRule, Problem, check, too_deep, too_many_nodes
from rules.fact import Kind
from rules.facts import FACTS
from rules.rule import (
    MAXIMUM_DEPTH,
    MAXIMUM_NODES,
    WORDS,
    Compare,
    Every,
    InSegment,
    IsKnown,
    Not,
    Operator,
    Rule,
    Some,
    Value,
    Within,
)
from rules.similar import instead

MAXIMUM_CHARACTERS = 500_000
OPERATORS = tuple(operator.value for operator in Operator)
SIMPLE = (bool, int, float, str, datetime)
WHOLE = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
BREAKS = frozenset("\x85\u2028\u2029")
"""Ends of lines to YAML, which folds them to spaces unless they are escaped."""


class _Dumper(yaml.SafeDumper):
    """Writes every text so that it is read back."""


def _text_node(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if BREAKS & set(text) else None)


_Dumper.add_representer(str, _text_node)


def parse(text: str) -> Rule:
    """The rule of a JSON or YAML document. Raises InvalidRule, which says where and what to do."""
    if len(text) > MAXIMUM_CHARACTERS:
        raise _invalid(
            "", f"the document has more than {MAXIMUM_CHARACTERS:,} characters: save long lists as a segment"
        )
    try:
        data = json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise InvalidRule((too_deep(""),)) from None
    except InvalidRule:
        raise
    except ValueError:
        data = _from_yaml(text)
    return from_data(data)


def from_data(data: object) -> Rule:
    """The rule of a document that is read already. Raises InvalidRule."""
    rule = _rule(data, "", 1, iter(range(MAXIMUM_NODES)))
    check(rule)
    return rule


def to_data(rule: Rule) -> dict[str, Any]:
    """The rule as mappings, lists and plain values that JSON can hold."""
    word = WORDS[type(rule)]
    match rule:
        case Every(rules) | Some(rules):
            return {word: [to_data(child) for child in rules]}
        case Not(child):
            return {word: to_data(child)}
        case Compare(fact, operator, value):
            return {word: {"fact": fact, "operator": operator.value, "value": _plain(value)}}
        case Within(fact, values):
            return {word: {"fact": fact, "values": [_plain(value) for value in values]}}
        case InSegment(name) | IsKnown(name):
            return {word: name}
        case _:
            assert_never(rule)


def to_yaml(rule: Rule) -> str:
    """A YAML document that `parse` reads back as the same rule."""
    return yaml.dump(to_data(rule), Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def _rule(data: object, prefix: str, depth: int, nodes: Iterator[int]) -> Rule:
    """Counts while it descends: a document whose aliases unfold without end stops here."""
    if next(nodes, None) is None:
        raise InvalidRule((too_many_nodes(),))
    if depth > MAXIMUM_DEPTH:
        raise InvalidRule((too_deep(prefix.rstrip(".")),))
    word, content = _only_entry(data, prefix.rstrip("."))
    path = prefix + word
    match word:
        case "every" | "some":
            rules = tuple(
                _rule(child, f"{path}[{number}].", depth + 1, nodes)
                for number, child in enumerate(_list(content, path, "conditions"))
            )
            return Every(rules) if word == "every" else Some(rules)
        case "not":
            return Not(_rule(content, f"{path}.", depth + 1, nodes))
        case "compare":
            return _compare(content, path)
        case "within":
            return _within(content, path)
        case "in_segment":
            return InSegment(_text(content, path))
        case "is_known":
            return IsKnown(_text(content, path))
        case _:
            raise _invalid(path, f"there is no condition {word!r}{instead(word, WORDS.values())}")


def _only_entry(data: object, path: str) -> tuple[str, object]:
    if not isinstance(data, dict) or len(data) != 1:
        found = f"a mapping with {len(data)} keys" if isinstance(data, dict) else _told(data)
        raise _invalid(path, f"a condition is a mapping with one key out of {', '.join(WORDS.values())}; found {found}")
    [(word, content)] = data.items()
    return _text(word, path), content


def _compare(content: object, path: str) -> Compare:
    fields = _fields(content, path, ("fact", "operator", "value"))
    name = _text(fields["fact"], f"{path}.fact")
    word = _text(fields["operator"], f"{path}.operator")
    if word not in OPERATORS:
        raise _invalid(f"{path}.operator", f"there is no operator {word!r}{instead(word, OPERATORS)}")
    return Compare(name, Operator(word), _value(fields["value"], name, f"{path}.value"))


def _within(content: object, path: str) -> Within:
    fields = _fields(content, path, ("fact", "values"))
    name = _text(fields["fact"], f"{path}.fact")
    values = _list(fields["values"], f"{path}.values", "values")
    return Within(name, tuple(_value(value, name, f"{path}.values[{number}]") for number, value in enumerate(values)))


def _fields(content: object, path: str, names: tuple[str, ...]) -> dict[str, object]:
    if not isinstance(content, dict) or set(content) != set(names):
        found = f"the keys {', '.join(map(str, content))}" if isinstance(content, dict) else _told(content)
        raise _invalid(path, f"needs exactly the keys {', '.join(names)}; found {found}")
    return content


def _value(content: object, fact: str, path: str) -> Value:
    """A time may be a text, or what YAML made of one; other facts keep what is written, for `check` to judge."""
    if fact in FACTS and FACTS[fact].kind is Kind.TIME:
        return _time(content, path)
    if isinstance(content, SIMPLE):
        return FACTS[fact].meant(content) if fact in FACTS else content
    raise _invalid(path, f"must be one value, put in quotes if it is text; found {_told(content)}")


def _time(content: object, path: str) -> datetime:
    moment = content
    try:
        if isinstance(content, str):
            day_only = len(content) == len("2026-01-31")
            moment = date.fromisoformat(content) if day_only else datetime.fromisoformat(content)
        if isinstance(moment, datetime) and moment.utcoffset() is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        moment = None
    if isinstance(moment, date) and not isinstance(moment, datetime):
        return datetime.combine(moment, time(), tzinfo=UTC)
    raise _invalid(path, f"must be a time with its zone, such as 2026-01-31T08:00:00Z; found {content!r}")


def _text(content: object, path: str) -> str:
    if not isinstance(content, str):
        raise _invalid(path, f"must be text: put it in quotes; found {_told(content)}")
    return content


def _list(content: object, path: str, of: str) -> list[object]:
    if not isinstance(content, list):
        raise _invalid(path, f"must be a list of {of}; found {_told(content)}")
    return content


def _plain(value: Value) -> bool | float | str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def _told(data: object) -> str:
    """What was found, short enough for one line."""
    match data:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return repr(data)[:100]


def _invalid(path: str, message: str) -> InvalidRule:
    return InvalidRule((Problem(path, message),))


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A mapping in which no key stands twice: the parsers would keep the last and say nothing."""
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise _invalid(
                "", f"the key {_told(key)} stands twice in one mapping: put the two into a list under every or some"
            )
        found[key] = value
    return found


class _Loader(Composer, yaml.CSafeLoader):
    """PyYAML's safe loader, strict about keys; libyaml reads, five times faster.

    Its own composer crashes the process where a document is nested too deep; that of Python raises RecursionError.
    """

    def __init__(self, text: str) -> None:
        Composer.__init__(self)
        yaml.CSafeLoader.__init__(self, text)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, object]:
    return _once([(_key(loader, key), loader.construct_object(value, deep=True)) for key, value in node.value])  # type: ignore[return-value]


def _key(loader: _Loader, node: yaml.Node) -> str:
    return _text(loader.construct_object(node, deep=True), "")


def _whole(loader: _Loader, node: yaml.ScalarNode) -> int:
    """YAML 1.1 reads 010 as eight and 1:30 as ninety, which nobody means who writes a rule."""
    if not WHOLE.fullmatch(node.value):
        raise ValueError(
            f"whole numbers have decimal digits only and begin with none that is 0; found {node.value[:100]}"
        )
    number: int = loader.construct_yaml_int(node)
    return number


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:int", _whole)


def _from_yaml(text: str) -> object:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - the loader above is the safe one
    except yaml.YAMLError as error:
        raise _invalid("", f"is neither JSON nor YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise InvalidRule((too_deep(""),)) from None
    except InvalidRule:
        raise
    except (ValueError, OverflowError) as error:
        raise _invalid("", f"cannot be read as YAML: {error}") from None
