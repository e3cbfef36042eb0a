"""What servers say about an address and the host it is on."""

from typing import Final

FILTERED: Final = (
    r"recipient('s)? (preferences|privacy|settings)",
    r"by the recipient's (choice|filter|rule|request)",
    r"user filter",
)

FULL: Final = (
    r"(mail ?box|mailfolder|mail ?drop|inbox|quota|storage|disk|account|directory|maildir|spool|"
    r"user|recipient)(es)?('s)?[^.;:]{0,50}\b"
    r"(full|exceed(ed|s|ing)?|reached|over ?quota|out of (space|quota)|no space|surpassed|"
    r"insufficient|limit exceeded)\b",
    r"\b(exceed(ed|s|ing)?|over|out of|exhausted)\b[^.;:]{0,40}\b"
    r"(quota|storage|disk ?space|mailbox (size|limit|space|capacity))",
    r"over ?quota\b",
    r"quota (violation|full|exceed)",
    r"not enough (storage|space|disk)",
    r"not have enough (storage|space|disk)",
    r"overdrawn .{0,20}(quota|space)",
    r"insufficient (system )?(storage|disk space)",
    r"no (storage )?space (left|available)?[^.]{0,20}(user|mailbox|recipient|account)",
    r"\bfull mailbox\b",
    r"has full mailbox",
    r"mailbox_?full",
    r"mbox ?full",
    r"boite pleine",
    r"boîte .{0,20}pleine",
    r"casilla .{0,20}llena",
    r"buz[oó]n .{0,30}lleno",
    r"too many (mails|messages) (in|on|for) (the )?(mailbox|user|account|recipient)",
    r"account (is )?(temporarily )?(over ?quota|full)",
    r"is (currently )?over (its|his|their|the) (quota|limit|storage)",
    r"delivery failed: over quota",
    r"cannot (accept|hold|receive) (any )?more (mail|messages|e-?mail)",
    r"would (exceed|be over)[^.]{0,20}(quota|limit|storage)",
    r"メールボックス.{0,12}(一杯|いっぱい|容量)",
    r"容量.{0,10}超",
    r"一杯のため",
    r"信箱.{0,8}(已?滿|满|容量)",
    r"邮箱.{0,10}(已?满|空间)",
    r"超过.{0,6}(配额|容量)",
    r"переполнен",
    r"превышен[аао]? ?квот",
    r"quota.{0,12}überschritten",
    r"postfach.{0,20}voll",
)

MOVED: Final = (
    r"(has|have) (been )?(moved|changed)( to|\b.{0,30}address)",
    r"(user|mailbox|recipient|address|account|he|she|they) (has |have )?(been )?moved",
    r"no longer (works|employed|with (us|the company|this company))",
    r"new (e-?mail )?address is",
    r"has been replaced by",
    r"moved to (the )?(following|new) address",
    r"address (has|was) changed",
    r"please (use|update|try|forward|send).{0,40}(new|following) address",
)

DISABLED: Final = (
    r"(mail ?box|account|user|recipient|address|mailing list|domain|e-?mail|login|"
    r"this person)\S{0,4}(?: <?@>?:?)? ?"
    r"(is |was |has been |have been |are |be |temporarily |currently |been |\(?s\)? |not )*"
    r"(disabled|suspended|deactivated|inactive|locked|frozen|expired|blocked|terminated|cancelled|"
    r"canceled|discontinued|restricted|administratively|on hold|activated|active|enabled|"
    r"unavailable temporarily)\b",
    r"(disabled|suspended|deactivated|inactive|locked|expired|blocked|non-?active) "
    r"(mail ?box|account|user|recipient|address|domain)",
    r"\b(account|mailbox|user)[^.;]{0,30}(disabled|suspended|deactivated|inactive|not active)",
    r"not activated",
    r"rejected: on hold",
    r"may not exist, or you may not have permission",
    r"extended (inactivity|period)",
    r"inactivity on their mailbox",
    r"lack of activity",
    r"(temporarily|currently|permanently) (disabled|suspended|deactivated|locked|inactive)",
    r"5.2.1\b.{0,60}(disabled|inactive)",
    r"boîte.{0,30}(archiv|désactiv|ferm)",
    r"mailbox is frozen",
    r"vdelivermail: account is locked",
    r"(is|has been) (no longer )?(disabled|suspended|deactivated)",
)

