"""`tierwise rules`: check a rule, read it as a sentence, see who it means and why."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from admin.files.rule_files import SOURCE, read_rule, refuse_rule
from admin.shell.database_address import DatabaseUrl, chosen_url
from admin.shell.output import AsJson, emit, fail
from admin.typed.times import written
from campaigns.audiences import explaining
from campaigns.audiences.segments import problems_of
from campaigns.forecast import rule_notes
from database.audiences import facts, fitting
from database.audiences.facts import KnownFacts
from database.session import Database, Snapshot
from rules.check import InvalidRule
from rules.fact import Fact
from rules.facts import FACTS
from rules.rule import Rule, walk
from rules.sentence import Language, Speaker
from settings import settings

app = typer.Typer(no_args_is_help=True, add_completion=False)
File = Annotated[Path, typer.Argument(help=SOURCE, allow_dash=True)]
Spoken = Annotated[Language, typer.Option("--language", help="Of the words.")]


@app.command()
def check(file: File, *, as_json: AsJson = False) -> None:
    """Say what is wrong with a rule; ends with status 2 if anything is."""
    rule = read_rule(file, as_json=as_json)
    places = list(walk(rule))
    report = {
        "valid": True, "conditions": len(places), "depth": max(place.depth for place in places),
        "sentence": _speaker(Language.ENGLISH).sentence(rule),
    }  # fmt: skip
    emit(report, as_json=as_json)


@app.command()
def sentence(file: File, *, language: Spoken = Language.ENGLISH, as_json: AsJson = False) -> None:
    """Read a rule as a sentence."""
    said = _speaker(language).sentence(read_rule(file, as_json=as_json))
    if as_json:
        emit({"language": language.value, "sentence": said}, as_json=True)
    else:
        typer.echo(said)


@app.command("facts")
def list_facts(*, language: Spoken = Language.ENGLISH, as_json: AsJson = False) -> None:
    """Show everything that a rule may ask about a customer."""
    emit([_described(fact, language) for fact in FACTS.values()], as_json=as_json, title="Facts")


@app.command()
def explain(
    file: File,
    *,
    customer: Annotated[str, typer.Option(help="The customer's id.")],
    fresh: Annotated[bool, typer.Option("--fresh", help="Work the facts out as of this moment.")] = False,
    language: Spoken = Language.ENGLISH,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a rule means a customer, and which conditions decide it."""
    rule = read_rule(file, as_json=as_json)
    with _snapshot(database_url) as snapshot:
        _must_answer(snapshot, rule, as_json=as_json)
        known = _known(snapshot, customer, fresh=fresh)
        explained = explaining.explain(snapshot, rule, known, _speaker(language))
        noted = _noted(snapshot, rule, language)
    because = [{"path": each.path, "holds": each.holds, "reason": each.reason} for each in explained.because]
    report = {"customer_id": customer, "as_of": written(explained.as_of), "in": explained.holds, **noted}
    if as_json:
        emit({**report, "because": because}, as_json=True)
    else:
        emit(report, as_json=False)
        emit(because, as_json=False, title="because")


@app.command()
def count(
    file: File,
    *,
    estimate: Annotated[bool, typer.Option("--estimate", help="From a sample, with a 95 % interval.")] = False,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say how many customers a rule means."""
    rule = read_rule(file, as_json=as_json)
    with _snapshot(database_url) as snapshot:
        _must_answer(snapshot, rule, as_json=as_json)
        report = _estimated(snapshot, rule) if estimate else {"count": fitting.count(snapshot, rule)}
        noted = _noted(snapshot, rule, Language.ENGLISH)
    emit({**report, **noted}, as_json=as_json)


@contextmanager
def _snapshot(database_url: str | None) -> Iterator[Snapshot]:
    with closing(Database.at(chosen_url(database_url))) as database, database.reading() as snapshot:
        yield snapshot


def _must_answer(snapshot: Snapshot, rule: Rule, *, as_json: bool) -> None:
    """A segment that does not exist would silently hold nobody."""
    problems = problems_of(snapshot, rule)
    if problems:
        refuse_rule(InvalidRule(tuple(problems)), as_json=as_json)


def _known(snapshot: Snapshot, customer: str, *, fresh: bool) -> KnownFacts:
    if fresh:
        known = facts.facts_of(snapshot, customer, datetime.now(UTC), currency=settings().currency)
    else:
        known = facts.stored_facts(snapshot, customer)
    if known is None:
        way_out = "check the id" if fresh else "check the id, or use --fresh if they were never refreshed"
        fail(f"there are no facts of customer {customer}: {way_out}")
    return known


def _noted(snapshot: Snapshot, rule: Rule, language: Language) -> dict[str, str]:
    """Nothing where there is nothing to know."""
    notes = rule_notes.notes(snapshot, rule, language)
    return {"note": " ".join(notes)} if notes else {}


def _estimated(snapshot: Snapshot, rule: Rule) -> dict[str, Any]:
    about = fitting.estimate(snapshot, rule)
    return {"count": about.count, "low": about.low, "high": about.high, "sampled_share": about.sampled_share}


def _described(fact: Fact, language: Language) -> dict[str, Any]:
    words = fact.chinese if language is Language.CHINESE else fact.english
    return {
        "fact": fact.name, "type": fact.kind.value, "unit": fact.unit.value, "description": words.name,
        "operators": ", ".join(sorted(fact.operators)), "values": ", ".join(fact.choices),
    }  # fmt: skip


def _speaker(language: Language) -> Speaker:
    return Speaker(language=language, currency=settings().currency)
