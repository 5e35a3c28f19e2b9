"""What the network reads of a batch: its items and words as vectors, and the times between its tokens as buckets.

B sequences, L tokens, Q queries, T = L + Q, D width, K numbers of a token, S features.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from scoring.seen.sequence import Batch
from scoring.seen.view import DAY

GAP_BUCKETS = 48
UNSEEN = GAP_BUCKETS
"""In the place of a bucket where a token is not seen."""
SMALLEST_GAP = 60.0
"""Seconds; shorter gaps share a bucket, and each doubling from there takes two."""


class Reading(NamedTuple):
    """A batch whose items and words were looked up. Every field has the sequences as its first dimension."""

    kind: Tensor
    """[B, L]"""
    numbers: Tensor
    """[B, L, K]"""
    items: Tensor
    """[B, L, D] the mean item of each token."""
    words: Tensor
    """[B, L, D] the mean of its words."""
    since: Tensor
    """[B, Q] log days since the latest token that the query sees."""
    gaps: Tensor
    """[B, T, T] buckets of the time from the column's token to the row's, UNSEEN where the row does not see it."""
    tabular: Tensor
    """[B, Q, S]"""


def since_last(batch: Batch) -> Tensor:
    """[B, Q] log days since the latest token that the query sees; 0 where it sees none."""
    query, event = batch.query_time.unsqueeze(-1), batch.time.unsqueeze(1)
    seen = (event < query) & (batch.kind > 0).unsqueeze(1)
    gap = (query - event).masked_fill(~seen, float("inf")).amin(dim=-1)
    return torch.where(gap.isinf(), 0.0, gap / DAY).log1p().float() / 2.0


def gaps_of(batch: Batch) -> Tensor:
    """[B, T, T] bucket of the time from the column's token to the row's, UNSEEN where the row does not see it."""
    time = torch.cat((batch.time, batch.query_time.nan_to_num()), dim=1)
    gap = (time.unsqueeze(2) - time.unsqueeze(1)).clamp(min=0.0).float()
    buckets = (torch.log2(1.0 + gap / SMALLEST_GAP) * 2.0).long().clamp(max=GAP_BUCKETS - 1)
    return torch.where(_seen(batch), buckets, UNSEEN)


def _seen(batch: Batch) -> Tensor:
    """[B, T, T] true where the row's token may see the column's."""
    (count, length), queries = batch.kind.shape, batch.query_time.shape[1]
    device = batch.kind.device
    seen = torch.zeros(count, length + queries, length + queries, dtype=torch.bool, device=device)
    real = (batch.kind > 0).unsqueeze(1)
    seen[:, :length, :length] = torch.ones(length, length, dtype=torch.bool, device=device).tril() & real
    seen[:, length:, :length] = (batch.time.unsqueeze(1) < batch.query_time.unsqueeze(2)) & real
    return seen | torch.eye(length + queries, dtype=torch.bool, device=device)
