"""Why somebody was lost or let go, where a file's word for it says so: the company's own close reasons, per word."""

from collections.abc import Iterable, Mapping, Sequence

from ripeline.capture.cells.text import key
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import CloseReason, CloseState

_FEW = 6  # words
UNSTATED = {
    CloseState.WON: "bought_from_us",
    CloseState.LOST: "lost_unstated",
    CloseState.DISQUALIFIED: "not_a_fit",
}
_SAID = {  # words of a stage, reduced by `text.key`, that say one of the built-in reasons
    "no_budget": "budget|no money|no funding|kein geld|keine mittel|kein etat|presupuesto|orcamento",
    "bought_elsewhere": "competitor|competitors|competition|elsewhere|other vendor|other supplier|another vendor"
    "|another supplier|wettbewerb|wettbewerber|mitbewerb|mitbewerber|konkurrenz|konkurrent|anderer anbieter"
    "|anderen anbieter|anderer lieferant|anderweitig|concurrent|concurrence|competencia|concorrente|concorrencia"
    "|concorrenza|concurrentie",
    "no_project": "no need|no longer needed|not needed|no project|project dropped|project cancelled|project canceled"
    "|project stopped|kein bedarf|keinen bedarf|kein projekt|projekt gestoppt|projekt gestrichen|projekt abgesagt"
    "|projekt eingestellt|projektstopp|bedarf entfallen|pas de besoin|pas de projet|sin necesidad|sem necessidade",
    "price": "price|prices|pricing|too expensive|too costly|zu teuer|preis|preise|prix|trop cher|precio|preco|prezzo"
    "|prijs|te duur",
    "missing_feature": "missing feature|missing features|missing functionality|funktion fehlt|fehlende funktion"
    "|fehlende funktionen",
    "asked_to_stop": "do not contact|do not call|asked to stop|opted out|unsubscribed|kein kontakt|nicht kontaktieren"
    "|nicht anrufen|kontakt unerwunscht|keine werbung",
    "wrong_person": "wrong person|wrong contact|falsche person|falscher ansprechpartner|falscher kontakt",
    "left_company": "left company|left the company|no longer there|ausgeschieden|nicht mehr im unternehmen",
    "competitor": "competitor|wettbewerber|mitbewerber|konkurrent|concurrent|concorrente",
    "student": "student|students|studentin|researcher|schuler|etudiant|estudiante|estudante",
    "spam": "spam|fake|false address|falsche adresse",
}


class Reasons:
    """The close reasons in use; looked up once. `told` is what somebody said before, by the file's word."""

    def __init__(self, told: Mapping[str, str]) -> None:
        self._told = told
        self._usual: dict[str, CloseReason] = {}
        self._active = {state: list(catalog.reasons(state)) for state in CloseState}

    def choices(self, state: str) -> Sequence[CloseReason]:
        """What somebody can choose from."""
        return self._active[CloseState(state)] if state in set(CloseState) else []

    def usual(self, state: str) -> CloseReason:
        """Where nobody says why."""
        if state not in self._usual:
            self._usual[state] = catalog.reason(UNSTATED[CloseState(state)])
        return self._usual[state]

    def told(self, state: str, word: str) -> CloseReason | None:
        """The one that somebody chose for a word."""
        code = self._told.get(key(word), "")
        return next((reason for reason in self.choices(state) if reason.code == code), None)

    def guessed(self, state: str, word: str) -> CloseReason | None:
        """The one that a word says by itself: by its name, or in the usual words for a built-in one."""
        said = f" {key(word)} "
        names = ((reason, f"{key(reason.label)}|{_SAID.get(reason.code, '')}") for reason in self.choices(state))
        return next((reason for reason, listed in names if _is_in(listed, said)), None)

    def of(self, state: str, words: Iterable[str], *, because: str = "") -> CloseReason:
        """Why somebody ended so whose row says it in these words, or in those of a column of its own (`because`).

        What is told at length says more than one thing, and is no reason by a word that is in it.
        """
        said = [*([because] if because and len(because.split()) <= _FEW else []), *words]
        for find in (self.told, self.guessed):
            if found := next((reason for word in said if (reason := find(state, word))), None):
                return found
        return self.usual(state)


def _is_in(listed: str, said: str) -> bool:
    return any(f" {each} " in said for each in listed.split("|") if each)
