"""What strangers read that nobody here wrote: the fixed words of forms, their mail and its pages, by language.

One object a language, so that mypy tells which phrase a new language lacks, and a page asks a plain attribute. Django's
translations stay off (config/settings.py): they would be asked for each text of every page, while those who work here
have one language. What the company itself writes (headings, questions, consents) is in the company's own words.
"""

import re
from dataclasses import dataclass
from datetime import date

from django.db import models


class Language(models.TextChoices):
    ENGLISH = "en", "English"
    GERMAN = "de", "German"


@dataclass(frozen=True)
class Phrases:
    """`{}` stands for what is put there: a name, a number, a title."""

    code: Language

    # a form
    email: str
    name: str
    company: str
    phone: str
    title: str
    optional: str
    choose: str
    yes: str
    no: str
    privacy: str
    leave_empty: str
    verb: str  # on its button, where nobody wrote another; so are the thanks
    thanks: str
    on_its_way: str  # what they get
    confirm_it: str
    go_on: str
    shut: str
    other_way: str
    unnamed: str  # on a site that may not show it

    # what is wrong with what was sent
    one_wrong: str
    some_wrong: str
    sent_before: str
    stale: str
    too_often: str
    busy: str
    fill_in: str
    tick: str
    reworded: str
    one_of_these: str
    yes_or_no: str
    number: str
    date: str
    too_long: str
    no_email: str
    no_phone: str

    # a link that gives something
    has_for_you: str
    here_for_you: str
    open_it: str
    download: str
    bytes: str
    decimal: str
    works_until: str
    day: str
    months: str
    link_over: str
    link_over_why: str
    ask_firm_too: str

    # a double opt-in
    confirm_title: str
    was_it_you: str
    somebody_asked: str
    one_click: str
    yes_send: str
    not_you: str
    confirmed_title: str
    confirmed: str
    may_write: str
    every_mail_stops: str
    confirm_over: str
    confirmed_before: str
    stopped_all: str
    stopped_since: str
    take_back: str

    # choosing what comes
    choose_title: str
    stop_this: str
    what_may_we: str
    nothing_comes: str
    ask_again: str
    writes_about: str
    choose_to_stop: str
    stop: str
    or_choose: str
    choose_about: str
    keep_choice: str
    stop_all: str
    still_answers: str
    kept_title: str
    choice_kept: str
    writes_about_list: str
    writes_nothing: str
    nothing_whatever: str
    may_still_arrive: str
    link_leads_back: str
    stopped_title: str
    stopped: str
    no_more: str
    no_more_about: str
    mistake: str
    broken_link: str
    broken_link_why: str

    # where something is wrong with a page or an address
    nothing_here: str
    nothing_here_why: str
    unreadable: str
    unreadable_why: str
    too_large: str
    too_large_why: str
    broke: str
    broke_why: str
    one_moment: str
    one_moment_why: str
    leads_nowhere: str
    leads_nowhere_why: str
    ask_firm: str
    not_whole: str
    not_whole_why: str

    # mail
    hello: str
    hello_nobody: str
    button_fails: str
    confirm_subject: str
    confirm_text: str
    it_was_me: str
    holds_a_week: str
    asked_for: str
    open_asset: str
    choose_mail: str


