"""The message that is measured: as long as a newsletter, with twelve links and ten merge fields."""

from typing import Final

SUBJECT: Final = "{{ subscriber.name | default('Good morning') }}, this week from the oven"

_STYLE: Final = """
body { margin: 0; background: #f6f1ea; font-family: Georgia, serif; color: #2b2118 }
.page { max-width: 600px; margin: 0 auto; padding: 24px; background: #ffffff }
h1 { font-size: 28px; line-height: 34px; margin: 0 0 16px }
h2 { font-size: 20px; line-height: 26px; margin: 24px 0 8px }
p { font-size: 16px; line-height: 24px; margin: 0 0 12px }
a { color: #a4451a }
.small { font-size: 13px; line-height: 18px; color: #6b5d50 }
"""
_STORIES: Final = (
    ("Rye, three days old", "The starter is older than the shop, and wakes at four each morning."),
    ("Walnuts from the valley", "They were cracked by hand on Tuesday, and roasted in the falling oven."),
    ("A cake without flour", "Almonds, eggs and patience; it keeps for a week if nobody finds it."),
    ("The brioche is back", "Butter from the dairy across the river, folded in while it is still cold."),
    ("Saturday is for rolls", "Poppy, sesame, and plain ones for those who know exactly what they want."),
    ("Soup goes with it", "Leek and potato this week, and the heel of a loaf to wipe the bowl with."),
    ("How to keep a crust", "In paper, cut side down, and never in the refrigerator: it ages there."),
    ("The oven, explained", "Eleven tonnes of brick hold the heat that the fire left the night before."),
    ("A place at the bench", "Four people can bake along on the first Sunday; two places are left."),
    ("What the miller said", "The harvest was late and dry, so that the dough drinks more than last year."),
    ("Letters to the shop", "Somebody asked why our loaves are dark. Because that is where the taste is."),
    ("Until next week", "Order before Thursday noon, and it waits for you under your name."),
)
#: Where each reader's own words go, one a paragraph.
_FIELDS: Final = (
    "Dear {{ subscriber.name | default('friend') }}, this is yours to take or leave.",
    "We wrote to {{ subscriber.email }}, as you asked us to.",
    "It is baked for {{ subscriber.fields.city | default('your town') }} too.",
    "Times are those of {{ subscriber.time_zone | default('the shop') }}.",
    "You read us in {{ subscriber.locale | default('en') }}.",
    "A loaf is kept for {{ subscriber.name | default('you') | upper }}.",
    "Whoever lives in {{ subscriber.fields.city | default('town') | title }} finds us at the market.",
    "If the picture is missing, <a href='{{ view_url }}'>look at this in a browser</a>.",
    "Choose what you hear of <a href='{{ preferences_url }}'>in your preferences</a>.",
    "Enough of bread? <a href='{{ unsubscribe_url }}'>Leave with one click</a>.",
)


def body() -> str:
    """Return it as HTML."""
    fields = [*_FIELDS, "", ""]
    stories = "\n".join(
        f"<h2>{title}</h2>\n<p>{words} {words.lower()}</p>\n<p>{fields[number]}</p>\n"
        f'<p><a href="https://bakery.example/stories/{number}?from=letter">Read on: {title}</a></p>'
        for number, (title, words) in enumerate(_STORIES)
    )
    return (
        f"<!doctype html><html><head><title>From the oven</title><style>{_STYLE}</style></head>"
        f'<body><div class="page"><h1>This week from the oven</h1>\n{stories}\n'
        '<p class="small">The Bakery, 1 Mill Lane, Riverside</p></div></body></html>'
    )
