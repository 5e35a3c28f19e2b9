"""`tierwise run`: everything, until Ctrl-C."""

from contextlib import suppress
from datetime import UTC, datetime

import typer

from admin.running.first_shop import load_made_shop
from admin.running.first_staff import hire_first
from admin.running.processes import ChildFailedError, Processes, stopped_by_signals
from admin.running.stages import CommandFailedError, Stages
from admin.shell.output import console, fail
from database.embedded import EmbeddedPostgresError
from settings import settings

app = typer.Typer(add_completion=False)
CUSTOMERS = 2000


@app.command()
def run() -> None:
    """Leave server, worker, beat and web admin running; the first time, with a made shop to ask about."""
    chosen = settings()
    try:
        with stopped_by_signals(), Processes.prepare(chosen.home.resolve(), chosen) as processes:
            stages = Stages(environment=processes.environment)
            if not stages.tierwise("models", "list"):
                load_made_shop(stages, CUSTOMERS, datetime.now(UTC))
                stages.tierwise("job", "rescore")
            sign_in = chosen.home.resolve() / "sign-in.txt"
            hire_first(processes.database_url, sign_in, datetime.now(UTC))
            processes.start_all()
            processes.start("admin", ["-m", "admin", "admin"])
            console.print(
                f"gRPC [cyan]{chosen.listen}[/]   web admin [cyan]http://{chosen.admin_listen}[/]   Ctrl-C stops all"
            )
            if sign_in.exists():
                console.print(f"the first accounts stand in [cyan]{sign_in}[/]")
            if processes.postgres is not None:
                chosen.running.write_text(processes.database_url)
                console.print(f"embedded database [cyan]{processes.database_url}[/]")
            processes.watch(console.print)
    except KeyboardInterrupt:
        console.print("stopped")
    except (ChildFailedError, CommandFailedError, EmbeddedPostgresError) as error:
        fail(str(error))
    finally:
        # Where nothing could be written nothing can be removed, and the error to tell is the first one.
        with suppress(OSError):
            chosen.running.unlink()