UNKNOWN_HOST: Final = (
    r"(host|domain)( name)?\S{0,60} ?(is |was |could |can |does |did |has )?"
    r"(unknown|not (be )?found|not exist|not (be )?resolv|lookup (failed|failure)|invalid|"
    r"nonexistent|non-existent)",
    r"(unknown|no such|unrouteable|unroutable|invalid|illegal|bad|nonexistent|non-existent|"
    r"unresolvable)( mail| remote| recipient| destination| or (illegal|unknown))? ?"
    r"(host|domain|server domain|domain name|destination|system address)",
    r"name or service not known",
    r"name service error",
    r"(couldn't|could not|cannot|can't|unable to) (find|resolve|look ?up)( any)?( a)?( the)?"
    r"( destination)?( mail)? ?(host|domain|mx|exchanger|name|dns)",
    r"no (mx|dns|a|mail exchanger?)s? ?(or a |records?|entry|host|listed|or)?[^.;]{0,30}"
    r"(record|found|exist|domain|match|for|could)",
    r"nxdomain",
    r"host ?lookup (failed|did not complete)",
    r"all relevant mx records point to non-?existent",
    r"(domain|host)[^.;]{0,40}(does not|doesn't|do not|did not|don't) (exist|resolve|have)",
    r"address couldn't be found.{0,80}domain",
    r"domain .{0,80}couldn't be found",
    r"the domain .{0,80} (not|n't) be found",
    r"bad destination (mailbox|system)",
    r"not a (valid|known) (domain|host)",
    r"dns (server|error|lookup)[^.;]{0,40}(not|fail|nxdomain|domain)",
    r"unrouteable mail domain",
    r"domain is not reachable",
    r"account or domain may not exist",
    r"recipient('s)? domain",
    r"illegal host/domain",
    r"名前解決",
    r"ドメイン.{0,10}(存在し|見つか)",
)

NO_MAIL_HERE: Final = (
    r"(host|server|domain|system|machine|we|address)[^.;]{0,40}"
    r"(does not|doesn't|do not|don't|never|not) (accept|receiv)(s|e|ing)? (any )?"
    r"(mail|e-?mail|messages|smtp)(?! from| with| contain| that| for| sent| to )",
    r"null ?mx",
    r"indicated no smtp service",
    r"no mail (is )?accepted",
    r"does not accept (any )?mail(?! from| with)",
    r"\bnot (a )?mail (host|server|exchanger)",
    r"(smtp|mail) (protocol|service)s? (returned )?(a )?"
    r"(not available|is not (available|enabled|running))",
    r"5.1.10.{0,40}null",
    r"5.3.2\b.{0,50}not accepting",
)

