"""Made-up people: names that go together, cities, languages and zones, the same for the same seed.

Their addresses are under domains that RFC 2606 keeps free, so that no seed ever mails
anyone.
"""

import random
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

DOMAINS: Final = ("example.com", "example.com", "example.com", "example.org", "example.net")
#: With those that stand for mailbox providers, as often as real lists have them.
PROVIDERS: Final = (
    *("gmail.example", "gmail.example", "gmail.example", "outlook.example", "outlook.example"),
    *("icloud.example", "yahoo.example", "gmx.example", "example.com", "example.org"),
)


@dataclass(frozen=True)
class Land:
    """Where people come from: what they are called and where they live."""

    locale: str
    time_zone: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    cities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who does not exist."""

    email: str
    name: str
    locale: str
    time_zone: str
    city: str


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


LANDS: Final = (
    Land(
        "en-GB",
        "Europe/London",
        _words(
            "Olivia Amelia Isla Ava Freya Lily Grace Poppy Ella Evie Oliver George Harry Noah Jack Leo "
            "Arthur Oscar Theo Alfie Priya Aisha Yasmin Imran Kofi"
        ),
        _words(
            "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright Walker Khan Evans Thomas "
            "Roberts Green Hall Clarke O'Connor Begum Hughes Edwards Okafor Murphy"
        ),
        _words("London Bristol Leeds Manchester Edinburgh Cardiff Brighton York Glasgow Bath Norwich"),
    ),
    Land(
        "pt-PT",
        "Europe/Lisbon",
        _words(
            "Maria Ana Beatriz Inês Leonor Matilde Mariana Carolina Sofia Joana João Rodrigo Martim Tomás "
            "Afonso Duarte Gonçalo Miguel Tiago Rui"
        ),
        _words(
            "Silva Santos Ferreira Pereira Oliveira Costa Rodrigues Martins Sousa Fernandes Gonçalves Gomes "
            "Lopes Marques Almeida Ribeiro Pinto Carvalho Teixeira Correia"
        ),
        _words("Lisboa Porto Coimbra Braga Évora Faro Aveiro Setúbal Sintra"),
    ),
    Land(
        "de-DE",
        "Europe/Berlin",
        _words(
            "Emma Mia Hannah Emilia Lina Marie Lena Anna Clara Jürgen Ben Paul Jonas Felix Luis Maximilian "
            "Björn Käthe Günther Elif Mehmet"
        ),
        _words(
            "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer Richter "
            "Klein Wolf Schröder Neumann Schwarz Yılmaz Krüger"
        ),
        _words("Berlin Hamburg München Köln Leipzig Dresden Freiburg Bremen Würzburg"),
    ),
    Land(
        "fr-FR",
        "Europe/Paris",
        _words(
            "Jade Louise Emma Alice Chloé Léa Zoé Manon Inès Élodie Gabriel Raphaël Léo Louis Jules Adam "
            "Hugo François Théo Noé"
        ),
        _words(
            "Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefèvre "
            "Leroy Roux David Bertrand Morel Fournier Girard"
        ),
        _words("Paris Lyon Marseille Toulouse Nantes Bordeaux Lille Rennes Dijon"),
    ),
    Land(
        "es-ES",
        "Europe/Madrid",
        _words(
            "Lucía Sofía Martina María Julia Paula Valeria Emma Daniela Carla Hugo Mateo Martín Lucas Leo "
            "Daniel Alejandro Manuel Pablo Álvaro"
        ),
        _words(
            "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz "
            "Hernández Díaz Moreno Muñoz Álvarez Romero"
        ),
        _words("Madrid Barcelona Valencia Sevilla Bilbao Granada Málaga Zaragoza"),
    ),
    Land(
        "en-US",
        "America/New_York",
        _words(
            "Emily Madison Abigail Hannah Ashley Samantha Elizabeth Natalie Zoe Aaliyah Michael Ethan Mason "
            "Jacob William Jayden Daniel Logan Diego Wei Mei"
        ),
        _words(
            "Johnson Williams Brown Garcia Miller Davis Rodriguez Martinez Anderson Jackson White Harris "
            "Thompson Lee Nguyen Young King Scott Torres Kim"
        ),
        ("New York", "Boston", "Portland", "Chicago", "Austin", "Seattle", "Philadelphia", "Denver"),
    ),
)


def people(*, seed: int, first: int = 0, domains: Sequence[str] = DOMAINS) -> Iterator[Person]:
    """Make people without end.

    :param seed: the same seed makes the same people
    :param first: the number of the first one; each address holds its number and so is one of a kind
    :param domains: where their mailboxes are; what is named twice has twice as many
    """
    chance = random.Random(f"{seed}/{first}")  # noqa: S311  - nobody is to be kept from guessing
    # One large random number a person, cut into small ones: choosing each part on its
    # own takes three times as long.
    draw = chance.getrandbits
    lands = [(land, _spelled(land.given), _spelled(land.family)) for land in LANDS]
    number = first
    while True:
        bits = draw(64)
        land, given_spelled, family_spelled = lands[bits % len(lands)]
        given = (bits >> 8) % len(land.given)
        family = (bits >> 20) % len(land.family)
        number += 1
        yield Person(
            f"{given_spelled[given]}.{family_spelled[family]}{number}@{domains[(bits >> 32) % len(domains)]}",
            f"{land.given[given]} {land.family[family]}",
            land.locale,
            land.time_zone,
            land.cities[(bits >> 40) % len(land.cities)],
        )


def _spelled(names: tuple[str, ...]) -> list[str]:
    """Return names as they stand in an address: without accents and spaces."""
    plain = (
        unicodedata.normalize("NFKD", name.replace("ı", "i")).encode("ascii", "ignore") for name in names
    )
    return ["".join(filter(str.isalpha, name.decode().lower())) for name in plain]
