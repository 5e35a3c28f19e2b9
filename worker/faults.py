"""What work met, as a value: in our own words, or only what kind it is."""

from campaigns.errors import Refusal
from campaigns.faults import Code, Fault, Hopeless
from scoring.score import ModelRejected
from scoring.whole_file import NotWritten

HOPELESS = (ModelRejected, Refusal, Hopeless)
"""What another attempt would meet again."""
TOLD = (*HOPELESS, NotWritten)
"""What our own words say."""


def fault_of(error: Exception, log_id: str) -> Fault:
    """What readers may know of an error: our own words; of anything else the kind, and where the log has the rest."""
    match error:
        case Hopeless():
            return error.fault
        case Refusal():
            return Fault.of_refusal(error)
        case ModelRejected():
            return Fault(code=Code.MODEL_REJECTED, said=str(error))
        case NotWritten():
            return Fault(code=Code.FOLDER_NOT_WRITABLE, facts={"place": error.place, "why": error.why})
        case _:
            return Fault(code=Code.UNEXPECTED, facts={"type": type(error).__name__, "log_id": log_id})
