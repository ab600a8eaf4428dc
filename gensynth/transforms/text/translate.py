"""Texts translated to another language and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, ClassVar

from ...errors import ConfigError, DataError
from ..base import Transform
from ..draws import Draws
from ..rowwise import Listed

Translator = Callable[[list[str]], Sequence[str]]


@dataclass(frozen=True)
class BackTranslate(Transform):
    """A text translated to another language, and back (Sennrich, Haddow and Birch 2016, arXiv:1511.06709).

    Nothing is drawn: the same text comes back the same way whatever its row or epoch, as far as its translators do so.
    A model searches by beams or takes the likeliest token, as its own settings say. Texts without a letter are not
    translated, equal texts once; a text of which nothing comes back stays as it was.

    Arguments:
        there: a callable from a list of texts to as many, or the name or the folder of a model that `transformers` has
            on this machine, such as "Helsinki-NLP/opus-mt-en-de". Nothing is downloaded.
        back: the same, the other way.
        batch_size: texts that are translated at a time, at least 1.

    A model reads as many tokens of a text as it can take, 512 mostly; what is beyond is lost.

    Raises: ConfigError where a model is not there, or as data where a translator is a callable; DataError where a
        translator does not return as many texts as it got.
    """

    there: str | Translator = ""
    back: str | Translator = ""
    batch_size: int = 32

    kind: ClassVar[str] = "text"
    breaks: ClassVar[str] = "labels that hang on style, register or spelling"

    def _check(self) -> None:
        for name in ("there", "back"):
            value = getattr(self, name)
            if not callable(value) and not (isinstance(value, str) and value):
                raise ConfigError(
                    f"{name} must be a callable on a list of texts or the name of a model, got {value!r:.60}"
                )
        if isinstance(self.batch_size, bool) or not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ConfigError(f"batch_size must be a whole number, at least 1, got {self.batch_size!r:.60}")

    def change(self, rows: Listed[str], draws: Draws, y: Any) -> Listed[str]:
        """Return translated texts."""
        asked = [text for text in dict.fromkeys(rows.rows) if any(map(str.isalpha, text))]
        made = asked
        for name in ("there", "back"):
            given = getattr(self, name)
            translator = given if callable(given) else model(given)
            made = [text for batch in self._batches(made) for text in _translated(name, translator, batch)]
            whole = [place for place, text in enumerate(made) if text.strip()]
            asked, made = [asked[place] for place in whole], [made[place] for place in whole]
        found = dict(zip(asked, made, strict=True))
        return rows.with_rows([found.get(text, text) for text in rows.rows])

    def _batches(self, texts: list[str]) -> Iterator[list[str]]:
        for start in range(0, len(texts), self.batch_size):
            yield texts[start : start + self.batch_size]

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data. Raises: ConfigError where a translator is a callable, which is none."""
        for name in ("there", "back"):
            if callable(getattr(self, name)):
                raise ConfigError(
                    f"BackTranslate cannot be written as data: {name} is a callable; name a model instead"
                )
        return super().to_dict()


def _translated(name: str, translator: Translator, texts: list[str]) -> list[str]:
    """Return translations of texts. Raises: DataError where they are none."""
    made = translator(list(texts))
    if isinstance(made, str) or not hasattr(made, "__len__") or len(made) != len(texts):
        raise DataError(f"{name} must return a text for each of {len(texts)}, got {made!r:.60}")
    if not all(isinstance(text, str) for text in made):
        raise DataError(f"{name} must return texts, got {made!r:.60}")
    return list(made)


@lru_cache(maxsize=4)
def model(name: str) -> Translator:
    """Return a model of translation that is on this machine. Raises: ConfigError where it is not."""
    try:
        transformers = import_module("transformers")
    except ImportError:
        raise ConfigError(
            f"translating with {name!r} needs transformers: pip install transformers sentencepiece"
        ) from None
    try:
        tokens = transformers.AutoTokenizer.from_pretrained(name, local_files_only=True)
        network = transformers.AutoModelForSeq2SeqLM.from_pretrained(name, local_files_only=True).eval()
    except (OSError, ValueError, ImportError) as error:
        raise ConfigError(
            f"the model {name!r} cannot be read on this machine: get it with `hf download {name}` ({error!s:.80})"
        ) from None

    def translate(texts: list[str]) -> list[str]:
        with import_module("torch").inference_mode():
            batch = tokens(texts, return_tensors="pt", padding=True, truncation=True)
            made = network.generate(**batch, do_sample=False)
        return list(tokens.batch_decode(made, skip_special_tokens=True))

    return translate
