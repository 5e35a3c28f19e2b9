"""`tierwise predict --documents`: which label each text of a file has, by a classifier that was taught."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from admin.shell.output import emit, fail, progress_bar
from events.files.reading import FileNotUsable, batches
from scoring.whole_file import whole_file
from settings import settings
from training.encoders.pretrained import EncoderRefused
from training.text import classifier_folder
from training.text.classifier import Classifier
from training.text.documents import DocumentsNotUsable, texts_of

BLOCK = 1_000
"""Texts that are asked about together."""
CUSTOMER = "customer_id"


def predict(documents: Path, columns: Sequence[str], model: Path, out: Path, *, as_json: bool) -> None:
    """Write a row for each of the file's, without label and chances where it has no text."""
    began = time.monotonic()
    try:
        classifier = classifier_folder.read(model, settings().device)
        if not (columns or classifier.columns):
            fail(f"--text: name the columns to read, for {model} does not say which it was taught on")
        found = pl.concat(_said(classifier, documents, columns), how="diagonal")
    except (DocumentsNotUsable, EncoderRefused, FileNotUsable) as refusal:
        fail(str(refusal))
    if "label" not in found.columns:
        fail(f"{documents}: no row has a text in {', '.join(columns or classifier.columns)}")
    made = found.select(*(name for name in ("row", CUSTOMER) if name in found.columns), "label", *_chances(classifier))
    with whole_file(out) as unfinished:
        made.write_parquet(unfinished)
    labels = made["label"].drop_nulls().value_counts(sort=True)
    summary = {
        "texts": made["label"].count(), "without_text": made["label"].null_count(), "model": str(model),
        "labels": ", ".join(f"{label}: {rows:,}" for label, rows in labels.rows()), "out": str(out),
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip
    emit(summary | ({"labels": dict(labels.rows())} if as_json else {}), as_json=as_json, title="Labelled")


def _said(classifier: Classifier, documents: Path, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    with progress_bar() as bar:
        task = bar.add_task("Reading texts", total=None)
        for batch in batches(documents):
            texts = texts_of(batch, columns or classifier.columns, documents)
            customers = [pl.col(CUSTOMER).cast(pl.String)] if CUSTOMER in batch.columns else []
            rows = batch.select(pl.col("row_number").cast(pl.Int64).alias("row") - 1, *customers)
            for start in range(0, len(rows), BLOCK):
                yield _labelled(classifier, rows.slice(start, BLOCK), texts.slice(start, BLOCK))
                bar.advance(task, BLOCK)


def _labelled(classifier: Classifier, rows: pl.DataFrame, texts: pl.Series) -> pl.DataFrame:
    there = texts.is_not_null()
    told = rows.filter(there).select("row")
    if told.is_empty():
        return rows
    chances = classifier.chances(texts.filter(there).to_list())
    said = [classifier.names[place] for place in classifier.line.said(chances).tolist()]
    columns = [pl.Series(name, np.exp(chances[:, place])) for place, name in enumerate(_chances(classifier))]
    return rows.join(told.with_columns(pl.Series("label", said), *columns), on="row", how="left", maintain_order="left")


def _chances(classifier: Classifier) -> list[str]:
    """Columns, one for each label."""
    return [f"chance_{name}" for name in classifier.names]