UNKNOWN_USER: Final = (
    r"(user|users?name|mail ?box|recipient|address|account|alias|login|addressee|customer|"
    r"subscriber|person|local ?part|destination|mailing list|e-?mail|id|name|identifier|adresse|"
    r"empf[aä]nger|destinat\w+|usuario|cuenta|conta|utente|benutzer|direcci[oó]n)s?"
    r"(\(s\)|\b)[^.;]{0,80}?\b(unknown|"
    r"not (be )?(found|known|exist|recogni[sz]ed|listed|valid|registered|available|here|present|"
    r"local|on|a (valid|known|local|registered|user)|an|accepted|delivered|identified|available|"
    r"seem|in (the|our|this|my))|no longer|does(n't| not)|do(n't| not)|did(n't| not)|isn't|"
    r"cannot be (found|located)|couldn't be found|could not be found|wasn't found|wasn’t found|"
    r"invalid|unavailable|nonexistent|non-?existent|inexistent|undeliverable|incorrect|deleted|"
    r"removed|closed|has left|ambiguous|unlisted|unbekannt|existiert nicht|inconnue?|n'existe|"
    r"no existe|inexistente|desconocid[oa]|sconosciut[oa]|non esiste|n[aã]o existe)",
    r"\b(no such|unknown|invalid|bad|non-?existent|nonexisting|illegal|unrecogni[sz]ed|"
    r"undeliverable|incorrect|unroutable|unrouteable|inexistent|missing|undefined|no|"
    r"not a( valid| known)?|can'?not find|ongeldig|wrong|unavailable|not our|inconnu|no valid|"
    r"unlocatable|never heard of|not known|nicht vorhanden)( \S+){0,3}? ?"
    r"(user|mail ?box|recipient|address|account|alias|local (part|user|address)|destination|"
    r"addressee|person|customer|receiver|username|login|domain user|mail drop|maildir|virtual|"
    r"e-?mail)",
    r"mail ?box (unavailable|not found|does not exist|is unavailable)",
    r"(not|no longer) (a |an )?(valid|our|known|local|existing|active) ?"
    r"(mail ?box|user|recipient|address|account|customer|e-?mail|in use|here)?",
    r"address rejected",
    r"recipient (address )?rejected",
    r"recipient (is |was )?(not|un)",
    r"(user|recipient|address|account|mailbox)[^.;]{0,30}(rejected|refused)",
    r"does not (exist|have an? (account|mailbox))",
    r"doesn't have an? [^.;]{0,40}(account|mailbox)",
    r"did not match",
    r"no one here",
    r"isn't (listed|found|available)",
    r"not listed in",
    r"no matches",
    r"not (in|found in) (the )?(directory|domino|address book)",
    r"no mailbox( here)?( by that name)?",
    r"couldn't find (any )?(the )?(user|recipient|mailbox|address|you)",
    r"wasn't found at",
    r"address (wasn't|was not|couldn't be|could not be) found",
    r"delivery is not possible to",
    r"RESOLVER.ADR.(RecipNotFound|RecipientNotFound|ExRecipNotFound)",
    r"RecipNotFound",
    r"recipnotfound",
    r"MSEXCH.{0,60}5.1.1",
    r"unknown or illegal alias",
    r"unknown local",
    r"unknown recipient",
    r"no such (person|address|account|alias)",
    r"宛先.{0,12}(見つかり|存在)",
    r"送信先メールアドレスが見つか",
    r"アドレス.{0,8}(見つか|存在し|誤)",
    r"该用户",
    r"用户不存在",
    r"找不到.{0,6}(用户|信箱|邮箱)",
    r"收件人.{0,12}(不存在|无效)",
    r"не (существует|найден|зарегистрирован)",
    r"неизвест",
    r"несуществующ",
    r"адресат.{0,20}не",
    r"存在しない",
    r"リストに(ありません|存在しません)",
    r"check (if|that|whether) (the )?(e-?mail )?address is (correct|right|valid)",
    r"dos?e?sn'?t exist",
    r"見つかりません",
)

#: What those say who looked the name up, not filters.
UNKNOWN_FOR_SURE: Final = (
    r"recipient name is not recogni[sz]ed",
    r"address (couldn't|wasn't|could not|was not) (be )?found",
    r"unrouteable address",
    r"no such (mailbox|user|address|account) here by that name",
    r"no mailbox here by that name",
    r"recipnotfound",
    r"unknown local part",
    r"(isn't|not) listed in .{0,40}(directory|book)",
    r"not listed in (domino|public|name|address)",
    r"address rejected: access denied.{0,40}5.4.1",
    r"5.4.1 .{0,60}address rejected: access denied",
    r"^unknown user\b",
    r"no such recipient",
    r"this person does not exist",
    r"invalid (final delivery )?user ?id",
    r"no valid recipients",
    r"^[45]\d\d <?@>?: recipient address rejected\W*$",
    r"delivery error: .{0,6}this user doesn't have an? ",
    r"local mailbox .{0,40}user not found",
    r"mail action aborted, mailbox not found",
    r"user (@ )?(does not|doesn't) exist",
    r"\bunknown user account",
    r"リストに(ありません|存在しません)",
    r"check (if|that|whether) (the )?(e-?mail )?address is (correct|right|valid)",
    r"bad-mailbox",
)
