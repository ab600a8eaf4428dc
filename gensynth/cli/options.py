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
Print = Annotated[bool, typer.Option("--print-config", help="Print the settings as YAML and stop.")]
