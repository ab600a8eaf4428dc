"""The options that several verbs have."""

from typing import Annotated

import typer

Data = Annotated[
    str | None,
    typer.Argument(
        help="A table: CSV, TSV (also .gz), Parquet; - is standard input. Or a folder of images or of WAV files, "
        "one folder a class.",
        show_default=False,
    ),
]
Target = Annotated[str | None, typer.Option("--target", "-t", help="Column that holds the class.")]
Out = Annotated[str | None, typer.Option("--out", "-o", help="Where to write; - is standard output.")]
Name = Annotated[
    str | None, typer.Option("--generator", "-g", help="Generator by name; without it a rule takes one and says why.")
]
Param = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", help="Parameter of the generator, K=V (V as in YAML). May be repeated."),
]
Style = Annotated[
    str | None,
    typer.Option(
        "--style",
        help="A folder of images: those of the data come out in their styles, by StyleTransfer, in place of a policy.",
    ),
]
StyleParam = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        help="With --style: parameter of StyleTransfer, K=V, as method=adain (V as in YAML). May be repeated.",
    ),
]
Column = Annotated[
    list[str] | None,
    typer.Option("--schema", help="Kind of a column, COLUMN=number|category|datetime|identifier. May be repeated."),
]
Config = Annotated[
    str | None, typer.Option("--config", "-c", help="Settings from YAML, or from a recipe; options override them.")
]
Kind = Annotated[
    str | None,
    typer.Option(
        "--kind",
        help="What the data is, where that must be said: table, series (numeric columns are steps), image, audio.",
    ),
]
Text = Annotated[str | None, typer.Option("--text", help="Column that holds the texts: the rows are those.")]
Masks = Annotated[str | None, typer.Option("--masks", help="Folder with a mask for each image, of the same name.")]
Size = Annotated[
    str | None,
    typer.Option("--size", help="Size of images for generators that need one, as 64 or HEIGHTxWIDTH."),
]
Bad = Annotated[
    str | None, typer.Option("--on-bad", help="Of images that are broken: skip, which leaves them out, or error.")
]
Link = Annotated[bool, typer.Option("--link", help="Hard links of real files instead of copies.")]
SafeCsv = Annotated[
    bool,
    typer.Option(
        "--safe-csv",
        help="Put an apostrophe before cells of text, real ones too, that a spreadsheet would run as formulas: those "
        "that begin with = + - @, a tab or a line end and are no numbers.",
    ),
]
Reject = Annotated[
    str | None,
    typer.Option(
        "--reject",
        help="Make others in place of what this file names: a copy of manifest.csv with a column reject, or a name a "
        "line; of a table, a number of a synthetic row a line. Goes with --config RECIPE.",
    ),
]
Holdout = Annotated[
    float | None, typer.Option("--holdout", help="Share of the rows to write untouched beside, for testing.")
]
Split = Annotated[
    str | None, typer.Option("--split", help="Column whose value 'train' (or 1, or true) marks the rows to balance.")
]
SplitBy = Annotated[
    str | None,
    typer.Option(
        "--split-by",
        help="What --holdout keeps on one side: a column, as of patients; of folders a regular expression for names, "
        r"as '\w+/\d+_' for CLASS/TRACK_FRAME.png.",
    ),
]
Watch = Annotated[str | None, typer.Option("--watch", help="Folder for a picture a round of a training on images.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed, at least 0.  [default: 0]", min=0)]
Threads = Annotated[int | None, typer.Option("--threads", help="Most threads to use.", min=1)]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on where the same job was cut off, as by kill -9, a crash or a time limit: a training is kept in "
        "OUT.checkpoint until the job ends well. The result is that of a job that was not cut off. Where nothing is "
        "kept, or it is of other data or settings, it begins anew and says so.",
    ),
]
Memory = Annotated[
    str | None,
    typer.Option(
        "--memory",
        help="Most memory to use, as 1GB. A table that needs more is read a part at a time, and of its larger classes "
        "a sample is learned from.  [default: half of what is free]",
    ),
]
Append = Annotated[
    bool, typer.Option("--append", help="Put files of synthetic rows beside the table, which stays as it is.")
]
Shuffle = Annotated[
    bool, typer.Option("--shuffle", help="Put synthetic rows anywhere among the real ones, which stay in order.")
]
Dask = Annotated[
    str | None,
    typer.Option("--dask", help="Spread the work: the address of a Dask scheduler, or a number of processes here."),
]
Print = Annotated[bool, typer.Option("--print-config", help="Print the settings as YAML and stop.")]
Model = Annotated[str | None, typer.Option("--model", help="A fitted generator to use instead (see fit).")]
Strategy = Annotated[
    str | None, typer.Option("--strategy", help='"auto", a ratio such as 0.5, or "{fraud: 1000}".  [default: auto]')
]
Groups = Annotated[str | None, typer.Option("--groups", help="Balance within each value of this column.")]
Under = Annotated[
    str | None, typer.Option("--under", help="Thin out real rows first, by an imbalanced-learn sampler's name.")
]
Gate = Annotated[
    list[str] | None,
    typer.Option("--gate", help="Refuse rows by this gate: NotACopy, 'Constraint(age >= 18)'. May be repeated."),
]
Mark = Annotated[str | None, typer.Option("--mark", help="Add this column: 1 for synthetic rows, 0 for real ones.")]
Policy = Annotated[
    str | None,
    typer.Option(
        "--policy",
        "-p",
        help="A YAML file, a transform's name, or YAML such as '[Flip, {name: Rotate, degrees: 5}]'; without it the "
        "default of the kind.",
    ),
]
MasksOut = Annotated[
    str | None, typer.Option("--masks-out", help="Folder for the changed masks.  [default: OUT.masks]")
]
Sheet = Annotated[
    str | None,
    typer.Option(
        "--sheet",
        help="A picture (PNG) of some images and their copies; enough without -o. With --style it shows the styles "
        "too, and is OUT.sheet.png where nothing is said.",
    ),
]
Methods = Annotated[
    str | None,
    typer.Option(
        "--methods",
        help="What to compare, by commas: generators by name, and default, which balance takes where none is named. "
        "none, threshold, class-weight and RandomOverSampler are always there.",
    ),
]
Learners = Annotated[
    str | None,
    typer.Option("--learners", help="Who learns, by commas; of tables logistic, boosting.  [default: both]"),
]
Metric = Annotated[
    list[str] | None,
    typer.Option("--metric", help="Figure to show; the first decides. May be repeated.  [default: all]"),
]
Folds = Annotated[
    str | None,
    typer.Option("--folds", help="Number of folds; time, where rows are in order of time.  [default: 5]"),
]
Together = Annotated[
    str | None,
    typer.Option(
        "--split-by",
        help="What no fold may cut: a column, as of patients, which is then no feature; of folders a regular "
        "expression for names.",
    ),
]
Within = Annotated[
    str | None, typer.Option("--groups", help="Column for each of whose values figures are told, with their gap.")
]
Report = Annotated[str | None, typer.Option("--report", help="Page (HTML) with what was found.")]
Table = Annotated[
    str | None, typer.Option("--out", "-o", help="File for the table: .csv, .parquet, or .json with the verdict.")
]
Jobs = Annotated[int | None, typer.Option("--threads", help="Folds at a time.  [default: one a core]", min=1)]
Fitted = Annotated[str, typer.Argument(help="A folder that fit wrote.", show_default=False)]
Count = Annotated[int, typer.Option("--n", "-n", help="How many rows.", min=0)]
Label = Annotated[str | None, typer.Option("--y", help="Class of all rows; without it, classes as in training.")]
Condition = Annotated[
    list[str] | None,
    typer.Option("--condition", help="Hold a column at a value, COLUMN=VALUE; others follow. May be repeated."),
]
What = Annotated[str, typer.Argument(help="A table, a folder of files, a model or a recipe.", show_default=False)]
Drawn = Annotated[
    str | None,
    typer.Option(
        "--out", "-o", help="Of a model: .png, what one of images makes; .svg or .csv, how its training went."
    ),
]
Nearest = Annotated[str | None, typer.Option("--data", help="Folder of real images for a PNG: the nearest.")]
