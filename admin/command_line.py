"""`tierwise`: finds the command and imports only that one, so that help and small commands start at once."""

import importlib
import sys
from io import TextIOWrapper
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup
from typer.main import get_command

from admin.shell.output import fail


class Command(NamedTuple):
    """Where a command lives and what it does, known without importing it."""

    module: str
    summary: str


COMMANDS = {
    "demo": Command("admin.commands.demo", "The whole story in a few minutes, on a made or on your own shop"),
    "run": Command(
        "admin.commands.run", "Server, worker, beat and web admin, with an embedded database unless one is set"
    ),
    "migrate": Command("admin.commands.migrate", "Bring the database to the newest shape"),
    "simulate": Command("admin.commands.simulate", "Make a shop whose truth is known"),
    "import": Command("admin.commands.imports", "Read events, items and customers; report their quality"),
    "train": Command("admin.commands.train", "Train the network and write a model folder"),
    "adapt": Command("admin.commands.adapt", "Teach a model one market, as a small file that changes it"),
    "tune": Command("admin.commands.tune", "Search for the configuration to train with"),
    "evaluate": Command("admin.commands.evaluate", "Measure the model beside baselines, forward in time"),
    "predict": Command("admin.commands.predict", "Predict what each customer of a file will do"),
    "recommend": Command("admin.commands.recommend", "Recommend items to each customer of a file"),
    "ask": Command("admin.commands.ask", "Whom to ask or test next, to learn most"),
    "uplift": Command("admin.commands.uplift", "Learn from an experiment whom an offer changes"),
    "models": Command("admin.commands.models", "Trained networks: list them, let one answer by stages, take it back"),
    "serve": Command("admin.commands.serve", "The gRPC server"),
    "top": Command("admin.commands.top", "A running server's pools, live: rates, queues, waits, losses"),
    "work": Command("admin.commands.work", "A Celery worker for bulk work"),
    "beat": Command("admin.commands.beat", "The clock: what is due, the outbox, the seals of the audit log"),
    "rules": Command("admin.commands.rules", "Check a rule, read it as a sentence, see who it means and why"),
    "segment": Command("admin.commands.segment", "Saved segments: a rule with a name, and its members"),
    "tier": Command("admin.commands.tier", "Tier schemes: how predicted value becomes high, mid and low"),
    "campaign": Command("admin.commands.campaign", "Plan, approve, launch, pause and end campaigns"),
    "customer": Command(
        "admin.commands.customer", "Why a customer is scored so; erase one, or let an id be used again"
    ),
    "coupon": Command("admin.commands.coupon", "Check, hold, use and refund a code; a campaign's coupons as files"),
    "job": Command("admin.commands.job", "Bulk work: how far it is, stop it, score everybody"),
    "key": Command("admin.commands.key", "API keys: what programs send to say who they are"),
    "staff": Command("admin.commands.staff", "Who may sign in to the web admin, and as what"),
    "admin": Command("admin.commands.admin", "The web admin"),
    "report": Command("admin.commands.report", "Views for analysts: list and export them, make logins"),
    "audit": Command("admin.commands.audit", "Who did what, when and why; prove that nobody changed it"),
}


class LazyCommands(TyperGroup):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # typer narrows its own type
        """Every name, in the order of a newcomer's day."""
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str):  # type: ignore[no-untyped-def, override]  # noqa: ANN201  # typer's command type is private
        """Import the module behind a name; None where there is no such command."""
        found = COMMANDS.get(cmd_name)
        if found is None:
            return None
        command = get_command(importlib.import_module(found.module).app)
        command.name = cmd_name
        command.help = command.help or found.summary
        return command

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # as above
        """Run the command; trouble that is nobody's bug ends it with a message."""
        if isinstance(sys.stdout, TextIOWrapper):
            # What the locale has no letters for (a name, an ellipsis) is printed as its number, as on standard error.
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except Exception as error:
            message = importlib.import_module("admin.shell.trouble").explained(error)
            if message is None:
                raise
            fail(message)

    def format_help(self, ctx: typer.Context, formatter: object) -> None:  # type: ignore[override]  # as above
        """A list of what there is; `tierwise COMMAND --help` tells the rest."""
        title = "tierwise [--as NAME:ROLE] COMMAND [OPTIONS]  (--help for each)"
        table = Table("command", "what it does", title=title, box=None)
        for name, command in COMMANDS.items():
            table.add_row(f"[cyan]{name}[/]", command.summary)
        Console().print(table)


main = typer.Typer(cls=LazyCommands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@main.callback()
def tierwise(
    *, as_: Annotated[str | None, typer.Option("--as", metavar="NAME:ROLE", help="Who acts; default: you.")] = None
) -> None:
    """What customers will do, and what to offer them."""
    importlib.import_module("admin.shell.cause").AS.set(as_)
