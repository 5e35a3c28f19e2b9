"""`tierwise demo`: the whole story, and nothing left behind."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from admin.demo.story import tell
from admin.running.first_shop import FirstShop, load_made_shop, load_own_shop
from admin.running.processes import ChildFailedError, Processes, stopped_by_signals
from admin.running.stages import CommandFailedError, Stages
from admin.shell.output import console, fail
from database.embedded import EmbeddedPostgresError
from settings import settings

app = typer.Typer(add_completion=False)
INTERRUPTED = 130


@app.command()
def demo(
    *,
    data: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A shop's own events.")] = None,
    customers: Annotated[int, typer.Option(min=200, help="Of the simulated shop.")] = 2500,
    epochs: Annotated[int | None, typer.Option(min=1, help="At most; default: as many as the rehearsal wants.")] = None,
) -> None:
    """Load a shop, learn, score, recommend, launch a campaign and redeem a coupon; ends by itself."""
    chosen = settings()

    def shop_of(stages: Stages) -> FirstShop:
        if data is not None:
            return load_own_shop(stages, data, epochs)
        return load_made_shop(stages, customers, datetime.now(UTC), epochs)

    with tempfile.TemporaryDirectory(prefix="tierwise-demo-") as name:
        home = Path(name)
        home.chmod(0o755)  # PostgreSQL runs without root's rights and must come in
        try:
            with stopped_by_signals(), Processes.prepare(home, chosen) as processes:
                tell(processes, shop_of, chosen.currency)
        except KeyboardInterrupt:
            console.print("stopped; nothing is left behind")
            raise SystemExit(INTERRUPTED) from None
        except (ChildFailedError, CommandFailedError, EmbeddedPostgresError) as error:
            fail(str(error))
