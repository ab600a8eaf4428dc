"""The command line: `gensynth balance | fit | sample | compare | transform | show`.

This file holds the verbs and their options; what a verb does stands in the module of its name, imported when it runs.
What goes wrong becomes one sentence (`saying`) and an exit status: 0 done, 1 the work failed, 2 the request was wrong,
143 SIGTERM ended it.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import warnings
from typing import Annotated

import typer

from . import options as opt
from .saying import CUT, ENDED, TERMINATED, Ending, said, said_text, warn

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
    data: opt.Data = None,
    target: opt.Target = None,
    out: opt.Out = None,
    generator: opt.Name = None,
    model: opt.Model = None,
    param: opt.Param = None,
    strategy: opt.Strategy = None,
    groups: opt.Groups = None,
    under: opt.Under = None,
    gate: opt.Gate = None,
    holdout: opt.Holdout = None,
    split: opt.Split = None,
    split_by: opt.SplitBy = None,
    mark: opt.Mark = None,
    safe_csv: opt.SafeCsv = False,
    report: opt.Report = None,
    schema: opt.Column = None,
    kind: opt.Kind = None,
    text: opt.Text = None,
    masks: opt.Masks = None,
    size: opt.Size = None,
    on_bad: opt.Bad = None,
    watch: opt.Watch = None,
    link: opt.Link = False,
    reject: opt.Reject = None,
    memory: opt.Memory = None,
    append: opt.Append = False,
    shuffle: opt.Shuffle = False,
    dask: opt.Dask = None,
    config: opt.Config = None,
    seed: opt.Seed = None,
    threads: opt.Threads = None,
    overwrite: opt.Overwrite = False,
    resume: opt.Resume = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made, and write nothing.")] = False,
    print_config: opt.Print = False,
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
                 split_by=split_by, mark=mark, report=report, schema=schema, kind=kind, text=text, masks=masks,
                 safe_csv=safe_csv or None, size=size, on_bad=on_bad, link=link or None, reject=reject, watch=watch,
                 seed=seed, threads=threads, memory=memory, append=append or None, shuffle=shuffle or None,
                 dask=dask)  # fmt: skip
    verb.run(job, overwrite=overwrite, resume=resume, dry_run=dry_run, print_config=print_config)


@app.command()
def fit(
    data: opt.Data = None,
    target: opt.Target = None,
    generator: opt.Name = None,
    out: Annotated[str | None, typer.Option("--out", "-o", help="Folder to write the model to.")] = None,
    param: opt.Param = None,
    schema: opt.Column = None,
    kind: opt.Kind = None,
    text: opt.Text = None,
    masks: opt.Masks = None,
    size: opt.Size = None,
    on_bad: opt.Bad = None,
    watch: opt.Watch = None,
    config: opt.Config = None,
    seed: opt.Seed = None,
    threads: opt.Threads = None,
    overwrite: opt.Overwrite = False,
    resume: opt.Resume = False,
    print_config: opt.Print = False,
) -> None:
    """Fit a generator on a table or a folder and save it, for `sample` and `balance --model`."""
    from . import modelling as verb
    from .settings import gather

    job = gather(config, data=data, target=target, out=out, generator=generator, param=param, schema=schema, kind=kind,
                 text=text, masks=masks, size=size, on_bad=on_bad, watch=watch, seed=seed, threads=threads)  # fmt: skip
    verb.fit(job, overwrite=overwrite, resume=resume, print_config=print_config)


@app.command()
def sample(
    model: opt.Fitted,
    n: opt.Count,
    y: opt.Label = None,
    condition: opt.Condition = None,
    out: Annotated[str, typer.Option("--out", "-o", help="Where to write; - is standard output, as text.")] = "-",
    safe_csv: opt.SafeCsv = False,
    seed: opt.Seed = None,
    threads: opt.Threads = None,
    overwrite: opt.Overwrite = False,
) -> None:
    """Make rows with a fitted generator."""
    from . import sampling as verb

    verb.sample(model, n, y=y, conditions=condition, out=out, safe_csv=safe_csv, seed=seed or 0, threads=threads,
                overwrite=overwrite)  # fmt: skip


@app.command()
def compare(
    data: opt.Data = None,
    target: opt.Target = None,
    methods: opt.Methods = None,
    learners: opt.Learners = None,
    metric: opt.Metric = None,
    folds: opt.Folds = None,
    split_by: opt.Together = None,
    groups: opt.Within = None,
    report: opt.Report = None,
    out: opt.Table = None,
    schema: opt.Column = None,
    kind: opt.Kind = None,
    text: opt.Text = None,
    size: opt.Size = None,
    on_bad: opt.Bad = None,
    config: opt.Config = None,
    seed: opt.Seed = None,
    threads: opt.Jobs = None,
    overwrite: opt.Overwrite = False,
    print_config: opt.Print = False,
) -> None:
    """Find out whether synthetic rows would help, against nothing, a moved threshold, class weights and copies.

    Rows are made inside the rows of training of each fold, and learners are asked about the others. What to do, and the
    figures, go to standard output; the answer may be to leave the data alone.
    """
    from . import comparing as verb
    from .settings import gather_compare

    job = gather_compare(config, data=data, target=target, methods=methods, learners=learners, metrics=metric,
                         folds=folds, split_by=split_by, groups=groups, report=report, out=out, schema=schema,
                         kind=kind, text=text, size=size, on_bad=on_bad, seed=seed, threads=threads)  # fmt: skip
    verb.run(job, overwrite=overwrite, print_config=print_config)


@app.command()
def transform(
    data: opt.Data = None,
    policy: opt.Policy = None,
    style: opt.Style = None,
    param: opt.StyleParam = None,
    copies: Annotated[int | None, typer.Option("--n", "-n", help="Changed copies of each row.  [default: 1]")] = None,
    out: opt.Out = None,
    masks: opt.Masks = None,
    masks_out: opt.MasksOut = None,
    sheet: opt.Sheet = None,
    originals: Annotated[bool, typer.Option("--originals", help="Write the rows themselves too, first.")] = False,
    kind: opt.Kind = None,
    text: opt.Text = None,
    target: opt.Target = None,
    schema: opt.Column = None,
    config: opt.Config = None,
    seed: opt.Seed = None,
    threads: opt.Threads = None,
    overwrite: opt.Overwrite = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say what is done, and write nothing.")] = False,
    print_config: opt.Print = False,
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
    what: opt.What,
    target: opt.Target = None,
    schema: opt.Column = None,
    out: opt.Drawn = None,
    data: opt.Nearest = None,
    seed: opt.Seed = None,
    overwrite: opt.Overwrite = False,
) -> None:
    """Show the columns and classes of a table, the classes of a folder, what a model holds, or what a recipe did.

    Of a trained model the curves of its training are drawn.
    """
    from . import curves, grids
    from . import showing as verb
    from .settings import pairs

    if out is not None and data is None and out.lower().endswith(curves.ENDS):
        curves.write(what, out, overwrite=overwrite)
    elif out is not None or data is not None:
        grids.run(what, out, data=data, seed=seed or 0, overwrite=overwrite)
    else:
        verb.run(what, target=target, schema={name: str(kind) for name, kind in pairs(schema, "--schema").items()})


def main(args: list[str] | None = None) -> None:
    """Run the command line and leave with its exit status."""
    words = sys.argv[1:] if args is None else args
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"] or ["--help"]  # wherever it stands
    main_thread = threading.current_thread() is threading.main_thread()
    asked = Ending()
    before = signal.signal(signal.SIGTERM, asked) if main_thread else None
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = warn
        try:
            status = app(words, standalone_mode=False)
        except Exception as error:
            if asked.to_end:
                sys.exit(said_text(ENDED, TERMINATED))
            if debug:
                raise
            sys.exit(said(error))
        except KeyboardInterrupt:
            status = INTERRUPTED
        except SystemExit:
            if not asked.to_end:
                raise
        finally:
            if before is not None:
                signal.signal(signal.SIGTERM, before)
    if asked.to_end:
        sys.exit(said_text(ENDED, TERMINATED))
    if status == INTERRUPTED:
        sys.exit(said_text(CUT, 1))
    sys.exit(status if isinstance(status, int) else 0)
