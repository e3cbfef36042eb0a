"""Whatever a subscriber reads is there in every language that the product speaks."""

from pathlib import Path

import pytest
from babel.messages.extract import extract
from jinja2.ext import babel_extract

from mailer.web.languages import LANGUAGES, catalogue, strung

ROOT = Path(__file__).parents[2]
PUBLIC_TEMPLATES = (
    "consent",
    "signup",
    "emails",
    "layouts/public.html",
    "web/public_error.html",
    "components/public_forms.html",
)


def messages():
    """Every message of ours in templates and in Python."""
    found = set()
    for name in PUBLIC_TEMPLATES:
        path = ROOT / "templates" / name
        for file in path.rglob("*.*") if path.is_dir() else [path]:
            with file.open("rb") as source:
                options = {"newstyle_gettext": "true", "trimmed": "false"}
                found |= {(file.name, said) for _, _, said, _ in babel_extract(source, ("_",), [], options)}
    for file in (ROOT / "mailer").rglob("*.py"):
        if "from mailer.web.languages import" in file.read_text(encoding="utf-8"):
            with file.open("rb") as source:
                found |= {(file.name, said) for _, said, *_ in extract("python", source, {"_": None})}
    return found


@pytest.mark.parametrize("tag", [tag for tag in LANGUAGES if tag != "en"])
def test_nothing_is_left_in_english(tag):
    known = catalogue(tag)._catalog

    missing = {(where, said) for where, said in messages() if isinstance(said, str) and not known.get(said)}

    assert missing == set()


@pytest.mark.parametrize("tag", [tag for tag in LANGUAGES if tag != "en"])
def test_what_is_filled_in_is_the_same_in_every_language(tag):
    for said, words in catalogue(tag)._catalog.items():
        if isinstance(said, str) and said and isinstance(words, str):
            assert sorted(_gaps(words)) == sorted(_gaps(said)), said


def _gaps(words):
    return [part.partition(")")[0] for part in words.split("%(")[1:]]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_names_in_a_row_keep_the_marks_of_the_sentence_around_them(tag):
    said = catalogue(tag).gettext("You will receive no more mails of “%(lists)s”.") % {
        "lists": strung("AB", tag)
    }
    opening, closing = catalogue(tag).gettext("“%(list)s”").split("%(list)s")

    assert said.count(opening) == said.count(closing) == 2
