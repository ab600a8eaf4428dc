"""Conditions on the columns of a row, read from text: a small language, parsed and checked, never run as Python.

::

    age >= 18 and (country == 'PT' or `net income` < 2 * capital)
    town in ['Porto', 'Faro'] and not married
    0 < hours <= 24 and max(low, 0) < high and (isna(left) or left > entered)
    opened >= '2024-01-31'

Python's own parser makes the tree, of which only the kinds of nodes below are let through. There are no attributes,
no subscripts, no names but columns, no calls but six, and everything is bounded: length, depth, exponents.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from ..errors import ConfigError

LENGTH = 2000  # characters
DEPTH = 60
EXPONENT = 8
LARGEST = 2**63
CALLS = {"abs": (1, 1), "round": (1, 2), "min": (2, 20), "max": (2, 20), "isna": (1, 1), "notna": (1, 1)}
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
LOGIC = (ast.BitAnd, ast.BitOr)  # pandas' spelling of and, or
COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)
_TOKEN = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|`([^`\n]*)`")


class Expression:
    """A condition that has been read and checked.

    `tree` is what is left of Python's; `columns` are the names in it, in order; `named` gives the column that a name
    in the tree stands for.

    Arguments:
        text: the condition.

    Raises: ConfigError, saying what cannot be read.

    Example:
        >>> Expression("age >= 18 and `net income` < 2 * capital").columns
        ['age', 'net income', 'capital']
    """

    def __init__(self, text: str) -> None:
        if not isinstance(text, str) or not text.strip():
            raise ConfigError(f"a constraint is a condition such as 'age >= 18', got {text!r:.60}")
        if len(text) > LENGTH:
            raise ConfigError(f"a constraint of {len(text):,} characters; {LENGTH:,} is the most: make several of it")
        self.text = text
        self.quoted: dict[str, str] = {}
        self.tree = self._parsed(_TOKEN.sub(self._unquoted, text))
        self._check(self.tree, 0)
        self.columns = list(dict.fromkeys(self.named(name) for name in self._names(self.tree)))

    def named(self, name: str) -> str:
        """Return the column that a name in the tree stands for."""
        return self.quoted.get(name, name)

    def fault(self, what: str) -> ConfigError:
        """Return the error that names the constraint."""
        short = self.text if len(self.text) <= 80 else f"{self.text[:77]}..."
        return ConfigError(f"constraint {short!r}: {what}")

    def _unquoted(self, match: re.Match[str]) -> str:
        """Put a name of letters in the place of a quoted one; texts stay as they are."""
        if match[1] is None:
            return match[0]
        if not match[1]:
            raise self.fault("`` names no column")
        name = f"column_{len(self.quoted)}_"
        while name in self.text:
            name += "_"
        self.quoted[name] = match[1]
        return f" {name} "

    def _parsed(self, text: str) -> ast.expr:
        if "`" in _TOKEN.sub("", text):
            raise self.fault("a backtick is not closed")
        try:
            with warnings.catch_warnings(action="ignore"):  # what Python thinks of odd code is no matter here
                tree = ast.parse(f"({text}\n)", mode="eval").body
        except SyntaxError as error:
            hint = (
                "; a column whose name is no plain word stands in `backticks`" if error.msg == "invalid syntax" else ""
            )
            raise self.fault(f"cannot be read ({error.msg}{hint})") from None
        except (ValueError, RecursionError, MemoryError, OverflowError):
            raise self.fault("cannot be read: too deep, or numbers too long") from None
        if (tree.lineno, tree.col_offset) == (1, 0) and not isinstance(tree, ast.Tuple | ast.GeneratorExp):
            # the bracket put in front belongs to a part: the text closes it, and opens the one put at the end
            raise self.fault("cannot be read (a bracket is closed that is not open)")
        return tree

    def _names(self, node: ast.AST) -> Iterator[str]:
        """Yield the names of columns, from left to right."""
        if isinstance(node, ast.Name):
            yield node.id
        for child in node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node):
            yield from self._names(child)

    # What is let through -------------------------------------------------------------------------------------------

    def _check(self, node: ast.expr, depth: int) -> None:
        """Raise ConfigError at the first node that is not let through."""
        if depth > DEPTH:
            raise self.fault(f"nested deeper than {DEPTH}")
        for child in self._inner(node):
            self._check(child, depth + 1)

    def _inner(self, node: ast.expr) -> list[ast.expr]:
        """Return the parts of one node, after a look at what it is itself."""
        if isinstance(node, ast.Name):
            return []
        if isinstance(node, ast.Constant):
            self._check_constant(node.value)
            return []
        if isinstance(node, ast.BoolOp):
            return node.values
        if isinstance(node, ast.UnaryOp):
            return [node.operand]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ARITHMETIC + LOGIC):
            what = f"an exponent is a plain number, at most {EXPONENT}"
            if isinstance(node.op, ast.Pow) and abs(self.number(node.right, what)) > EXPONENT:
                raise self.fault(what)
            return [node.left, node.right]
        if isinstance(node, ast.Compare) and all(isinstance(op, COMPARISONS) for op in node.ops):
            return [node.left, *self._compared(node)]
        if isinstance(node, ast.Call):
            return self._called(node)
        raise self.fault(f"{_SAYS.get(type(node), type(node).__name__)} cannot stand in a constraint")

    def _compared(self, node: ast.Compare) -> list[ast.expr]:
        """Return the right sides of comparisons: of `in` the members of the list, which are plain values."""
        found: list[ast.expr] = []
        for op, side in zip(node.ops, node.comparators, strict=True):
            if not isinstance(op, ast.In | ast.NotIn):
                found.append(side)
                continue
            if not isinstance(side, ast.List | ast.Tuple | ast.Set) or len(node.ops) > 1:
                raise self.fault("`in` wants a list of values, such as town in ['Porto', 'Faro']")
            for member in side.elts:
                if not (isinstance(member, ast.Constant) and isinstance(member.value, str)):
                    self.number(member, "the members of a list are plain numbers or texts")
            found += side.elts
        return found

    def _called(self, node: ast.Call) -> list[ast.expr]:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in CALLS or node.keywords:
            raise self.fault(f"only {', '.join(CALLS)} can be called, with plain arguments")
        least, most = CALLS[name]
        if not least <= len(node.args) <= most:
            raise self.fault(
                f"{name} takes {least if least == most else f'{least} to {most}'} argument{'s' * (most > 1)}"
            )
        if name in ("isna", "notna") and not isinstance(node.args[0], ast.Name):
            raise self.fault(f"{name} takes a column")
        what = "round takes a whole number of digits, at most 15"
        if name == "round" and len(node.args) == 2 and self.number(node.args[1], what) not in range(-15, 16):
            raise self.fault(what)
        return node.args

    def _check_constant(self, value: object) -> None:
        if not isinstance(value, bool | int | float | str):
            hint = "; isna(column) asks for missing values" if value is None else ""
            raise self.fault(f"{value!r:.40} is no number and no text{hint}")
        if isinstance(value, int) and value >= LARGEST:
            raise self.fault("a number too long: write it with an exponent, as 1e20")

    def number(self, node: ast.expr, what: str) -> float:
        """Return the number, perhaps with a sign, that a node is. Raises: ConfigError, saying `what`."""
        sign = 1
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            sign, node = -1 if isinstance(node.op, ast.USub) else 1, node.operand
        if not isinstance(node, ast.Constant) or not isinstance(node.value, int | float):
            raise self.fault(what)
        self._check_constant(node.value)
        return sign * node.value


_SAYS: dict[type, str] = {
    ast.Attribute: "a dot (an attribute)",
    ast.Subscript: "square brackets after a name",
    ast.Lambda: "a lambda",
    ast.IfExp: "if ... else",
    ast.JoinedStr: "an f-string",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.NamedExpr: "an assignment",
    ast.Starred: "a star",
    ast.List: "a list outside `in`",
    ast.Tuple: "a tuple outside `in`",
    ast.Set: "a set outside `in`",
    ast.Dict: "a dict",
    ast.BinOp: "this operator",
    ast.Compare: "`is`",
}
