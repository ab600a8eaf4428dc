"""Real images in the style of others: the same thing in another light or paint, its label, mask and boxes kept.

    made = give(content, style, strength),   strength ~ U(low, high)

The content is a real image of the class, each used as often as every other; the style is that of another image, of the
same class where nothing is said, since style can carry the class: the texture of a lesion is its diagnosis. How a
style is given stands in `transforms.image.styles`, a file a method, and how it is learned in `styling`.

Reference: Jackson et al. 2019, arXiv:1809.05375 (styles drawn at random as augmentation).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt

from ..data import saved
from ..data.kinds import Kind, as_rows, count_rows, take_rows
from ..errors import ConfigError, DataError, LabelWarning, nearest
from ..random import cell_uniforms
from .base import Codes, Draw, Supports
from .copies import evenly
from .pixels import Pixels
from .styling import WAYS, Way, check_settings, check_sides
from .trained import Trained
from .training import Pace, Training
from .weights import features_of

if TYPE_CHECKING:
    import torch

    from ..nn.task import Task
    from ..transforms.base import Transform

Method = Literal["moments", "fourier", "adain", "gatys"]
BANKS = ("same-class", "any")
GIVEN = "given"  # in a file: styles that were given, of which the file holds what is known


class StyleTransfer(Trained):
    """Real images of the class in the style of others; label, masks and boxes stay. Of any size and form.

    The methods, the cheapest first, with the time of an image of 64 pixels a side on one core:

    - "moments": mean and covariance of colours; 0.06 ms.
    - "fourier": amplitudes of the lowest frequencies, the light and the colour of large parts; 0.1 ms.
    - "adain": a network learns, from the images at hand, to give any of them the style of any other, locally too;
      minutes to learn, then 7 ms. Styles are drawn around those of the bank.
    - "gatys": pixels are optimised until the image has the textures of the style; a second.

    Networks work on images of at most 256 pixels on the shorter side; what they change of a smaller copy is enlarged
    and added to a larger image. Nothing else is resized, and opacity stays.

    The parents of a row are its content and its style, the style's weight being the strength; of styles that were given
    the content alone.

    Few rows: a class of one image gives its own style, so that copies are made; it is said. `styles` helps.

    After `fit` of "adain": `history_`, a record a round of step, seconds, loss, its parts (back, content, style) and
    held-out score; `steps_`, `ended_`. After `sample` of "gatys": `history_`, a record a step with the mean loss of the
    images, and `spoilt_`, how many met a loss that is not finite; they are as good as they had been until then. On a
    GPU images go through networks several at once, and the last decimals depend on which.

    Arguments:
        method: one of those above.
        styles: whose style it is. "same-class": that of another image of the class. "any": that of any other image,
            which is warned of, as style can carry the class. Or images: an array, `Images`, an `ImageFolder`, or the
            name of a folder.
        strength: from 0, as it is, to 1: a range that is drawn from, or one number.
        features: what "adain" and "gatys" judge style by. "random": convolutions of weights that are always the same,
            which need no file. "vgg19": ImageNet's weights by torchvision, which downloads them once.
        weights: a file of VGG-19's weights, which are then taken: .pth as torchvision saves them, or .safetensors. A
            saved model of "gatys" needs the same file where it makes images.
        variation: weight of squared differences of neighbouring pixels, for smoother images of "gatys"; at least 0.
        steps: of training ("adain") or of each image at most ("gatys", 70); None for as many as suit.
        max_time: bound on the time of training, such as "90s", "2m" or 90 (seconds).
        training: more settings of "adain", see `Training`; of "gatys" device and progress alone.
        random_state: int for results that repeat, or None.

    Raises: ConfigError where a parameter is out of range or means nothing to the method, or the weights cannot be had
        or are of another network; DataError where images cannot be used.

    Example:
        >>> X = np.stack([np.full((8, 8, 3), value, dtype=np.uint8) for value in (10, 90, 200)])
        >>> made, parents = StyleTransfer(strength=0.5, random_state=0).fit(X).sample(1, return_parents=True)
        >>> int(made[0, 0, 0, 0]) == round(X[parents["parent"], 0, 0, 0].mean()), parents["weight"].tolist()
        (True, [0.5, 0.5])
    """

    supports: ClassVar[Supports] = Supports(
        kinds=frozenset({"image"}), categories=True, missing=True, masks=True, prefix=True
    )  # fmt: skip
    paces: ClassVar[Mapping[Kind, Pace]] = {"image": Pace(passes=3, least=500, most=1500, rate=5e-4, batch=8, round=50)}
    holds_rows = True

    def __init__(
        self, method: Method = "moments", *, styles: Any = "same-class", strength: float | Sequence[float] = (0.2, 0.8),
        features: Literal["random", "vgg19"] = "random", weights: str | None = None, variation: float = 0.0,
        steps: int | None = None, max_time: str | float | None = None, training: Mapping[str, Any] | None = None,
        random_state: int | None = None,
    ) -> None:  # fmt: skip
        self.method, self.styles, self.strength = method, styles, strength
        self.features, self.weights, self.variation = features, weights, variation
        self.steps, self.max_time, self.training = steps, max_time, training
        self.random_state = random_state

    def _check_params(self) -> None:
        methods = get_args(Method)
        if not isinstance(self.method, str) or self.method not in methods:
            said = f"method must be {', '.join(map(repr, methods))}, got {self.method!r:.60}"
            raise ConfigError(said + nearest(str(self.method), methods))
        check_settings(self)
        super()._check_params()
        self._range()
        if isinstance(self.styles, str) and self.styles not in (*BANKS, GIVEN) and not Path(self.styles).is_dir():
            said = f"styles must be 'same-class', 'any', images or a folder, and there is no folder {self.styles!r:.80}"
            raise ConfigError(said + nearest(self.styles, BANKS))

    def _range(self) -> tuple[float, float]:
        """Return the ends of the strength. Raises: ConfigError."""
        given: Any = self.strength
        try:
            if isinstance(given, bool | str):
                raise TypeError
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

    @property
    def own_styles(self) -> bool:
        """Whether styles are those of the rows themselves."""
        return self._bank in BANKS

    @property
    def _way(self) -> Way:
        return WAYS[self.method](self)

    # Learning ----------------------------------------------------------------------------------------------------

    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        check_sides(rows)
        self.rows_, self.codes_ = rows, codes
        if self._bank == "any":
            text = "style can carry the class; behind the gate LabelAgrees rows that look like another are refused"
            warnings.warn(f"StyleTransfer, styles='any': {text}", LabelWarning, stacklevel=3)
        if self.own_styles:
            self.style_ = self._way.learn(rows, codes, key)
            return
        from ..transforms.image.colour import Brightness

        bank = self._given_styles()
        Brightness((1.0, 1.0)).check(rows)
        self.style_ = self._way.learn(bank, None, key)

    def learn_crops(self, x: torch.Tensor, key: int) -> None:
        """Train the network on images of one size. Shape: (n, 3, side, side) of bytes."""
        settings = Training.read(self.training)
        self.form_ = Pixels(*x.shape[1:])
        self.lr_ = self.pace.rate if settings.lr is None else float(settings.lr)
        self._begin(key)
        self._train((x,), np.zeros(len(x), dtype=np.intp), key, settings)

    @property
    def least_batch(self) -> int:
        """How many rows a batch needs: one takes the style of another."""
        return 2

    @property
    def resumable(self) -> bool:
        """Whether `fit` trains something."""
        return self.method == "adain"

    def _task(self, rng: torch.Generator) -> Task:
        from ..nn.adain import AdaIN

        return AdaIN(features_of(self.features, self.weights), lr=self.lr_, rng=rng)

    def _shown(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        task: Any = self.task_
        place = next(task.parameters()).device
        given = x.to(place).float() / 255
        made = given.clone()
        made[1::2] = task.restyle(given[1::2], task.style(given[::2]), given.new_ones(len(given) // 2))
        return made * 2 - 1

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
        check_sides(bank, "styles: ")
        return bank

    # Making ------------------------------------------------------------------------------------------------------

    def _sample(self, codes: Codes, key: int) -> Draw:
        from ..transforms.image.restyle import Restyle

        contents, styles = evenly(self.codes_, codes, key), np.empty(len(codes), dtype=np.intp)
        u = cell_uniforms(key, np.arange(len(codes)), "style", 2)
        low, high = self._range()
        self._way.ready()
        strength = low + (high - low) * u[:, 1]
        for code in np.unique(codes):
            spots, pool = np.flatnonzero(codes == code), np.flatnonzero(self.codes_ == code)
            styles[spots] = self._others(contents[spots], pool, u[spots, 0])
        rows, alone = take_rows(self.rows_, contents), self.own_styles & (contents == styles)
        strength[alone] = 0  # the only one of its class stays as it is
        if len(codes):
            style, places = self.style_.drawn(styles, key)
            rows = self._way.carried_out(self._changed, rows, Restyle.of(style, places, strength))
        if not self.own_styles:
            return Draw(rows, contents[:, None], np.ones((len(codes), 1)))
        weights = np.stack([1 - strength, strength], axis=1)
        return Draw(rows, np.stack([contents, np.where(alone, -1, styles)], axis=1), weights)

    def restyle(self, X: Any, styles: Any, strength: Any = 1.0) -> Any:
        """Return images in styles of the bank, by their places in it: what a contact sheet shows.

        Arguments:
            X: n images of any size, in any form that transforms take.
            styles: (n,) places in the bank, from 0: rows of `fit`, or of the images that were given as `styles`.
            strength: one number from 0 to 1, or (n,).

        Raises: NotFitted before `fit`; ConfigError for places or strengths that cannot be.
        """
        from ..transforms.image.restyle import Restyle

        self._check_fitted()
        n = count_rows(as_rows(X, "image"))
        places = np.asarray(styles if np.size(styles) else np.zeros(0, dtype=np.intp))
        whole = places.shape == (n,) and np.issubdtype(places.dtype, np.integer)
        if not whole or (n and not 0 <= places.min() <= places.max() < len(self.style_)):
            said = f"styles must be {n} places from 0 to {len(self.style_) - 1}, one for each image"
            raise ConfigError(f"{said}, got {styles!r:.60}")
        try:
            a = np.broadcast_to(np.asarray(strength, dtype=np.float64), (n,))
        except (TypeError, ValueError):
            raise ConfigError(f"strength must be one number, or {n}, got {strength!r:.60}") from None
        if not ((a >= 0) & (a <= 1)).all():
            raise ConfigError(f"strength must lie in [0, 1], got {strength!r:.60}")
        if not n:
            return X
        self._way.ready()
        given = Restyle.of(self.style_, places, a)
        return self._way.carried_out(lambda rows, style: style(rows, index=np.arange(len(places))), X, given)

    def _changed(self, rows: Any, restyle: Transform) -> Any:
        return restyle(rows, index=np.arange(count_rows(rows)))

    def _others(self, contents: Codes, pool: Codes, u: npt.NDArray[np.float64]) -> Codes:
        """Return a style for each content: any of its bank but itself, if there is another. Shape: (m,) each."""
        if not self.own_styles:
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
        known, held = self._way.pack(self.style_)
        return {**known, "rows": meta}, {
            **arrays,
            **{f"style/{name}": part for name, part in held.items()},
            "codes": self.codes_,
        }

    def _restore(self, meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        held = {name: arrays.pop(name) for name in [*arrays] if name.startswith("style/")}
        self.codes_ = arrays.pop("codes")
        self.rows_ = saved.unpack_rows(meta["rows"], arrays)
        self.style_ = self._way.unpack(meta, {name.removeprefix("style/"): array for name, array in held.items()})
        if self.own_styles and len(self.style_) != len(self.codes_):
            raise DataError("the styles are not those of the rows")
