"""A language model as a classifier of two labels: taught, mixed with its plain rival, judged."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from scoring.adapters import Method
from training.curves.curves import NOWHERE, Curves
from training.text.batches import Batches, encode
from training.text.documents import Documents, Parts
from training.text.encoder import Encoder, load_classifier
from training.text.ngrams import Ngrams, fit_ngrams
from training.text.recipe import Recipe
from training.text.report import Report, best_threshold, report_of
from training.text.scratch import make_classifier
from training.text.steps import Telling, run_epochs
from training.text.tuning import settle, tunable

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LABELS = 2
SHARES = np.linspace(0.0, 1.0, 11)
EQUAL = 0.5
"""The share of the n-grams is shrunk halfway to an equal one, as that of the trees is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """What answers: an encoder with a head, n-grams with a share of the logit, and where the line is drawn."""

    encoder: Encoder
    tokens: int
    ngrams: Ngrams | None
    share: float
    """Of the n-grams in the logit."""
    threshold: float
    names: tuple[str, str]

    def logits(self, texts: Sequence[str]) -> Floats:
        """[N] of the second label."""
        own = deep_logits(self.encoder, texts, self.tokens)
        return own if self.ngrams is None else mixed(own, self.ngrams.logits(texts), self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """A classifier, and its members' reports on the parts that they did not learn from."""

    classifier: Classifier
    epochs: int
    trainable_share: float
    reports: dict[str, dict[str, Report]]
    """Part to member to report; the mixture is called 'classifier'."""


def teach(
    parts: Parts, recipe: Recipe, *, seed: int, progress: Telling, curves: Curves = NOWHERE, device: str = "cpu"
) -> Taught:
    """Fine-tune on the training part, stop and mix on the validation part, judge on both and on the test part.

    Raises:
        EncoderRefused: The recipe's encoder cannot be had as data only.
    """
    training, validation = parts.training, parts.validation
    encoder = (
        make_classifier(training.texts, LABELS, recipe, seed, progress, device)
        if recipe.encoder is None
        else load_classifier(recipe.encoder, LABELS, device)
    )
    tuned = fine_tune(encoder, training, validation, recipe, seed=seed, progress=progress, curves=curves)
    chosen = _chosen(encoder, training, validation, recipe, parts.names)
    final = _refitted(chosen, training, validation)
    reports = {"validation": _reports(chosen, validation), "test": _reports(final, parts.test)}
    return Taught(classifier=final, epochs=tuned.best_epoch, trainable_share=tuned.trainable_share, reports=reports)


def _chosen(
    encoder: Encoder, training: Documents, validation: Documents, recipe: Recipe, names: tuple[str, str]
) -> Classifier:
    """The share of the n-grams and the threshold, by the validation part."""
    ngrams = fit_ngrams(training.texts, training.labels) if recipe.ngrams else None
    logits = deep_logits(encoder, validation.texts, recipe.tokens)
    share = 0.0
    if ngrams is not None:
        said = ngrams.logits(validation.texts)
        share = share_of(logits, said, validation.labels)
        logits = mixed(logits, said, share)
    return Classifier(
        encoder=encoder, tokens=recipe.tokens, ngrams=ngrams, share=share,
        threshold=best_threshold(validation.labels, logits), names=names,
    )  # fmt: skip


def _refitted(chosen: Classifier, training: Documents, validation: Documents) -> Classifier:
    """With n-grams of both parts, now that nothing is chosen by the second any more."""
    if chosen.ngrams is None:
        return chosen
    texts = (*training.texts, *validation.texts)
    return replace(chosen, ngrams=fit_ngrams(texts, np.concatenate((training.labels, validation.labels))))


@dataclass(frozen=True, slots=True)
class FineTuned:
    """How it went."""

    best_epoch: int
    trainable_share: float


def fine_tune(
    encoder: Encoder, training: Documents, validation: Documents, recipe: Recipe, *,
    seed: int, progress: Telling, curves: Curves = NOWHERE,
) -> FineTuned:  # fmt: skip
    """Cross-entropy with AdamW; the encoder is changed in place, and the epoch kept that validation liked best."""
    batches = Batches(encode(encoder.tokenizer, training.texts, recipe.tokens), training.labels, recipe.batch)
    graft = tunable(encoder.model, recipe.method, recipe.rank, recipe.epochs * len(batches))
    learning = Encoder(graft.model, encoder.tokenizer)

    def loss(batch: dict[str, Tensor], labels: Tensor) -> Tensor:
        found: Tensor = functional.cross_entropy(graft.model(**batch).logits, labels)
        return found

    def validate() -> float:
        logits = torch.from_numpy(deep_logits(learning, validation.texts, recipe.tokens))
        return float(functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(validation.labels).double()))

    learned = run_epochs(
        graft.model, batches, loss, epochs=recipe.epochs, recipe=recipe, rate=_rate(recipe), seed=seed, stage="labels",
        progress=progress, validate=validate, curves=curves, after_step=graft.after_step,
    )  # fmt: skip
    settle(graft.model, recipe.method)
    return FineTuned(learned.best_epoch, graft.share)


def _rate(recipe: Recipe) -> float:
    if recipe.method is not Method.FULL:
        return recipe.graft_learning_rate
    return recipe.scratch_learning_rate if recipe.encoder is None else recipe.learning_rate


def deep_logits(encoder: Encoder, texts: Sequence[str], tokens: int) -> Floats:
    """[N] log odds of the second label, by the encoder alone."""
    logits = np.zeros(len(texts))
    for chosen, batch in encode(encoder.tokenizer, texts, tokens).batches():
        said = encoder.ask(batch).logits.double()
        logits[chosen] = (said[:, 1] - said[:, 0]).cpu().numpy()
    return logits


def mixed(own: Floats, ngrams: Floats, share: float) -> Floats:
    """[N] logits, the n-grams' by their share."""
    return own + share * (ngrams - own)


def share_of(own: Floats, ngrams: Floats, labels: Integers) -> float:
    """The share of the n-grams with the least loss, shrunk to an equal one; 0 where they only make it worse."""
    truth = torch.from_numpy(labels).double()
    losses = [
        float(functional.binary_cross_entropy_with_logits(torch.from_numpy(mixed(own, ngrams, share)), truth))
        for share in SHARES
    ]
    best = float(SHARES[int(np.argmin(losses))])
    return round((best + EQUAL) / 2, 3) if best > 0 else 0.0


def _reports(classifier: Classifier, part: Documents) -> dict[str, Report]:
    own = deep_logits(classifier.encoder, part.texts, classifier.tokens)
    members = {"transformer": own}
    if classifier.ngrams is not None:
        members["ngrams"] = classifier.ngrams.logits(part.texts)
        members["classifier"] = mixed(own, members["ngrams"], classifier.share)
    return {
        name: report_of(part.labels, logits, classifier.names, classifier.threshold) for name, logits in members.items()
    }
