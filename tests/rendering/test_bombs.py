"""Whatever somebody writes: to freeze it and fill it in takes 2 s and 200 MB at most, and leaks nothing.

The seconds are those of a machine at rest: one that is busy with other things makes even the
time of a process longer, so a piece of work that never changes is timed beside each bomb.

Every door comes by here: the canvas, previews, preflight, test mails, the API and the command line.
"""

import json
import os
import subprocess
import sys

import pytest

from mailer.rendering.design import Frozen
from mailer.rendering.merge import Renderer

CANARY = "canary-7f3a91"

#: Words of a mail, by what they try.
BOMBS = {
    "product": "{{ 'a' * 10 ** 9 }}",
    "power": "{{ 9 ** 9 ** 9 }}",
    "width": "{{ '%1000000000d' % 1 }}",
    "center": "{{ 'a' | center(1000000000) }}",
    "format": "{{ '{:>1000000000}' | format(1) }}",
    "method": "{{ 'a'.zfill(1000000000) }}",
    "doubling": "{{ 'a'" + " | replace('a', 'aa')" * 40 + " }}",
    "joining": "{{ subscriber.tags" + " | join('" + "x" * 900 + "') }}",
    "lipsum": "{{ lipsum(n=1000000) }}",
    "ranges": "{% for a in range(10**6) %}{% for b in range(10**6) %}x{% endfor %}{% endfor %}",
    "loops": "".join(f"{{% for a{n} in subscriber.tags %}}" for n in range(12)) + "x" + "{% endfor %}" * 12,
    "many loops": "{% for a in subscriber.tags %}{% for b in subscriber.tags %}x{% endfor %}{% endfor %}"
    * 400,
    "flood": "{% for a in subscriber.tags %}" + "<p>water</p>" * 8_000 + "{% endfor %}",
    "recursion": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "growth": "{% set x = 'aa' %}" + "{% set x = x ~ x %}" * 40,
    "brackets": "{{ " + "(" * 450 + "1" + ")" * 450 + " }}",
    "nots": "{{ " + "not " * 240 + "1 }}",
    "ifs": "{% if 1 %}" * 900 + "{% endif %}" * 900,
    "elifs": "{% if 0 %}" + "{% elif 0 %}" * 1_900 + "{% endif %}",
    "tags": "{{ subscriber.name }}" * 1_999,
    "open tags": "{{" * 100_000,
    "big number": "{{ 1" + "0" * 900 + " | number }}",
    "exponent": "{{ '1e999999' | number }}{{ '1e-999999' | currency('EUR') }}",
    "pattern": "{{ '2026-01-01' | date('" + "G" * 900 + "') }}",
    "decimals": "{{ 1 | number(999999999) }}",
    "length": "{{ subscriber.name | truncate(999999999) }}",
    "elements": "<div>" * 30_000,
    "attributes": "<p " + " ".join(f"a{n}=1" for n in range(20_000)) + ">x</p>",
    "css": "<style>" + "p b i u {color: red}" * 5_000 + "</style>" + "<p><b><i><u>x</u></i></b></p>" * 500,
    "css nesting": "<style>" + "@media screen {" * 5_000 + "</style><p>x</p>",
    "entities": '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><p>&b;</p>',
    "emphasis": "*a _b " * 30_000,
    "links": "[" * 50_000,
}

#: What somebody may try to read.
ESCAPES = [
    "{{ config }}",
    "{{ request.environ }}",
    "{{ g }}",
    "{{ self.__dict__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.environ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ subscriber.__class__.__init__.__globals__ }}",
    "{{ subscriber['__class__'] }}",
    "{{ subscriber.name | attr('__class__') }}",
    "{{ subscriber.name.format.__globals__ }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(subscriber) }}",
    "{{ (subscriber.name | upper).__class__ }}",
    "{{ subscriber.tags | map(attribute='__class__') | list }}",
    "{{ subscriber.tags | first | attr('__class__') }}",
    "{{ subscriber.fields.secret.__class__ }}",
    "{% for x in subscriber.tags %}{{ x.__class__.__mro__ }}{% endfor %}",
    "{% for x in subscriber.tags %}{{ x['__class__'] }}{% endfor %}",
    "{% for x in subscriber.tags %}{{ loop['__class__'] }}{{ loop._iterable }}{% endfor %}",
    "{% for x in subscriber.tags %}{{ loop.cycle.__globals__ }}{% endfor %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os.environ }}",
    "{{ ''|filesizeformat.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ 'x' | tojson | safe }}",
    "{% with a = config %}{{ a }}{% endwith %}",
    "{% do 1 %}",
    "{% debug %}",
    "{{ debug }}",
    "{% trans %}{{ config }}{% endtrans %}",
    "{% autoescape false %}{{ subscriber.name }}{% endautoescape %}",
    "{{ workspace.secret_key }}",
    "{{ subscriber.fields['a']['b'] }}",
]

