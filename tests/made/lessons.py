"""A lesson of a past campaign that is made by hand: its offer changes only those who ordered before."""

from datetime import timedelta

import lightgbm
import numpy as np

from database.forecast import uplifts
from database.forecast.uplifts import Uplift
from database.session import Database
from made.campaigns import NOW, create_campaign
from scoring.uplift.columns import Column
from scoring.uplift.model import Grown, Line, UpliftModel

OF_BUYERS, OF_OTHERS = 0.05, 0.01
"""What it adds to the chance to buy, as `teach` says it."""


def teach(database: Database, campaign_id: str, *, ended_days: int = 0, more: float = 0.0) -> None:
    """Leave what a campaign taught that ended so many days after NOW; `more` is added to all effects."""
    create_campaign(database, campaign_id, start_time=NOW - timedelta(days=99), end_time=NOW + timedelta(ended_days))
    mean = (OF_BUYERS + OF_OTHERS) / 2 + more
    model = UpliftModel(
        learner="X", columns=(Column(name="orders"),), terms=(Grown(trees=_bought_before(), weight=1.0),),
        line=Line(mean=mean, slope=OF_BUYERS - OF_OTHERS, centre=0.5),
    )  # fmt: skip
    lesson = Uplift(
        campaign_id=campaign_id, model=model.to_json(), learner="X", reason="made by hand", customers=9000,
        effect=mean, effect_low=mean - 0.01, effect_high=mean + 0.01, qini=2.0, qini_low=1.0, qini_high=3.0,
    )  # fmt: skip
    with database.writing() as transaction:
        assert uplifts.keep(transaction, lesson, NOW)


def _bought_before() -> lightgbm.Booster:
    """One split: 0 without orders, 1 with some."""
    orders = np.repeat([0.0, 1.0, 2.0], 50)
    options = {
        "objective": "regression", "learning_rate": 1.0, "num_leaves": 2, "boost_from_average": False, "verbose": -1,
    }  # fmt: skip
    return lightgbm.train(options, lightgbm.Dataset(orders[:, None], (orders > 0).astype(float)), num_boost_round=1)
