"""Refusals about customers."""

from campaigns.errors import Changed, NotFound, WrongState


class CustomerNotFound(NotFound):
    reason = "CUSTOMER_NOT_FOUND"


class CustomerChanged(Changed):
    """The etag is of an older revision."""

    reason = "CUSTOMER_CHANGED"


class CustomerErased(WrongState):
    """The customer asked to be forgotten, and the id stays nobody's until someone readmits it."""

    reason = "CUSTOMER_ERASED"


class CustomerNotErased(WrongState):
    """There is nothing to take back."""

    reason = "CUSTOMER_NOT_ERASED"
