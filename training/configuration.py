"""What can be chosen about a training run; the defaults were chosen time-forward, inside histories only."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

FEW_CUSTOMERS = 1500
"""Below which a shop remembers longer: there a customer more is worth more than a season less."""
LONGEST_MEMORY = 2.0
"""Times the memory of a large shop."""
ITEM_WEIGHT = 0.1
"""At least, of networks that answer what is bought next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Everything besides data and seed that decides the weights."""

    width: int = 64
    layers: int = 2
    heads: int = 4
    dropout: float = 0.1
    members: int = 1
    """Networks of different seeds whose answers are averaged."""
    cutoffs: int = 24
    """Most cut-offs; the latest that fit into the history."""
    spacing_days: float = 7.0
    """Least time between two cut-offs; wider where the history is long."""
    widest_spacing_days: float = 21.0
    tokens_an_epoch: int = 120_000
    """Events read in one epoch at most; a larger shop's customers take turns."""
    queries: int = 12
    """Most cut-offs of one customer in one epoch."""
    sequences: int = 48
    """Customers in a batch of a small shop."""
    most_sequences: int = 256
    """In a batch of a large one."""
    steps_an_epoch: int = 60
    """That a larger batch leaves at least."""
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    memory_days: float = 30.0
    """A question counts 1/e when it was asked so many days before the latest one: shops and seasons change. A
    small shop remembers longer (`remembering`)."""
    season_weight: float = 0.25
    """How much a question counts that was asked a year before the time that the fit stands at: less, the further from
    it, as in `memory_days`."""
    open_weight: float = 0.0
    """How much a question counts whose window is open still, by the intervals of it that are over; 0 for none such."""
    direct_penalty: float = 0.01
    """Half the squared weights from features to heads count so much in the loss: features drift, and a strongly
    regularised linear part forecasts best. A fit on few customers is penalised more (`believing`)."""
    prior_customers: float = 10.0
    """So many customers weigh as much as what is believed before: that it is as the closed form says, and that no
    feature matters."""
    warm_up_steps: int = 50
    averaging: float = 0.99
    """Of the weights over steps (Polyak): what is validated and kept is the average."""
    max_epochs: int = 12
    patience: int = 3
    """Epochs without improvement before training stops."""
    spend_weight: float = 0.3
    silence_weight: float = 0.3
    item_weight: float = 0.0
    """Of what is bought next, in the loss of networks that foretell orders; more where they answer that, too
    (`telling_items`)."""
    negatives: int = 512
    """Items that a bought one is told apart from, shared by a batch."""
    validation_questions: int = 4000
    """That the rehearsal is judged on at most."""
    tree_rounds: int = 300
    """Of boosting at most; 0 for a model without trees."""
    held_out_share: float = 0.15
    """Customers that the first fit never sees."""
    bfloat16: bool = False
    """Learn from what the network says in bfloat16, which pays where it is wide; weights, losses and steps stay in
    float32."""
    pretrain_epochs: int = 0
    """Over unlabelled actions, before labels are learned."""
    label_share: float = 1.0
    """Of the customers whose windows are learned from; the others' actions are still pre-trained on."""
    item_encoders: str | None = None
    """What made the vectors of the items' texts and pictures; None for words alone."""

    def remembering(self, customers: int) -> Self:
        """With the memory of a shop of so many customers."""
        longer = min(max(FEW_CUSTOMERS / max(customers, 1), 1.0), LONGEST_MEMORY)
        return replace(self, memory_days=self.memory_days * longer)

    def believing(self, customers: int) -> Self:
        """With the penalty of a fit on so many customers."""
        return replace(self, direct_penalty=max(self.direct_penalty, self.prior_customers / max(customers, 1)))

    @property
    def telling_items(self) -> Self:
        """With networks that learn what is bought next as well."""
        return replace(self, item_weight=max(self.item_weight, ITEM_WEIGHT))

    def to_json(self) -> dict[str, Any]:
        """For the manifest."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """What `to_json` wrote, or a part of it; ValueError for a name that there is not."""
        if unknown := sorted(set(value) - {field.name for field in fields(cls)}):
            raise ValueError(f"{', '.join(unknown)}: a configuration has no such field")
        return cls(**value)
