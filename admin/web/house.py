"""What every page shares: the database, the templates of each language, and how the admin is reached."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jinja2 import Environment
from starlette.responses import HTMLResponse

from admin.web.explainer import Explainer
from admin.web.identities import Identities
from admin.web.look import environment
from campaigns.life.approval import ApprovalPolicy
from database.session import Database
from rules.sentence import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Made once at the start of the process."""

    database: Database
    secure: bool
    """Whether browsers reach the admin by https only: cookies are then kept from anything else."""
    policy: ApprovalPolicy
    """How many people have to agree to a plan."""
    currency: str
    """Of a new campaign, and of what is known of customers."""
    passwords: bool = True
    """Whether people may sign in with one."""
    identities: Identities | None = None
    """Where people sign in who have none."""
    explainer: Explainer = field(default_factory=Explainer)
    """Says why a score is what it is."""

    def render(self, language: Language, template: str, values: dict[str, Any], status: int = 200) -> HTMLResponse:
        """A page."""
        return HTMLResponse(_environment(language).get_template(template).render(values), status)


def compile_templates() -> None:
    """Before the first visitor comes, who would wait for it: about a quarter of a second a language."""
    for language in Language:
        templates = _environment(language)
        for name in templates.list_templates(extensions=["html"]):
            templates.get_template(name)


@cache
def _environment(language: Language) -> Environment:
    return environment(language)
