"""Which customer a page is of."""

from urllib.parse import quote

from admin.web.visit import Visit


def customer_id_of(visit: Visit) -> str:
    """As the address names it."""
    customer_id: str = visit.request.path_params["customer_id"]
    return customer_id


def home_of(customer_id: str) -> str:
    """The card's address."""
    return f"/customers/{quote(customer_id, safe='')}"
