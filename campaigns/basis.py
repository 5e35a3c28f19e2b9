"""What a decision was made from: the model and the versions of policy, kept beside it so that it can be repeated."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from rules.document import to_data
from rules.rule import Rule

DIGEST_LENGTH = 16
"""Hexadecimal digits: 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Whatever is empty played no part."""

    models: tuple[str, ...] = ()
    """Ids of the models whose scores counted; more than one where scores of several stood side by side."""
    tier_schemes: tuple[int, ...] = ()
    """Versions of the thresholds."""
    campaign: str | None = None
    """The campaign with the version of its plan, such as campaigns/spring@3."""
    rule: str | None = None
    """Digest of the rule that chose; see `rule_digest`."""

    def facts(self) -> dict[str, Any]:
        """For the audit log, in JSON."""
        facts = {
            "models": list(self.models), "tier_schemes": list(self.tier_schemes), "campaign": self.campaign,
            "rule": self.rule,
        }  # fmt: skip
        return {name: fact for name, fact in facts.items() if fact}


def rule_digest(rule: Rule) -> str:
    """Equal for equal rules: the start of the SHA-256 of the rule's document with sorted keys."""
    document = json.dumps(to_data(rule), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(document.encode()).hexdigest()[:DIGEST_LENGTH]
