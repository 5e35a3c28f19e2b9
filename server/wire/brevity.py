"""Statuses travel in trailers, of which clients take in 8 kB; of a longer one they learn neither reason nor code."""

from collections.abc import Sequence

from server.wire.refusals import FieldViolation

TEXT_BYTES = 512
"""Of a message: it is sent twice, and in one of them a symbol beyond ASCII takes nine bytes."""
FACT_BYTES = 1024
VIOLATIONS_BYTES = 2500
RESOURCES = 8
MORE = "…"


def brief(text: str, limit: int = TEXT_BYTES) -> str:
    """The text, or its beginning."""
    content = text.encode()
    if len(content) <= limit:
        return text
    return content[: limit - len(MORE.encode())].decode(errors="ignore") + MORE


def brief_list(text: str) -> str:
    """Of a fact that lists names whole ones only."""
    cut = brief(text, FACT_BYTES)
    return cut if cut == text or "," not in cut else f"{cut.rpartition(',')[0]},{MORE}"


def brief_violations(violations: Sequence[FieldViolation]) -> list[FieldViolation]:
    """The first ones; one at least."""
    told: list[FieldViolation] = []
    room = VIOLATIONS_BYTES
    for field, description in violations:
        one = FieldViolation(brief(field), brief(description))
        room -= len(one.field.encode()) + len(one.description.encode())
        if told and room < 0:
            break
        told.append(one)
    return told
