"""Real images in the style of others: the same thing in another light, its label, mask and boxes kept.

    made = give(content, style, strength),   strength ~ U(low, high)

The content is a real image of the class, each used as often as every other; the style is that of another image, of the
same class where nothing is said, since style can carry the class: the texture of a lesion is its diagnosis. How a
style is given stands in `transforms.image.restyle`.

Reference: Jackson et al. 2019, arXiv:1809.05375 (styles drawn at random as augmentation).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt

from ..data import saved
from ..data.kinds import as_rows, count_rows, take_rows
from ..errors import ConfigError, DataError, GensynthWarning, nearest
from ..random import cell_uniforms
from .base import Codes, Draw, Generator, Supports
from .copies import evenly

if TYPE_CHECKING:
    from ..transforms.base import Transform
    from ..transforms.image.restyle import Style

Method = Literal["moments", "fourier"]
BANKS = ("same-class", "any")
GIVEN = "given"  # in a file: styles that were given, of which the file holds what is known


class StyleTransfer(Generator):
    """Real images of the class in the style of others; label, masks and boxes stay. Of any size and form.

    `moments` and `fourier` take a fraction of a millisecond an image, and learn nothing but what the styles are like.
    Images of other sizes are not resized. Opacity stays.

    The parents of a row are its content and its style, the style's weight being the strength; of styles that were given
    the content alone.

    Few rows: a class of one image gives its own style, so that copies are made; it is said. `styles` helps.

    Arguments:
        method: "moments", mean and covariance of colours; or "fourier", amplitudes of the lowest frequencies, which
            are the light and the colour of large parts.
        styles: whose style it is. "same-class": that of another image of the class. "any": that of any other image,
            which is warned of, as style can carry the class. Or images: an array, `Images`, an `ImageFolder`, or the
            name of a folder.
        strength: from 0, as it is, to 1: a range that is drawn from, or one number.
        random_state: int for results that repeat, or None.

    Raises: ConfigError where the method is none of these, strength lies outside [0, 1], or styles are none; DataError
        where images cannot be used.

    Example:
        >>> X = np.stack([np.full((8, 8, 3), value, dtype=np.uint8) for value in (10, 90, 200)])
        >>> made, parents = StyleTransfer(strength=0.5, random_state=0).fit(X).sample(1, return_parents=True)
        >>> int(made[0, 0, 0, 0]) == round(X[parents["parent"], 0, 0, 0].mean()), parents["weight"].tolist()
        (True, [0.5, 0.5])
    """

    supports: ClassVar[Supports] = Supports(
        kinds=frozenset({"image"}), categories=True, missing=True, masks=True, prefix=True
    )  # fmt: skip
    holds_rows = True

    def __init__(
        self, method: Method = "moments", *, styles: Any = "same-class",
        strength: float | Sequence[float] = (0.2, 0.8), random_state: int | None = None,
    ) -> None:  # fmt: skip
        self.method, self.styles, self.strength, self.random_state = method, styles, strength, random_state

    def _check_params(self) -> None:
        methods = get_args(Method)
        if not isinstance(self.method, str) or self.method not in methods:
            said = f"method must be {', '.join(map(repr, methods))}, got {self.method!r:.60}"
            raise ConfigError(said + nearest(str(self.method), methods))
        self._range()
        if isinstance(self.styles, str) and self.styles not in (*BANKS, GIVEN) and not Path(self.styles).is_dir():
            said = f"styles must be 'same-class', 'any', images or a folder, and there is no folder {self.styles!r:.80}"
            raise ConfigError(said + nearest(self.styles, BANKS))

    def _range(self) -> tuple[float, float]:
        """Return the ends of the strength. Raises: ConfigError."""
        given: Any = self.strength
        try:
            low, high = (float(end) for end in ([given, given] if np.ndim(given) == 0 else given))
        except (TypeError, ValueError):
            raise ConfigError(f"strength must be a number or two, got {self.strength!r:.60}") from None
        if not 0 <= low <= high <= 1:
            raise ConfigError(f"strength must lie in [0, 1], the lower end first, got {self.strength!r:.60}")
        return low, high

    def _ladder(self, count: int) -> str | None:
        return "copies, as it has no other's style" if count == 1 and self._bank == "same-class" else None

    @property
    def _bank(self) -> str:
        """Whose styles they are: BANKS, or GIVEN for images that were given."""
        return self.styles if isinstance(self.styles, str) and self.styles in BANKS else GIVEN

    # Learning ----------------------------------------------------------------------------------------------------

    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        self.rows_, self.codes_ = rows, codes
        if self._bank == "any":
            text = "style can carry the class; behind the gate LabelAgrees rows that look like another are refused"
            warnings.warn(f"StyleTransfer, styles='any': {text}", GensynthWarning, stacklevel=3)
        if self._bank in BANKS:
            bank = rows
        else:
            from ..transforms.image.colour import Brightness

            bank = self._given_styles()
            Brightness((1.0, 1.0)).check(rows)
        self.style_ = style_of(self.method).learn(bank.x, lambda: _side(rows.x))

    def _given_styles(self) -> Any:
        """Return the images that were given as styles. Raises: DataError where there are none, or they are none."""
        from ..store.image_folder import ImageFolder

        if isinstance(self.styles, str) and self.styles == GIVEN and not Path(GIVEN).is_dir():
            raise ConfigError("the styles of this model are not in its file as images: say styles=... to fit it again")
        styles = ImageFolder(self.styles) if isinstance(self.styles, str | Path) else self.styles
        try:
            bank = as_rows(styles, "image")
        except (DataError, ConfigError) as error:
            raise type(error)(f"styles: {error}") from None
        if not count_rows(bank):
            raise DataError("styles: there are no images")
        return bank

    # Making ------------------------------------------------------------------------------------------------------

    def _sample(self, codes: Codes, key: int) -> Draw:
        from ..transforms.image.restyle import Restyle

        contents, styles = evenly(self.codes_, codes, key), np.empty(len(codes), dtype=np.intp)
        u = cell_uniforms(key, np.arange(len(codes)), "style", 2)
        low, high = self._range()
        strength = low + (high - low) * u[:, 1]
        for code in np.unique(codes):
            spots, pool = np.flatnonzero(codes == code), np.flatnonzero(self.codes_ == code)
            styles[spots] = self._others(contents[spots], pool, u[spots, 0])
        rows = take_rows(self.rows_, contents)
        if len(codes):
            rows = self._changed(rows, Restyle.of(self.style_, styles, strength))
        if self._bank not in BANKS:
            return Draw(rows, contents[:, None], np.ones((len(codes), 1)))
        weights = np.stack([1 - strength, strength], axis=1)
        alone = contents == styles
        weights[alone] = 1, 0
        return Draw(rows, np.stack([contents, np.where(alone, -1, styles)], axis=1), weights)

    def _changed(self, rows: Any, restyle: Transform) -> Any:
        return restyle(rows, index=np.arange(count_rows(rows)))

    def _others(self, contents: Codes, pool: Codes, u: npt.NDArray[np.float64]) -> Codes:
        """Return a style for each content: any of its bank but itself, if there is another. Shape: (m,) each."""
        if self._bank not in BANKS:
            return (u * len(self.style_)).astype(np.intp)
        choices = pool if self._bank == "same-class" else np.arange(len(self.codes_))
        others = max(len(choices) - 1, 1)
        place = np.searchsorted(choices, contents)
        return choices[(place + 1 + (u * others).astype(np.intp)) % len(choices)]

    # Files -------------------------------------------------------------------------------------------------------

    def _saved_params(self) -> dict[str, Any]:
        params = super()._saved_params()
        return params | {"styles": self._bank, "strength": [*self._range()]}

    def _state(self) -> saved.Packed:
        meta, arrays = saved.pack_rows(self.rows_)
        held = {f"style/{name}": array for name, array in self.style_.pack().items()}
        return {"rows": meta}, {**arrays, **held, "codes": self.codes_}

    def _restore(self, meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        held = {name: arrays.pop(name) for name in [*arrays] if name.startswith("style/")}
        self.codes_ = arrays.pop("codes")
        self.rows_ = saved.unpack_rows(meta["rows"], arrays)
        kind = style_of(self.method)
        self.style_ = kind.unpack({name.partition("/")[2]: array for name, array in held.items()})
        if self._bank in BANKS and len(self.style_) != len(self.codes_):
            raise DataError("the styles are not those of the rows")


def _side(x: Any) -> int:
    """Return the shorter side of the largest image."""
    shapes = [np.shape(one) for one in x] if isinstance(x, list | tuple) else [x.shape[1:]]
    return int(max(sorted(shape)[-2] for shape in shapes))


def style_of(method: Method) -> type[Style]:
    """Return what is known of styles by a method."""
    from ..transforms.image.restyle import Colours, Waves

    kinds: dict[Method, type[Style]] = {"moments": Colours, "fourier": Waves}
    return kinds[method]
