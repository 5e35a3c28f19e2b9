"""Models at work in a replica: payloads of one kind in, answers out, one forward pass for all."""

import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import assert_never

import numpy as np
import torch

from events.event import EVENT_SCHEMA
from events.history import Histories
from events.packing import unpacked
from scoring.markets import Markets
from scoring.replicas.asking import (
    Asked,
    Kind,
    ModelFolder,
    Recommended,
    Role,
    Task,
    Telling,
    Terms,
    Wish,
    asked_of,
    packed_score,
)
from scoring.replicas.devices import device_of, dying_with_the_device
from scoring.replicas.precision import suited
from scoring.score import ALL_THERE, Contrast, Explanation, ModelRejected, NoNumber, UnknownItem
from scoring.scorer import Scorer
from scoring.seen.actions import Floats
from scoring.threads import limit_threads

Payload = bytes | memoryview


class Computing:
    """The models that a replica holds, by their roles."""

    def __init__(self, models: Mapping[Role, Markets]) -> None:
        self._models = models

    @property
    def rounded(self) -> frozenset[Role]:
        """Whose models score in bfloat16."""
        return frozenset(role for role, model in self._models.items() if model.base.bfloat16)

    def __call__(self, kind: Kind, rows: Sequence[Payload]) -> list[bytes]:
        """One answer for each row; a role that nobody has any more falls to the active model.

        Raises ReplicaDied where the device is lost.
        """
        with dying_with_the_device():
            return self._answers(kind, rows)

    def _answers(self, kind: Kind, rows: Sequence[Payload]) -> list[bytes]:
        if kind.task is Task.ROUNDED:
            return [pickle.dumps(self.rounded)] * len(rows)
        model = self._models.get(kind.role) or self._models[Role.ACTIVE]
        scorer = model.scorer(kind.market) if kind.market else model.base
        if kind.task is Task.SIMILAR:
            return [_similar(scorer, kind, bytes(row).decode()) for row in rows]
        customers = [asked_of(row) for row in rows]
        histories, as_of = _histories(customers), np.array([each.as_of for each in customers])
        match kind.task:
            case Task.SCORE:
                return [packed_score(score) for score in scorer.score(histories, as_of)]
            case Task.EXPLAIN:
                told = explained(scorer, kind.telling or Telling(), histories, as_of)
                return [pickle.dumps(explanation) for explanation in told]
            case Task.RECOMMEND:
                return _recommended(scorer, kind, customers, histories, as_of)
            case _:
                assert_never(kind.task)


def computing(
    models: Mapping[Role, ModelFolder], device: str, *, number: int = 0, rounded: frozenset[Role] | None = None,
    forgiving: bool = False, lists: bool = False,
) -> Computing:  # fmt: skip
    """With models from their folders, which have answered once: those `rounded` in bfloat16, or as a trial finds.

    It is the replica of this number. A `forgiving` one does without a canary that cannot be loaded any more; one that
    will be asked for `lists` prepares for them. Raises ModelRejected, OSError.
    """
    limit_threads()
    device = device_of(device, number, torch.cuda.device_count())
    found = {}
    for role, model in models.items():
        try:
            scorer = _tried(model, device, role, rounded)
            scorer.prepare(lists=lists)
            found[role] = Markets(scorer, model.folder)
        except (ModelRejected, OSError):
            if role is not Role.CANARY or not forgiving:
                raise
    return Computing(found)


def _tried(model: ModelFolder, device: str, role: Role, rounded: frozenset[Role] | None) -> Scorer:
    try:
        return _suited(_loaded(model, device), role, rounded)
    except NoNumber as error:
        raise ModelRejected(f"{model.folder}: {error}") from error


def _suited(scorer: Scorer, role: Role, rounded: frozenset[Role] | None) -> Scorer:
    return suited(scorer) if rounded is None else replace(scorer, bfloat16=role in rounded)


def _loaded(model: ModelFolder, device: str) -> Scorer:
    scorer = Scorer.load(model.folder, device, model_id=model.model_id, registered=json.loads(model.registered))
    nobody = Histories.from_frame(EVENT_SCHEMA.to_frame(), ["nobody"])
    scorer.score(nobody, np.zeros(1))
    return scorer


def _histories(customers: Sequence[Asked]) -> Histories:
    return unpacked([each.history for each in customers], [each.customer_id for each in customers])


def explained(scorer: Scorer, telling: Telling, histories: Histories, as_of: Floats) -> list[Explanation]:
    """Of each customer at their as-of time [C], told as it was asked for."""
    plain = scorer.explain(histories, as_of, language=telling.language)
    if not telling.full:
        return plain
    return [
        _in_full(scorer, telling, explanation, histories.some(place, place + 1), float(as_of[place]))
        for place, explanation in enumerate(plain)
    ]


def _in_full(
    scorer: Scorer, telling: Telling, explanation: Explanation, history: Histories, as_of: float
) -> Explanation:
    """Everything is asked anew without each event, and with more of each kind."""
    effects = scorer.event_effects(history, as_of, language=telling.language)
    ladder, contrasts = telling.ladder, list[Contrast]()
    if ladder is not None and (now := ladder.step(explanation.score)) < len(ladder.borders):
        contrasts = scorer.contrasts(
            history, as_of, lambda changed: ladder.step(changed) > now, language=telling.language
        )
    return replace(explanation, event_effects=tuple(effects), contrasts=tuple(contrasts))


def _recommended(
    scorer: Scorer, kind: Kind, customers: Sequence[Asked], histories: Histories, as_of: Floats
) -> list[bytes]:
    wishes, terms = [each.wish or Wish() for each in customers], kind.terms or Terms(1)
    found = scorer.recommend(
        histories, as_of, count=terms.most, strategy=terms.strategy, diversity=terms.diversity,
        exclude=[wish.exclude for wish in wishes], context_items=[wish.context for wish in wishes],
        unavailable=kind.unavailable or ALL_THERE,
    )  # fmt: skip
    return [pickle.dumps(Recommended(scorer.model_id, items)) for items in found]


def _similar(scorer: Scorer, kind: Kind, item_id: str) -> bytes:
    most = (kind.terms or Terms(1)).most
    try:
        items = scorer.similar(item_id, most, kind.unavailable or ALL_THERE)
    except UnknownItem:
        items = None
    return pickle.dumps(Recommended(scorer.model_id, items))
