"""How visits are recorded: sites, kinds of pages, our own networks. The intake notices a change by its version."""

import re
import secrets
from collections.abc import Collection, Sequence

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from ripeline.base.networks import network_of
from ripeline.base.settled import Settled
from ripeline.catalog.models import PageRule, Site, Tracking, TriedHost
from ripeline.catalog.pages import DEFAULT_RULES, PageKind, complaint
from ripeline.catalog.tried import lately
from ripeline.people import actions as people
from ripeline.people import rules
from ripeline.people.actions import PeopleError
from ripeline.people.models import User

MOST_RULES = 200
_HOST = re.compile(r"(?=.{1,190}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?")


def seed() -> None:
    """Make the settings and the first rules. Idempotent; rules that people removed stay away."""
    with transaction.atomic():
        _, is_new = Tracking.objects.get_or_create(id=1)
        if is_new:
            _write_rules([(pattern, kind.value) for pattern, kind in DEFAULT_RULES])


def current() -> Tracking:
    """The settings."""
    return Tracking.objects.get(id=1)


def sites() -> Sequence[Site]:
    """Every site by host."""
    return list(Site.objects.order_by("host"))


_hosts = Settled(lambda: frozenset(Site.objects.values_list("host", flat=True)), "site")


def hosts() -> frozenset[str]:
    """The hosts of our sites."""
    return _hosts.now()


def page_rules() -> Sequence[tuple[str, str]]:
    """(pattern, kind) in their order."""
    return list(PageRule.objects.values_list("pattern", "kind"))


def add_site(*, actor: User, address: str) -> Site:
    """Let a website's visits be recorded. Takes a host or any address on it."""
    rules.require_keeps_catalog(actor)
    host = host_of(address)
    if not _HOST.fullmatch(host):
        raise PeopleError("Give the address of your website, such as www.example.com.", "address")
    try:
        with transaction.atomic():
            site = Site.objects.create(host=host, key=secrets.token_urlsafe(9))
            _changed(actor, "tracking.site_add", host)
            TriedHost.objects.filter(Q(host=host) | Q(host__endswith=f".{host}")).delete()
    except IntegrityError as clash:
        raise PeopleError(f"{host} is already here.", "address") from clash
    return site


def tried(hosts: Collection[str]) -> list[TriedHost]:
    """The last few hosts that sent hits by the tag of another site and are none of these, the latest first."""
    return lately(TriedHost.objects.exclude(host__in=hosts))


def forget_tried(*, actor: User, host: str) -> None:
    """It is none of ours: say no more of it, until it sends again."""
    rules.require_keeps_catalog(actor)
    TriedHost.objects.filter(host=host).delete()


def remove_site(*, actor: User, site: Site) -> None:
    """Record no more of a website. What came from it is kept."""
    rules.require_keeps_catalog(actor)
    with transaction.atomic():
        if Site.objects.filter(pk=site.pk).delete()[0]:
            _changed(actor, "tracking.site_remove", site.host)


def set_page_rules(*, actor: User, given: Sequence[tuple[str, str]]) -> None:
    """Put these rules in place of the present ones; kept hits are decided anew by the worker."""
    rules.require_keeps_catalog(actor)
    checked = check_rules(given)
    with transaction.atomic():
        Tracking.objects.select_for_update().get(id=1)
        if checked == page_rules():
            return
        PageRule.objects.all().delete()
        _write_rules(checked)
        _changed(actor, "tracking.page_rules", str(len(checked)))


def check_rules(given: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Rules without surrounding blanks, or PeopleError whose field is the place of the first that is wrong."""
    if len(given) > MOST_RULES:
        raise PeopleError(f"There can be at most {MOST_RULES} rules.")
    checked = [(pattern.strip(), kind) for pattern, kind in given]
    for place, (pattern, kind) in enumerate(checked):
        said = complaint(pattern) or ("" if kind in set(PageKind) else "Choose what kind of page that is.")
        if said:
            raise PeopleError(said, str(place))
    return checked


def set_own_networks(*, actor: User, text: str) -> Sequence[str]:
    """Say from where our own people come: addresses, divided by blanks or commas. Gives the networks that are kept."""
    rules.require_keeps_catalog(actor)
    networks = []
    for word in re.split(r"[\s,;]+", text.strip()):
        network = network_of(word.partition("/")[0])
        if word and not network:
            raise PeopleError(f"{word[:60]} is not an address, such as 203.0.113.7.", "own_networks")
        if word:
            networks.append(network)
    kept = sorted(set(networks))
    with transaction.atomic():
        held = Tracking.objects.select_for_update().get(id=1)
        if held.own_networks != kept:
            Tracking.objects.filter(id=1).update(own_networks=kept)
            _changed(actor, "tracking.own_networks", ", ".join(kept))
    return kept


def set_months_kept(*, actor: User, months: int) -> None:
    """For how many months raw hits are kept at least."""
    rules.require_keeps_catalog(actor)
    if not 1 <= months <= 60:
        raise PeopleError("Give 1 to 60 months.", "months_kept")
    with transaction.atomic():
        if Tracking.objects.filter(id=1).exclude(months_kept=months).update(months_kept=months):
            people.audit(actor=actor, verb="tracking.months_kept", target=str(months))


def host_of(address: str) -> str:
    """The host of an address as somebody typed or pasted it; :port stays."""
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", address.strip().casefold())
    host = re.split(r"[/?#]", host)[0].rpartition("@")[2].removesuffix(".")
    try:
        name, colon, port = host.partition(":")
        return name.encode("idna").decode("ascii") + colon + port
    except UnicodeError:
        return host


def is_unapplied() -> bool:
    """Whether rules were changed since kept hits were last decided."""
    return Tracking.objects.filter(id=1, applied__lt=F("version")).exists()


def note_applied(version: int) -> None:
    """Kept hits were decided by this version."""
    Tracking.objects.filter(id=1, applied__lt=version).update(applied=version)


def _write_rules(given: Sequence[tuple[str, str]]) -> None:
    PageRule.objects.bulk_create(
        [PageRule(position=place, pattern=pattern, kind=kind) for place, (pattern, kind) in enumerate(given)]
    )


def _changed(actor: User, verb: str, target: str) -> None:
    Tracking.objects.filter(id=1).update(version=F("version") + 1)
    people.audit(actor=actor, verb=verb, target=target)
