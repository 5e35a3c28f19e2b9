"""One module a section of the admin: its routes, and what each page reads and does."""

from admin.web.pages import (
    approvals,
    audit,
    calendar,
    campaigns,
    customers,
    home,
    imports,
    jobs,
    models,
    segments,
    switches,
    tiers,
    wizard,
)

SECTIONS = (
    home, wizard, campaigns, calendar, approvals, switches, customers, segments, tiers, models, jobs, imports, audit,
)  # fmt: skip
"""Each has `routes(house)`; the wizard's addresses would mean campaigns and moves otherwise."""
