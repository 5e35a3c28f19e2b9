"""Resource names: the prefix of each kind, and the id behind it, whose form the rules of the protos have checked."""

CAMPAIGN = "campaigns/"
CUSTOMER = "customers/"
MODEL = "models/"
OPERATION = "operations/"
SEGMENT = "segments/"
TIER_SCHEME = "tierSchemes/"


def campaign_id(name: str) -> str:
    return name.removeprefix(CAMPAIGN)


def customer_id(name: str) -> str:
    return name.removeprefix(CUSTOMER)


def model_id(name: str) -> str:
    return name.removeprefix(MODEL)


def operation_id(name: str) -> str:
    return name.removeprefix(OPERATION)


def segment_id(name: str) -> str:
    return name.removeprefix(SEGMENT)
