"""The few events that a lower room announces to higher ones.

Receivers run inside the sender's transaction and flush, never commit.
"""

from blinker import Namespace

_signals = Namespace()

#: A workspace was made. Sends the workspace.
workspace_founded = _signals.signal("workspace_founded")

#: Somebody was saved by whoever named them, an import apart. Sends the subscriber, with ``is_new``.
subscriber_saved = _signals.signal("subscriber_saved")

#: Subscribers were erased. Sends the workspace's id, with ``ids``.
subscribers_erased = _signals.signal("subscribers_erased")

#: Two subscribers become one. Sends who stays, with ``gone``: each room hands its rows over before they go.
subscribers_merged = _signals.signal("subscribers_merged")

#: A tag takes the place of another. Sends the ``Tag`` that stays, with ``gone``: each room that calls
#: the other by its id calls it by this one's from then on.
tags_joined = _signals.signal("tags_joined")

#: A subscription became active. Sends the subscription, with ``is_confirmed``: by a link in a mail.
subscribed = _signals.signal("subscribed")

#: A subscription ended at its subscriber's request. Sends the subscription, with ``delivery_id``:
#: the delivery whose link was followed, on the first of the subscriptions that one act ended.
unsubscribed = _signals.signal("unsubscribed")

#: An import wrote a chunk. Sends the ``importing.plan.Plan``, with ``bulk``, ``now``, ``places``, a list of
#: (list id, subscriber id) in stored form whom it put on lists, and ``departed``, the
#: ``importing.rows.Person``s who are not to be mailed, or not in some streams. Consent keeps both.
imported = _signals.signal("imported")

#: An import asks whom not to put on lists. Sends the workspace's id, with ``keys``, email keys; each room
#: that knows something answers with a dictionary, key → (kind of refusal, sentence).
refusals_wanted = _signals.signal("refusals_wanted")

#: An import has run to its end, or failed. Sends the ``Import``.
import_ended = _signals.signal("import_ended")

#: A worker's export has run to its end, or failed. Sends the ``Export``.
export_ended = _signals.signal("export_ended")

#: An import is being undone. Sends the ``Import``; each room answers with conditions on ``Subscriber.id``
#: that hold for people who did something themselves since it ran, and who are therefore kept.
deeds_wanted = _signals.signal("deeds_wanted")

#: An import was undone as far as the audience knows. Sends the ``Import``; answers say how many of
#: their rows each room took back.
import_undone = _signals.signal("import_undone")

#: Somebody looks at a subscriber. Sends the subscriber; each room that knows something
#: answers with a list of ``audience.timeline.Event``, newest first.
timeline_wanted = _signals.signal("timeline_wanted")

#: A server refused deliveries because of their addresses, which are suppressed by now.
#: Sends a list of delivery ids.
addresses_refused = _signals.signal("addresses_refused")

#: A program told what a subscriber did elsewhere. Sends the ``CustomEvent``, which is new.
event_recorded = _signals.signal("event_recorded")

#: Tries to send ended. Sends what was accepted, each with ``delivery`` and ``outcome``, and ``others``, the
#: rest: of each the ``delivery``, the ``state`` and ``reply`` that it has now, and ``is_dead_address``.
tries_ended = _signals.signal("tries_ended")

#: The gate did not let deliveries of one batch through. Sends their ids, with ``reason``, a ``SkipReason``.
skipped = _signals.signal("skipped")

#: Messages of programs wait for their time. Sends the workspace's id, with ``deliveries``, ids.
messages_scheduled = _signals.signal("messages_scheduled")

#: Mail came back and was written down. Sends the ``Return``.
came_back = _signals.signal("came_back")

#: Opens and clicks were stored. Sends the ``spool.Event``s, with ``deliveries``, rows by id.
readings_stored = _signals.signal("readings_stored")

#: A mail about a subscription is being written. Sends the subscription, with ``kind``, ``confirm`` or
#: ``welcome``; the form that it began with answers with its ``consent.own_words.OwnWords``, or with None.
mail_words_wanted = _signals.signal("mail_words_wanted")

#: A subscriber is asked about themselves. Sends the subscriber; each room answers with the keys of fields,
#: or ``name``, that it asks people for and that they may therefore see and change.
questions_wanted = _signals.signal("questions_wanted")

#: A subscriber asks for everything that is known of them. Sends the subscriber; ``exports`` answers with
#: a dictionary of plain values.
everything_wanted = _signals.signal("everything_wanted")

#: A page for subscribers is being shown. Sends the ``Workspace``; ``composing/queries.py`` answers with its
#: ``rendering.brand.Brand``.
brand_wanted = _signals.signal("brand_wanted")

#: A picture is to be put into a file. Sends its address; the room that keeps pictures answers with its
#: bytes, or with None where it is none of ours.
picture_wanted = _signals.signal("picture_wanted")

#: A room below wants a mail to be sent to one person. Sends the ``SystemMail``
#: (``transactional/system_mail.py`` listens, and enqueues after the commit).
mail_wanted = _signals.signal("mail_wanted")

#: A campaign's deliveries are being made. Sends the ``Run``; answers are conditions on ``Subscription``
#: of which all must hold for somebody on its lists to get it.
narrowing_wanted = _signals.signal("narrowing_wanted")

#: Somebody chooses among campaigns. Sends the workspace's id; answers are dictionaries, public id → name,
#: the newest first.
campaign_names_wanted = _signals.signal("campaign_names_wanted")

#: People entered a followed segment, or left it. Sends the ``Segment``, with ``at``: when it was seen.
segment_changed = _signals.signal("segment_changed")

#: A mail of ours is only looked at. Sends the ``SystemMail``; ``transactional/system_mail.py`` answers with
#: its HTML.
mail_preview_wanted = _signals.signal("mail_preview_wanted")

#: All deliveries of a campaign are made. Sends the campaign's id.
campaign_prepared = _signals.signal("campaign_prepared")

#: Nothing of a campaign waits any more. Sends the campaign's id.
campaign_quiet = _signals.signal("campaign_quiet")

#: A campaign's sending stopped by itself. Sends the campaign's id, with ``reason``, a
#: sentence that holds the server's words.
campaign_held = _signals.signal("campaign_held")

#: A campaign that had ended sends again what an operator put back. Sends the campaign's id.
campaign_reopened = _signals.signal("campaign_reopened")

#: A campaign is in another status. Sends the campaign.
campaign_moved = _signals.signal("campaign_moved")