EN = Phrases(
    code=Language.ENGLISH,
    email="E-mail",
    name="Your name",
    company="Company",
    phone="Telephone",
    title="What you do there",
    optional="if you like",
    choose="Please choose",
    yes="Yes",
    no="No",
    privacy="Privacy notice",
    leave_empty="Leave this empty",
    verb="Send",
    thanks="Thank you. We will be in touch.",
    on_its_way="{} is on its way to you by mail.",
    confirm_it="Please confirm in your mailbox that we may write to you; a mail with a link for that is on its way.",
    go_on="Go on",
    shut="This form is not open any more.",
    other_way="Please get in touch with {} another way.",
    unnamed="This form cannot be shown here yet: the site {} has to be named in the form's settings first.",
    one_wrong="One answer needs another look.",
    some_wrong="{} answers need another look.",
    sent_before="What you wrote here before has come in. If this is to go as well, please send it again.",
    stale="This page had been open for a long time. Please look at it once more and send it again.",
    too_often=(
        "A lot has come from your network just now. Please send it again in ten minutes; what you wrote is still here."
    ),
    busy="We could not keep it in this moment. Please send it once more; what you wrote is still here.",
    fill_in="Please fill this in.",
    tick="Please tick this.",
    reworded=(
        "These words have changed since you opened the page. Please read them once more, and tick them if you agree."
    ),
    one_of_these="Please choose one of the answers on the list.",
    yes_or_no="Please answer yes or no.",
    number="Please write a number, such as 12.",
    date="Please write a date, such as 2026-03-31.",
    too_long="Please use no more than {} characters.",
    no_email="This is not a whole e-mail address, such as name@example.com.",
    no_phone="This is not a telephone number.",
    has_for_you="{} has this for you",
    here_for_you="We have this for you",
    open_it="Open it",
    download="Download it",
    bytes="bytes",
    decimal=".",
    works_until="The link works until {}.",
    day="{day} {month} {year}",
    months="January February March April May June July August September October November December",
    link_over="This link is over",
    link_over_why="It held for a month. Ask for it once more where you asked before.",
    ask_firm_too="Or get in touch with {}.",
    confirm_title="Please confirm",
    was_it_you="Was it you?",
    somebody_asked="Somebody asked {} for mail to your address:",
    one_click="With one click you say that it was you.",
    yes_send="Yes, send it to me",
    not_you="If it was not you, close this page: nothing is sent. Every mail has a link to stop it.",
    confirmed_title="Confirmed",
    confirmed="Thank you, that is confirmed",
    may_write="{} may now write to you:",
    every_mail_stops="Every mail has a link to stop it.",
    confirm_over=(
        "It is more than seven days old, or what it was for has changed since. Ask {} for the mail again where you did "
        "the first time, and a new link comes."
    ),
    confirmed_before="This is confirmed already",
    stopped_all="You stopped all mail",
    stopped_since="This link was used before and changes nothing: {} sends you only what you ask for yourself.",
    take_back="Choose again what you get",
    choose_title="What we may send you",
    stop_this="Stop this mail?",
    what_may_we="What may we send you?",
    nothing_comes="No mail at all goes to your address at present.",
    ask_again="If it should again, ask {}.",
    writes_about="{} writes to you about:",
    choose_to_stop="Choose what to stop; it counts at once.",
    stop="Stop “{}”",
    or_choose="Or choose what you get",
    choose_about="Choose what {} may write to you about.",
    keep_choice="Keep this choice",
    stop_all="Stop all mail I did not ask for",
    still_answers="Answers to what you ask for yourself still reach you. Opening this page has changed nothing.",
    kept_title="Kept",
    choice_kept="Your choice is kept",
    writes_about_list="{} may write to you about:",
    writes_nothing="{} writes to you about nothing that you did not ask for.",
    nothing_whatever="No mail at all goes to your address at present, whatever you choose.",
    may_still_arrive="A mail that left before this moment may still arrive.",
    link_leads_back="The same link leads back here whenever you like.",
    stopped_title="Stopped",
    stopped="It is stopped",
    no_more="{} writes to you no more, unless you ask for something yourself.",
    no_more_about="{} sends you no more mail about:",
    mistake="Was this a mistake? The same link leads back to what you get, and there you choose it again.",
    broken_link="This link does not work",
    broken_link_why=(
        "It was cut short or changed on the way. Open it from the mail again, whole; or answer the mail and ask {} to "
        "stop, that counts as well."
    ),
    nothing_here="There is nothing here",
    nothing_here_why="The page was moved or removed, or the address has a slip in it.",
    unreadable="That could not be read",
    unreadable_why="The address, or what was sent with it, makes no sense here. Nothing of it was kept.",
    too_large="That is too much at once",
    too_large_why="What was sent is larger than any form of ours. Nothing of it was kept.",
    broke="Something broke on our side",
    broke_why="Please go back and try it again in a few minutes.",
    one_moment="One moment, please",
    one_moment_why="We cannot answer just now. Go back, and send it again in a few seconds.",
    leads_nowhere="This link leads nowhere any more",
    leads_nowhere_why="Perhaps it was typed with another letter, or what it led to is over.",
    ask_firm="Ask {}.",
    not_whole="This link is not complete",
    not_whole_why=(
        "Perhaps it was broken over two lines in the mail. Copy the whole of it into the address bar, or answer the "
        "mail and ask."
    ),
    hello="Hello {},",
    hello_nobody="Hello,",
    button_fails="If the button does not work, open this address:",
    confirm_subject="Please confirm: {}",
    confirm_text=(
        "somebody, we hope you, asked for mail from {firm}: {purpose}. Please confirm that it was you. "
        "Without that we send nothing."
    ),
    it_was_me="Yes, it was me",
    holds_a_week="The link holds for seven days. If it was not you, nothing needs to be done.",
    asked_for="here is what you asked for: {}.",
    open_asset="Open {}",
    choose_mail="Choose what we may send you",
)

