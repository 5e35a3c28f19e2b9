"""A small BERT made from nothing on the shop's own texts: WordPieces, vectors of words, and guessing hidden words."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from torch import Tensor
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification

from scoring.seen.actions import Integers
from training.progress import Progress
from training.text.batches import Batches, Encoded, encode
from training.text.encoder import Encoder
from training.text.recipe import Recipe
from training.text.steps import run_epochs
from training.text.wordpiece import MASK, PAD, SPECIAL, train_tokenizer

HIDDEN_SHARE = 0.15
"""Of the words that are guessed (Devlin et al. 2019)."""
SPREAD = 0.05
"""Standard deviation of the first vectors."""
IGNORED = -100
"""A label that the library's losses leave out."""


def make_classifier(
    texts: Sequence[str], labels: int, recipe: Recipe, seed: int, progress: Progress, device: str = "cpu", *,
    people: Integers | None = None,
) -> Encoder:  # fmt: skip
    """A BERT with a head that is still to be taught; its body has read the texts. Equal seeds give equal weights."""
    tokenizer = train_tokenizer(texts, recipe.vocabulary, recipe.tokens, people)
    encoded = encode(tokenizer, texts, recipe.tokens)
    torch.manual_seed(seed)
    classifier = BertForSequenceClassification(_shape(len(tokenizer), labels, recipe))
    vectors = word_vectors(encoded, len(tokenizer), recipe.width, seed)
    with torch.no_grad():
        classifier.bert.embeddings.word_embeddings.weight.copy_(vectors)
    classifier.to(device)
    _read(classifier.bert, encoded, recipe, seed, progress)
    return Encoder(classifier, tokenizer)


def word_vectors(encoded: Encoded, words: int, width: int, seed: int) -> Tensor:
    """[words, width] singular vectors of words against texts (latent semantic analysis): words used alike lie near."""
    random = np.random.default_rng(seed)
    vectors = random.normal(0.0, SPREAD, (words, width))
    counts = sparse.csr_matrix((np.ones(len(encoded.flat)), encoded.flat, encoded.starts), shape=(len(encoded), words))
    weighed = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    rank = min(width, min(weighed.shape) - 1)
    if rank >= 1:
        found = TruncatedSVD(rank, random_state=seed).fit(weighed.T.tocsr()).transform(weighed.T.tocsr())
        length = np.linalg.norm(found, axis=1, keepdims=True)
        vectors[:, :rank] += np.where(length > 0, found / np.maximum(length, 1e-12), 0.0) * SPREAD * np.sqrt(rank)
    vectors[PAD] = 0.0
    return torch.from_numpy(vectors).float()


def _shape(words: int, labels: int, recipe: Recipe) -> BertConfig:
    return BertConfig(
        vocab_size=words, hidden_size=recipe.width, num_hidden_layers=recipe.layers, num_attention_heads=recipe.heads,
        intermediate_size=2 * recipe.width, max_position_embeddings=recipe.tokens, num_labels=labels,
        hidden_dropout_prob=recipe.dropout, initializer_range=SPREAD, pad_token_id=PAD,
    )  # fmt: skip


def _read(body: Any, encoded: Encoded, recipe: Recipe, seed: int, progress: Progress) -> None:  # noqa: ANN401
    """Guess hidden words of the texts; the labels are not looked at. The body is the library's."""
    if recipe.reading_epochs == 0:
        return
    reader = BertForMaskedLM(body.config).to(body.device)
    reader.bert = body  # the classifier's own body learns, without its pooler, which has nothing to read for
    reader.cls.predictions.decoder.weight = body.embeddings.word_embeddings.weight

    def loss(batch: dict[str, Tensor], _: Tensor) -> Tensor:
        hidden, wanted = hide(batch["input_ids"])
        if not bool((wanted != IGNORED).any()):
            return torch.zeros((), requires_grad=True)
        states = body(input_ids=hidden, attention_mask=batch["attention_mask"]).last_hidden_state
        guessed = wanted != IGNORED
        found: Tensor = torch.nn.functional.cross_entropy(reader.cls(states[guessed]), wanted[guessed])
        return found

    batches = Batches(encoded, np.zeros(len(encoded), dtype=np.int64), recipe.batch)
    run_epochs(
        reader, batches, loss, epochs=recipe.reading_epochs, recipe=recipe, rate=recipe.scratch_learning_rate,
        seed=seed, stage="reading", progress=progress,
    )  # fmt: skip


def hide(tokens: Tensor) -> tuple[Tensor, Tensor]:
    """[B, T] tokens with a share of the words masked, and what stood there (IGNORED elsewhere)."""
    chosen = (torch.rand(tokens.shape, device=tokens.device) < HIDDEN_SHARE) & (tokens >= len(SPECIAL))
    return tokens.masked_fill(chosen, MASK), tokens.masked_fill(~chosen, IGNORED)
