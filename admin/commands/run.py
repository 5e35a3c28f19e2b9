"""`tierwise run`: everything, until Ctrl-C."""

import typer

from admin.first_shop import prepare_unless_there
from admin.output import console, fail
from admin.processes import ChildFailedError, Processes, stopped_by_signals
from database.embedded import EmbeddedPostgresError
from settings import settings

app = typer.Typer()


@app.command()
def run() -> None:
    """Leave server, worker and beat running; the first time, with a made shop so that there is something to ask."""
    chosen = settings()
    try:
        with stopped_by_signals(), Processes.prepare(chosen.home.resolve(), chosen) as processes:
            prepare_unless_there(processes)
            processes.start_all()
            console.print(f"gRPC [cyan]{chosen.listen}[/]   Ctrl-C stops all")
            if processes.postgres is not None:
                chosen.running.write_text(processes.database_url)
                console.print(f"embedded database [cyan]{processes.database_url}[/]")
            processes.watch()
    except KeyboardInterrupt:
        console.print("stopped")
    except (ChildFailedError, EmbeddedPostgresError) as error:
        fail(str(error))
    finally:
        chosen.running.unlink(missing_ok=True)
