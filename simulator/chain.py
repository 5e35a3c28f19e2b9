"""The moves of `behaviour` on probabilities: what is true ahead and what events tell of the past are both made of them.

`chance` is [levels, intents, coupon, n] of n customers, and changes in place.
"""

import numpy as np

from simulator import behaviour as law
from simulator.catalogue import Floats
from simulator.traits import Traits


def move(source: Floats, target: Floats, share: Floats | float) -> None:
    """Take a share of one part of the chances over to another."""
    moved = source * share
    source -= moved
    target += moved


def experience(traits: Traits, chance: Floats, bought: Floats, *, odds: Floats | float = 1.0) -> None:
    """Buyers return to idle without their coupon, on the level that the experience leaves them on.

    `odds` say how much likelier a bad one makes what is known of it.
    """
    flow = bought.sum(axis=1)
    bad, good = flow * traits.disappointment * odds, flow * (1 - traits.disappointment)
    down, up = bad * law.ALIENATED, good * law.DELIGHTED
    up[law.KEEN] = 0.0
    after = bad + good - down - up
    np.add.at(after, law.AFTER_BAD, down)
    after[1:] += up[:-1]
    chance[:, law.IDLE, 0] += after


def drift(traits: Traits, chance: Floats) -> None:
    """The level at the end of a day: left for good, sunk or risen."""
    lapse = np.stack([law.lapsing(traits, level) for level in range(law.LEVELS)])[:, None, None]
    left, sunk = chance * lapse, chance * law.SINK[:, None, None, None]
    risen = chance * law.RISE[:, None, None, None]
    chance -= left + sunk + risen
    chance[:-1] += sunk[1:]
    chance[1:] += risen[:-1]
    chance[law.LAPSED, law.IDLE] += left.sum(axis=(0, 1))
    gone = chance[law.LAPSED, law.BROWSING :].sum(axis=0)
    chance[law.LAPSED, law.BROWSING :] = 0.0
    chance[law.LAPSED, law.IDLE] += gone
