"""`tierwise uplift`: whom an offer changes, learned from the table of an experiment."""

import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import polars.selectors as cs
import typer

from admin.files.result_files import writable
from admin.learning.data import Seed, training_progress
from admin.shell.output import AsJson, emit, fail
from events.files.reading import FileNotUsable, table
from scoring.uplift.model import UpliftModel
from scoring.whole_file import whole_file
from training.uplift import findings as learning
from training.uplift.findings import Findings
from training.uplift.reading import Reading, Treatment, read
from training.uplift.trial import TrialNotUsable

app = typer.Typer(add_completion=False)
CUSTOMER = "customer_id"
SHARE = "The share of the treated, or features where they foretell it"


@app.command()
def uplift(
    *,
    data: Annotated[Path, typer.Option(help="CSV or Parquet file with a row for each customer.")],
    treatment: Annotated[
        str | None, typer.Option(metavar="COLUMN[=VALUE[,CONTROL]]", help="Who was treated, and who was not.")
    ] = None,
    outcome: Annotated[str | None, typer.Option(metavar="COLUMN", help="A number, or what happened or not.")] = None,
    features: Annotated[
        str | None, typer.Option(metavar="COLUMN,…", help="Default: all others that can have been known before.")
    ] = None,
    ignore: Annotated[str | None, typer.Option(metavar="COLUMN,…", help="Columns that are no features.")] = None,
    propensity: Annotated[
        str | None, typer.Option(metavar="COLUMN", help=f"Each customer's probability of treatment. Default: {SHARE}.")
    ] = None,
    customer: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help=f"Whose row it is, if some have several. Default: {CUSTOMER}."),
    ] = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None, typer.Option(help="Parquet file to write: whom to target.", dir_okay=False, callback=writable)
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="File to keep the model in.", dir_okay=False, callback=writable)
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="A kept model, for the customers of --data instead of an experiment.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Choose by whom an offer changes, or by who responds where no learner does better, and say which and why.

    --out has row (in the file, from 0), customer_id where there is one, score (target from the highest down), uplift
    (what the offer is expected to change) and learner. Of an experiment both are out of fold.
    """
    began = time.monotonic()
    frame = _table(data)
    if model is not None:
        if treatment or outcome or features or ignore or propensity or customer or save:
            fail("--model has learned already: leave out what an experiment is described by, and --save")
        told = _apply(model, frame, out)
    elif treatment is None or outcome is None:
        fail("--treatment and --outcome: name the columns of the experiment, or --model a kept model")
    else:
        try:
            reading = read(
                frame, treatment=Treatment.read(treatment), outcome=outcome, features=_names(features),
                ignored=_names(ignore), propensity=propensity,
                customer=customer or (CUSTOMER if CUSTOMER in frame.columns else None),
            )  # fmt: skip
            frame = frame.select(cs.by_name(CUSTOMER, require_all=False))  # the rest has been read, and is large
            with training_progress() as progress:
                found = learning.learn(reading.trial, seed=seed, progress=progress, given=propensity is not None)
                kept = learning.model(reading, found, seed=seed, progress=progress) if save else None
        except TrialNotUsable as refusal:
            fail(str(refusal))
        told = _keep(frame, reading, found, kept, out, save)
    told["seconds"] = round(time.monotonic() - began, 1)
    _show(told, as_json=as_json)


def _apply(path: Path, frame: pl.DataFrame, out: Path | None) -> dict[str, Any]:
    try:
        kept = UpliftModel.from_json(path.read_bytes())
        scores = kept.score(frame)
    except (OSError, ValueError) as error:
        fail(f"--model {path}: {error}")
    rows, effects = np.arange(len(frame)), kept.line.effect(scores)
    _write(out, frame, rows, scores, effects, kept.learner)
    return {"customers": len(frame), "choice": kept.learner, "expected_change": float(effects.sum()), "out": _text(out)}


def _keep(
    frame: pl.DataFrame, reading: Reading, found: Findings, kept: UpliftModel | None, out: Path | None,
    save: Path | None,
) -> dict[str, Any]:  # fmt: skip
    chosen, effects = found.choice, found.line.effect(found.score)
    _write(out, frame, np.flatnonzero(reading.rows), found.score, effects, chosen.learner)
    if save is not None and kept is not None:
        with whole_file(save) as unfinished:
            unfinished.write_text(kept.to_json())
    return found.to_json() | {"left_out": dict(reading.left_out), "out": _text(out), "model": _text(save)}


def _write(
    out: Path | None, frame: pl.DataFrame, rows: np.ndarray, scores: np.ndarray, effects: np.ndarray, learner: str
) -> None:
    if out is None:
        return
    columns = {"row": rows, "score": scores, "uplift": effects}
    written = pl.DataFrame(columns).with_columns(learner=pl.lit(str(learner)))
    if CUSTOMER in frame.columns:
        written.insert_column(1, frame[CUSTOMER][rows])
    with whole_file(out) as unfinished:
        written.write_parquet(unfinished)


def _show(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit(told, as_json=True)
        return
    if "learners" in told:
        title = f"{told['customers']:,} customers, {told['treated']:,} treated; Qini in outcomes per 1,000, out of fold"
        emit(told.pop("learners"), as_json=False, title=title)
    left_out = told.pop("left_out", {})
    if left_out:
        emit([{"column": name, "why": why} for name, why in left_out.items()], as_json=False, title="Not read")
    emit({name: value for name, value in told.items() if value is not None}, as_json=False, title="Chosen")


def _table(path: Path) -> pl.DataFrame:
    try:
        return table(path)
    except FileNotUsable as refusal:
        fail(f"--data: {refusal}")


def _names(words: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (words or "").split(",") if name.strip())


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
