"""What people call the fields in their headings, reduced by `text.key`, the likeliest first."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from ripeline.capture.cells.text import clean, key

_TABLE = """
external_id: external id | lead id | mql id | contact id | record id | hs object id | person id | customer id | crm
    id | external key | uuid | guid | id | kundennummer | kontakt id | lead nummer | externe id | identifiant | id
    contact | id lead | id contacto | id cliente | id contatto | numero client | codigo | reference | referenz | key
email: email | your email | your e mail | ihre e mail | ihre e mail adresse | votre email | votre e mail | e mail
    | email address | e mail address | mail | mail address | work email | business email | email 1
    | e mail 1 | primary email | e mail adresse | mailadresse | emailadresse | adresse e mail | adresse email |
    adresse mail | courriel | correo | correo electronico | email corporativo | endereco de email | indirizzo email
    | posta elettronica | e mailadres | adres e mail | e mail value | e mail 1 value | email 1 value
phone: phone | phone number | mobile | mobile phone | mobile number | telephone | tel | cell | cell phone | work
    phone | business phone | direct phone | phone 1 | phone 1 value | contact number | whatsapp | telefon |
    telefonnummer | handy | mobil | mobiltelefon | rufnummer | tel nr | mobilnummer | telephone mobile | portable |
    numero de telephone | telefono | movil | celular | telefono movil | numero de telefono | telefone | telemovel |
    cellulare | telefoonnummer | mobiel | numer telefonu
other_phone: other phone | phone 2 | mobile 2 | second phone | second mobile | secondary phone | alternate phone |
    home phone | private phone | private mobile | phone 2 value | other telephone | other telephones | telefon 2 |
    mobil 2 | handy 2 | telefon privat | mobil privat | handy privat | private telefonnummer |
    weitere telefonnummer | telephone 2 |
    autre telephone | otro telefono | telefono 2 | outro telefone | telefone 2 | altro telefono
name: name | your full name | ihr name | votre nom | su nombre | seu nome | full name | fullname | contact name
    | lead name | contact | person | contact person | lead | your name
    | vor und nachname | vor nachname | vor und zuname | vor zuname | vorname nachname | vorname und nachname
    | ansprechpartner | kontakt | vollstandiger name | nom complet | nom et prenom | interlocuteur | nombre completo
    | nombre y apellidos | contacto | nome completo | contato | nominativo | volledige naam | naam | contactpersoon
    | imie i nazwisko
first_name: first name | firstname | given name | forename | fname | first | vorname | prenom | nombre | primer
    nombre | primeiro nome | nome | voornaam | imie
last_name: last name | lastname | surname | family name | lname | last | nachname | familienname | zuname | nom |
    nom de famille | apellido | apellidos | sobrenome | apelido | cognome | achternaam | nazwisko
title: job title | title | position | role | job role | jobtitle | job | function | occupation | berufsbezeichnung |
    funktion | stelle | rolle | beruf | poste | fonction | intitule du poste | cargo | puesto | profissao | ruolo |
    mansione | functie | stanowisko
company: company | company name | organization | organisation | account | account name | employer | business | firm |
    firm name | org | organisation name |
    business name | organization name | organization 1 name | company account | firma | firmenname | firma name |
    unternehmen name | kunde name | unternehmen |
    gesellschaft | kunde | entreprise | societe | raison sociale | nom de l entreprise | empresa | compania |
    sociedad | razon social | nome da empresa | azienda | societa | ragione sociale | bedrijf | bedrijfsnaam | nazwa
    firmy
website: website | web site | domain | company domain | company domain name | website url | homepage | company
    website | url | web | webseite | internetseite | internet | site web | site internet | pagina web | sitio web |
    dominio | site | sito | sito web
country: country | country region | country code | nation | mailing country | land | staat | pays | pais | paese |
    nazione | kraj
language: language | preferred language | locale | lang | sprache | langue | idioma | lingua | taal | jezyk
source: source | lead source | where from | where they came from | came from | woher | d ou
    | original source | origin | channel | utm source | traffic source | how did you hear
    about us | first touch source | quelle | leadquelle | lead quelle | herkunft | kanal | ursprung | origine |
    canal | source du lead | fuente | origen | origem | fonte | provenienza | bron | herkomst | zrodlo
