"""What refusals mean: servers' words as they are met every day."""

import pytest

from mailer.bounces.parsers.failures import failure, stage_in
from mailer.bounces.parsers.reasons import Stage

#: Mail to this address can never arrive; by what the server was answering.
NEVER_ARRIVES = {
    Stage.RCPT: [
        "550 5.1.1 <x@example.com>... User Unknown",
        "550-5.1.1 The email account that you tried to reach does not exist. Please try "
        "double-checking the recipient's email address for typos or unnecessary spaces. Learn more "
        "at https://support.google.com/mail/?p=NoSuchUser abc.12 - gsmtp",
        "550 Requested action not taken: mailbox unavailable",
        "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).",
        "511 sorry, no mailbox here by that name (#5.1.1 - chkuser)",
        "550 #5.1.0 Address rejected.",
        "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [x.prod.protection.outlook.com]",
        "550 Invalid recipient",
        "551 not our customer [mxs]",
        "550 5.1.1 <x@example.org>: Recipient address rejected: User unknown in virtual mailbox table",
        "553 5.3.0 <x@example.com>... Addressee unknown, relay=[192.0.2.4]",
        "551 5.1.6 recipient no longer on server: x@example.com",
        "550 Mailbox unavailable or access denied - <x@example.com>",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
        "550 unknown user <x@example.com>",
        "550 <x@example.jp>: User unknown",
        "550 5.1.1 unknown or illegal alias: x@example.com",
        "550 cuda_nsu Requested action not taken: mailbox unavailable",
        "550 5.1.1 Mailbox <x@example.com> does not exist",
        "550 5.1.1 sorry, no mailbox here by that name",
        "554 5.1.1 x@example.com User does not exist",
        "554 Invalid mailbox: x@example.com",
        "501 5.1.3 Bad recipient address syntax",
        "550 5.2.0 No such mailbox",
        "550 5.1.1 This user doesn't exist",
        "550 Unknown address error 550-'5.1.1 no such user'",
        "550 5.0.0 <x@example.com>... No such user here",
        "553 5.1.3 <x>... Invalid route address",
        "550 5.7.1 <x@example.com>... User unknown",
        "550 No such person at this address",
        "550 That mailbox does not exist (x)",
        "550 x@example.com... Account not found",
        "550 The recipient is unknown",
        "550 5.1.1 x is not a valid mailbox",
        "550 'x@example.com' is not a registered gateway user",
        "550 Unknown recipient x@example.com",
        "550 sorry, no such user here",
        "550 5.1.1 Recipient invalid",
        "550 RCPT TO:<x@example.com> User unknown",
        "550 x@gmx.net Requested action not taken: mailbox unavailable. For explanation visit "
        "http://postmaster.gmx.com/en/error-messages?ip=..&c=nbox",
        "550 5.1.1 Empfaenger existiert nicht",
        "550 Adresse d au moins un destinataire invalide. Invalid recipient. LPN416",
        "550 Recipient Rejected: No account by that name here",
        "550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550 [abc]",
        "550 Mailbox not found. 550",
        "553 Invalid recipient x@example.com (Mode: normal)",
        "550 No such recipient here",
        "550 5.1.1 <x@icloud.com>: user does not exist",
        "550 Unable to deliver to <x@example.com>: no such mailbox",
        "550 5.1.1 Non existing user",
        "550 non-local user specified",
        "550 Addresses failed: <x@example.com>",
        "554 Recipient address rejected: undeliverable address: host mail.example.com said: 550 User unknown",
        "550 unrouteable address",
        "550 all recipients address rejected: user unknown",
    ],
    Stage.UNKNOWN: [
        "Unrouteable address",
        "#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##",
        "Host or domain name not found. Name service error for name=example.gov type=A: Host not found",
        "550 Host unknown (Name server: example.co: host not found)",
        "5.1.1 Invalid user: x@example.com",
        "5.1.0 - Unknown address error 550-'5.1.1 nobody of that name'",
        "The recipient's host an MX record indicated no SMTP service",
        "The domain is not reachable. Please check the domain and try again",
        "User x@example.com (x@example.com) not listed in Domino Directory",
        "550 5.4.310 DNS domain example.invalid does not exist [Message=InfoDomainNonexistent]",
        "556 5.1.10 Recipient address has null MX",
        "550 5.1.2 Bad destination mailbox address",
        "The recipient's domain name example.con does not exist",
        "550 permanent failure for one or more recipients (x@example.com:550 5.1.1 User Unknown)",
        "550 <x@example.com>: User unknown",
        "550 5.0.0 x@example.com... No such user",
    ],
}

