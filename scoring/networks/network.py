"""The network, whole: a causal Transformer over a customer's actions, asked at any time by query tokens.

B sequences, L tokens, Q queries, T = L + Q, D width, A heads, V items and 2 reserved numbers, S features, H horizons.

An event token attends to itself and the tokens before it. A query token attends to itself and the events strictly
before its time; no token attends to a query. So one pass answers any number of cut-offs, each as if it stood alone.
There are no positions: how long ago something happened is a learned bias of each head on the logarithm of the time
between two tokens. The query token carries the tabular features (joint fusion), which also reach the heads by a linear
path: at the start of training the network is a linear model at the base rates, and the Transformer learns the rest.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from scoring.networks.prefix import Prefix
from scoring.networks.reading import GAP_BUCKETS, Reading, gaps_of, since_last
from scoring.seen.catalogue import ABSENT, UNKNOWN, WORD_BUCKETS
from scoring.seen.sequence import NUMBERS, Batch
from scoring.seen.view import KINDS

HORIZONS = (30, 60, 90)
"""Days; the purchase hazards are those of the intervals between them."""
SIGMA_LIMIT = 1.6
"""Of log spend: the mean of a lognormal explodes with exp(sigma²/2)."""
BLOCKED = float("-inf")
FREQUENCIES = 4
"""Of each number."""
NOTHING: Mapping[str, Tensor] = {}
"""Encoded of items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """Everything that shapes the weights."""

    features: int
    items: int
    width: int = 64
    layers: int = 2
    heads: int = 4
    dropout: float = 0.1
    item_dropout: float = 0.15
    """Share of item numbers hidden in training, so that an unknown item's words still say something."""

    def to_json(self) -> dict[str, Any]:
        """For the manifest."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the heads say, before calibration."""

    hazards: Tensor
    """[B, Q, H] logits of an order in the interval, given none before it."""
    log_mean: Tensor
    """[B, Q] mean of the log of spend (minor units) over the longest horizon, given an order."""
    log_sigma: Tensor
    """[B, Q] logarithm of its standard deviation, at most log SIGMA_LIMIT."""
    silence: Tensor
    """[B, Q] logit of doing nothing at all over the longest horizon, given no order."""
    states: Tensor
    """[B, L, D] of the event tokens, to rank the next item with; [B, 0, D] where they were not asked for."""

    def exactly(self) -> "Outputs":
        """In float32, whatever they were computed in."""
        return Outputs(**{each.name: getattr(self, each.name).float() for each in fields(self)})


class NumberEmbedding(nn.Module):
    """Numbers as themselves and as sines of learned frequencies (Gorishniy et al. 2022), mixed into D."""

    def __init__(self, numbers: int, width: int) -> None:
        super().__init__()
        self.frequency = nn.Parameter(torch.randn(numbers, FREQUENCIES) * 0.5)
        self.mix = nn.Linear(numbers * (1 + 2 * FREQUENCIES), width)

    def forward(self, numbers: Tensor) -> Tensor:
        """[..., K] to [..., D]."""
        phase = numbers.unsqueeze(-1) * self.frequency
        waves = torch.cat((numbers.unsqueeze(-1), phase.sin(), phase.cos()), dim=-1)
        mixed: Tensor = self.mix(waves.flatten(-2))
        return mixed


class Encoded(nn.Module):
    """What an encoder made of items, mixed into D; one learned vector for every item of which there was nothing."""

    vectors: Tensor

    def __init__(self, vectors: Tensor, width: int) -> None:
        super().__init__()
        self.register_buffer("vectors", vectors, persistent=False)
        self.mix = nn.Linear(vectors.shape[1], width, bias=False)
        self.missing = nn.Parameter(torch.zeros(width))

    def forward(self, numbers: Tensor) -> Tensor:
        """[n] catalogue numbers to [n, D]; zeros where there is no item."""
        vectors = self.vectors[numbers]
        told = torch.where((vectors != 0).any(dim=-1, keepdim=True), self.mix(vectors), self.missing)
        return told * (numbers > ABSENT).unsqueeze(-1)