campaign: campaign | campaign name | utm campaign | kampagne | campagne | campana | campanha | campagna | kampania
landing_page: landing page | landing page id | landing page url | landingpage | first page seen | page url |
    conversion page | form page | source url | form url | einstiegsseite | page de destination
    | pagina de destino | pagina de entrada
captured_at: captured at | first contact date | created at | create date | created date | creation date | date
    created | created | created on | created time | inquiry date | enquiry date | submitted at | submission date |
    conversion date | lead date | date added | first seen | timestamp | date | contact date | signup date |
    registered at | entry date | date time | sent at | sent on | received | received at | received on | submitted |
    submitted on | gesendet am | eingegangen am | eingang | datum uhrzeit | datum zeit | absendedatum
    | first contact | erstkontakt | erster kontakt | kontakt am
    | angelegt am | angelegt | anlagedatum | anlage am | anlage | datum der anlage | lead seit
    | erfasst | erfassungsdatum | eingang am | datum eingang | datum erstkontakt | erstkontakt am | aufgenommen am
    | erstellt am | erstelldatum | erfasst am | anfragedatum | eingangsdatum | datum | zeitstempel |
    date de creation | cree le | date du contact | fecha de creacion | fecha | creado el | data de criacao | data |
    criado em | data di creazione | data creazione | aanmaakdatum | data utworzenia
next_at: next date | next activity date | next activity | next step date | next contact | next contact date
    | next follow up | next follow up date | follow up | follow up date | follow up on | followup | followup date
    | next call | next call date | call back | call back on | callback | callback date | reminder | reminder date
    | date of next contact | wiedervorlage | wiedervorlage am | wiedervorlagedatum | datum der wiedervorlage | wv
    | nachste wiedervorlage | nachster kontakt | nachster kontakt am | nachste aktivitat | nachste aktivitat am
    | datum der nachsten aktivitat | datum nachster kontakt | nachster termin | nachster anruf | nachfassen
    | nachfassen am | erinnerung | erinnerung am | wieder melden am | ruckruf | ruckruf am | relance | date de relance
    | prochain contact | prochaine activite | proximo contacto | proxima actividad | proxima atividade
    | proximo contato | prossimo contatto
next_note: next step | next steps | next action | next activity subject | next activity note | nachster schritt
    | nachste schritte | nachste aktion | nachste massnahme | was als nachstes | prochaine etape | prochaine action
    | proximo paso | proxima acao
    | prossimo passo
message: message | your message | ihre nachricht | ihre anfrage | your enquiry | your inquiry | comment or message
    | how can we help | how can we help you | was konnen wir fur sie tun | wie konnen wir helfen | votre message
    | su mensaje | sua mensagem | inquiry | enquiry | question | nachricht | anfrage | mensaje | mensagem | messaggio
    | bericht | wiadomosc
note: notes | note | comment | comments | description | remarks | remark | internal note | internal notes | our notes |
    notiz | notizen | kommentar | kommentare | bemerkung | bemerkungen | anmerkung | anmerkungen | beschreibung |
    interne notiz | gesprachsnotiz | gesprachsnotizen | commentaire | commentaires | remarque | remarques | notas |
    comentario | comentarios | observacoes | nota | commenti | opmerkingen
owner: owner | owner email | lead owner | contact owner | record owner | sales rep | assigned to | account owner |
    rep | salesperson | besitzer | zustandig | zustandiger | zustandiger mitarbeiter |
    zustandig fur kunde | bearbeiter | sachbearbeiter | ansprechpartner intern | interner ansprechpartner |
    unser ansprechpartner | betreut von | kundenbetreuer | aussendienstmitarbeiter |
    verantwortlich | betreuer | vertriebler |
    verkaufer | vertriebsmitarbeiter | kundenberater | aussendienst | proprietaire | commercial |
    responsable | propietario | vendedor | proprietario | responsavel | venditore | eigenaar | opiekun
amount: amount | amount in company currency | deal amount | deal value | value | deal size | opportunity amount
    | revenue | price | contract
    value | expected revenue | budget | betrag | wert | auftragswert | umsatz | summe | preis | volumen | montant |
    valeur | chiffre d affaires | prix | importe | monto | ingresos | precio | valor | receita | preco | importo |
    valore | prezzo | bedrag | waarde | omzet | kwota
