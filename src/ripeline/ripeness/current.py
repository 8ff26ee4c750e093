"""The model that scores now: of the current run, read once in each process and again when another run is current."""

from dataclasses import dataclass, replace
from datetime import datetime

from ripeline.base.settled import Settled
from ripeline.ripeness.models import PRIOR, ModelRun, Term
from ripeline.science import prior
from ripeline.science.model import Model
from ripeline.science.terms import Term as PriorTerm

ENOUGH = 0.5  # posterior ÷ prior sd above which a model is mostly the general rule

_loaded: dict[tuple[int, datetime | None], Model] = {}


@dataclass(frozen=True)
class Current:
    """The model that scores, and what scores call it."""

    name: str
    model: Model

    @property
    def is_mostly_prior(self) -> bool:
        """Whether it is mostly the general rule as yet, for want of outcomes."""
        return self.model.mostly_prior > ENOUGH


def terms() -> tuple[PriorTerm, ...]:
    """Science's terms with the company's means."""
    own = {term.key: term for term in Term.objects.all()}
    return tuple(
        replace(term, mean=own[term.key].mean, sd=own[term.key].sd, basis=own[term.key].basis)
        if term.key in own
        else term
        for term in prior.DEFAULT_TERMS
    )


def current(*, anew: bool = False) -> Current:
    """The current model: the general rule until another is promoted. `anew`: as it is now, whatever was looked at."""
    return _current.now(anew=anew)


def _read() -> Current:
    found = ModelRun.objects.filter(is_current=True, is_prior=False).values_list("pk", "ended_at").first()
    if found is None:
        return Current(PRIOR, Model.of_prior(terms()))
    model = _loaded.get(found)
    if model is None:
        stored = ModelRun.objects.values_list("model", flat=True).get(pk=found[0])
        model = Model.from_dict(stored or {})
        _loaded.clear()
        _loaded[found] = model
    return Current(f"run-{found[0]}", model)


_current = Settled(_read, "model_run", "ripening_term")


def of_run(run: ModelRun) -> Model:
    """The model of a run; the general rule scores by the terms as they stand."""
    return Model.of_prior(terms()) if run.is_prior else Model.from_dict(run.model or {})
