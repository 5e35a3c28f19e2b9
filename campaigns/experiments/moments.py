"""What is kept of a group's outcomes: sums that can be added, so that the database aggregates and this floor concludes.

In SQL: count(*), sum(y), sum(y * y), sum(x), sum(x * x), sum(x * y) over all customers of the group, in double
precision, with zero for those who did nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from database.experiments.outcomes import Product

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Sums over the customers of one group: y is the outcome, x what the model predicted of it before the launch."""

    count: int
    outcome: float
    outcome_squared: float
    covariate: float = 0.0
    covariate_squared: float = 0.0
    product: float = 0.0
    """Sum of x times y."""

    @classmethod
    def of_product(cls, count: int, product: Product) -> Self:
        """Of so many customers and the sums over them, as the database reckons them."""
        return cls(
            count=count, outcome=product.y, outcome_squared=product.y_squared, covariate=product.x,
            covariate_squared=product.x_squared, product=product.xy,
        )  # fmt: skip

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(
            count=self.count + other.count,
            outcome=self.outcome + other.outcome,
            outcome_squared=self.outcome_squared + other.outcome_squared,
            covariate=self.covariate + other.covariate,
            covariate_squared=self.covariate_squared + other.covariate_squared,
            product=self.product + other.product,
        )

    @property
    def mean(self) -> float:
        """Mean outcome."""
        return self.outcome / self.count

    @property
    def covariate_mean(self) -> float:
        """Mean prediction."""
        return self.covariate / self.count

    @property
    def variance(self) -> float:
        """Unbiased variance of the outcome; needs two customers."""
        return max(self.outcome_squared - self.outcome * self.mean, 0.0) / (self.count - 1)

    @property
    def covariate_variance(self) -> float:
        """Unbiased variance of the prediction."""
        return max(self.covariate_squared - self.covariate * self.covariate_mean, 0.0) / (self.count - 1)

    @property
    def covariance(self) -> float:
        """Unbiased covariance of outcome and prediction."""
        return (self.product - self.covariate * self.mean) / (self.count - 1)


NOBODY = Moments(count=0, outcome=0.0, outcome_squared=0.0)


def together(parts: Iterable[Moments]) -> Moments:
    """The sums of several disjoint groups of customers as of one."""
    return sum(parts, NOBODY)