#: Reads one mail from its input, and says what became of it; more memory than allowed is an error of its own.
CHILD = """
import json, resource, sys, time

#: What the work in slowness() takes on a machine like the one that the two seconds are meant for.
AT_REST = 0.04
MOST_SECONDS = 2

from mailer.errors import Invalid
from mailer.rendering.blocks.read import read
from mailer.rendering.design import Design
from mailer.rendering.freeze import freeze
from mailer.rendering.merge import Renderer

def designed(body):
    blocks = [
        {"type": "text", "html": body[:90_000]},
        {"type": "html", "code": body[:190_000]},
        {"type": "button", "label": body[:900], "href": "https://x.example/" + body[:900]},
    ]
    return read({"rows": [{"columns": [{"blocks": blocks}]}]})

def designs(body, place):
    if place == "subject":
        return Design(body, body, "x", "html", text=body)
    if place == "layout":
        return Design("S", "", "x", "html", layout="<body>" + body + "{{ content }}</body>")
    if place == "mjml":
        text = "<mj-text>" + body + "</mj-text>"
        body = "<mjml><mj-body><mj-section><mj-column>%s</mj-column></mj-section></mj-body></mjml>" % text
    if place == "design":
        return Design("S", "", "", place, document=designed(body)).without_mistakes()
    return Design("A subject", "", body, place)

def work(body, place):
    reader = {"name": "Ana", "email": "a@b.c", "locale": "en", "fields": {}, "tags": ["a tag"] * 300}
    try:
        frozen = freeze(designs(body, place))
        rendered = Renderer(frozen).render({"subscriber": reader, "unsubscribe_url": "u"})
    except Invalid as error:
        return "refused: " + error.message
    return "said: " + rendered.html + rendered.text

def slowness():
    # How many times longer than at rest this machine takes now.
    began = time.process_time()
    sorted(map(str, range(200_000)))
    return max(1, (time.process_time() - began) / AT_REST)

work("Hello {{ subscriber.name | date }} {{ 1 | currency }}<style>p {color: red}</style>", "markdown")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for line in sys.stdin:
    name, format, body = json.loads(line)
    spent = 99
    for _ in range(3):
        began = time.process_time()
        said = work(body, format)
        taken = time.process_time() - began
        spent = min(spent, taken if taken < MOST_SECONDS else taken / slowness())
        if spent < MOST_SECONDS:
            break
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps([name, format, said[:200_000], spent, grown]), flush=True)
"""


#: Where words can stand: each place is read in a way of its own.
PLACES = ("markdown", "html", "mjml", "subject", "design", "layout")


def outcomes(tried):
    given = "".join(json.dumps(one) + "\n" for one in tried)
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=given,
        capture_output=True,
        text=True,
        timeout=280,
        env={**os.environ, "MAILER_SECRET_KEY": CANARY},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_no_bomb_takes_two_seconds_or_200_megabytes():
    # Everywhere would take minutes: each in two places, and in a third that the others of them share.
    tried = [
        (name, place, body)
        for number, (name, body) in enumerate(BOMBS.items())
        for place in (*PLACES[:2], PLACES[2:][number % 4])
    ]

    found = outcomes(tried)

    slow = [(name, format, round(spent, 2)) for name, format, _, spent, _ in found if spent > 2]
    assert not slow
    assert found[-1][-1] < 200
    assert len(found) == len(tried)


def test_no_escape_reads_anything():
    found = outcomes((source, place, source) for source in ESCAPES for place in PLACES)

    for source, place, said, _, _ in found:
        # A design shows its author what cannot be used, as it is written.
        assert said.startswith("said: " if place == "design" else "refused: "), (source, place)
        assert CANARY not in said
        assert len(said) < (60_000 if place == "design" else 300)


@pytest.mark.parametrize("name", ["subscriber.name", "campaign.name"])
def test_a_value_is_never_read_as_a_tag(name):

    value = {"name": "{{ unsubscribe_url }}{% raw %}"}

    rendered = Renderer(Frozen("", f"{{{{ {name} }}}}", "", [])).render(
        {"subscriber": value, "campaign": value}
    )

    assert rendered.html == "{{ unsubscribe_url }}{% raw %}"
