"""Every kind of refusal that can be raised."""

import importlib
import pkgutil
from types import ModuleType

import campaigns
from campaigns.errors import Refusal


def refusals_below(package: ModuleType) -> set[type[Refusal]]:
    """Those with a reason that are declared somewhere in the package."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, todo = set(), [Refusal]
    while todo:
        kinds = todo.pop().__subclasses__()
        found |= {
            kind for kind in kinds if "reason" in vars(kind) and kind.__module__.startswith(f"{package.__name__}.")
        }
        todo += kinds
    return found


def refusals_of_campaigns() -> set[type[Refusal]]:
    """What a decision can say."""
    return refusals_below(campaigns)
