"""``ripeline bench``: runs a benchmark of the checkout; each figure beside a limit or peer of the same run."""

import importlib.util
import inspect
import signal
import sys
from pathlib import Path
from types import ModuleType

import click

import ripeline
from ripeline.cli.output import Failed, emit, json_option, say

FOLDER = Path(ripeline.__file__).parents[2] / "benchmarks"


def _found() -> dict[str, Path]:
    return {path.stem: path for path in sorted(FOLDER.glob("*.py")) if not path.stem.startswith("_")}


def _load(path: Path) -> ModuleType:
    sys.path.insert(0, str(FOLDER.parent))
    spec = importlib.util.spec_from_file_location(f"benchmarks.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise Failed(f"{path} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@click.command("bench")
@click.argument("name", required=False)
@click.option("--list", "list_all", is_flag=True, help="List the benchmarks.")
@click.option("--leads", type=click.IntRange(100), help="How many leads the made company has, where there is one.")
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Keep the made company in this directory, for the next run."
)
@json_option
def command(name: str | None, list_all: bool, leads: int | None, keep: Path | None, as_json: bool) -> None:
    """Run the benchmark NAME in a database of its own and print each figure beside its limit or peer."""
    benchmarks = _found()
    if not benchmarks:
        raise Failed("Benchmarks come with a clone of the repository, not with the installed package.")
    if list_all or name is None:
        for known, path in benchmarks.items():
            summary = (_load(path).__doc__ or "").strip().splitlines()[0]
            emit({"name": known, "summary": summary}) if as_json else click.echo(f"{known:<12} {summary}")
        return
    if name not in benchmarks:
        raise Failed(f"There is no benchmark {name!r}; there are {', '.join(benchmarks)}.", status=2)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # and what it has started is stopped
    module = _load(benchmarks[name])
    given = {option: value for option, value in {"leads": leads, "keep": keep}.items() if value is not None}
    if unknown := given.keys() - inspect.signature(module.run).parameters.keys():
        raise Failed(f"The benchmark {name} has no --{sorted(unknown)[0]}.", status=2)
    for figure in module.run(say, **given):
        if as_json:
            emit(figure.as_dict())
        else:
            click.echo(figure.in_words())
