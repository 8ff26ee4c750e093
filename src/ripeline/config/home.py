"""The home: the one directory in which an installation keeps its database, its keys and its logs.

A home is for one company: its file ``kind`` says whether it is the demo company or one's own, and neither is ever
started in the other's home.
"""

import os
import secrets
import tempfile
from pathlib import Path

from ripeline.config.environment import Environment

KINDS = {"demo": "the demo company", "company": "a company of your own"}


class HomeError(Exception):
    """The home cannot be used; the message says why and what to do."""


def default(*, demo: bool = False) -> Path:
    """Where the home lies when RIPELINE_HOME does not say."""
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    base = Path("/var/lib") if os.geteuid() == 0 else Path(data).expanduser()
    return base / ("ripeline-demo" if demo else "ripeline")


def locate(environment: Environment, *, demo: bool | None = None) -> Path:
    """The home to use. With ``demo`` said, a home that holds the other kind is refused; None takes what is there."""
    home = environment.home or default(demo=bool(demo))
    found = kind(home)
    if demo is None or found is None:
        if demo and not is_empty(home):
            raise HomeError(
                f"{home} is not empty and holds no demo company. Name an empty directory in RIPELINE_HOME, or unset it."
            )
        return home
    if (found == "demo") != demo:
        advice = "leave --demo out" if demo else "start it with --demo"
        raise HomeError(
            f"{home} holds {KINDS[found]}. To open that, {advice}; "
            f"for {KINDS['demo' if demo else 'company']}, name another directory in RIPELINE_HOME."
        )
    return home


def prepare(home: Path, *, demo: bool = False) -> None:
    """Make the home and say once for whom it is. Its own directories can be entered but not listed by others.

    As root the database's unprivileged user must be able to pass through; the files in it have modes of their own.
    """
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        home.mkdir(mode=mode, parents=True, exist_ok=True)
        if os.geteuid() == 0 and (kind(home) or is_empty(home)):
            home.chmod(home.stat().st_mode | 0o011)
        if kind(home) is None:
            _keep(home / "kind", "demo" if demo else "company")
    except OSError as error:
        raise HomeError(
            f"{home} cannot be made or written ({error.strerror}). Give it to the user that runs Ripeline, "
            "or name another directory in RIPELINE_HOME."
        ) from error


def kind(home: Path) -> str | None:
    """ "demo", "company", or None for a home that nobody has used yet."""
    text = _read(home / "kind")
    if text is not None and text not in KINDS:
        raise HomeError(f"{home / 'kind'} holds {text!r}; it must be one of: {', '.join(KINDS)}.")
    return text


def is_empty(home: Path) -> bool:
    """True where there is nothing yet but what a file system puts there by itself."""
    try:
        return not any(p.name != "lost+found" and not p.name.startswith(".") for p in home.iterdir())
    except FileNotFoundError:
        return True
    except OSError as error:
        raise HomeError(f"{home} cannot be read ({error.strerror}). Check who owns it.") from error


def is_demo(home: Path) -> bool:
    """True when the home holds the demo company."""
    return kind(home) == "demo"


def secret_key(home: Path) -> str:
    """The key that signs sessions and links: made once, readable by its owner alone.

    While nobody has made the home (a type checker imports the settings) there is nothing to keep, nor to sign.
    """
    if not home.is_dir():
        return secrets.token_urlsafe(48)
    return _read(home / "secret_key") or _keep(home / "secret_key", secrets.token_urlsafe(48))


def setup_token(home: Path) -> str:
    """What the first-run page asks for when other machines can reach it; `ripeline up` prints the link with it."""
    return _read(home / "setup_token") or _keep(home / "setup_token", secrets.token_urlsafe(24))


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8").strip() or None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise HomeError(f"{file} cannot be read ({error}). Run Ripeline as the user that made it.") from error


def _keep(file: Path, text: str) -> str:
    """Write a file whole or not at all, 0600; of two processes at once the first wins and both get its text."""
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
        with os.fdopen(handle, "w", encoding="utf-8") as new:
            new.write(text + "\n")
            new.flush()
            os.fsync(new.fileno())
        try:
            os.link(name, file)
        except FileExistsError:
            return _read(file) or text
        finally:
            os.unlink(name)
    except OSError as error:
        raise HomeError(f"{file} cannot be written ({error.strerror}).") from error
    return text