class ItemEmbedding(nn.Module):
    """An item is its own vector, the mean of its words' (title and category path), and what encoders made of it."""

    item_words: Tensor

    def __init__(self, item_words: Tensor, width: int, encoded: Mapping[str, Tensor]) -> None:
        """`encoded` is [V + 2, E] by modality, rows of zeros where an item has none."""
        super().__init__()
        self.own = nn.Embedding(len(item_words), width, padding_idx=0)
        self.words = nn.EmbeddingBag(WORD_BUCKETS, width, mode="mean", padding_idx=0)
        # [V + 2, W] hashed words, 0 where there are no more: derived from the catalogue, so not among the weights.
        self.register_buffer("item_words", item_words, persistent=False)
        nn.init.normal_(self.own.weight[1:], std=0.05)
        nn.init.normal_(self.words.weight[1:], std=0.05)
        self.encoded = nn.ModuleDict({modality: Encoded(found, width) for modality, found in sorted(encoded.items())})

    def forward(self, numbers: Tensor, hidden: Tensor | None = None) -> Tensor:
        """[n] catalogue numbers to [n, D]; where `hidden` [n] is true the item is treated as unknown, words apart."""
        own = numbers if hidden is None else torch.where(hidden & (numbers > UNKNOWN), UNKNOWN, numbers)
        vectors: Tensor = self.own(own) + self.words(self.item_words[numbers])
        for encoded in self.encoded.values():
            vectors = vectors + encoded(numbers)
        return vectors

    def mean(self, items: Tensor, vectors: Tensor | None, *, hide: float) -> Tensor:
        """[B, L, M] catalogue numbers, 0 where there is none, to [B, L, D].

        By `vectors` [V + 2, D] of all items where they are at hand; a share of the items is hidden while training.
        """
        if vectors is None:
            numbers, place = torch.unique(torch.cat((items.new_zeros(1), items.flatten())), return_inverse=True)
            hidden = torch.rand(numbers.shape, device=numbers.device) < hide if self.training else None
            vectors, items = self(numbers, hidden), place[1:].view_as(items)
        means = functional.embedding_bag(items.flatten(0, 1), vectors, mode="mean", padding_idx=0)
        return means.view(*items.shape[:2], -1)

    @torch.no_grad()
    def all(self) -> Tensor:
        """[V + 2, D] as they are now."""
        vectors: Tensor = self(torch.arange(len(self.item_words), device=self.item_words.device))
        return vectors


