"""Forms of people and company: what was typed, checked for form only; what may be is decided by the slices' actions."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.http import HttpRequest, QueryDict

from ripeline.catalog.phrases import Language
from ripeline.people.actions import PeopleError
from ripeline.people.models import Experience, Responsible, Role, Team, Tracking, User
from ripeline.people.queries import INTAKE
from ripeline.simulation.rules import BOUNDS, KINDS
from ripeline.web.frame.countries import CURRENCIES, countries, country_of_zone, old_names

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: what was sent, be it empty; None where the page is only looked at."""
    return request.POST if request.method == "POST" else None


class Form(forms.Form):
    """A form whose fields show the errors of an action beside them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = "Please fill this in."

    def show(self, error: PeopleError, **elsewhere: str) -> None:
        """Put an action's complaint beside its field; `elsewhere` maps its names to this form's."""
        name = elsewhere.get(error.field, error.field)
        self.add_error(name if name in self.fields else None, str(error))


def its_language(of_what: str) -> forms.ChoiceField:
    """In which a door speaks."""
    return forms.ChoiceField(label="Its language", choices=Language.choices, required=False, help_text=of_what)


class ZoneSelect(forms.Select):
    """Each zone says its country, so that the page can guess one from the other. One that goes by an old name now
    (US/Eastern) can be kept.
    """

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> Any:
        listed = {zone for _, group in _zones() for zone, _ in group}
        kept = [(zone, zone) for zone in value if zone and zone not in listed and zone in available_timezones()]
        if kept:
            self.choices = [("Now", kept), *self.choices]
        return super().optgroups(name, value, attrs)

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        if country := country_of_zone().get(str(value)):
            option["attrs"]["data-country"] = country
        if others := old_names().get(str(value)):
            option["attrs"]["data-also"] = " ".join(others)
        return option


@lru_cache(maxsize=1)
def _zones() -> list[tuple[str, Any]]:
    """Time zones by continent, as people look for them: each by the one name that it has today."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted(country_of_zone()):
        continent, _, place = zone.partition("/")
        groups.setdefault(continent, []).append((zone, place.replace("_", " ").replace("/", ", ")))
    return [("Everywhere", [("UTC", "UTC")]), *groups.items()]


def zone_field(*, empty: str = "", **attrs: str) -> forms.ChoiceField:
    """A choice of time zones; with `empty`, the words of the choice to have none of one's own."""
    choices = [("", empty), *_zones()] if empty else _zones()
    return _Zone(label="Time zone", choices=choices, required=not empty, widget=ZoneSelect(attrs))


class _Zone(forms.ChoiceField):
    def valid_value(self, value: str) -> bool:
        return super().valid_value(value) or value in available_timezones()


def password_field(label: str = "Password", *, is_new: bool) -> forms.CharField:
    """A password; a new one can be looked at while it is typed."""
    attrs = {"autocomplete": "new-password", "data-reveals": "1"} if is_new else {"autocomplete": "current-password"}
    return forms.CharField(
        label=label,
        max_length=200,
        strip=False,
        help_text="At least 10 characters; a few words are better than one odd one." if is_new else "",
        widget=forms.PasswordInput(attrs),
    )


def email_field(*, autofocus: bool = False) -> forms.EmailField:
    attrs = {"autocomplete": "username", "spellcheck": "false", "autofocus": autofocus}
    return forms.EmailField(label="E-mail", max_length=254, widget=forms.EmailInput(attrs))


def _name(label: str, autocomplete: str = "off", **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=120, widget=forms.TextInput({"autocomplete": autocomplete}), **more)


class SignIn(Form):
    email = email_field(autofocus=True)
    password = password_field(is_new=False)


class Forgot(Form):
    email = email_field(autofocus=True)


class NewPassword(Form):
    password = password_field("New password", is_new=True)


class FirstRun(Form):
    company_name = _name("Company", "organization")
    time_zone = zone_field(**{"data-guess": "time-zone"})
    country = forms.ChoiceField(
        label="Country",
        choices=lambda: [("", "Choose your country"), *countries()],
        help_text="For public holidays and telephone numbers.",
        widget=forms.Select({"data-guess": "country"}),
    )
    name = _name("Your name", "name")
    email = email_field()
    password = password_field(is_new=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound:  # what was chosen is not guessed again
            for name in ("time_zone", "country"):
                del self.fields[name].widget.attrs["data-guess"]


class Profile(Form):
    name = _name("Name", "name")
    time_zone = zone_field(empty="The company's")
    minutes_per_day = forms.IntegerField(
        label="Minutes a day for Today",
        min_value=5,
        max_value=600,
        help_text="Today never plans more people than fit into this.",
    )


class ChangePassword(Form):
    current = password_field("Present password", is_new=False)
    password = password_field("New password", is_new=True)


class Person(Form):
    """What an administrator sets about somebody."""

    name = _name("Name")
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.REP)
    team = forms.ModelChoiceField(
        label="Team", queryset=Team.objects.order_by("name"), required=False, empty_label="None"
    )
    minutes_per_day = forms.IntegerField(label="Minutes a day for Today", min_value=5, max_value=600, initial=90)
    weight = forms.IntegerField(
        label="Share of new leads",
        min_value=0,
        max_value=20,
        initial=1,
        help_text="2 gets twice as many as 1; 0 gets none.",
    )
    lead_cap = forms.IntegerField(
        label="Open leads at most",
        min_value=0,
        max_value=10000,
        initial=150,
        help_text="Further ones wait in the queue, or with whomever the company names for them.",
    )
    experience = forms.ChoiceField(
        label="Experience",
        choices=Experience.choices,
        initial=Experience.STEADY,
        help_text="Who is new to selling is given more leads, a veteran fewer and only those worth more.",
    )
    intake_cap = forms.IntegerField(
        label="New leads a week at most",
        min_value=0,
        max_value=1000,
        required=False,
        help_text="Empty: by experience, {}. One’s own leads and those of one’s companies come on top.".format(
            ", ".join(f"{INTAKE[level]} if {level.label.lower()}" for level in Experience)
        ),
    )
    tracking = forms.ChoiceField(
        label="What the leader sees",
        choices=[
            (Tracking.OUTCOMES, "Outcomes only: results and coverage, no single steps"),
            (Tracking.GUIDED, "Guided: also the single steps, without what was written"),
        ],
        initial=Tracking.OUTCOMES,
        help_text="A change is always told to the person.",
    )

    def __init__(self, *args: Any, only: Collection[str] | None = None, **kwargs: Any) -> None:
        """`only`: the fields that whoever fills it in may change."""
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - set(self.fields if only is None else only):
            del self.fields[name]


