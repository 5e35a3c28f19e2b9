"""The languages of the pages: English in the templates, others in gettext catalogues of `locale/`."""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.core import Locale, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from rules.sentence import Language

LOCALE = Path(__file__).parent / "locale"
COOKIE = "tierwise_language"


def chosen(cookie: str | None, accepted: str | None) -> Language:
    """The visitor's choice, else what the browser asks for, else English."""
    if cookie in set(Language):
        return Language(cookie)
    asked = [part.split(";")[0].strip() for part in (accepted or "").split(",")]
    found = negotiate_locale([tag for tag in asked if tag], [each.value for each in Language], sep="-")
    return Language(found) if found else Language.ENGLISH


@cache
def translations(language: Language) -> NullTranslations:
    """Every catalogue of a language as one; texts without an entry stay as they are written."""
    whole = Translations()
    for path in sorted((LOCALE / language.value).glob("*.po")):
        compiled = BytesIO()
        with path.open("rb") as source:
            write_mo(compiled, read_po(source, locale=language.value))
        compiled.seek(0)
        part = Translations(compiled)
        whole.merge(part)
        whole.plural = part.plural  # merging leaves it out
    return whole


@cache
def locale_of(language: Language) -> Locale:
    """How numbers and dates are written."""
    return Locale.parse("en_GB" if language is Language.ENGLISH else "zh_Hans_CN")