currency: currency | currency code | deal currency | waehrung | wahrung | devise | moneda | moeda | valuta | waluta
outcome: outcome | result | status | stage | deal stage | deal status | is won | won | closed won | ergebnis | phase
    | resultat | statut | etape | resultado | estado | etapa | situacao | esito | stato | uitkomst | wynik
consent: consent | marketing consent | email consent | consent to email | consent given | email opt in | opt in
    | opted in | marketing opt in | newsletter opt in | einwilligung | werbeeinwilligung | consentement
    | consentimiento | consentimento | consenso
opt_out: email opt out | opt out | opted out | has opted out of email | unsubscribed | unsubscribed from all email
    | do not email | no email | no marketing | newsletter abgemeldet | keine mails
    | keine werbung | abgemeldet | desabonne | desinscrit
consent_purpose: consent purpose | purpose | purpose of consent | subscription | subscription type | verwendungszweck
consent_at: consent date | date of consent | consent given at | opt in date | opted in at | opt in time
    | email opt in date | confirm time | einwilligung am | date de consentement
consent_how: consent source | consent evidence | evidence of consent | opt in source | consent method
won_at: won at | won date | date won | won on | won time | closed won date | gewonnen am | date de gain | fecha
    ganado | data ganho | data de ganho | data vinto
lost_at: lost at | lost date | date lost | lost on | lost time | closed lost date | verloren am | date de perte |
    fecha perdido | data perdido | data de perda | data perso
closed_at: closed at | close date | closed date | closing date | date closed | closed on | deal close date | end
    date | date | abschlussdatum | geschlossen am | abgeschlossen am | datum | date de cloture | fecha de cierre |
    fecha | data de fechamento | data di chiusura | data chiusura | sluitingsdatum
reason: reason | close reason | closed reason | loss reason | lost reason | closed lost reason | reason lost | won
    reason | closed won reason | grund | verlustgrund | absagegrund | raison | motif | motivo | motivo de perdida |
    motivo da perda | reden | powod
state: lead status | lead state | lead stage | sales status | statut du lead | estado del lead | status do lead
stage: lifecycle stage | life cycle stage | lifecycle phase | phase du cycle de vie | etapa del ciclo de vida
state_at: became a customer date | status date | status changed | status since | status seit | customer since
    | kunde seit | won on | won date | gewonnen am | closed on | closed date | close date | abgeschlossen am
    | abschlussdatum | abschluss am | geschlossen am | lost on | lost date | verloren am
company_id: company id | account id | organization id | organisation id | associated company ids | firmen id
    | firmen nr
    | firmennummer | firma id
deal_id: deal id | deal record id | deal system id | deal number | deal no | deal nr | id of the deal | opportunity id
    | opportunity id 18 | opportunity number | verkaufschance id | id de la transaction | id del negocio | id do negocio
pipeline_stage: stage of the deal | pipeline stage
expected_close: expected close date | expected close | expected closing date | forecast close date | forecast date |
    deal expected close date | erwartetes abschlussdatum | erwarteter abschluss | voraussichtlicher abschluss |
    voraussichtliches abschlussdatum | geplanter abschluss
opened_at: opened at | opened on | open date | deal created
due_at: due at | due on | due | activity due date | due date only | fallig am | falligkeit | faelligkeit
    | falligkeitsdatum
happened_at: activity date | happened at | due date | call date | meeting date | date | datum | fecha | data
activity: activity type | activity | engagement type | type | task subtype | typ | tipo
subject: subject | your subject | ihr betreff | activity subject | betreff | sujet | asunto | assunto | oggetto
body: note body | note | notes | body | call notes | description | comments | full comments | content | notiz | text
by: by | author | created by | assigned to | activity assigned to | autor | auteur
done: done | is done | task status | erledigt
activity_id: activity id | note id | task id | event id | engagement id
person: contact person | primary contact | associated contact | contact | contact name | person name | customer name |
    ansprechpartner | kontaktperson | interlocuteur | persona de contacto | pessoa de contato | contatto
product: product | product name | item | produkt | artikel | produit | producto | produto | prodotto | deal name
    | deal title | opportunity name | projekt | projektname | project | project name
