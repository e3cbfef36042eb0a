"""The few events that a lower room announces to higher ones.

Receivers run inside the sender's transaction and flush, never commit.
"""

from blinker import Namespace

_signals = Namespace()

#: A workspace was made. Sends the workspace.
workspace_founded = _signals.signal("workspace_founded")

#: A subscription became active. Sends the subscription.
subscribed = _signals.signal("subscribed")

#: A subscription ended at its subscriber's request. Sends the subscription, with ``delivery_id``:
#: the delivery whose link was followed, on the first of the subscriptions that one act ended.
unsubscribed = _signals.signal("unsubscribed")

#: An import put people on lists. Sends the ``Import``, with ``subscriptions``, a list of
#: (subscription id, list id, subscriber id), and ``now``. Consent keeps the proof.
imported = _signals.signal("imported")

#: Somebody looks at a subscriber. Sends the subscriber; each room that knows something
#: answers with a list of ``audience.timeline.Event``, newest first.
timeline_wanted = _signals.signal("timeline_wanted")

#: A server refused deliveries because of their addresses, which are suppressed by now.
#: Sends a list of delivery ids.
addresses_refused = _signals.signal("addresses_refused")

#: A room below wants a mail to be sent to one person. Sends the ``SystemMail``
#: (``transactional/system_mail.py`` listens, and enqueues after the commit).
mail_wanted = _signals.signal("mail_wanted")

#: All deliveries of a campaign are made. Sends the campaign's id.
campaign_prepared = _signals.signal("campaign_prepared")

#: Nothing of a campaign waits any more. Sends the campaign's id.
campaign_quiet = _signals.signal("campaign_quiet")

#: A campaign's sending stopped by itself. Sends the campaign's id, with ``reason``, a
#: sentence that holds the server's words.
campaign_held = _signals.signal("campaign_held")

#: A campaign that had ended sends again what an operator put back. Sends the campaign's id.
campaign_reopened = _signals.signal("campaign_reopened")
