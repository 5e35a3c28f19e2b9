"""`tierwise adapt`: teach a model one market, as a small file that changes it."""

from pathlib import Path
from typing import Annotated

import typer

from admin.learning.curves import curves_of
from admin.learning.data import AsOf, Events, Preset, Seed, training_data, training_progress
from admin.learning.memory import peak_megabytes
from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit, fail
from scoring import adapters
from scoring.adapters import Method
from scoring.folders import folder
from scoring.folders.market_files import MarketName, path_of
from scoring.score import ModelRejected
from scoring.threads import limit_threads
from training.adaptation import Plan
from training.adaptation import adapt as adapt_model
from training.course import HistoryTooShort

KNOWN = "the model may have learned from: as it was it looks too good; a base of 90 days before tells"
UNKNOWN = "neither learned from"
app = typer.Typer(add_completion=False)


@app.command()
def adapt(
    model: Annotated[Path, typer.Argument(help="A folder that `tierwise train` wrote.", file_okay=False)],
    *,
    market: Annotated[str, typer.Option(help="Whose adapter it is; names the file.")],
    method: Annotated[Method, typer.Option(help="How the network is changed with few numbers.")] = Method.LORA,
    rank: Annotated[int, typer.Option(min=1, help="Also the width of a bottleneck and the length of a prefix.")] = 4,
    epochs: Annotated[int, typer.Option(min=1, help="At most.")] = Plan().epochs,
    events: Events = None,
    preset: Preset = None,
    database_url: DatabaseUrl = None,
    as_of: AsOf = None,
    out: Annotated[
        Path | None, typer.Option(help="New file; default: adapters/MARKET.safetensors in the model.")
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Teach a model the events of one market; its own weights stay, the change is a file of its own."""
    limit_threads()
    path = out or _path(model, market)
    data = training_data(events, None, preset, database_url, as_of)
    curves = curves_of(f"{model.name}-{market}-{method}")
    try:
        with training_progress() as progress:
            found = adapt_model(
                folder.read(model), data.events, Plan(method=method, rank=rank, epochs=epochs, seed=seed),
                market=market, as_of=data.as_of, progress=progress, curves=curves,
            )  # fmt: skip
    except (HistoryTooShort, ModelRejected, ValueError) as refusal:
        fail(str(refusal))
    finally:
        curves.close()
    adapters.write(found.adapter, path)
    summary = {
        "file": str(path), "market": market, "method": method.value, "numbers": found.adapter.size,
        "bytes": path.stat().st_size, "trainable_share": found.trainable_share, "seconds": round(found.seconds, 1),
        "peak_megabytes": peak_megabytes(),
    }  # fmt: skip
    if as_json:
        emit(summary | {"before": found.before, "after": found.after, "known_to_base": found.known}, as_json=True)
        return
    emit(summary, as_json=False, title="Adapted")
    rows = [
        {"metric": name, "as it was": before, "adapted": found.after[name]} for name, before in found.before.items()
    ]
    emit(rows, as_json=False, title=f"On the last window, which {KNOWN if found.known else UNKNOWN}")


def _path(model: Path, market: str) -> Path:
    try:
        return path_of(model, market)
    except MarketName as refusal:
        fail(str(refusal))