"""


def _parsed(table: str) -> dict[str, tuple[str, ...]]:
    entries = (entry.partition(": ") for entry in table.replace("\n    ", " ").strip().splitlines())
    return {name: tuple(heading.strip() for heading in listed.split("|")) for name, _, listed in entries}


HEADINGS = _parsed(_TABLE)
_DEALS = frozenset(  # what only a list of deals says
    """deal|deal name|deal title|deal id|deal stage|deal status|opportunity name|opportunity id|opportunity stage|
    stage of the deal|is won|is closed|closed won|dealname|dealphase|deal phase|verkaufschance|name der verkaufschance|
    phase de la transaction|nom de la transaction|etapa del negocio|nombre del negocio|etapa do negocio|nome do negocio
    """.replace("\n    ", "").split("|")
)  # fmt: skip
_THEIR_WORDS = frozenset(  # of a message: what a contact form asks for, rather than what one of us writes down
    """message|your message|nachricht|ihre nachricht|anfrage|ihre anfrage|inquiry|enquiry|your inquiry|your enquiry|
    question|comment or message|how can we help|how can we help you|votre message|mensaje|mensagem|messaggio|
    wiadomosc|bericht""".replace("\n    ", "").split("|")
)  # fmt: skip
_OUR_DOING = frozenset(name for field in ("activity", "by", "done", "activity_id") for name in HEADINGS[field])
_ANY_DATE = frozenset({"date", "datum", "fecha", "data", "end date"})
KNOWN = frozenset(heading for headings in HEADINGS.values() for heading in headings)


_BRACKETS = re.compile(r"(?P<before>.+?)\s*[(\[](?P<within>[^()\[\]]+)[)\]]\s*")
_ZONE = re.compile(  # as exports write it behind what has a time
    r"(?:gmt|utc|z|wet|west|cet|cest|mez|mesz|eet|eest|msk|ist|jst|bst|[ecmp][sd]?t)(?:\s*[+\-−–]\s*\d{1,2}(?::?\d{2})?)?"
    r"|[+\-−–]\s*\d{1,2}(?::?\d{2})?|(?:africa|america|asia|atlantic|australia|europe|pacific)/\w+(?:/\w+)?",
    re.IGNORECASE,
)
_FORM = re.compile(r"[tdmyjahns./:,\- ]{4,}|iso(?: ?8601)?|required|optional|pflichtfeld|pflicht", re.IGNORECASE)


@lru_cache(maxsize=4096)
def bare(label: str) -> str:
    """A heading as `text.key` has it, without what stands in brackets behind it and only says how it is written: the
    time zone, the form of a date, that it must be filled. “Create Date (GMT+1)” is the “Create Date”.
    """
    found = _BRACKETS.fullmatch(label)
    says_how = found and (_ZONE.fullmatch(found["within"].strip()) or _FORM.fullmatch(found["within"].strip()))
    return key(found["before"] if found and says_how else label)


def within_brackets(label: str) -> tuple[str, str]:
    """A heading before its brackets and what stands in them, each as `text.key` has it, if there are any."""
    found = _BRACKETS.fullmatch(label)
    return (key(found["before"]), key(found["within"])) if found else ("", "")


def known(cells: Iterable[str]) -> list[str]:
    """The cells that say the name of a field."""
    return [cell for each in cells if bare(cell := clean(each)) in KNOWN]


def is_of_deals(labels: Iterable[str]) -> bool:
    """Whether headings are those of deals won or lost, rather than of people."""
    names = {bare(clean(label)) for label in labels}
    ends = names & (frozenset(HEADINGS["closed_at"]) - _ANY_DATE)
    beside = names & frozenset((*HEADINGS["amount"], *HEADINGS["outcome"], *HEADINGS["reason"]))
    return bool(names & _DEALS or names & frozenset((*HEADINGS["won_at"], *HEADINGS["lost_at"])) or (ends and beside))


def is_of_activities(labels: Iterable[str]) -> bool:
    """Whether headings are those of notes and calls of people who are here: whose, when and about what."""
    return _says_whose_when_and_what(labels) and not is_of_enquiries(labels)


def is_of_enquiries(labels: Iterable[str]) -> bool:
    """Whether headings that could be those of notes are those of what people wrote to us: a contact form's."""
    names = {key(clean(label)) for label in labels}
    return _says_whose_when_and_what(labels) and bool(names & _THEIR_WORDS) and not names & _OUR_DOING


