"""One module a section of the admin: its routes, and what each page reads and does."""

from admin.web.pages import campaigns, home, jobs

SECTIONS = (home, campaigns, jobs)
"""Each has `routes(house)`."""
