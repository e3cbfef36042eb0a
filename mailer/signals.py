"""The few events that a lower room announces to higher ones.

Receivers run inside the sender's transaction and flush, never commit.
"""

from blinker import Namespace

_signals = Namespace()

#: A subscription became active. Sends the subscription.
subscribed = _signals.signal("subscribed")

#: A subscription ended at its subscriber's request. Sends the subscription.
unsubscribed = _signals.signal("unsubscribed")

#: A server refused deliveries because of their addresses. Sends a list of delivery ids.
addresses_refused = _signals.signal("addresses_refused")

#: A room below wants a mail to be sent to one person. Sends the ``SystemMail``
#: (``transactional/system_mail.py`` listens, and enqueues after the commit).
mail_wanted = _signals.signal("mail_wanted")