#: The address may be all right; by what the server was answering.
MAY_ARRIVE = {
    Stage.RCPT: [
        "550 5.2.1 The email account that you tried to reach is disabled. Learn more at "
        "https://support.google.com/mail/?p=DisabledUser",
        "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
        "550 5.7.1 <x@example.com>... Relaying denied",
        "452 4.2.2 The email account that you tried to reach is over quota. Please direct the "
        "recipient to https://support.google.com/mail/?p=OverQuotaTemp",
        "552 5.2.2 <x>: Mailbox size limit exceeded",
        "550 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using Spamhaus",
        "550 5.2.1 Mailbox disabled for this recipient",
        "554 5.2.1 mailbox disabled, not accepting messages",
        "550 <x@example.com>: user account suspended",
        "554 delivery error: dd Sorry, your message to x@yahoo.com cannot be delivered. This account "
        "has been disabled or discontinued [#102]. - mta",
        "450 4.2.0 <x@example.com>: Recipient address rejected: Greylisted",
        "451 4.7.1 Greylisting in action, please come back later",
        "450 4.7.25 Client host rejected: cannot find your hostname",
        "554 5.7.1 <x@example.com>: Recipient address rejected: Access denied",
        "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery "
        "restriction check failed",
        "554 5.7.1 You are not allowed to connect.",
        "554 rejected due to spam URL in content",
        "550 5.7.1 Mailbox quota exceeded",
        "550 5.7.0 Local Policy Violation",
        "550 Sender verify failed",
        "553 5.7.1 <x@example.com>: Sender address rejected: not owned by user",
        "550 5.1.1 Mail from unauthenticated sender refused",
        "550 mailbox is inactive",
        "550 User suspended",
        "550 This account is not allowed to receive mail",
        "550 Rejected by header based manually Blocked Senders - https://community.mimecast.com",
        "451 Internal resource temporarily unavailable - https://community.mimecast.com",
        "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your "
        "Internet service provider since part of their network is on our block list (S3140).",
        "450 4.1.1 <x@example.com>: Recipient address rejected: unverified address: connect to "
        "mail.example.com: Connection timed out",
    ],
    Stage.UNKNOWN: [
        "550 : User unknown",
        "queue file write error In: QUIT Out: 221 2.0.0 Bye",
        "550 5.1.1 RESOLVER.RST.RecipSizeLimit; message too large for this recipient",
        "#550 5.7.1 RESOLVER.RST.AuthRequired; authentication required ##",
        "550 5.2.2 STOREDRV.Deliver; mailbox full",
        "421 4.7.0 [TS01] Messages from 192.0.2.1 temporarily deferred due to user complaints - 4.16.55.1",
        "Host or domain name not found. Name service error for name=example.jp type=MX: Host not "
        "found, try again",
        "connect to example.com[192.0.2.1]:25: Connection timed out",
        "mail for 127.0.0.1 loops back to myself",
        "554 5.4.6 Too many hops 26 (25 max): from <x>",
        "Delivery time expired",
        "conversation with mx.example.com[192.0.2.3] timed out while receiving the initial server greeting",
        "552 5.3.4 Message size exceeds fixed limit",
        "523 the message size exceeds the recipient's size limit",
        "450 4.3.2 Service currently unavailable",
        "5.1.0 - Unknown address error 550-'5.7.1 x: Access denied'",
        "550 5.6.0 <x@example.com>: Recipient address rejected: Media error",
        "Name service error for name=example.com type=MX: Malformed or unexpected name server reply",
        "the user's maildir has overdrawn his diskspace quota",
        "451 4.3.0 Temporary lookup failure",
        "550 5.7.509 Access denied, sending domain example.com does not pass DMARC verification and "
        "has a DMARC policy of reject",
        "550 5.7.606 Access denied, banned sending IP [192.0.2.1]",
        "550 5.4.300 Message expired",
        "550 5.4.312 Message expired, DNS query failed(ErrorRetry)",
        "450 4.4.316 Connection refused [Message=Socket error code 10061]",
        "550 5.0.350 Remote server returned an error -> 550 5.7.1 rejected for policy reasons",
        "550 5.1.0 Sender rejected: invalid sender domain",
        "550 permanent failure for one or more recipients (x@example.com:blocked)",
        "message could not be delivered: disk quota exceeded",
        "421 LPN007_403 [IPTS04] Messages temporarily deferred",
        "550 mail not accepted from blacklisted IP address",
        "421 Too many concurrent SMTP connections; please try again later.",
        "450 4.7.1 Client host rejected: cannot find your reverse hostname",
        "552 5.2.2 This message is larger than the current system limit or the recipient's mailbox is full.",
    ],
    Stage.DATA: [
        "554 5.7.1 Message rejected because it is spam",
        "550 5.7.26 This message does not have authentication information or fails to pass "
        "authentication checks.",
        "552 5.7.0 This message was blocked because its content presents a potential security issue.",
        "554 5.6.0 Message with invalid header rejected",
        "554 5.7.1 [CS01] Message rejected due to local policy.",
    ],
    Stage.MAIL: [
        "553 5.1.8 <x@example.com>... Domain of sender address x@example.com does not exist",
    ],
    Stage.CONNECT: [
        "554-gmx.net (mxgmx) Nemesis ESMTP Service not available. No SMTP service. IP address is "
        "block listed",
    ],
}


@pytest.mark.parametrize(("refusals", "is_hard"), [(NEVER_ARRIVES, True), (MAY_ARRIVE, False)])
def test_a_refusal_is_as_hard_as_its_words(refusals, is_hard):
    misread = [
        words
        for stage, said in refusals.items()
        for words in said
        if failure("x@example.com", words, stage=stage).hard is not is_hard
    ]

    assert misread == []


def test_what_is_only_temporary_is_never_hard():
    for words in ("450 4.1.1 No such user", "451 User unknown", "450 4.1.2 Host not found"):
        assert failure("x@example.com", words, stage=Stage.RCPT).hard is False


def test_google_says_by_a_number_what_it_was_doing():
    assert stage_in("The error was: 550 550 No Such User Here (state 14).") is Stage.RCPT
