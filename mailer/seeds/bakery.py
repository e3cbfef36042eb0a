"""What the demo world is about: a bakery, its lists, its fields and the words of its campaigns."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from mailer.audience.models import FieldType, OptIn, Visibility

NAME: Final = "Crumb & Crust Bakery (demo)"
ADDRESS: Final = "Crumb & Crust, 12 Mill Lane, Bristol BS1 6XY"
ACCENT: Final = "#9a3412"
TIME_ZONE: Final = "Europe/London"
SENDER: Final = ("Ana at Crumb & Crust", "ana@crumbandcrust.example", "hello@crumbandcrust.example")


@dataclass(frozen=True)
class BakeryList:
    """A list of the bakery, and which share of its readers is on it."""

    name: str
    description: str
    opt_in: OptIn
    visibility: Visibility
    share: float


WEEKLY: Final = BakeryList(
    "Weekly bread",
    "What comes out of the oven this week, every Thursday.",
    OptIn.DOUBLE,
    Visibility.PUBLIC,
    0.92,
)
CLASSES: Final = BakeryList(
    "Baking classes",
    "New dates for our sourdough and pastry classes.",
    OptIn.DOUBLE,
    Visibility.PUBLIC,
    0.34,
)
WHOLESALE: Final = BakeryList(
    "Wholesale", "Prices and delivery days for cafés.", OptIn.SINGLE, Visibility.PRIVATE, 0.03
)
LISTS: Final = (WEEKLY, CLASSES, WHOLESALE)

BREADS: Final = ("Sourdough", "Rye", "Baguette", "Focaccia", "Brioche")
#: Label, key, type, choices.
FIELDS: Final = (
    ("City", "city", FieldType.TEXT, ()),
    ("Favourite bread", "favourite_bread", FieldType.CHOICE, BREADS),
    ("Loyalty points", "loyalty_points", FieldType.NUMBER, ()),
    ("Birthday", "birthday", FieldType.DATE, ()),
)
#: Tag, and the share of readers that have it.
TAGS: Final = (("Regular", 0.22), ("Class alumni", 0.11), ("Café", 0.03), ("Birthday club", 0.16))

#: Name and conditions, as the builder makes them.
SEGMENTS: Final = (
    (
        "Rye lovers",
        (
            {"type": "field", "field": "favourite_bread", "test": "is", "value": "Rye"},
            {"type": "did", "deed": "opened", "count": "at_least", "times": 1, "within_days": 60},
        ),
    ),
    (
        "Read, and never click",
        (
            {"type": "did", "deed": "opened", "count": "at_least", "times": 2, "within_days": 60},
            {"type": "did", "deed": "clicked", "count": "at_most", "times": 0, "within_days": 60},
        ),
    ),
)

#: What stood beside the sign-up button.
CONSENT_WORDS: Final = (
    "Yes, send me news from Crumb & Crust by email. I can unsubscribe at any time with one click."
)


@dataclass(frozen=True)
class Words:
    """A campaign as it was written.

    :param ago: how long ago it was sent; none for a draft
    :param appeal: how much more or less than usual it was opened
    :param pulls: how often each of its links is followed, one against the other
    """

    name: str
    subject: str
    preheader: str
    body: str
    ago: timedelta | None = None
    appeal: float = 1.0
    pulls: tuple[float, ...] = ()


SENT: Final = (
    Words(
        "Autumn opening hours",
        "New hours, and the pumpkin loaf is back",
        "We open at seven from Monday on",
        """# We open earlier

Hello {{ subscriber.name | default('bread lover') }},

from Monday on our door opens at **seven**, so that you can have a warm loaf on the way to work.

The pumpkin loaf is back too: spelt, roasted pumpkin, a crust that sings. We bake forty a day, and they
were gone by ten last year.

[See this week’s breads](https://crumbandcrust.example/breads "button")

If you would rather not queue, [order ahead](https://crumbandcrust.example/order) and pick it up at the
side window. [Here is how to find us](https://crumbandcrust.example/find-us).

Ana
""",
        timedelta(days=39),
        1.0,
        (0.52, 0.36, 0.12),
    ),
    Words(
        "Sourdough class, spring dates",
        "Learn to bake the loaf you queue for",
        "Eight places on each Saturday",
        """# Six Saturdays, eight places each

Hello {{ subscriber.name | default('there') }},

our sourdough class has new dates. You arrive at nine, leave at one, and take home two loaves, a jar of
starter and flour on your sleeves.

[Choose a Saturday](https://crumbandcrust.example/classes "button")

> “I have baked every weekend since.” — Priya

Never baked before? [Read what to expect](https://crumbandcrust.example/classes/what-to-expect).
You can also [give a place as a present](https://crumbandcrust.example/gift-cards).

Ana and Tomás
""",
        timedelta(days=18),
        1.18,
        (0.6, 0.25, 0.15),
    ),
    Words(
        "Weekly bread: rye week",
        "It is rye week, {{ subscriber.name | default('friends') }}",
        "Three ryes, one of them with treacle",
        """# Rye week

Three ryes from Thursday to Sunday: the **dark one** with treacle, the **light one** with caraway, and a
new one with toasted seeds that Tomás will not stop talking about.

[Reserve a loaf](https://crumbandcrust.example/order "button")

## From the kitchen

Rye keeps for a week and is best on the second day. [Our favourite rye
sandwich](https://crumbandcrust.example/recipes/rye-sandwich) takes five minutes, and if yours has gone
hard there is [bread soup](https://crumbandcrust.example/recipes/bread-soup).

See you at the counter,

Ana
""",
        timedelta(days=4),
        1.06,
        (0.48, 0.33, 0.19),
    ),
)

DRAFT: Final = Words(
    "Hot cross buns",
    "Hot cross buns, from this Thursday",
    "Order by Tuesday for Good Friday",
    """# They are back

Hello {{ subscriber.name | default('bread lover') }},

hot cross buns, a dozen spices, two days of patience. We take orders for Good Friday until Tuesday night.

[Order a box of six](https://crumbandcrust.example/order/buns "button")

""",
)
