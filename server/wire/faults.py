"""Why work failed or waits, or why a canary was set aside, for the wire."""

from collections.abc import Mapping
from typing import Any

from tierwise.v1 import fault_pb2

from campaigns.faults import Fault


def fault_message(said: str | None, why: Mapping[str, Any] | None) -> fault_pb2.Fault | None:
    """From a row: its English words and the value."""
    if said is None:
        return None
    fault = Fault.read(said, why)
    return fault_pb2.Fault(code=fault.code, parameters=parameters(fault), message=fault.sentence())


def parameters(fault: Fault) -> dict[str, str]:
    """What its code is about."""
    return {name: str(fact) for name, fact in fault.facts.items()}
