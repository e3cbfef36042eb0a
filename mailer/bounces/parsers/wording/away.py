"""What machines write for people who are away, in the languages that mail is written in.

``SUBJECTS`` stand at the beginning of a subject, ``WORDS`` anywhere in the text.
"""

from typing import Final

_SUBJECTS: Final = {
    "en": (
        r"auto(mat(ic|ed))?[ -]?(re(ply|sponse|sponder|sponse|spons)|generated)",
        r"automatic(ally)? (generated )?(re(ply|sponse)|e-?mail)",
        r"auto:",
        r"out[ -]?of[ -]?(the[ -]?)?office",
        r"ooo\b",
        r"vacation",
        r"(currently )?(on|away on) (vacation|holiday|(annual |maternity |parental |sick )?leave)",
        r"away (from|until)",
        r"(i am|i'm) (currently )?(away|out)",
        r"holiday",
        r"(annual|maternity|parental) leave",
        r"absent",
        r"thank you for (your|contacting)",
        r"we (have )?received your (mail|e-?mail|message|request)",
        r"your (message|request|e-?mail) (has been|was) received",
    ),
    "de": (r"auto(matische )?[ -]?antwort", r"abwesen(d|heit)", r"nicht im (haus|b[uü]ro)", r"urlaub"),
    "fr": (r"r[ée]ponse automatique", r"absen(ce|te?)\b", r"en cong[ée]s?"),
    "es": (r"respuesta autom[aá]tica", r"fuera de", r"ausen(te|cia)", r"de vacaciones"),
    "pt": (r"resposta autom[aá]tica", r"aus[eê]n(te|cia)", r"f[eé]rias", r"fora do escrit[oó]rio"),
    "it": (r"risposta automatica", r"fuori (sede|ufficio)", r"assen(te|za)", r"in ferie"),
    "nl": (r"automatisch antwoord", r"afwezig", r"niet aanwezig"),
    "sv": (r"autosvar", r"automatiskt svar", r"frånvaro"),
    "da, no": (r"autosvar", r"automatisk (svar|besvarelse)", r"fravær", r"ikke til ?stede"),
    "fi": (r"automaattinen (vasta|poissa)", r"poissa", r"lomalla"),
    "pl": (r"\[?(automatyczna )?odpowied[źz]( automatyczna)?", r"autoodpowied", r"nieobecn"),
    "cs, sk": (r"automatick[áa] odpov[eě][dď]", r"mimo kancel", r"nep[rř][ií]tomn"),
    "hu": (r"automatikus v[áa]lasz", r"h[áa]zon k[íi]v[üu]l", r"szabads[áa]g"),
    "ro": (r"r[ăa]spuns automat",),
    "tr": (r"otomatik (yan[ıi]t|cevap)", r"ofis d[ıi][şs][ıi]nda"),
    "lv, lt, et": (
        r"autom[āa]tisk[āa] atbilde",
        r"atva[ļl]in[āa]jum",
        r"automatinis atsakymas",
        r"automaatvastus",
        r"automaatne vastus",
    ),
    "el": (r"αυτόματη απάντηση", r"εκτός γραφείου"),
    "ru": (r"автоответ", r"автоматическ(ий|ое) (ответ|уведомление)", r"в отпуске"),
    "uk": (r"автовідповід", r"автоматична відповідь", r"у відпустці"),
    "he": (r"תשובה אוטומטית", r"מענה אוטומטי"),
    "ar": (r"رد تلقائي", r"خارج المكتب"),
    "ja": (r"自動(返信|応答)", r"不在"),
    "zh": (r"自[动動](回[复覆]|答[复覆])", r"不在(办公室|辦公室)", r"休假"),
    "ko": (r"자동\s?(회신|응답)", r"부재"),
}

_WORDS: Final = {
    "en": (
        r"\b(i am|i'm|i will be|i'll be|am currently)\b.{0,80}"
        r"\b(out of (the )?office|on (vacation|holiday|leave)|away)\b",
        r"\bout of (the )?office\b",
        r"currently out of",
        r"automatic(ally)? (generated )?(reply|response|answer)",
        r"limited access to (my )?e-?mail",
        r"\bvacation (reply|message|response|auto)",
    ),
    "de": (
        r"\b(ich bin|bin ich|ich befinde mich)\b.{0,80}"
        r"\b(im urlaub|nicht (im|erreichbar)|außer haus|abwesend)",
        r"\bautomatisch (generierte |erstellte )?(antwort|nachricht)",
    ),
    "fr": (r"\bje (suis|serai)\b.{0,80}\b(absente?|en cong[ée]s?)", r"\br[ée]ponse automatique\b"),
    "es": (r"\b(estoy|estar[ée])\b.{0,80}\b(fuera de|de vacaciones|ausente)", r"\brespuesta autom[aá]tica\b"),
    "pt": (r"\b(estou|estarei)\b.{0,80}\b(ausente|de f[eé]rias|fora do)", r"\bresposta autom[aá]tica\b"),
    "it": (r"\b(sono|sar[òo])\b.{0,80}\b(fuori (sede|ufficio)|in ferie|assente)",),
    "nl": (r"\bik ben\b.{0,80}\b(afwezig|met vakantie|op vakantie)",),
    "sv, da, no": (r"\b(jag är|jeg er)\b.{0,80}\b(semester|borte|bortrest|ferie|ikke til ?stede)",),
    "pl": (r"\b(jestem|b[ęe]d[ęe])\b.{0,60}\b(nieobecn|na urlopie)",),
    "ru": (r"я (сейчас )?(в отпуске|отсутствую)",),
    "ja": (r"自動(返信|応答)(メール|です|で)",),
}

SUBJECTS: Final = tuple(pattern for patterns in _SUBJECTS.values() for pattern in patterns)
WORDS: Final = tuple(pattern for patterns in _WORDS.values() for pattern in patterns)
