"""LightGBM without its scikit-learn wrappers: a fifth of a server's time to start, and nothing here uses them."""

import sys

_known = {name: module for name, module in sys.modules.items() if name == "sklearn"}
# A module that is None cannot be imported: LightGBM then goes without, as where scikit-learn is not installed.
sys.modules["sklearn"] = None  # type: ignore[assignment]
try:
    import lightgbm
finally:
    del sys.modules["sklearn"]
    sys.modules.update(_known)

__all__ = ["lightgbm"]
