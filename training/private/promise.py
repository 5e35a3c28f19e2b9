"""What is promised to customers, and what that takes: how much noise, for how many steps."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from opacus.accountants import RDPAccountant
from opacus.accountants.utils import get_noise_multiplier

DELTA_POWER = 1.1
"""The default delta is 1 over so high a power of the number of customers."""
LOT_SHARE, LARGEST_LOT = 0.2, 1024
"""The default lot: large ones hide a customer at less cost, and small ones are quicker."""
ACCOUNTANT = "rdp"
"""Rényi differential privacy (Mironov 2017): an upper bound, some 8 % more noise than the tightest, and quick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Whatever one customer has done, the model is at most e^epsilon times as likely, but for a chance of delta."""

    epsilon: float
    delta: float | None = None
    """None for 1 / customers^1.1."""
    clipping: float = 8.0
    """The most that a customer's gradient may weigh in a step.

    A small one draws the level of all chances off its place: those of buyers, who are rarer, are long and cut most.
    """
    lot: int | None = None
    """Customers in a step, on average; None for a fifth of them, at most LARGEST_LOT."""
    steps: int = 100

    def __post_init__(self) -> None:
        for name, lowest in {"epsilon": 0.0, "clipping": 0.0, "lot": 0, "steps": 0}.items():
            value = getattr(self, name)
            if value is not None and not lowest < value < float("inf"):
                raise ValueError(f"{name}: must be above 0 and finite, is {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How a promise to so many customers is kept."""

    epsilon: float
    """That is spent: at most what was promised."""
    delta: float
    noise_multiplier: float
    """Standard deviation of the noise on the sum of a step's gradients, over `clipping`."""
    sample_rate: float
    """Chance of each customer to be asked in a step."""
    steps: int
    clipping: float

    def to_json(self) -> Mapping[str, Any]:
        """For the manifest."""
        return asdict(self)


def budget_of(promise: Promise, customers: int) -> Budget:
    """By the accountant.

    Raises:
        ValueError: Delta would allow to publish a customer, or epsilon asks for more noise than can be accounted for.
    """
    delta = customers**-DELTA_POWER if promise.delta is None else promise.delta
    if not 0.0 < delta < 1.0 / customers:
        raise ValueError(
            f"delta: must lie above 0 and below 1 / customers = {1 / customers:.2g}, is {delta:g}: a larger one "
            "is kept even by publishing the history of one customer"
        )
    lot = promise.lot or min(round(LOT_SHARE * customers), LARGEST_LOT)
    rate = min(lot / customers, 1.0)
    try:
        with _quietly():
            noise = get_noise_multiplier(
                target_epsilon=promise.epsilon, target_delta=delta, sample_rate=rate, steps=promise.steps,
                accountant=ACCOUNTANT,
            )  # fmt: skip
    except ValueError as error:
        raise ValueError(f"epsilon: {promise.epsilon:g} is too little for {promise.steps} steps ({error})") from error
    return Budget(
        epsilon=spent(noise, rate, promise.steps, delta), delta=delta, noise_multiplier=noise, sample_rate=rate,
        steps=promise.steps, clipping=promise.clipping,
    )  # fmt: skip


def spent(noise_multiplier: float, sample_rate: float, steps: int, delta: float) -> float:
    """The epsilon of so many steps."""
    accountant = RDPAccountant()
    accountant.history = [(noise_multiplier, sample_rate, steps)]
    with _quietly():
        return float(accountant.get_epsilon(delta))


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the warning that a bound could be tighter: it is one."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Optimal order is the", UserWarning)
        yield