DE = Phrases(
    code=Language.GERMAN,
    email="E-Mail",
    name="Ihr Name",
    company="Firma",
    phone="Telefon",
    title="Ihre Aufgabe dort",
    optional="freiwillig",
    choose="Bitte wählen",
    yes="Ja",
    no="Nein",
    privacy="Datenschutzhinweise",
    leave_empty="Bitte leer lassen",
    verb="Absenden",
    thanks="Vielen Dank. Wir melden uns bei Ihnen.",
    on_its_way="{} ist per E-Mail zu Ihnen unterwegs.",
    confirm_it=(
        "Bitte bestätigen Sie noch in Ihrem Postfach, dass wir Ihnen schreiben dürfen; eine E-Mail mit einem Link "
        "dafür ist unterwegs."
    ),
    go_on="Weiter",
    shut="Dieses Formular ist nicht mehr offen.",
    other_way="Bitte wenden Sie sich auf anderem Weg an {}.",
    unnamed="Dieses Formular kann hier noch nicht stehen: Die Website {} muss erst in seinen Einstellungen stehen.",
    one_wrong="Bitte sehen Sie eine Angabe noch einmal an.",
    some_wrong="Bitte sehen Sie {} Angaben noch einmal an.",
    sent_before=(
        "Was Sie hier vorher geschrieben haben, ist angekommen. Soll auch dies ankommen, senden Sie es bitte noch "
        "einmal ab."
    ),
    stale="Diese Seite war lange offen. Bitte sehen Sie sie noch einmal durch und senden Sie sie erneut ab.",
    too_often=(
        "Aus Ihrem Netz ist gerade sehr viel angekommen. Bitte senden Sie es in zehn Minuten noch einmal ab; was Sie "
        "geschrieben haben, steht noch hier."
    ),
    busy=(
        "Das konnten wir gerade nicht annehmen. Bitte senden Sie es noch einmal ab; was Sie geschrieben haben, steht "
        "noch hier."
    ),
    fill_in="Bitte ausfüllen.",
    tick="Bitte ankreuzen.",
    reworded=(
        "Dieser Text hat sich geändert, seit Sie die Seite geöffnet haben. Bitte lesen Sie ihn noch einmal und kreuzen "
        "Sie ihn an, wenn Sie zustimmen."
    ),
    one_of_these="Bitte wählen Sie eine der Antworten aus der Liste.",
    yes_or_no="Bitte antworten Sie mit Ja oder Nein.",
    number="Bitte schreiben Sie eine Zahl, etwa 12.",
    date="Bitte schreiben Sie ein Datum, etwa 31.03.2026.",
    too_long="Bitte fassen Sie sich kürzer: höchstens {} Zeichen.",
    no_email="Das ist keine vollständige E-Mail-Adresse, etwa name@example.com.",
    no_phone="Das ist keine Telefonnummer.",
    has_for_you="{} hat das für Sie bereitgelegt",
    here_for_you="Das haben wir für Sie bereitgelegt",
    open_it="Öffnen",
    download="Herunterladen",
    bytes="Bytes",
    decimal=",",
    works_until="Der Link gilt bis zum {}.",
    day="{day}. {month} {year}",
    months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    link_over="Dieser Link gilt nicht mehr",
    link_over_why="Er galt einen Monat. Fordern Sie ihn bitte dort noch einmal an, wo Sie ihn bekommen haben.",
    ask_firm_too="Oder wenden Sie sich an {}.",
    confirm_title="Bitte bestätigen",
    was_it_you="Waren Sie das?",
    somebody_asked="Jemand hat bei {} E-Mails an Ihre Adresse bestellt:",
    one_click="Mit einem Klick bestätigen Sie, dass Sie es waren.",
    yes_send="Ja, bitte senden",
    not_you=(
        "Wenn Sie es nicht waren, schließen Sie diese Seite: Es wird nichts gesendet. In jeder E-Mail steht ein Link, "
        "der sie beendet."
    ),
    confirmed_title="Bestätigt",
    confirmed="Danke, das ist bestätigt",
    may_write="{} darf Ihnen jetzt schreiben:",
    every_mail_stops="In jeder E-Mail steht ein Link, der sie beendet.",
    confirm_over=(
        "Er ist älter als sieben Tage, oder es hat sich seither etwas geändert. Bestellen Sie die E-Mails bei {} dort "
        "noch einmal, wo Sie es zuerst getan haben; dann kommt ein neuer Link."
    ),
    confirmed_before="Das ist schon bestätigt",
    stopped_all="Sie haben alle E-Mails beendet",
    stopped_since=("Dieser Link wurde schon benutzt und ändert nichts: {} sendet Ihnen nur, worum Sie selbst bitten."),
    take_back="Wieder wählen, was Sie bekommen",
    choose_title="Was wir Ihnen senden dürfen",
    stop_this="Diese E-Mails beenden?",
    what_may_we="Was dürfen wir Ihnen senden?",
    nothing_comes="Zurzeit geht gar keine E-Mail an Ihre Adresse.",
    ask_again="Soll wieder etwas kommen, wenden Sie sich an {}.",
    writes_about="{} schreibt Ihnen zu:",
    choose_to_stop="Wählen Sie, was aufhören soll; es gilt sofort.",
    stop="„{}“ beenden",
    or_choose="Oder wählen Sie, was Sie bekommen",
    choose_about="Wählen Sie, wozu {} Ihnen schreiben darf.",
    keep_choice="Auswahl speichern",
    stop_all="Alle E-Mails beenden, um die ich nicht gebeten habe",
    still_answers=(
        "Antworten auf das, worum Sie selbst bitten, erreichen Sie weiterhin. Diese Seite zu öffnen hat nichts "
        "geändert."
    ),
    kept_title="Gespeichert",
    choice_kept="Ihre Auswahl ist gespeichert",
    writes_about_list="{} darf Ihnen schreiben zu:",
    writes_nothing="{} schreibt Ihnen nichts, worum Sie nicht gebeten haben.",
    nothing_whatever="Zurzeit geht gar keine E-Mail an Ihre Adresse, was immer Sie wählen.",
    may_still_arrive="Eine E-Mail, die vorher abging, kann noch ankommen.",
    link_leads_back="Derselbe Link führt jederzeit hierher zurück.",
    stopped_title="Beendet",
    stopped="Es ist beendet",
    no_more="{} schreibt Ihnen nicht mehr, außer Sie bitten selbst um etwas.",
    no_more_about="{} sendet Ihnen keine E-Mails mehr zu:",
    mistake="War das ein Versehen? Derselbe Link führt zu dem, was Sie bekommen; dort wählen Sie es wieder.",
    broken_link="Dieser Link funktioniert nicht",
    broken_link_why=(
        "Er wurde unterwegs gekürzt oder verändert. Öffnen Sie ihn noch einmal ganz aus der E-Mail; oder antworten Sie "
        "darauf und bitten Sie {} aufzuhören, das zählt ebenso."
    ),
    nothing_here="Hier ist nichts",
    nothing_here_why="Die Seite wurde verschoben oder entfernt, oder in der Adresse ist ein Tippfehler.",
    unreadable="Das war nicht zu lesen",
    unreadable_why="Mit der Adresse oder dem Gesendeten ist hier nichts anzufangen. Nichts davon wurde behalten.",
    too_large="Das ist zu viel auf einmal",
    too_large_why="Was gesendet wurde, ist größer als jedes unserer Formulare. Nichts davon wurde behalten.",
    broke="Bei uns ist etwas schiefgegangen",
    broke_why="Bitte gehen Sie zurück und versuchen Sie es in einigen Minuten noch einmal.",
    one_moment="Einen Augenblick, bitte",
    one_moment_why=(
        "Wir können gerade nicht antworten. Gehen Sie zurück und senden Sie es in einigen Sekunden noch einmal ab."
    ),
    leads_nowhere="Dieser Link führt nirgendwo mehr hin",
    leads_nowhere_why="Vielleicht ist ein Buchstabe falsch getippt, oder wohin er führte, gibt es nicht mehr.",
    ask_firm="Fragen Sie bitte bei {} nach.",
    not_whole="Dieser Link ist nicht vollständig",
    not_whole_why=(
        "Vielleicht wurde er in der E-Mail auf zwei Zeilen umbrochen. Kopieren Sie ihn ganz in die Adresszeile, oder "
        "antworten Sie auf die E-Mail und fragen Sie nach."
    ),
    hello="Guten Tag {},",
    hello_nobody="Guten Tag,",
    button_fails="Wenn die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse:",
    confirm_subject="Bitte bestätigen: {}",
    confirm_text=(
        "jemand, wir hoffen Sie, hat bei {firm} E-Mails bestellt: {purpose}. Bitte bestätigen Sie, dass Sie es waren. "
        "Sonst senden wir nichts."
    ),
    it_was_me="Ja, das war ich",
    holds_a_week="Der Link gilt sieben Tage. Wenn Sie es nicht waren, brauchen Sie nichts zu tun.",
    asked_for="hier ist, worum Sie gebeten haben: {}.",
    open_asset="{} öffnen",
    choose_mail="Auswählen, was wir Ihnen senden dürfen",
)

