"""Pure: looks at a mail before it leaves and says what its author should know.

A :class:`~mailer.rendering.checks.mail.Mail` is what one reader gets, read once; each family of
checks (``clients``, ``accessibility``, ``links``, ``inbox``, ``spam``, ``tags``) is a
function from it to findings; ``look`` asks them all. A finding names its place, says
why it matters, and may bring the edit that mends it (``mends``). What needs the
database (who has no name, which list never confirmed) is asked in ``campaigns``.
"""
