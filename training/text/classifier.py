"""A language model as a classifier: taught, mixed with its plain rival, judged. Chances are logs of them, [N, K]."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax
from torch import Tensor
from torch.nn import functional

from scoring.adapters import Method
from scoring.seen.actions import Floats, Integers
from training.curves.curves import NOWHERE, Curves
from training.progress import Progress
from training.text.batches import Batches, encode
from training.text.documents import Documents, Parts
from training.text.draws import draws
from training.text.encoder import Encoder, new_classifier
from training.text.line import Line, best_line
from training.text.ngrams import Ngrams, fit_ngrams
from training.text.recipe import Recipe
from training.text.report import Report, report_of
from training.text.scratch import make_classifier
from training.text.steps import run_epochs
from training.text.tuning import settle, tunable

SHARES = np.linspace(0.0, 1.0, 21)


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """What answers: an encoder with a head, n-grams with a share of the logits, and the line between the labels."""

    encoder: Encoder
    tokens: int
    ngrams: Ngrams | None
    share: float
    """Of the n-grams in the logits."""
    line: Line
    names: tuple[str, ...]
    columns: tuple[str, ...]
    """Of a file, that it reads as one text; none of histories."""

    def chances(self, texts: Sequence[str]) -> Floats:
        """[N, K] logs of the chances of the labels."""
        own = deep_chances(self.encoder, texts, self.tokens)
        return own if self.ngrams is None else mixed(own, self.ngrams.chances(texts), self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """A classifier, and its members' reports on the parts that they did not learn from."""

    classifier: Classifier
    epochs: int
    trainable_share: float
    reports: dict[str, dict[str, Report]]
    """Part to member to report; the mixture is called 'classifier'."""


def teach(
    parts: Parts, recipe: Recipe, *, seed: int, progress: Progress, curves: Curves = NOWHERE, device: str = "cpu"
) -> Taught:
    """Fine-tune on the training part, stop and mix on the validation part, judge on both and on the test part.

    Raises:
        EncoderRefused: The recipe's encoder cannot be had as data only.
    """
    training, validation, count = parts.training, parts.validation, len(parts.names)
    encoder = (
        make_classifier(training.texts, count, recipe, seed, progress, device, people=training.people)
        if recipe.encoder is None
        else new_classifier(recipe.encoder, count, seed, device)
    )
    tuned = fine_tune(encoder, training, validation, recipe, seed=seed, progress=progress, curves=curves)
    name_labels(encoder, parts.names)
    own, said = (
        deep_chances(encoder, validation.texts, recipe.tokens),
        _foretold(parts, seed) if recipe.ngrams else None,
    )
    classifier = _chosen(encoder, own, said, parts, recipe, seed)
    reports = {
        "validation": _reports(classifier, own, said, validation.labels), "test": _judged(classifier, parts.test)
    }  # fmt: skip
    return Taught(
        classifier=classifier, epochs=tuned.best_epoch, trainable_share=tuned.trainable_share, reports=reports
    )


def _chosen(encoder: Encoder, own: Floats, said: Floats | None, parts: Parts, recipe: Recipe, seed: int) -> Classifier:
    """The share of the n-grams and the line, by what was said of the validation part; n-grams of both parts."""
    labels, ngrams, share, chances = parts.validation.labels, None, 0.0, own
    if said is not None:
        ngrams, share = _fitted(parts, np.arange(len(labels))), share_of(own, said, labels, seed=seed)
        chances = mixed(own, said, share)
    line = best_line(labels, chances, seed=seed)
    return Classifier(
        encoder=encoder, tokens=recipe.tokens, ngrams=ngrams, share=share, line=line, names=parts.names,
        columns=parts.columns,
    )  # fmt: skip


