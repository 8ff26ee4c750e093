"""What a field of the company's own is called where its column has the name of a field that everybody has.

Two columns of one name in a list or a file cannot be told apart, so “Name” becomes “Name in the file”. Its key is still
that of the column, so that the next file, or an export that comes back, fills the same field.
"""

from functools import cache, lru_cache

from ripeline.capture.cells.fields import FIELDS
from ripeline.capture.cells.text import key
from ripeline.capture.columns.exported import HEADINGS, WHOLE
from ripeline.leads.finding.columns import COLUMNS

_BEHIND = " in the file"
_OTHERWISE = """id|full name|vollständiger name|ansprechpartner|nom complet|nombre completo|nome completo|vorname|
    nachname|prénom|nom|nom de famille|nombre|apellido|apellidos|nome|sobrenome|cognome|e-mail address|email address|
    mail|e-mail-adresse|mailadresse|courriel|adresse e-mail|correo|correo electrónico|telefon|telephone|tel|
    phone number|telefonnummer|rufnummer|téléphone|teléfono|telefone|telefono|company name|organisation|organization|
    firma|firmenname|unternehmen|entreprise|société|empresa|azienda|position|funktion|fonction|poste|cargo|website|
    webseite|site web|land|pays|país|paese|sprache|langue|idioma|lingua|quelle|herkunft|fuente|origen|fonte|kampagne|
    campagne|campaña|campanha|campagna|betrag|montant|importe|importo|währung|devise|moneda|valuta"""


@lru_cache(maxsize=1024)
def apart(label: str) -> str:
    """`label`, or what tells it from a field that everybody has, be it in other letters or in another language."""
    return label[: 120 - len(_BEHIND)] + _BEHIND if _plain(label) in _built_in() else label


def stem(label: str) -> str:
    """What a column was called before `apart`."""
    bare = label.removesuffix(_BEHIND)
    return bare if apart(bare) == label else label


def _plain(label: str) -> str:
    return key(label).replace(" ", "")


@cache
def _built_in() -> frozenset[str]:
    labels = [field.label for field in FIELDS["leads"].values()] + [column.label for column in COLUMNS.values()]
    return frozenset(map(_plain, (*labels, *HEADINGS, *WHOLE, *_OTHERWISE.replace("\n    ", "").split("|"))))