def asks_us(label: str) -> bool:
    """Whether a heading is that of what people write to us, rather than of what one of us writes down of them."""
    return key(clean(label)) in _THEIR_WORDS


def _says_whose_when_and_what(labels: Iterable[str]) -> bool:
    names = {bare(clean(label)) for label in labels}
    whose = frozenset((*HEADINGS["email"], *HEADINGS["person"], "name", "lead", "contact id", "lead id"))
    asked = (frozenset(HEADINGS["subject"]), frozenset(HEADINGS["happened_at"]), whose)
    return all(names & each for each in asked) and not names & frozenset(HEADINGS["last_name"])


def is_heading(cells: Sequence[str], fewest: int = 2) -> bool:
    """Whether a row in the middle of a file is a heading: words only, half of them, and so many, names of fields."""
    filled = [cell for cell in cells if cell.strip()]
    has_values = any("@" in cell or any(map(str.isdigit, cell)) for cell in filled)
    return len(filled) > 1 and not has_values and len(known(filled)) >= max(fewest, len(filled) // 2)


def may_be_one(cell: str, label: str) -> bool:
    """Whether two headings may mean the same field."""
    one, other = key(clean(cell)), key(clean(label))
    return one == other or any(one in headings and other in headings for headings in HEADINGS.values())


_MADE = frozenset(  # a day on which somebody else's record was made, rather than one on which they came
    """created at|create date|created date|creation date|created|created on|created time|date created|date added
    |added on|record created|angelegt am|angelegt|anlagedatum|anlage am|anlage|datum der anlage|erstellt am|erstelldatum
    |erstellungsdatum|erfasst|erfasst am|erfassungsdatum|aufgenommen am|date de creation|cree le|fecha de creacion
    |creado el|data de criacao|criado em|data di creazione|data creazione|aanmaakdatum|data utworzenia
    """.replace("\n    ", "").split("|")
)  # fmt: skip


def is_of_record(label: str) -> bool:
    """Whether a heading is that of the day on which a record was made."""
    return bare(clean(label)) in _MADE


_OF_WHAT = frozenset({"name", "id", "nr", "no", "number", "nummer"})
_PERSONS = frozenset(  # whom a list of leads is of: what is theirs needs no word more
    """person|contact|contact person|visitor|attendee|participant|guest|kontakt|kontaktperson|ansprechpartner|besucher|
    teilnehmer|gast|interlocuteur|visiteur|participante|contacto|visitante|persona|contatto|contato
    """.replace("\n    ", "").split("|")
)  # fmt: skip


def of_person(name: str) -> str:
    """A heading, as `text.key` has it, without the word that says that it is the person's."""
    return next((name.removeprefix(f"{who} ") for who in _PERSONS if name.startswith(f"{who} ")), name)


def is_called_name(label: str) -> bool:
    """Whether a heading is that of a person's name, whatever stands before it, and of nothing else."""
    name = key(clean(re.sub(r" \(\d+\)$", "", label)))
    if of_person(name) in (*HEADINGS["name"], *HEADINGS["first_name"], *HEADINGS["last_name"]):
        return True
    return name.endswith(" name") and name not in KNOWN | _DEALS


def grouped(above: Sequence[str], heading: Sequence[str]) -> list[str]:
    """A heading with what stands over groups of its columns: “Name” below “Company” is the “Company Name”.

    Only where it tells something: a name or a number of what, if not of the person, or which of two columns that are
    called alike.
    """
    over, filled = "", sum(bool(cell.strip()) for cell in above)
    is_group = 1 < filled < sum(bool(cell.strip()) for cell in heading) and not any("@" in cell for cell in above)
    if not is_group or any(any(map(str.isdigit, cell)) for cell in above):
        return list(heading)
    times = Counter(key(clean(cell)) for cell in heading)
    found = []
    for at, cell in enumerate(heading):
        over = (clean(above[at]) if at < len(above) else "") or over
        together = f"{over} {clean(cell)}".strip()
        said = key(clean(cell))
        is_of_what = said in _OF_WHAT and key(together) in KNOWN and key(over) not in _PERSONS
        is_other = said and (is_of_what or times[said] > 1)
        found.append(together if is_other else cell)
    return found