class Invitation(Person):
    email = email_field()
    field_order = ("email", "name")


class AbsenceForm(Form):
    first_day = forms.DateField(label="First day", widget=forms.DateInput({"type": "date"}))
    last_day = forms.DateField(label="Last day", widget=forms.DateInput({"type": "date"}))

    def __init__(self, *args: Any, covers: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cover"] = forms.ChoiceField(
            label="Who covers", required=False, choices=[("", "Nobody"), *((str(u.pk), u.name) for u in covers)]
        )


class Leaving(Form):
    def __init__(self, *args: Any, takers: Iterable[Responsible], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_rules = ("", "by the rules: to whom the company belongs, else in turn")
        self.fields["to"] = forms.ChoiceField(
            label="Their open leads go",
            required=False,
            choices=[by_rules, *((str(taker.pk), f"all to {taker.name}") for taker in takers)],
        )


class TeamForm(Form):
    team_name = _name("Name of the team")


class CompanyForm(Form):
    name = _name("Name", "organization")
    country = forms.ChoiceField(
        label="Country",
        choices=lambda: [("", "Choose your country"), *countries()],
        help_text="For public holidays and telephone numbers.",
    )
    time_zone = zone_field()
    currency = forms.ChoiceField(label="Currency", choices=CURRENCIES)
    imprint = forms.CharField(
        label="Imprint", max_length=1000, required=False, widget=forms.Textarea({"rows": 5}),
        help_text="Stands under every mail to people outside: name and legal form, address, telephone or e-mail, "
        "register and number, who manages it, VAT number. German law wants it under business mail "
        "(§ 5 DDG; § 35a GmbHG, § 80 AktG, § 37a HGB), and other countries have the like.",
    )  # fmt: skip
    work_days = forms.TypedMultipleChoiceField(
        label="Work days", choices=list(enumerate(DAYS)), coerce=int, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, fallbacks: Iterable[Responsible], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fallback"] = forms.ChoiceField(
            label="Who gets a lead that no rule has anybody for",
            choices=[(str(each.pk), each.name) for each in fallbacks],
            help_text="So that no lead is ever without somebody responsible.",
        )


class TermForm(Form):
    """One prior mean, in the words of odds: exp(mean), and a factor within which it lies nine times in ten."""

    times = forms.FloatField(
        label="Times the odds of buying",
        min_value=0.007,
        max_value=148,
        help_text="3 means three times as likely in odds as without it; 1 means it says nothing; 0.5 halves.",
        widget=forms.NumberInput({"step": "any"}),
    )
    factor = forms.FloatField(
        label="Give or take a factor of",
        min_value=1.01,
        max_value=3700,
        help_text="Nine times in ten the truth lies within this factor. The larger, the sooner your own outcomes win.",
        widget=forms.NumberInput({"step": "any"}),
    )
    basis = forms.CharField(
        label="Where it comes from",
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text="A source, or “judgement”.",
    )


MIX = "mix_"  # prefix of a kind of source's share


def _bounded(name: str, label: str, help_text: str = "", *, whole: bool = False) -> forms.Field:
    low, high = BOUNDS[name]
    text = f"Between {low:,g} and {high:,g}, please."
    said = {"min_value": text, "max_value": text, "invalid": "A number, please."}
    widget = forms.NumberInput({"step": "1" if whole else "any", "inputmode": "decimal"})
    given: dict[str, Any] = {"label": label, "help_text": help_text, "error_messages": said, "widget": widget}
    if whole:
        return forms.IntegerField(min_value=int(low), max_value=int(high), **given)
    return forms.FloatField(min_value=low, max_value=high, **given)


class MarketForm(Form):
    """What the simulated market is told of the company; a share for each kind of source besides."""

    leads_per_month = _bounded("leads_per_month", "Leads a month")
    reps = _bounded("reps", "People who follow up", whole=True)
    minutes_per_day = _bounded("minutes_per_day", "Minutes a day, each", whole=True)
    buys_of_100 = _bounded("buys_of_100", "Of 100 leads buy from someone")
    closing_of_100 = _bounded("closing_of_100", "Of 100 of those buy from you")
    worth = _bounded("worth", "A won deal brings")
    currency = forms.ChoiceField(label="Currency", choices=CURRENCIES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mix_error = ""
        for kind, label in KINDS.items():
            text = "Between 0 and 100, please."
            self.fields[MIX + kind] = forms.FloatField(
                label=label, required=False, min_value=0, max_value=100,
                error_messages={"min_value": text, "max_value": text, "invalid": "A number, please."},
                widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
            )  # fmt: skip

    def refuse(self, text: str, name: str) -> None:
        """What the action would not take, beside the field it is about."""
        if name == "mix":
            self.mix_error = text
        self.add_error(name if name in self.fields else None, text)
