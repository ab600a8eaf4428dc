"""Transforms of texts: what stays, what changes, what is learned from a corpus, and bad input."""

from __future__ import annotations

import csv
import gzip
import pickle
import random
import subprocess
import sys
import time
import types
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gensynth import Augment, Balancer, load
from gensynth import transforms as T
from gensynth.data.kinds import Texts
from gensynth.errors import ConfigError, DataError
from gensynth.transforms.base import Transform
from gensynth.transforms.text import translate, wordnet
from gensynth.transforms.text.corpus import neighbours
from gensynth.transforms.text.default import default
from gensynth.transforms.text.reading import leaning, running
from gensynth.transforms.text.words import free, split

SMS = Path(__file__).resolve().parents[2] / "shared" / "data" / "text" / "sms_spam.csv.gz"
needs_sms = pytest.mark.skipif(not SMS.is_file(), reason="the shared texts are not here")


def planted(n: int = 900, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Return sentences of two classes. Words of a group stand in the same places; `good` ones in class 1, else 0."""
    rng = np.random.default_rng(seed)
    groups = [
        ["cats", "dogs", "birds", "mice"],
        ["eat", "chew", "bite"],
        ["indoors", "outside", "upstairs"],
        ["today", "tonight", "tomorrow", "yesterday"],
    ]
    fillers = [a + b + "o" for a in "bcdfgklm" for b in "aeiou"] + [a + b + "x" for a in "npqrstvz" for b in "aeiou"]
    texts, y = [], rng.integers(0, 2, n)
    for label in y:
        who, do, where, when = (words[rng.integers(len(words))] for words in groups)
        taste = ["good", "great", "fine"][rng.integers(3)] if label else ["bad", "awful", "poor"][rng.integers(3)]
        some = " ".join(rng.choice(fillers, 3))
        texts.append(f"the {who} {do} {taste} food {where} {when}, {some}.")
    return texts, y


TEXTS, Y = planted()
THESAURUS = {"film": ["movie", "picture"], "good": "fine", "the": "a"}
SETTINGS: dict[str, dict] = {
    "BackTranslate": {
        "there": lambda texts: [text[::-1] for text in texts],
        "back": lambda texts: [text.swapcase() for text in texts],
    },
}
NAMES = [name for name, where in T.TRANSFORMS.items() if ".text." in where]
WORDS = [name for name in NAMES if name not in ("ShuffleSentences", "PunctuationNoise", "BackTranslate")]
ODD = ["", " ", "\n\t ", "a", "hello", "hello hello hello", "a b", "👍",
        "👨‍👩‍👧 ok", "!!!", "1", "日本語の文", "हिन्दी में", 
       "ﬁx ß Straße İ", "\ud800 lone", "x" * 5000, "a.b.c." * 300, "_" * 3000, "@" * 300, "<a " * 300,
       "e\u0301te\u0301 cafe\u0301"]  # fmt: skip


def made(name: str, **settings) -> Transform:
    return T.transform_class(name)(**{"random_state": 0, **SETTINGS.get(name, {}), **settings})


def strong(name: str, **settings) -> Transform:
    """Return a transform that changes as much as it can."""
    most = {"Synonyms": {"source": THESAURUS}, "InsertWords": {"source": THESAURUS}}.get(name, {})
    share = {"share": 1.0} if "share" in T.transform_class(name).__dataclass_fields__ else {}
    noise = {"insert": 1.0, "double": 0.5, "drop": 0.5} if name == "PunctuationNoise" else {}
    return made(name, **{**most, **share, **noise, **settings})


def test_the_list_is_what_was_promised():
    assert {"Synonyms", "InsertWords", "UnigramNoise", "SwapWords", "DeleteWords", "ShuffleSentences", "ShuffleWords",
            "Typos",
            "CaseNoise", "PunctuationNoise", "MaskWords", "BackTranslate"} <= set(NAMES)  # fmt: skip
    assert all(T.transform_class(name).kind == "text" for name in NAMES)


# Words ----------------------------------------------------------------------------------------------------------------


@given(st.text() | st.text("ab1.,@/:'<>[]{}#&;-_ \né日👍", max_size=60))
def test_the_pieces_of_a_text_are_the_text(text):
    pieces = split(text)
    assert "".join(pieces) == text
    assert len(pieces) % 2 == 1
    assert all(pieces[1::2])
    assert not any(map(free, pieces[::2]))


@pytest.mark.parametrize(
    ("text", "word", "may"),
    [
        ("I can't.", "can't", True), ("a well-known fact", "well-known", True), ("Grüße!", "Grüße", True),
        ("cafe\u0301s open", "cafe\u0301s", True), ("हिन्दी में", "हिन्दी", True), ("日本", "日", True),
        ("(word)", "word", True),
        ("at https://a.org/b?c=1, now", "https://a.org/b?c=1", False), ("(www.example.com)", "www.example.com", False),
        ("to a.b+c@mail.example.org.", "a.b+c@mail.example.org", False), ("£1,000.50 won", "1,000.50", False),
        ("at 12:30", "12:30", False), ("2nite", "2nite", False), ("@user hi", "@user", False),
        ("x #tag", "#tag", False),
        ("a <br /> b", "<br />", False), ("a &amp; b", "&amp;", False), ("the [MASK] is", "[MASK]", False),
        ("hi {name}", "{name}", False), ("fine :-)", ":-)", False), ("snake_case", "snake_case", False),
    ],
)  # fmt: skip
def test_words_are_told_from_what_must_stay(text, word, may):
    pieces = split(text)
    assert word in pieces[1::2]
    assert free(word) == may


@pytest.mark.parametrize("name", [name for name in NAMES if name != "BackTranslate"])
def test_what_must_stay_stays_in_order(name):
    kept = ["https://x.org/a?b=1", "a.b@c.org", "3,50", "@user", "#tag", "[MASK]", "<br>", ":-)"]
    text = "Good day  https://x.org/a?b=1 and\ta.b@c.org, film 3,50 or @user #tag [MASK] <br> the end :-)"
    op = strong(name, token="…") if name == "MaskWords" else strong(name)
    for epoch in range(20):
        new = op(text, index=[0], epoch=epoch)
        at = -1
        for part in kept:
            at = new.index(part, at + 1)


@pytest.mark.parametrize("name", WORDS)
def test_protected_words_stay_in_any_case(name):
    text = "Film the GOOD one Film two GOOD three"
    op = strong(name, protect=["film", "Good"])
    for epoch in range(20):
        new = split(op(text, index=[0], epoch=epoch))[1::2]
        assert [word for word in new if word in ("Film", "GOOD")] == ["Film", "GOOD", "Film", "GOOD"]


@pytest.mark.parametrize("name", [name for name in WORDS if name not in ("DeleteWords", "InsertWords")])
def test_what_stands_between_words_stays(name):
    text = "  The film,\twas (very) good -- «really»\n\nthe end…  "
    op = strong(name)
    changed = False
    for epoch in range(10):
        new = op(text, index=[0], epoch=epoch)
        changed |= new != text
        token = new.replace("[MASK]", "mask")
        assert split(token)[::2] == split(text)[::2]
    assert changed


# Each -----------------------------------------------------------------------------------------------------------------


def test_synonyms_follow_the_case_and_the_thesaurus():
    op = T.Synonyms(1.0, {"film": ["movie"], "Paris": "london"}, random_state=0)
    assert op("Film, FILM, film: PARIS!") == "Movie, MOVIE, movie: LONDON!"
    assert T.Synonyms(1.0, {"film": ["film", "FILM"]})("film") == "film"
    several = T.Synonyms(1.0, {"film": ["movie", "picture", "motion picture"]}, random_state=0)
    found = Counter(several(["film"] * 300))
    assert set(found) == {"movie", "picture", "motion picture"}
    assert min(found.values()) > 60


def test_a_share_is_the_share_of_the_words_that_may_change():
    text = " ".join(["film"] * 40 + ["7"] * 60)
    counts = [one.split().count("movie") for one in T.Synonyms(0.1, {"film": "movie"}, random_state=0)([text] * 200)]
    assert set(counts) == {4}
    counts = [one.split().count("[MASK]") for one in T.MaskWords(0.06, random_state=0)([text] * 400)]
    assert set(counts) == {2, 3}  # 2.4
    assert abs(np.mean(counts) - 2.4) < 0.1
    ranged = [one.split().count("[MASK]") for one in T.MaskWords((0.0, 1.0), random_state=0)([text] * 400)]
    assert abs(np.mean(ranged) - 20) < 2
    assert (min(ranged), max(ranged)) == (1, 40)
    assert T.MaskWords(0.0)(text) == text
    assert T.MaskWords(0.001)("one two three").count("[MASK]") == 1


def test_words_are_put_in_at_all_places():
    op = T.InsertWords(0.01, {"film": "movie"}, random_state=0)
    found = Counter(op(["the film, ends."] * 400))
    assert set(found) == {
        "movie the film, ends.",
        "the movie film, ends.",
        "the film movie, ends.",
        "the film, ends movie.",
    }
    assert min(found.values()) > 60
    assert T.InsertWords(1.0, {"日": "月"}, random_state=0)("日") in ("日月", "月日")


def test_swapped_words_are_the_same_words():
    for new in T.SwapWords(0.2, random_state=0)(["one two, three four five."] * 50):
        assert sorted(split(new)[1::2]) == sorted(["one", "two", "three", "four", "five"])
        assert sum(a != b for a, b in zip(split(new), split("one two, three four five."), strict=True)) == 2
    assert set(T.SwapWords(1.0)(["hello hello hello"] * 5)) == {"hello hello hello"}
    assert set(T.SwapWords(0.5)(["a b"] * 5)) == {"b a"}


def test_shuffled_words_do_not_move_far():
    names = [chr(97 + at) * 2 for at in range(20)]
    moved = set()
    for new in T.ShuffleWords(4, random_state=0)([" ".join(names)] * 300):
        order = [names.index(word) for word in new.split()]
        assert sorted(order) == list(range(20))
        moved |= {(at, place - at) for at, place in enumerate(order)}
    assert {apart for _, apart in moved} == set(range(-3, 4))
    assert {at for at, apart in moved if apart} == set(range(20))


def test_deleted_words_leave_no_holes():
    found = set(T.DeleteWords(0.01, random_state=0)(["Well, the (big) cat sat."] * 300))
    assert found == {
        ", the (big) cat sat.",
        "Well, (big) cat sat.",
        "Well, the () cat sat.",
        "Well, the (big) sat.",
        "Well, the (big) cat.",
    }
    assert set(T.DeleteWords(0.5, random_state=0)(["日本"] * 40)) == {"日", "本"}
    for text in ("one\ntwo", "one two three", "one two 3"):
        for new in T.DeleteWords(1.0, random_state=0)([text] * 20):
            assert len(split(new)) // 2 == 1
    assert set(T.DeleteWords(0.5, random_state=0)(["one\n\ntwo three\nfour"] * 40)) >= {"one\n\nfour"}


def test_sentences_come_in_another_order():
    text = "One is here. Is two? Yes! Dr. Who came, e.g. today. The end"
    whole = ["One is here", "Is two", "Yes", "Dr. Who came, e.g. today", "The end"]
    found = T.ShuffleSentences(random_state=0)([text] * 60)
    assert text not in found
    assert len(set(found)) > 30
    for new in found:
        at = [new.index(sentence) for sentence in whole]
        assert sorted(at) != at
        assert ("The end." in new) == (not new.endswith("The end"))
    assert T.ShuffleSentences()("  A cat.\n\nA dog.\n") == "  A dog.\n\nA cat.\n"
    assert T.ShuffleSentences()("Only one. ") == "Only one. "


def edits(a: str, b: str) -> int:
    """Return the least number of letters put in, left out, changed, or swapped with the next (Damerau 1964)."""
    d = {(-1, -1): 0} | {(i, -1): i + 1 for i in range(len(a))} | {(-1, j): j + 1 for j in range(len(b))}
    for i in range(len(a)):
        for j in range(len(b)):
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + (a[i] != b[j]))
            if i and j and a[i] == b[j - 1] and a[i - 1] == b[j]:
                d[i, j] = min(d[i, j], d[i - 2, j - 2] + 1)
    return d[len(a) - 1, len(b) - 1]


def test_a_typing_error_is_one_and_leaves_the_first_letter():
    words = ["keyboard", "Hello", "Straße", "привет", "well-known", "ABC"]
    kinds = set()
    for word in words:
        for new in T.Typos(1.0, random_state=0)([word] * 100):
            assert edits(word, new) == 1
            assert new[0] == word[0]
            kinds.add(len(new) - len(word))
    assert kinds == {-1, 0, 1}
    assert T.Typos(1.0)("it is on") == "it is on"
    beside = {
        new[1] for new in T.Typos(1.0, random_state=0)(["lgl"] * 400) if len(new) == 3 and new[0] + new[2] == "ll"
    }
    assert beside - {"g", "l"} == set("ftyhvb")


def test_letters_are_misread_as_those_that_look_alike():
    found = set(T.Typos(1.0, "ocr", random_state=0)(["room"] * 300))
    assert found == {"r0om", "ro0m", "roorn"}
    assert set(T.Typos(1.0, "ocr", random_state=0)(["barn"] * 200)) >= {"bam", "6arn", "barh"}
    assert T.Typos(1.0, "ocr")("kkk") == "kkk"


def test_case_noise_changes_the_case_alone():
    found = Counter(T.CaseNoise(1.0, random_state=0)(["word"] * 200))
    assert set(found) == {"WORD", "Word"}
    assert min(found.values()) > 60
    assert set(T.CaseNoise(1.0, random_state=0)(["iPhone 日本 हिन्दी"] * 50)) == {
        f"{word} 日本 हिन्दी" for word in ("iphone", "IPHONE", "Iphone")
    }


def test_marks_are_put_in_doubled_and_left_out():
    text = "Well, yes! (1.50) :-) ok"
    assert T.PunctuationNoise(0, 0, 0)(text) == text
    assert T.PunctuationNoise(0, 0, 1)(text) == "Well yes (1.50) :-) ok"
    assert T.PunctuationNoise(0, 1, 0)(text) == "Well,, yes!! (1.50) :-) ok"
    every = T.PunctuationNoise(1, 0, 0, random_state=0)(["a b"] * 300)
    assert {new[1] for new in every} == set(".;?:!,")
    rate = np.mean([new.count("!") for new in T.PunctuationNoise(0, 0, 0.25, random_state=0)(["yes!"] * 2000)])
    assert abs(rate - 0.75) < 0.04


def test_masks_hide_words():
    assert T.MaskWords(1.0, "<mask>")("One, two 3!") == "<mask>, <mask> 3!"


def test_back_translation_goes_there_and_back_once_for_each_text():
    calls = []

    def there(texts):
        calls.append(list(texts))
        return [f"de:{text}" for text in texts]

    op = T.BackTranslate(there, lambda texts: [text.upper() for text in texts], 2)
    assert op(["a", "b", "a", "", "c", "12!"]) == ["DE:A", "DE:B", "DE:A", "", "DE:C", "12!"]
    assert calls == [["a", "b"], ["c"]]
    lost = T.BackTranslate(
        lambda texts: ["" if text == "b" else text for text in texts], lambda texts: [" ", *texts[1:]]
    )
    assert lost(["a", "b", "c"]) == ["a", "b", "c"]
    for wrong in (lambda texts: texts[:-1], lambda texts: "ab", lambda texts: None, lambda texts: [None] * len(texts)):
        with pytest.raises(DataError, match="there must return"):
            T.BackTranslate(wrong, there)(["a", "b"])
    with pytest.raises(ConfigError, match="there is a callable; name a model"):
        op.to_dict()
    with pytest.raises(ConfigError, match="there must be a callable"):
        T.BackTranslate("", there)
    named = T.BackTranslate("some/en-de", "some/de-en")
    assert Transform.from_dict(named.to_dict()) == named


def test_models_of_translation_are_read_here_and_never_downloaded(monkeypatch):
    translate.model.cache_clear()
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ConfigError, match="needs transformers"):
        T.BackTranslate("en-de", "de-en")(["hello"])
    asked = []

    class Tokens:
        def __call__(self, texts, **settings):
            assert settings == {"return_tensors": "pt", "padding": True, "truncation": True}
            return {"input_ids": texts}

        def batch_decode(self, made, skip_special_tokens):
            return made

    class Network:
        def __init__(self, name):
            self.name = name

        def eval(self):
            return self

        def generate(self, input_ids, do_sample):
            return [f"{text} {self.name}" for text in input_ids]

    def read(kind):
        def from_pretrained(name, local_files_only):
            asked.append((name, local_files_only))
            if name == "missing":
                raise OSError("not found in the cached files")
            return kind(name)

        return types.SimpleNamespace(from_pretrained=from_pretrained)

    fake = types.SimpleNamespace(AutoTokenizer=read(lambda name: Tokens()), AutoModelForSeq2SeqLM=read(Network))
    monkeypatch.setitem(sys.modules, "transformers", fake)
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(inference_mode=nullcontext))
    assert T.BackTranslate("en-de", "de-en")(["hello", "you"]) == ["hello en-de de-en", "you en-de de-en"]
    assert asked == [("en-de", True)] * 2 + [("de-en", True)] * 2
    with pytest.raises(ConfigError, match="hf download missing"):
        T.BackTranslate("missing", "de-en")(["hello"])
    translate.model.cache_clear()


# Learned --------------------------------------------------------------------------------------------------------------


def test_neighbours_are_words_that_stand_in_the_same_places():
    found = neighbours(running(TEXTS))
    assert set(found["cats"]) == {"dogs", "birds", "mice"}
    assert set(found["today"]) == {"tonight", "tomorrow", "yesterday"}
    assert set(found["good"]) == {"great", "fine", "bad", "awful", "poor"}
    assert "the" not in found
    assert neighbours(running(TEXTS)) == found


def test_labels_keep_words_that_mark_another_class_out():
    op = T.Synonyms(1.0, random_state=0)
    bare, told = op.fit(TEXTS), op.fit(TEXTS, Y)
    good, bad = {"good", "great", "fine"}, {"bad", "awful", "poor"}

    def tastes(op, label):
        rows = [text for text, y in zip(TEXTS, Y, strict=True) if y == label]
        made = op(rows, y=np.full(len(rows), label))[0]
        return {word for text in made for word in split(text)[1::2]} & (good | bad)

    assert tastes(told, 1) == good
    assert tastes(told, 0) == bad
    assert tastes(bare, 1) == good | bad
    assert {word for text in told(TEXTS) for word in split(text)[1::2]} >= good | bad  # unknown: within the same side
    assert all((set(told.known.of(None)[word]) <= good) for word in good)
    names = np.array(["no", "yes"])[Y]
    assert op.fit(TEXTS, names).known.of("yes") == told.known.of(1)


def test_leaning_is_a_difference_of_smoothed_log_odds():
    corpus = running(["a a b", "b c"])
    lean, classes = leaning(corpus, np.array(["x", "y"]))
    at = {word: place for place, word in enumerate(corpus.named)}
    v = len(corpus.named)
    assert classes == {"x": 0, "y": 1}
    expected = np.log((2 + 0.5) / (3 + v / 2)) - np.log((0 + 0.5) / (2 + v / 2))
    assert np.isclose(lean[at["a"], 0], expected)
    assert np.allclose(lean[:, 0], -lean[:, 1])
    for y in (None, np.zeros(2), np.eye(2), np.array([[1], [2]])):
        assert leaning(corpus, y) is None
    many = running(["a"] * 200)
    assert leaning(many, np.arange(200)) is None


def test_small_corpora_have_no_neighbours():
    few = TEXTS[:20]
    assert neighbours(running(few)) == {}
    assert T.Synonyms(1.0).fit(few)(few) == few
    assert T.Synonyms(1.0)("one text alone") == "one text alone"
    assert T.InsertWords(1.0)([]) == []
    same = ["the same words again"] * 2000
    assert T.Synonyms(1.0)(same) == same


def test_parts_of_a_policy_learn_a_corpus_once(monkeypatch):
    from gensynth.transforms.text import corpus

    calls = []
    found = corpus.neighbours
    monkeypatch.setattr(corpus, "neighbours", lambda rows: calls.append(1) or found(rows))
    T.Compose([T.Synonyms(), T.InsertWords()]).fit(TEXTS, Y)
    assert len(calls) == 1


def test_a_large_corpus_is_read_in_part():
    corpus = running(["some more words"] * 1_000_000)
    assert 1_000_000 <= len(corpus.ids) < 4_000_000 / 2
    assert corpus.texts[-1] % 3 == 0
    assert len(corpus.ids) == len(corpus.texts)


def test_unigram_noise_draws_words_at_their_frequency_and_keeps_the_marks_of_the_class():
    texts = ["win win cash prize the the of"] * 30 + ["hello mum the the of of it"] * 30
    y = np.repeat([1, 0], 30)
    op = T.UnigramNoise(1.0, random_state=0)
    found = Counter(word for text in op.fit(texts)(["a b c d"] * 2000) for word in text.split())
    expected = Counter(word for text in texts for word in text.split())
    assert set(found) == set(expected)
    for word, count in expected.items():
        assert abs(found[word] / 8000 - count / expected.total()) < 0.02
    told = op.fit(texts, y)
    for new in told(["win cash of it"] * 50, y=np.ones(50, int))[0]:
        assert new.split()[:2] == ["win", "cash"]
    assert {new.split()[0] for new in told(["win cash of it"] * 50, y=np.zeros(50, int))[0]} > {"the", "of"}
    assert {new.split()[0] for new in replace(op, marks=None).fit(texts, y)(["win"] * 50, y=np.ones(50, int))[0]} > {
        "the"
    }
    kept = T.UnigramNoise(1.0, protect=["The"], random_state=0).fit(texts)
    assert "the" not in {word for text in kept(["a b c d"] * 200) for word in text.split()}
    assert kept("the THE") == "the THE"
    assert op.fit(["1 2 3", ""])("a b") == "a b"
    assert split(op.fit(texts)("Win, CASH", index=[0]))[1][0].isupper()


def fake_nltk(monkeypatch, there: bool = True) -> None:
    class Sense:
        def __init__(self, part, *names):
            self.part, self.names = part, names

        def pos(self):
            return self.part

        def lemma_names(self):
            return list(self.names)

    senses = {
        "word": [Sense("n", "word")],
        "car": [Sense("n", "car", "auto", "motor_car"), Sense("n", "car", "railcar")],
        "cars": [Sense("n", "car", "auto")],
        "good": [Sense("n", "good", "goodness"), Sense("a", "good", "fine")],
    }

    def synsets(word):
        if not there:
            raise LookupError("Resource wordnet not found.")
        return senses.get(word, [])

    corpora = types.SimpleNamespace(wordnet=types.SimpleNamespace(synsets=synsets))
    monkeypatch.setitem(sys.modules, "nltk", types.SimpleNamespace(corpus=corpora))
    monkeypatch.setitem(sys.modules, "nltk.corpus", corpora)


def test_wordnet_gives_the_first_sense_of_each_part_of_speech(monkeypatch):
    fake_nltk(monkeypatch)
    assert wordnet.synonyms(["car", "cars", "good", "nothing"]) == {
        "car": ("auto", "motor car"),
        "good": ("goodness", "fine"),
    }
    op = T.Synonyms(1.0, "wordnet", random_state=0).fit(["The Car and the cars"])
    assert op("Car, cars.") in ("Auto, cars.", "Motor car, cars.")
    again = pickle.loads(pickle.dumps(op))
    monkeypatch.setitem(sys.modules, "nltk.corpus", None)
    assert again("CAR", index=[0]) == op("CAR", index=[0])  # the words are with it; WordNet is asked in fit alone
    with ThreadPoolExecutor(4) as threads:
        made = set(threads.map(lambda row: op("car good", index=[row]), [3] * 40))
    assert len(made) == 1


def test_wordnet_through_wn(monkeypatch):
    class Sense:
        pos = "n"

        def lemmas(self):
            return ["car", "auto"]

    monkeypatch.setitem(sys.modules, "nltk.corpus", None)
    wn = types.SimpleNamespace(lexicons=lambda lang: [1], synsets=lambda word, lang: [Sense()] if word == "car" else [])
    monkeypatch.setitem(sys.modules, "wn", wn)
    assert wordnet.synonyms(["car", "bus"]) == {"car": ("auto",)}
    monkeypatch.setattr(wn, "lexicons", lambda lang: [])
    with pytest.raises(ConfigError, match="needs WordNet on this machine: install nltk and run"):
        T.Synonyms(source="wordnet").fit(["a car"])


@pytest.mark.parametrize("installed", [False, True])
def test_without_wordnet_one_sentence_says_what_to_install(monkeypatch, installed):
    monkeypatch.setitem(sys.modules, "wn", None)
    if installed:
        fake_nltk(monkeypatch, there=False)
    else:
        monkeypatch.setitem(sys.modules, "nltk.corpus", None)
    with pytest.raises(ConfigError, match="install nltk and run"):
        T.Synonyms(source="wordnet")(["a car"])


# Randomness -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_row_comes_out_the_same_in_every_batch(name):
    texts, y = TEXTS[:30], Y[:30]
    op = T.Compose([made(name, p=0.7), made(name)], random_state=3).fit(TEXTS, Y)
    state = random.getstate()
    whole, _ = op(texts, y=y)
    assert random.getstate() == state
    assert op(texts, y=y)[0] == whole
    assert [op([text], y=y[[row]], index=[row])[0][0] for row, text in enumerate(texts)] == whole
    assert [op(text, y=y[row], index=[row])[0] for row, text in enumerate(texts)] == whole
    assert op([texts[5], texts[0]], y=y[[5, 0]], index=[5, 0])[0] == [whole[5], whole[0]]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "BackTranslate"])
def test_rows_epochs_seeds_and_places_differ(name):
    text = "The cats eat good food today. Dogs bite, birds chew bad food tonight! Mice eat outside, they do. Cats."
    op = made(name).fit(TEXTS, Y)
    first = op([text] * 30)
    assert len(set(first)) > 1
    assert any(new != text for new in first)
    for other in (op([text] * 30, epoch=1), op.seeded(1)([text] * 30), T.Compose([op], random_state=0)([text] * 30)):
        assert other != first


@pytest.mark.parametrize("name", NAMES)
def test_odd_texts_have_their_answer(name):
    op = strong(name).fit(ODD)
    before = list(ODD)
    start = time.perf_counter()
    new = op(ODD)
    assert time.perf_counter() - start < 3
    assert before == ODD
    assert all(isinstance(text, str) for text in new)
    if name != "BackTranslate":
        wordless = [at for at, text in enumerate(ODD) if text.strip() in ("", "👍")]
        assert len(wordless) == 4
        assert [new[at] for at in wordless] == [ODD[at] for at in wordless]
    for at in range(len(ODD)):
        assert op(ODD[at], index=[at]) == new[at]


# Containers -----------------------------------------------------------------------------------------------------------


def test_the_same_container_comes_back():
    op = T.MaskWords(1.0)
    assert op(["a b", "c"]) == ["[MASK] [MASK]", "[MASK]"]
    assert op(("a", "c")) == ("[MASK]", "[MASK]")
    assert op("a") == "[MASK]"
    wrapped = op(Texts(["a"]))
    assert isinstance(wrapped, Texts)
    assert wrapped.x == ["[MASK]"]
    for dtype in ("str", "object", "string"):
        series = pd.Series(["a", "b"], index=[7, 3], name="text", dtype=dtype)
        new = op(series)
        pd.testing.assert_series_equal(new, pd.Series(["[MASK]"] * 2, index=[7, 3], name="text", dtype=dtype))
        assert series.tolist() == ["a", "b"]
    assert op(pd.Series(["a"], dtype="category")).tolist() == ["[MASK]"]
    assert op(pl.Series("text", ["a"])).equals(pl.Series("text", ["[MASK]"]))
    fixed = op(np.array(["a", "b"]))
    assert fixed.tolist() == ["[MASK]"] * 2
    assert fixed.dtype.kind == "U"
    assert op(np.array(["a", "b"], dtype=object)).dtype == object
    assert op([]) == []
    assert op(np.array([], dtype=object)).shape == (0,)
    assert len(op(pd.Series([], dtype="str"))) == 0


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (["a", None], "text 1 is missing"),
        (["a", float("nan")], "text 1 is missing"),
        (pd.Series(["a", None], dtype="string"), "text 1 is missing"),
        (["a", 3], "text 1 is int, not str"),
        ([b"a"], "text 0 is bytes, not str"),
        (pd.DataFrame({"text": ["a"]}), "give the column of texts"),
        (np.zeros(3), "texts must be a list of str"),
        (None, "texts must be a list of str"),
        ({"a": 1}, "texts must be a list of str"),
    ],
)
def test_what_is_no_text_is_refused(X, message):
    with pytest.raises(DataError, match=message):
        T.DeleteWords()(X)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: T.DeleteWords(2), "share must be a range between 0 and 1"),
        (lambda: T.DeleteWords("a"), "share must be"),
        (lambda: T.DeleteWords((0.5, 0.1)), "share must be a range"),
        (lambda: T.DeleteWords(protect="not"), "protect must be a list of words"),
        (lambda: T.DeleteWords(protect=[3]), "protect must be a list of words"),
        (lambda: T.Synonyms(source="thesaurus"), "source must be 'corpus', 'wordnet' or a mapping"),
        (lambda: T.Synonyms(source={"a": [3]}), "source must be"),
        (lambda: T.Synonyms(source={"a": [""]}), "source must be"),
        (lambda: T.Synonyms(source=3), "source must be"),
        (lambda: T.ShuffleWords(1), "window must be a whole number, at least 2"),
        (lambda: T.Typos(errors="mouse"), "errors must be 'keyboard' or 'ocr'"),
        (lambda: T.PunctuationNoise(2), "insert must be a number from 0 to 1"),
        (lambda: T.PunctuationNoise(0, 0.6, 0.6), "double and drop must add up to 1"),
        (lambda: T.MaskWords(token=""), "token must be a text"),
        (lambda: T.UnigramNoise(0.1, -1), "marks must be a number above 0"),
        (lambda: T.BackTranslate("a", "b", 0), "batch_size must be a whole number"),
        (lambda: T.DeleteWords()(["a"], rate=3), "rate is for audio"),
    ],
)
def test_wrong_settings_are_refused(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


# As data --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in NAMES if name != "BackTranslate"])
def test_a_policy_is_data_and_travels(name):
    settings = {"protect": ["not"]} if name in WORDS else {"p": 0.5}
    op = replace(made(name), **settings)
    assert Transform.from_dict(op.to_dict()) == op
    fitted = op.fit(TEXTS, Y)
    again = pickle.loads(pickle.dumps(fitted))
    assert again(TEXTS[:50], y=Y[:50])[0] == fitted(TEXTS[:50], y=Y[:50])[0]


def test_a_thesaurus_is_data():
    op = T.Synonyms(0.5, {"name": ["title", "label"], "film": "movie"}, random_state=1)
    again = Transform.from_dict(op.to_dict())
    assert again == op
    assert hash(again) == hash(op)
    assert again("The name of the film", index=[0]) == op("The name of the film", index=[0])


def test_text_needs_no_torch():
    code = (
        "import sys; from gensynth.transforms.text.default import default;"
        f"default().fit({TEXTS[:3]!r})({TEXTS[:3]!r}); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Augment --------------------------------------------------------------------------------------------------------------


def test_the_default_policy_balances_texts_and_is_saved(tmp_path):
    few = np.flatnonzero(Y == 1)[:20].tolist() + np.flatnonzero(Y == 0)[:200].tolist()
    texts, y = [TEXTS[row] for row in few], Y[few]
    X_new, y_new = Balancer(Augment(random_state=0)).fit_resample(texts, y)
    assert X_new[:220] == texts
    assert Counter(y_new.tolist()) == {0: 200, 1: 200}
    assert len(set(X_new[220:])) > 100
    op = Augment(random_state=0).fit(texts, y)
    assert op.sample(30, y=1) == op.sample(60, y=1)[:30]
    with pytest.warns(UserWarning, match="real rows"):
        op.save(tmp_path / "texts")
    assert load(tmp_path / "texts").sample(30, y=1) == op.sample(30, y=1)
    wrapped, _ = Balancer(Augment(random_state=0)).fit_resample(Texts(texts), y)
    assert wrapped.x == X_new
    one = Augment(random_state=0).fit(["one single text", "x", "y"], [1, 0, 0]).sample(5, y=1)
    assert len(one) == 5


@needs_sms
def test_twenty_thousand_messages_go_through_the_default_policy_in_seconds():
    with gzip.open(SMS, "rt", encoding="utf-8") as file:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(file)]
    texts, y = ([row[at] for row in rows] * 4 for at in (0, 1))
    start = time.process_time()
    made, _ = default().fit(texts[:20_000], y[:20_000])(texts[:20_000], y=y[:20_000])
    assert time.process_time() - start < 10
    assert np.mean([a != b for a, b in zip(made, texts, strict=False)]) > 0.5


def test_words_to_protect_may_be_a_set():
    policy = T.Typos(1.0, protect={"world", "Hello"}, random_state=0)
    assert policy("Hello world") == "Hello world"
    assert policy.to_dict()["protect"] == ["Hello", "world"]
    assert T.Transform.from_dict(policy.to_dict()) == policy
    with pytest.raises(ConfigError, match="protect must be a list of words"):
        T.Typos(protect={"a": 1})
