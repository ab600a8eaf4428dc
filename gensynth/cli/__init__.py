"""The command line: `gensynth balance | fit | sample | transform | show`.

This file holds the verbs and their options; what a verb does stands in the module of its name, imported when it runs.
What goes wrong becomes one sentence (`saying`) and an exit status: 0 done, 1 the work failed, 2 the request was wrong.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import warnings
from typing import Annotated

import typer

from .options import (
    Bad,
    Column,
    Config,
    Data,
    Holdout,
    Kind,
    Link,
    Masks,
    Name,
    Out,
    Overwrite,
    Param,
    Print,
    Reject,
    Seed,
    Size,
    Split,
    SplitBy,
    Style,
    StyleParam,
    Target,
    Text,
    Threads,
    Watch,
)
from .saying import CUT, said, said_text, warn

INTERRUPTED = 130  # what typer makes of Ctrl-C

app = typer.Typer(
    name="gensynth",
    help="Make synthetic rows of the classes that have too few, and merge them with the real data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback where something goes wrong.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what is being done.")] = False,
) -> None:
    """Hold what belongs to every verb."""
    if verbose:
        logging.basicConfig(level=logging.INFO, format="gensynth: %(message)s", stream=sys.stderr)


@app.command()
def balance(
    data: Data = None,
    target: Target = None,
    out: Out = None,
    generator: Name = None,
    model: Annotated[str | None, typer.Option("--model", help="A fitted generator to use instead (see fit).")] = None,
    param: Param = None,
    strategy: Annotated[
        str | None, typer.Option("--strategy", help='"auto", a ratio such as 0.5, or "{fraud: 1000}".  [default: auto]')
    ] = None,
    groups: Annotated[str | None, typer.Option("--groups", help="Balance within each value of this column.")] = None,
    under: Annotated[
        str | None, typer.Option("--under", help="Thin out real rows first, by an imbalanced-learn sampler's name.")
    ] = None,
    gate: Annotated[
        list[str] | None,
        typer.Option("--gate", help="Refuse rows by this gate: NotACopy, 'Constraint(age >= 18)'. May be repeated."),
    ] = None,
    holdout: Holdout = None,
    split: Split = None,
    split_by: SplitBy = None,
    mark: Annotated[
        str | None, typer.Option("--mark", help="Add this column: 1 for synthetic rows, 0 for real ones.")
    ] = None,
    schema: Column = None,
    kind: Kind = None,
    text: Text = None,
    masks: Masks = None,
    size: Size = None,
    on_bad: Bad = None,
    watch: Watch = None,
    link: Link = False,
    reject: Reject = None,
    config: Config = None,
    seed: Seed = None,
    threads: Threads = None,
    overwrite: Overwrite = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made, and write nothing.")] = False,
    print_config: Print = False,
) -> None:
    """Add synthetic rows of the rare classes to a table, or files to a folder of images or recordings.

    The real rows come first, unchanged; real files are copied, with synthetic-000001.png beside them, and manifest.csv
    says which are real; of StyleTransfer OUT.sheet.png shows some. Beside the output stands NAME.recipe.json, which
    --config takes to make the same output again.
    Split off the rows you test on before balancing (--holdout, --split), those of one patient or track together
    (--split-by).
    """
    from . import balancing as verb
    from .settings import gather

    job = gather(config, data=data, target=target, out=out, generator=generator, model=model, param=param,
                 strategy=strategy, groups=groups, under=under, gates=gate, holdout=holdout, split=split,
                 split_by=split_by, mark=mark, schema=schema, kind=kind, text=text, masks=masks, size=size,
                 on_bad=on_bad, link=link or None, reject=reject, watch=watch, seed=seed, threads=threads)  # fmt: skip
    verb.run(job, overwrite=overwrite, dry_run=dry_run, print_config=print_config)


@app.command()
def fit(
    data: Data = None,
    target: Target = None,
    generator: Name = None,
    out: Annotated[str | None, typer.Option("--out", "-o", help="Folder to write the model to.")] = None,
    param: Param = None,
    schema: Column = None,
    kind: Kind = None,
    text: Text = None,
    masks: Masks = None,
    size: Size = None,
    on_bad: Bad = None,
    watch: Watch = None,
    config: Config = None,
    seed: Seed = None,
    threads: Threads = None,
    overwrite: Overwrite = False,
    print_config: Print = False,
) -> None:
    """Fit a generator on a table or a folder and save it, for `sample` and `balance --model`."""
    from . import modelling as verb
    from .settings import gather

    job = gather(config, data=data, target=target, out=out, generator=generator, param=param, schema=schema, kind=kind,
                 text=text, masks=masks, size=size, on_bad=on_bad, watch=watch, seed=seed, threads=threads)  # fmt: skip
    verb.fit(job, overwrite=overwrite, print_config=print_config)


@app.command()
def sample(
    model: Annotated[str, typer.Argument(help="A folder that fit wrote.", show_default=False)],
    n: Annotated[int, typer.Option("--n", "-n", help="How many rows.", min=0)],
    y: Annotated[str | None, typer.Option("--y", help="Class of all rows; without it, classes as in training.")] = None,
    condition: Annotated[
        list[str] | None,
        typer.Option("--condition", help="Hold a column at a value, COLUMN=VALUE; others follow. May be repeated."),
    ] = None,
    out: Annotated[str, typer.Option("--out", "-o", help="Where to write; - is standard output, as text.")] = "-",
    seed: Seed = None,
    threads: Threads = None,
    overwrite: Overwrite = False,
) -> None:
    """Make rows with a fitted generator."""
    from . import modelling as verb

    verb.sample(model, n, y=y, conditions=condition, out=out, seed=seed or 0, threads=threads, overwrite=overwrite)


@app.command()
def transform(
    data: Data = None,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy",
            "-p",
            help="A YAML file, a transform's name, or YAML such as '[Flip, {name: Rotate, degrees: 5}]'; without it "
            "the default of the kind.",
        ),
    ] = None,
    style: Style = None,
    param: StyleParam = None,
    copies: Annotated[int | None, typer.Option("--n", "-n", help="Changed copies of each row.  [default: 1]")] = None,
    out: Out = None,
    masks: Masks = None,
    masks_out: Annotated[
        str | None, typer.Option("--masks-out", help="Folder for the changed masks.  [default: OUT.masks]")
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(
            "--sheet",
            help="A picture (PNG) of some images and their copies; enough without -o. With --style it shows the styles "
            "too, and is OUT.sheet.png where nothing is said.",
        ),
    ] = None,
    originals: Annotated[bool, typer.Option("--originals", help="Write the rows themselves too, first.")] = False,
    kind: Kind = None,
    text: Text = None,
    target: Target = None,
    schema: Column = None,
    config: Config = None,
    seed: Seed = None,
    threads: Threads = None,
    overwrite: Overwrite = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say what is done, and write nothing.")] = False,
    print_config: Print = False,
) -> None:
    """Make changed copies of every row: images, with their masks, texts, recordings, series or rows of a table.

    The class of a row stays its class. --style gives images the styles of others (paintings, another camera, another
    light); look at the sheet that is written with them before you train. Beside the output stands NAME.recipe.json,
    which --config takes to make the same again.
    """
    from . import transforming as verb
    from .settings import gather_change

    job = gather_change(config, data=data, policy=policy, style=style, param=param, copies=copies, out=out, masks=masks,
                        masks_out=masks_out, sheet=sheet, originals=originals or None, kind=kind, text=text,
                        target=target, schema=schema, seed=seed, threads=threads)  # fmt: skip
    verb.run(job, overwrite=overwrite, explain=explain, print_config=print_config)


@app.command()
def show(
    what: Annotated[str, typer.Argument(help="A table, a folder of files, a model or a recipe.", show_default=False)],
    target: Target = None,
    schema: Column = None,
    out: Annotated[str | None, typer.Option("--out", "-o", help="PNG of what a model of images makes.")] = None,
    data: Annotated[str | None, typer.Option("--data", help="Folder of real images for it: the nearest.")] = None,
    seed: Seed = None,
    overwrite: Overwrite = False,
) -> None:
    """Show the columns and classes of a table, the classes of a folder, what a model holds, or what a recipe did."""
    from . import grids
    from . import showing as verb
    from .settings import pairs

    if out is not None or data is not None:
        return grids.run(what, out, data=data, seed=seed or 0, overwrite=overwrite)
    verb.run(what, target=target, schema={name: str(kind) for name, kind in pairs(schema, "--schema").items()})


def main(args: list[str] | None = None) -> None:
    """Run the command line and leave with its exit status."""
    words = sys.argv[1:] if args is None else args
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"] or ["--help"]  # wherever it stands
    if threading.current_thread() is threading.main_thread():  # asked to end: tidy up as after Ctrl-C
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    else:
        before = None
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = warn
        try:
            status = app(words, standalone_mode=False)
        except Exception as error:
            if debug:
                raise
            sys.exit(said(error))
        except KeyboardInterrupt:
            status = INTERRUPTED
        finally:
            if before is not None:
                signal.signal(signal.SIGTERM, before)
    if status == INTERRUPTED:
        sys.exit(said_text(CUT, 1))
    sys.exit(status if isinstance(status, int) else 0)