class Block(nn.Module):
    """Pre-norm attention and a gated feed-forward layer (SwiGLU)."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        width, inner = shape.width, shape.width * 2
        self.heads = shape.heads
        self.attention_norm, self.forward_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.to_query_key_value = nn.Linear(width, 3 * width)
        self.from_heads = nn.Linear(width, width)
        self.gap_bias = nn.Embedding(GAP_BUCKETS, shape.heads)
        self.gate, self.value = nn.Linear(width, inner), nn.Linear(width, inner)
        self.back: nn.Module = nn.Linear(inner, width)
        self.dropout = nn.Dropout(shape.dropout)
        self.prefix: Prefix | None = None
        nn.init.zeros_(self.gap_bias.weight)

    def forward(self, tokens: Tensor, gaps: Tensor, *, first: int = 0) -> Tensor:
        """[B, T, D] to [B, T - first, D], without the tokens before `first`, which are seen all the same.

        gaps [B, T, T] are buckets, or UNSEEN.
        """
        shape = (*tokens.shape[:2], 3, self.heads, -1)
        query, key, value = self.to_query_key_value(self.attention_norm(tokens)).view(shape).permute(2, 0, 3, 1, 4)
        query, tokens = query[:, :, first:], tokens[:, first:]
        bias = self._bias(gaps[:, first:])
        if self.prefix is not None:
            key, value, bias = self.prefix(key, value, bias)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias.to(query.dtype))
        tokens = tokens + self.dropout(self.from_heads(seen.transpose(1, 2).flatten(2)))
        normed = self.forward_norm(tokens)
        gated: Tensor = functional.silu(self.gate(normed)) * self.value(normed)
        passed: Tensor = self.dropout(self.back(gated))
        return tokens + passed

    def _bias(self, gaps: Tensor) -> Tensor:
        """[B, Q, T] buckets to [B, A, Q, T]: head after head in memory, as attention reads it."""
        biases = functional.pad(self.gap_bias.weight, (0, 0, 0, 1), value=BLOCKED)
        return biases.T.index_select(1, gaps.flatten()).view(-1, *gaps.shape).transpose(0, 1)


class Network(nn.Module):
    """Tokens and queries in, purchase hazards, spend, silence and item-ranking states out."""

    def __init__(self, shape: Architecture, item_words: Tensor, encoded: Mapping[str, Tensor] = NOTHING) -> None:
        super().__init__()
        width, self.shape = shape.width, shape
        self.items = ItemEmbedding(item_words, width, encoded)
        self.kind = nn.Embedding(KINDS, width, padding_idx=0)
        self.numbers = NumberEmbedding(NUMBERS, width)
        self.review_words = nn.EmbeddingBag(WORD_BUCKETS, width, mode="mean", padding_idx=0)
        self.query = nn.Parameter(torch.randn(width) * 0.02)
        self.query_number = NumberEmbedding(1, width)
        self.fuse = nn.Linear(shape.features, width)
        self.dropout = nn.Dropout(shape.dropout)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(width)
        self.heads = nn.Linear(width, len(HORIZONS) + 3)
        self.direct = nn.Linear(shape.features, len(HORIZONS) + 3, bias=False)
        self.next_item = nn.Linear(width, width)
        self.item_bias = nn.Embedding(shape.items, 1)
        for layer in (self.heads.weight, self.heads.bias, self.direct.weight, self.item_bias.weight):
            nn.init.zeros_(layer)
        nn.init.normal_(self.review_words.weight, std=0.05)

    def forward(self, batch: Batch, *, states: bool = True, items: Tensor | None = None) -> Outputs:
        """Answer every query of the batch; without `states` the last layer is left out where only they read it.

        `items` [V + 2, D] is what `self.items.all()` said since the weights changed, and saves saying it again.
        """
        return self.answer(self.reading(batch, items), states=states)

    def reading(self, batch: Batch, items: Tensor | None = None) -> Reading:
        """The batch with its items and words looked up; `items` as in `forward`."""
        means = self.items.mean(batch.items, items, hide=self.shape.item_dropout)
        words = self.review_words(batch.words.flatten(0, 1)).view_as(means)
        return Reading(batch.kind, batch.numbers, means, words, since_last(batch), gaps_of(batch), batch.tabular)

    def answer(self, reading: Reading, *, states: bool = True) -> Outputs:
        """Every query; `states` as in `forward`. No row of the batch has a part in another's answer."""
        return self.told(self.events(reading), reading, states=states)

    def events(self, reading: Reading) -> Tensor:
        """[B, L, D] of the event tokens, before any has seen another."""
        events: Tensor = self.kind(reading.kind) + self.numbers(reading.numbers) + reading.items + reading.words
        return events

    def told(self, events: Tensor, reading: Reading, *, states: bool) -> Outputs:
        """As `answer`, of events [B, L, D] in the place of those that the reading has."""
        length = events.shape[1]
        queries = self.query + self.query_number(reading.since.unsqueeze(-1)) + self.fuse(reading.tabular)
        tokens = self.dropout(torch.cat((events, queries), dim=1))
        *blocks, last = self.blocks
        for block in blocks:
            tokens = block(tokens, reading.gaps)
        first = 0 if states else length
        tokens = self.norm(last(tokens, reading.gaps, first=first))
        values = self.heads(tokens[:, length - first :]) + self.direct(reading.tabular)
        hazards, log_mean, log_sigma, silence = values.split((len(HORIZONS), 1, 1, 1), dim=-1)
        return Outputs(
            hazards,
            log_mean.squeeze(-1),
            capped(log_sigma.squeeze(-1)),
            silence.squeeze(-1),
            self.next_item(tokens[:, : length - first]),
        )

    def item_logits(self, states: Tensor, numbers: Tensor) -> Tensor:
        """[n, D] states against [m] items: [n, m] logits of being bought next, by the input embeddings (tied)."""
        logits: Tensor = states @ self.items(numbers).T + self.item_bias(numbers).squeeze(-1)
        return logits

    def all_item_logits(self, states: Tensor, items: Tensor) -> Tensor:
        """The same [n, V + 2] against all items, by what `self.items.all()` [V + 2, D] said of them."""
        return states @ items.T + self.item_bias.weight.squeeze(-1)


def capped(log_sigma: Tensor) -> Tensor:
    """[...] softly limited to log SIGMA_LIMIT."""
    limit = math.log(SIGMA_LIMIT)
    return limit - functional.softplus(limit - log_sigma)
