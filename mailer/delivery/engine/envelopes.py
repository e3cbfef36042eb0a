"""The commands that announce a message: from whom, to whom, how large."""

from mailer.delivery.engine.opening import Welcome
from mailer.delivery.engine.outcomes import Outcome, Verdict
from mailer.delivery.engine.ports import Parcel


def envelope_of(parcel: Parcel, welcome: Welcome) -> bytes | Outcome:
    """Return the commands that announce a parcel: all where they may be said at once, else the first.

    An outcome instead, when the server cannot carry it.
    """
    sender, recipient = parcel.sender, parcel.recipient
    both = sender + recipient
    options = ""
    if welcome.has_size:
        size = len(parcel.content)
        if 0 < welcome.size < size:
            reason = f"The message has {size} bytes, and the server takes {welcome.size} at most."
            return Outcome(Verdict.REJECTED, reason)
        options = f" SIZE={size}"
    if not both.isascii():
        if not welcome.has_smtputf8:
            return Outcome(Verdict.REJECTED, "This address needs SMTPUTF8, which the server does not offer.")
        options += " BODY=8BITMIME SMTPUTF8" if welcome.has_8bitmime else " SMTPUTF8"
    if not both.isprintable() or " " in both or ">" in both:
        return Outcome(Verdict.REJECTED, "The address holds what would end it, and cannot be sent.")
    if welcome.has_pipelining:
        return f"MAIL FROM:<{sender}>{options}\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode()
    return f"MAIL FROM:<{sender}>{options}\r\n".encode()


def recipient_of(parcel: Parcel) -> bytes:
    """Return the command that names whom a parcel is for."""
    return f"RCPT TO:<{parcel.recipient}>\r\n".encode()
