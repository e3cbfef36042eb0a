import pytest

from mailer.errors import Invalid
from mailer.rendering.design import Frozen
from mailer.rendering.locales import best_of, chain, clean_locale, with_common_links


@pytest.mark.parametrize(
    ("reads", "offered", "gets"),
    [
        ("pt-BR", ["pt", "pt-BR", "de"], "pt-BR"),
        ("pt_br", ["pt", "pt-BR"], "pt-BR"),
        ("pt-PT", ["pt", "pt-BR"], "pt"),
        ("pt", ["pt-BR"], None),
        ("ptx", ["pt"], None),
        ("zh-Hant-TW", ["zh-Hant", "zh"], "zh-Hant"),
        ("", ["pt"], None),
        ("fr", [], None),
    ],
)
def test_a_reader_gets_the_nearest_language(reads, offered, gets):
    assert best_of(reads, offered) == gets


def test_a_chain_begins_with_the_nearest():
    assert chain("zh_Hant-TW") == ["zh-hant-tw", "zh-hant", "zh"]


@pytest.mark.parametrize(("typed", "kept"), [("PT_br", "pt-BR"), ("de", "de"), ("zh-hant", "zh-Hant")])
def test_a_locale_is_kept_in_one_spelling(typed, kept):
    assert clean_locale(typed) == kept


@pytest.mark.parametrize("typed", ["", "xx-nothing", "../../etc", "de\x00", "english", "x" * 300])
def test_what_is_no_language_is_refused(typed):
    with pytest.raises(Invalid):
        clean_locale(typed)


def test_links_of_several_languages_are_numbered_through():
    def frozen(*links):
        html = "".join(f'<a href="{{{{ link_url({number}) }}}}">' for number in range(len(links)))
        return Frozen(subject="", html=html, text="", links=list(links))

    own, german, french = with_common_links([frozen("a", "b"), frozen("a", "b-de"), frozen("x", "b", "c")])

    assert own.links == german.links == french.links == ["a", "b", "b-de", "x", "c"]
    assert own.html == '<a href="{{ link_url(0) }}"><a href="{{ link_url(1) }}">'
    assert german.html == '<a href="{{ link_url(0) }}"><a href="{{ link_url(2) }}">'
    assert (
        french.html == '<a href="{{ link_url(3) }}"><a href="{{ link_url(1) }}"><a href="{{ link_url(4) }}">'
    )
