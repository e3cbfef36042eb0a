"""Custom events: what subscribers do elsewhere, in a shop or an app, told to us by its programs.

Its one noun is the event. What mails bring about is ``tracking``'s; what an event is worth
to a campaign is counted there too.
"""