def _foretold(parts: Parts, seed: int) -> Floats:
    """[N, K] of the validation part, by n-grams that know its other half: those that answer will know all of it."""
    places = np.random.default_rng(seed).permutation(len(parts.validation))
    found = np.empty((len(places), len(parts.names)))
    for half, other in zip(np.array_split(places, 2), np.array_split(places, 2)[::-1], strict=True):
        found[half] = _fitted(parts, other).chances(parts.validation.some(half).texts)
    return found


def _fitted(parts: Parts, known: Integers) -> Ngrams:
    """Of the training part, and of these texts of the validation part."""
    more = parts.validation.some(known)
    labels = np.concatenate((parts.training.labels, more.labels))
    first, then = parts.training.people, more.people
    people = None if first is None or then is None else np.concatenate((first, then))
    return fit_ngrams((*parts.training.texts, *more.texts), labels, len(parts.names), people)


@dataclass(frozen=True, slots=True)
class FineTuned:
    """How it went."""

    best_epoch: int
    trainable_share: float


def fine_tune(
    encoder: Encoder, training: Documents, validation: Documents, recipe: Recipe, *,
    seed: int, progress: Progress, curves: Curves = NOWHERE,
) -> FineTuned:  # fmt: skip
    """Cross-entropy with AdamW; the encoder is changed in place, and the epoch kept that validation liked best."""
    batches = Batches(encode(encoder.tokenizer, training.texts, recipe.tokens), training.labels, recipe.batch)
    graft = tunable(encoder.model, recipe.method, recipe.rank, recipe.epochs * len(batches))
    learning = Encoder(graft.model, encoder.tokenizer)

    def loss(batch: dict[str, Tensor], labels: Tensor) -> Tensor:
        found: Tensor = functional.cross_entropy(graft.model(**batch).logits, labels)
        return found

    def validate() -> float:
        return float(_losses(deep_chances(learning, validation.texts, recipe.tokens), validation.labels).mean())

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


def name_labels(encoder: Encoder, names: tuple[str, ...]) -> None:
    """Whoever loads the encoder alone reads the labels by their names."""
    encoder.model.config.id2label = dict(enumerate(names))
    encoder.model.config.label2id = {name: place for place, name in enumerate(names)}


def deep_chances(encoder: Encoder, texts: Sequence[str], tokens: int) -> Floats:
    """[N, K] by the encoder alone."""
    logits = np.zeros((len(texts), encoder.model.config.num_labels))
    for chosen, batch in encode(encoder.tokenizer, texts, tokens).batches():
        logits[chosen] = encoder.ask(batch).logits.double().cpu().numpy()
    found: Floats = log_softmax(logits, axis=1)
    return found


def mixed(own: Floats, ngrams: Floats, share: float) -> Floats:
    """[N, K], the n-grams by their share in the logits."""
    found: Floats = log_softmax(own + share * (ngrams - own), axis=1)
    return found


def share_of(own: Floats, ngrams: Floats, labels: Integers, *, seed: int) -> float:
    """Of the n-grams, with the least loss on these texts: the mean of what is best in draws of them."""
    losses = np.array([_losses(mixed(own, ngrams, share), labels) for share in SHARES])
    best = np.argmin([losses[:, drawn].sum(axis=1) for drawn in draws(len(labels), seed=seed)], axis=1)
    return round(float(SHARES[best].mean()), 3)


def _losses(chances: Floats, labels: Integers) -> Floats:
    """[N] of the texts."""
    found: Floats = -chances[np.arange(len(labels)), labels]
    return found


def _judged(classifier: Classifier, part: Documents) -> dict[str, Report]:
    own = deep_chances(classifier.encoder, part.texts, classifier.tokens)
    said = None if classifier.ngrams is None else classifier.ngrams.chances(part.texts)
    return _reports(classifier, own, said, part.labels)


def _reports(classifier: Classifier, own: Floats, said: Floats | None, labels: Integers) -> dict[str, Report]:
    members = {"transformer": own}
    if said is not None:
        members |= {"ngrams": said, "classifier": mixed(own, said, classifier.share)}
    return {name: report_of(labels, chances, classifier.names, classifier.line) for name, chances in members.items()}
