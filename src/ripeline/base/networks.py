"""The network of an address: as much as is ever kept of where somebody came from. Pure."""

import ipaddress
from functools import lru_cache


@lru_cache(maxsize=20_000)
def network_of(address: str) -> str:
    """The network of an address: all that is kept of it, so that no hit leads to a household; "" if it is none.

    >>> network_of("198.51.100.7"), network_of("2001:db8:1:2::3"), network_of("::ffff:198.51.100.7"), network_of("?")
    ('198.51.100.0/24', '2001:db8:1::/48', '198.51.100.0/24', '')
    """
    try:
        found = ipaddress.ip_address(address.strip("[]").split("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False))