_ALL = {each.code: each for each in (EN, DE)}
_WEIGHT = re.compile(r"q=([01](?:\.\d{0,3})?)")
_GERMAN_SPEAKING = ("DE", "AT", "CH", "LI")


def of(language: str) -> Phrases:
    """The phrases of a language; English for one that has none."""
    return named(language) or EN


def named(language: str) -> Phrases | None:
    """The phrases of a language that somebody names; None where there are none."""
    return next((each for code, each in _ALL.items() if code == language), None)


def accepted(header: str) -> Phrases:
    """Of the languages a browser asks for (its Accept-Language), the one liked best that there is; else English."""
    liked: list[tuple[float, Phrases]] = []
    for asked in header[:300].split(","):
        language, _, weight = asked.partition(";")
        found = named(language.strip().lower().partition("-")[0])
        share = _WEIGHT.fullmatch(weight.strip() or "q=1")
        if found and share and float(share[1]):
            liked.append((float(share[1]), found))
    return max(liked, key=lambda each: each[0], default=(0.0, EN))[1]


def of_country(country: str) -> Language:
    """The language in which a company of this country begins its forms."""
    return Language.GERMAN if country in _GERMAN_SPEAKING else Language.ENGLISH


def day(words: Phrases, when: date) -> str:
    """A day, as a language writes it."""
    return words.day.format(day=when.day, month=words.months.split()[when.month - 1], year=when.year)


def size(words: Phrases, count: int) -> str:
    """How large a file is, as a language writes it."""
    if count < 1024:
        return f"{count}\xa0{words.bytes}"
    unit, amount = ("KB", count / 1024) if count < 1024**2 else ("MB", count / 1024**2)
    return f"{amount:.1f}\xa0{unit}".replace(".", words.decimal)
