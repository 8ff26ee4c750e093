"""What the intake must know to take a hit, read again soon after it changes: sites, kinds of pages, networks."""

from dataclasses import dataclass, field

from psycopg import AsyncConnection

from ripeline.catalog.pages import PageRules
from ripeline.catalog.setup import SETUP, VERSION


@dataclass(frozen=True)
class Site:
    id: int
    host: str
    key: str

    def has(self, host: str) -> bool:
        """Whether a page at this host (with its port, if it has one) belongs to the site."""
        bare = host if ":" in self.host else host.partition(":")[0]
        return bare == self.host or bare.endswith(f".{self.host}")


@dataclass(frozen=True)
class Setup:
    version: int = 0
    sites: dict[str, Site] = field(default_factory=dict)  # by key
    own_networks: frozenset[str] = frozenset()
    pages: PageRules = field(default_factory=lambda: PageRules([]))

    def allows(self, host: str) -> bool:
        """Whether any of our sites has this host."""
        return any(site.has(host) for site in self.sites.values())


async def renewed(connection: AsyncConnection[tuple[object, ...]], known: Setup) -> Setup:
    """The setup as it is now; `known` itself where nothing has changed."""
    found = await (await connection.execute(VERSION)).fetchone()
    if found is None or found[0] == known.version:
        return known
    row = await (await connection.execute(SETUP)).fetchone()
    if row is None:
        return known
    version, networks, sites, rules = row
    made = [Site(**site) for site in sites]  # type: ignore[attr-defined]
    return Setup(version, {site.key: site for site in made}, frozenset(networks), PageRules(rules))  # type: ignore[arg-type, call-overload]
