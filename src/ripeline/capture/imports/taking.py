"""A file's rows of leads taken in: rows become arrivals, arrivals are admitted, and every row has its outcome."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from ripeline.base import clock
from ripeline.capture.arriving.admission import LATER, Admitted, Arrival, Result, admit, natural_key
from ripeline.capture.arriving.arrivals import Policy, event_key
from ripeline.capture.cells.fields import CUSTOM, FIELDS, OTHER_PHONE
from ripeline.capture.cells.headings import is_of_record
from ripeline.capture.cells.text import BadValueError, given
from ripeline.capture.columns import mistaken, own_kinds, own_labels, requests
from ripeline.capture.columns.answers import Answers
from ripeline.capture.columns.mapping import FieldMap
from ripeline.capture.columns.permissions import Permissions
from ripeline.capture.columns.presets import RECORDS, recognised
from ripeline.capture.columns.row import Row
from ripeline.capture.columns.twice import Before, Seen, other_name
from ripeline.capture.columns.wording import NOBODY, Owners
from ripeline.capture.files.dialect import Dialect
from ripeline.capture.imports import firms, notes, owning
from ripeline.capture.imports.dates import Dates
from ripeline.capture.imports.dating import Dating
from ripeline.capture.imports.ended import Ended, stands
from ripeline.capture.imports.keys_of_fields import own_keys
from ripeline.capture.imports.mailboxes import Mailboxes
from ripeline.capture.imports.ours import Ours
from ripeline.capture.imports.tallying import ORIGIN, Tally
from ripeline.capture.models import ImportReject, ImportRemark, ImportRun, Remark
from ripeline.catalog import actions as catalog
from ripeline.catalog.models import CloseState, FieldType
from ripeline.catalog.rules import IN_TOUCH, UNANSWERED, UNDATED
from ripeline.leads.decisions import standing
from ripeline.leads.decisions.birth import Context, Person
from ripeline.leads.decisions.dated import Came
from ripeline.leads.knowing import identity
from ripeline.leads.knowing.shared_mailboxes import is_shared
from ripeline.leads.words import systems
from ripeline.people.models import User
from ripeline.science.choice import FRESH_DAYS

_TRIES = 3  # to name sources that nobody removes in the same moment
_FRESH = timedelta(days=FRESH_DAYS)  # who asked longer ago takes nobody's place before `settle` gives them a day
_TRIES = 3  # to admit rows together, each without those that the one before had refused
_OF_PERSON = frozenset(each.name for each in fields(Person)) & FIELDS["leads"].keys()


class _RefusedSaidError(Exception):
    """Rows were refused (`reasons`, by row) that others had been read after."""

    def __init__(self, reasons: Mapping[int, str]) -> None:
        super().__init__(reasons)
        self.reasons = reasons


class LeadTaker:
    """Takes rows of leads in, as one run says. Owners are looked up once."""

    def __init__(self, run: ImportRun) -> None:
        self._run = run
        self._brought_by = None if run.started_by.is_system else run.started_by_id
        self._owners = Owners()
        self._permissions = Permissions(run)
        self._seen = Seen()
        self._ours = Ours()
        self._first: dict[int, int] = {}  # for rows of this chunk whose person was in one before: which
        self._before: dict[int, tuple[tuple[identity.Key, ...], Sequence[str], Before | None]] = {}  # of this chunk
        dialect = Dialect.from_json(run.dialect)
        self._answers = Answers(run.mapping, dialect)
        self._requests = requests.Requests(dialect, FieldMap.from_json("leads", dialect.labels, run.mapping))
        labels = [column["label"] for column in run.dialect["columns"]]
        self._id_column = next((label for label in labels if run.mapping.get(label) == "external_id"), "")
        self._keys = own_keys(run)
        self._ended = Ended(run, self._keys)
        self._mailboxes = Mailboxes()
        self._dates = Dates(run)
        self._dating = Dating(run)
        preset = recognised(labels)
        days = [label for label in labels if run.mapping.get(label) == "captured_at"]
        self._are_records = preset is not None and preset.code in RECORDS
        self._may_be_records = preset is None and any(map(is_of_record, days))
        self._own = {
            target.removeprefix(CUSTOM): column
            for column in Dialect.from_json(run.dialect).columns
            if (target := run.mapping.get(column.label, "")).startswith(CUSTOM)
        }
        self._kinds: dict[str, str] = {}  # of the fields that have these keys

    def recall(self, rows: Iterable[Row]) -> None:
        """Rows that went in before the import was broken off: whom they were."""
        refused = set(ImportReject.objects.filter(run=self._run).values_list("row", flat=True))
        remarks = ImportRemark.objects.filter(run=self._run, text__endswith=mistaken.LEFT_OUT)
        mistaken_ids = set(remarks.values_list("row", flat=True)) if self._id_column else set()
        for row in (row for row in rows if row.row not in refused):
            if row.row in mistaken_ids and row.values.get("external_id"):
                mistaken.take_off(row, self._id_column)
            self._seen.before(row, self._mailboxes.keys(row, self._seen), self._named(row))
            self._seen.keep()
            for other in row.further:
                self._seen.before(other, self._mailboxes.keys(other, self._seen), self._named(other))
                self._seen.keep()

    def take(self, rows: Sequence[Row]) -> Tally:
        """Admit rows, within the transaction of their chunk, and then the other people who stand in them."""
        tally = self._take(rows)
        out = {reject.row for reject in tally.rejects}
        for nth in range(max((len(row.further) for row in rows), default=0)):
            others = [row.further[nth] for row in rows if row.row not in out and len(row.further) > nth]
            tally.beside(self._take(others))
        return tally

    def _take(self, rows: Sequence[Row]) -> Tally:
        self._answers.read(rows)
        if self._id_column:
            mistaken.leave_out(rows, self._id_column)
        self._ours.look(rows)
        self._register(rows)
        firms.complete(rows)
        self._mailboxes.look(rows)
        refused: dict[int, str] = {}
        for _ in range(_TRIES):
            try:
                with transaction.atomic():
                    return self._admitted(rows, refused)
            except _RefusedSaidError as problem:
                refused |= problem.reasons
        return self._one_by_one(rows)

    def _one_by_one(self, rows: Sequence[Row]) -> Tally:
        """Admit each before the next is read: for a file in which one refusal leads to another."""
        tally = Tally()
        for row in rows:
            tally.add(self._admitted([row], {}))
        return tally

    def _admitted(self, every: Sequence[Row], refused: Mapping[int, str]) -> Tally:
        """Admit those that are not refused. Raises _RefusedSaidError if one that is now had said something before
        another: what the first row that goes in says of somebody stays, not what one says that does not.
        """
        tally = Tally()
        for row in every:
            if row.row in refused:
                tally.reject(row, refused[row.row])
        rows = [row for row in every if row.row not in refused]
        self._seen.begin()
        self._first.clear()
        self._before.clear()
        arrivals = [self._arrival(row, tally) for row in rows]
        self._make(arrivals)
        dating = self._dating.of(rows, arrivals)
        arrivals = [
            replace(arrival, is_enquiry=False) if row.row in dating.here else arrival
            for row, arrival in zip(rows, arrivals, strict=True)
        ]
        born: list[tuple[Row, UUID]] = []
        taken: list[tuple[Row, UUID | None]] = []
        known: list[tuple[Row, UUID, Result]] = []
        for row, found in zip(rows, admit(arrivals, actor=self._run.started_by, origin=ORIGIN), strict=True):
            if found.result is Result.REJECTED:
                tally.reject(row, found.reason)
                continue
            tally.results[found.result] += 1
            tally.reopened += found.reopened
            tally.remark(row)
            self._remark(row, found, tally)
            taken.append((row, found.lead_id))
            if found.lead_id and found.result is Result.CREATED:
                born.append((row, found.lead_id))
            elif found.lead_id:
                known.append((row, found.lead_id, found.result))
        if len(taken) < len(rows):
            self._leave_out({reject.row: reject.reason for reject in tally.rejects}, [row for row, _ in taken])
        self._date(dating.came, known, tally)
        self._stand(self._ended.counted(born, known, tally), tally)
        new = {lead_id for _, lead_id in born}
        self._ended.otherwise([each for each in known if each[1] in new], tally)
        self._ended.here([each for each in known if each[1] not in new], tally)
        self._ended.moves_on([each for each in known if each[1] not in new], tally)
        self._owned([each for each in known if each[1] not in new], tally)
        went_in = [*((row, lead_id, Result.CREATED) for row, lead_id in born), *known]
        notes.write(self._run, went_in, tally)
        self._dates.of_leads(went_in, tally)
        tally.remarks += [(row, Remark.CELL, text) for row, text in self._permissions.note(taken)]
        self._seen.keep()
        out = {reject.row for reject in tally.rejects}
        tally.remarks = [remark for remark in tally.remarks if remark[0] not in out]
        return tally

    def _date(self, came: Mapping[int, Came], known: Sequence[tuple[Row, UUID, Result]], tally: Tally) -> None:
        """Those whose first import did not say when they came."""
        found = [(row, result) for row, lead, result in known if row.row in came and came[row.row].lead_id == lead]
        self._dating.date([came[row.row] for row, _ in found])
        for row, result in found:
            tally.bring(row, result)

    def _remark(self, row: Row, found: Admitted, tally: Tally) -> None:
        if found.reopened and found.result is not Result.CREATED:
            tally.remarks.append((row.row, Remark.BACK, ""))
        if found.first:
            tally.remarks.append((row.row, Remark.AGAIN, f"{self._first[row.row]}: {', '.join(found.first)}"))
        if other := self._ours.others.get(row.row):
            tally.remarks.append((row.row, Remark.AMOUNT, other))
        if found.kept:
            tally.remarks.append((row.row, Remark.BY_HAND, ", ".join(found.kept)))

    def _leave_out(self, refused: Mapping[int, str], rows: Sequence[Row]) -> None:
        """What was refused has said nothing of anybody."""
        self._seen.begin()
        for row in rows:
            keys, custom, before = self._before[row.row]
            if self._seen.before(row, keys, custom) != before:
                raise _RefusedSaidError(refused)

    def _stand(self, born: Sequence[tuple[Row, UUID]], tally: Tally) -> None:
        """New leads stand where they stood elsewhere; what was ended there ends here, on its day if that is known."""
        self._ended.new(born, tally)
        for state in ("working", "opportunity", "nurture"):
            if found := [each for each in born if stands(each[0]) == state]:
                ids = [lead_id for _, lead_id in found]
                kept = standing.take_over(ids, state, origin=ORIGIN, import_run_id=self._run.pk)
                unowned = [row for row, lead_id in found if lead_id not in kept]
                tally.remarks += [(row.row, Remark.UNOWNED, self._ended.word(row, state)) for row in unowned]

    def _owned(self, known: Sequence[tuple[Row, UUID, Result]], tally: Tally) -> None:
        """Whom rows name as the owner of who is open here, and is another's: under “always” they get them."""
        named: dict[UUID, tuple[Row, Result, User]] = {}
        for row, lead_id, result in known:
            if owner := self._owners.find(row.text("owner")):
                named.setdefault(lead_id, (row, result, owner))
        differ = owning.differing({lead_id: owner for lead_id, (*_, owner) in named.items()}, self._run)
        given = owning.hand_over(differ, self._run) if self._run.policy == Policy.ALWAYS else set()
        for each in differ:
            row, result, _ = named[each.lead_id]
            if each.lead_id not in given:
                tally.remarks.append((row.row, Remark.OWNS, each.text))
            else:
                tally.bring(row, result)

    def _register(self, rows: Sequence[Row]) -> None:
        """Make the custom fields that these rows have: those mapped so, and those kept because a cell was not read."""
        if labels := sorted({label for row in rows for label in row.custom}):
            kinds = {label: self._own[label].kind if label in self._own else FieldType.TEXT for label in labels}
            found, made = catalog.custom_fields(
                {self._keys[label]: (own_labels.apart(label), kinds[label]) for label in labels}
            )
            if made:  # in the transaction of the chunk, which holds the run
                run = ImportRun.objects.filter(pk=self._run.pk)
                run.update(fields_made=sorted({*run.values_list("fields_made", flat=True).get(), *made}))
            self._kinds |= {key: field.field_type for key, field in found.items()}

    def _make(self, arrivals: Sequence[Arrival]) -> None:
        """Make the sources and campaigns that are new, and keep which those are: they go where it is taken back.

        Until the chunk is in, the undo of another import does not remove one of them as nobody's.
        """
        made = {"source": list[UUID](), "campaign": list[UUID]()}
        for _ in range(_TRIES):
            sources = catalog.sources_named(dict.fromkeys(each.source for each in arrivals), made["source"])
            campaigns = catalog.campaigns_named(dict.fromkeys(each.campaign for each in arrivals), made["campaign"])
            if catalog.hold(sources.values()) and catalog.hold(campaigns.values()):
                break
        if any(made.values()):  # in the transaction of the chunk, which holds the run
            run = ImportRun.objects.filter(pk=self._run.pk)
            if (kept := run.values_list("made", flat=True).get()) is not None:
                run.update(made={name: [*kept.get(name, ()), *map(str, ids)] for name, ids in made.items()})

    def _arrival(self, row: Row, tally: Tally) -> Arrival:
        when = row.moment("captured_at")
        given: dict[str, Any] = {name: value for name, value in row.values.items() if name in _OF_PERSON}
        custom = self._custom(row, tally)
        ours = self._ours.key(row)
        person = Person(
            **given, other_phones=row.text(OTHER_PHONE).split(), custom=custom,
            reference="" if ours else systems.bare(row.text("external_id")),
        )  # fmt: skip
        asks = not ours and self._requests.asks(row) and stands(row) in ("", "new")
        context = Context(
            door="import", captured_at=when or clock.now(), landing_page=row.text("landing_page"),
            place=self._run.filename, captured_by_id=self._brought_by,
            message=row.text("message"), answers=row.answers, import_run_id=self._run.pk,
        )  # fmt: skip
        known_by, policy = self._known_by(row), Policy(self._run.policy)
        before = self._seen.before(row, known_by, custom)
        self._before[row.row] = known_by, list(custom), before
        other = other_name(row, before) if before and policy is not Policy.NEWEST else ""
        if other:
            tally.remarks.append((row.row, Remark.NAME, other))
            policy = Policy.EMPTY
        stays: frozenset[str] = frozenset()
        if before and policy in (Policy.FILE, Policy.ALWAYS):  # else the record stays, or the rows' dates decide
            self._first[row.row], stays = before.row, before.said
        days = dict.fromkeys((when, None) if self._dating.is_possible else (when,))
        keys = known_by or tuple(natural_key(self._run.signature, person, day) for day in days)
        arrival = Arrival(
            keys=keys, person=person, context=context, source=row.text("source") or self._run.source,
            campaign=row.text("campaign"), dated=when is not None, owner_id=self._owner(row, tally),
            policy=policy, said=stays, note=UNANSWERED if asks else _note(row),
            was_in_touch=row.contact is not None and not asks, has_ended=stands(row) in set(CloseState),
            is_enquiry=not ours and (bool(row.text("message")) or not self._is_record(before)),
            due=clock.now() + LATER if asks and when and clock.now() - when > _FRESH else None,
        )  # fmt: skip
        if arrival.source or not asks:
            return arrival
        return replace(arrival, source=requests.SOURCE, context=replace(context, event_key=event_key(arrival)))

    def _is_record(self, before: Before | None) -> bool:
        """Whether a row is a record that another system made of somebody; several of one person are enquiries."""
        return self._are_records or (self._may_be_records and before is None)

    def _known_by(self, row: Row) -> tuple[identity.Key, ...]:
        """The keys of a row; of one of our own list, by its id, that of its record."""
        ours = self._ours.key(row)
        if not ours:
            return self._mailboxes.keys(row, self._seen)
        address = None if is_shared(row.text("email")) else identity.email(row.text("email"))
        return tuple(dict.fromkeys(key for key in (address, ours) if key))

    def _named(self, row: Row) -> list[str]:
        """The keys of the company's own fields that a row says something in."""
        return [self._keys[label] for label, text in row.custom.items() if given(text)]

    def _custom(self, row: Row, tally: Tally) -> dict[str, Any]:
        """What the row says in the company's own fields, each as its field keeps it; else in its words, remarked on."""
        found: dict[str, Any] = {}
        for label, text in row.custom.items():
            name, column = self._keys[label], self._own.get(label)
            kind = self._kinds[name]
            if column is None or kind not in (FieldType.NUMBER, FieldType.DATE):
                found[name] = text
            elif said := given(text):
                try:
                    found[name] = own_kinds.kept(said, kind, column, now=clock.now())
                except BadValueError as problem:
                    found[name] = text
                    tally.remarks.append((row.row, Remark.CELL, f"{label}: {problem}; it was kept as it is"))
        return found

    def _owner(self, row: Row, tally: Tally) -> UUID | None:
        said = row.text("owner")
        if not said or said == NOBODY:
            return None
        owner = self._owners.find(said)
        if owner is None and row.system != systems.OURS:  # there a queue may have them
            tally.remarks.append((row.row, Remark.OWNER, said))
        return owner.pk if owner else None


def _note(row: Row) -> str:
    """What is to be known of somebody new before the first step."""
    if row.contact:
        day = row.contact.at
        return f"{IN_TOUCH}{day.day} {day:%B %Y}"
    return "" if row.moment("captured_at") else UNDATED
