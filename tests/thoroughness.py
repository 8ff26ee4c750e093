"""How much is tried: what every change needs, or with THOROUGH=1 more, as for a night or before a release."""

import os


def thorough(usual: int, more: int) -> int:
    """The number of examples, seeds or rows to try."""
    return more if os.environ.get("THOROUGH") else usual
