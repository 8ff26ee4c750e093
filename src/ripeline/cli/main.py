"""The ``ripeline`` command. Commands are imported when they are called, so that ``--help`` answers at once."""

import errno
import importlib
import os
import sys

import click

import ripeline
from ripeline.cli import output

# Processes share the cores here; threads inside a small product of matrices only get in each other's way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# What `ripeline --help` lists: the module of each command (its function has the command's name) and its one line.
COMMANDS = {
    "up": ("ripeline.cli.up", "Serve Ripeline: database, web pages and worker, supervised."),
    "web": ("ripeline.cli.web", "Serve the web pages alone."),
    "intake": ("ripeline.cli.intake", "Take tracked visits alone."),
    "worker": ("ripeline.cli.worker", "Run the background work alone."),
    "status": ("ripeline.cli.status", "Leads by state, wins, the shoebox, how far the worker is behind, versions."),
    "doctor": ("ripeline.cli.doctor", "Say what is wrong with this installation and what to do."),
    "import": ("ripeline.cli.imports", "Import a CSV file of leads or outcomes."),
    "export": ("ripeline.cli.export", "Write all leads to a CSV file."),
    "user": ("ripeline.cli.user", "Add people."),
    "apikey": ("ripeline.cli.apikey", "Keys by which programs use the API."),
    "model": ("ripeline.cli.model", "The ripening model: teach, choose, explain and judge it."),
    "simulate": ("ripeline.cli.simulate", "Compare ways of following up on a simulated market."),
    "bench": ("ripeline.cli.bench", "Run a benchmark; each figure beside its limit or a peer."),
    "db": ("ripeline.cli.db", "Bring the schema up to date; check that the data keeps every promise."),
}


# What is wrong with the machine and not with Ripeline, so that a sentence helps more than a traceback.
_THE_MACHINES = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOMEM, errno.EMFILE)


class _Lazy(click.Group):
    """A group that knows its commands' names and imports one only to run it or to show its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.command(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 done; 1 something is wrong and was said; 2 wrong arguments or settings; "
    "3 the database cannot be used; 4 the port or the home is taken.",
)
@click.version_option(ripeline.__version__, package_name="ripeline", message="%(version)s")
def cli() -> None:
    """Every sales lead is followed up until it ripens, is won, or is let go for a reason."""


def main() -> None:
    """The console script: run the command and turn what went wrong into a sentence and an exit status."""
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.exceptions.Abort:
        sys.exit(output.fail("Interrupted.", status=130))
    except KeyboardInterrupt:
        sys.exit(output.fail("Interrupted.", status=130))
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and not output.wants_json():
            error.show()
            sys.exit(error.exit_code)
        sys.exit(output.fail(error.format_message(), status=error.exit_code))
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # nobody reads us any more; a complaint about that would reach nobody
        sys.exit(0)
    except OSError as error:
        if error.errno not in _THE_MACHINES:
            raise
        where = f" ({error.filename})" if error.filename else ""
        sys.exit(output.fail(f"{error.strerror}{where}. ripeline doctor may say more.", status=1))
