"""The languages of pages for subscribers: which one somebody reads, and our words in it.

Catalogues are plain gettext files (``mailer/translations/de.po``); they are read when first
needed, so that there is nothing to compile. English stands in the templates themselves.
"""

from collections.abc import Iterable
from datetime import date
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Any, Final

from babel.dates import format_date, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, g, has_app_context, has_request_context, request

#: Languages that public pages speak, in their own names; the first is the one without a catalogue.
LANGUAGES: Final = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "zh": "中文",
    "ar": "العربية",
}
_RIGHT_TO_LEFT: Final = frozenset({"ar"})
_FOLDER: Final = Path(__file__).parents[1] / "translations"


def init_app(app: Flask) -> None:
    """Give templates ``_``, ``ngettext`` and what the language asks of a page."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        translated, translated_number, newstyle=True
    )
    app.jinja_env.globals.update(language=language, direction=direction, LANGUAGES=LANGUAGES)
    app.jinja_env.filters.update(in_words=in_words, strung=strung, quoted=quoted)


def speak(*wanted: str) -> str:
    """Let this request's page speak the first of some languages that we know.

    :param wanted: language tags in order of preference, such as a subscriber's own; what their
        browser asks for comes after them
    :return: the language
    """
    g.language = known(*wanted, *(tag for tag, _ in request.accept_languages)) or "en"
    chosen: str = g.language
    return chosen


def known(*wanted: str) -> str:
    """Return the first of some language tags that we have words in, or nothing."""
    for tag in wanted:
        plain = tag.replace("_", "-").partition("-")[0].lower()
        if plain in LANGUAGES:
            return plain
    return ""


def language() -> str:
    """Return the language of the page that is being written."""
    chosen: str = g.get("language", "en") if has_app_context() or has_request_context() else "en"
    return chosen


def direction(tag: str = "") -> str:
    """Return in which direction a language is written: ``ltr`` or ``rtl``."""
    return "rtl" if (tag or language()) in _RIGHT_TO_LEFT else "ltr"


def translated(message: str) -> str:
    """Return our words in the language of the page."""
    return catalogue(language()).gettext(message)


def translated_number(one: str, many: str, number: int) -> str:
    """Return our words about a number, in the plural that the language has for it."""
    return catalogue(language()).ngettext(one, many, number)


def in_words(day: date) -> str:
    """Return a day as the page's language writes it: “4 May 2026”, “4. Mai 2026”."""
    return format_date(day, "long", locale=language())


def strung(names: Iterable[str], tag: str = "") -> str:
    """Return names that stand between one pair of quotation marks, with further marks where one ends.

    In a language written from right to left each is isolated (UAX 9), so that a name in Latin letters
    keeps the marks beside it where they belong.

    :param tag: the language; the page's when none is named
    """
    tag = tag or language()
    if direction(tag) == "rtl":
        names = [f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}" for name in names]
    return catalogue(tag).gettext("”, “").join(names)


def quoted(names: Iterable[str]) -> str:
    """Return names one after the other, each in the quotation marks of the page's language."""
    return translated("“%(list)s”") % {"list": strung(names)}


@cache
def catalogue(tag: str) -> NullTranslations:
    """Return the words of a language; those of English are the keys."""
    path = _FOLDER / f"{tag}.po"
    if tag not in LANGUAGES or not path.exists():
        return NullTranslations()
    compiled: Any = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=tag))
    compiled.seek(0)
    return GNUTranslations(compiled)


def waiting_time(seconds: int) -> str:
    """Return a time to wait in the page's language, rounded up: from 90 minutes on in hours."""
    unit = 60 if seconds <= 5400 else 3600
    whole = ceil(seconds / unit) * unit
    return format_timedelta(whole, granularity="minute", threshold=1.5, locale=language())
