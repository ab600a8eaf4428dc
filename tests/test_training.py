"""Training: batches, averages, bounds, what is kept, checkpoints, Ctrl-C, and the surroundings left as found."""

from __future__ import annotations

import copy
import logging
import math
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gensynth.errors import ConfigError, DataError, FormatError, GensynthWarning, TrainingFailed
from gensynth.nn.ema import Average
from gensynth.nn.task import Task
from gensynth.training import Batches, Budget, find_device, train
from gensynth.training.checkpoint import NAME
from gensynth.training.clip import Clip

ROOT = Path(__file__).resolve().parents[1]
SLOPES = torch.tensor([[1.0], [-2.0], [0.5]])


def data(rows=400, seed=0):
    """Return rows (n, 3) and targets (n, 1) on a plane, so that the optimum is SLOPES and bias 3."""
    x = torch.randn(rows, 3, generator=torch.Generator().manual_seed(seed))
    return x, x @ SLOPES + 3


class Line(Task):
    """Linear regression; `at` maps steps to what happens there, before the step."""

    def __init__(self, lr=0.05, at=None, pause=0.0):
        super().__init__()
        self.net = nn.Linear(3, 1)
        with torch.no_grad():
            self.net.weight.fill_(0.1)
            self.net.bias.fill_(0.0)
        self.lr, self.at, self.pause, self.seen = lr, at or {}, pause, []

    def optimizers(self, steps):
        optimizer = torch.optim.SGD(self.parameters(), self.lr)
        return [(optimizer, None)]

    def step(self, batch, index, descend, rng):
        self.seen.append(index)
        if index in self.at:
            self.at[index](self)
        time.sleep(self.pause)
        loss = ((self.net(batch[0]) - batch[1]) ** 2).mean()
        descend(0, loss)
        return {"loss": loss.detach()}

    def score(self, batches, rng):
        return sum(((self.net(x) - y) ** 2).mean().item() for x, y in batches)


class Duel(Task):
    """Two networks with two optimizers at two paces, schedules, noise and batch norm: all that a resume must bring."""

    def __init__(self, fail_at=None, pause=0.0):
        super().__init__()
        self.left = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
        self.right = nn.Linear(3, 1)
        rng = torch.Generator().manual_seed(7)
        with torch.no_grad():
            for weight in self.parameters():
                weight.normal_(0, 0.3, generator=rng)
        self.fail_at, self.pause = fail_at, pause

    def optimizers(self, steps):
        first = torch.optim.Adam(self.left.parameters(), 0.01)
        second = torch.optim.SGD(self.right.parameters(), 0.02, momentum=0.9)
        return [
            (first, torch.optim.lr_scheduler.CosineAnnealingLR(first, steps)),
            (second, torch.optim.lr_scheduler.StepLR(second, 20)),
        ]

    def step(self, batch, index, descend, rng):
        if index == self.fail_at:
            raise RuntimeError("the machine has gone")
        time.sleep(self.pause)
        x, y = batch
        x = x + 0.1 * torch.randn(x.shape, generator=rng, device=rng.device)
        loss = ((self.left(x) - y) ** 2).mean()
        descend(0, loss)
        values = {"left": loss.detach()}
        if index % 3 == 2:
            loss = ((self.right(x) - self.left(x).detach()) ** 2).mean()
            descend(1, loss)
            values["right"] = loss.detach()
        return values

    def score(self, batches, rng):
        return sum(((self.left(x) - y) ** 2).mean().item() for x, y in batches)


def lines(steps=100, **kw):
    return Batches(data(), 32, seed=kw.pop("seed", 0), steps=steps, **{"round": 20, **kw})


HELD = [data(100, seed=1)]


def weights(task):
    return {name: value.clone() for name, value in task.state_dict().items()}


def same(a, b):
    a, b = (value if isinstance(value, dict) else weights(value) for value in (a, b))
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def interrupt(task):
    signal.raise_signal(signal.SIGINT)


def spoil(task):
    with torch.no_grad():
        task.net.weight.fill_(math.nan)


# batches


def gone_through(batches):
    """Return all batches of all rounds."""
    found, start = [], batches.start
    while start < batches.steps:
        part = batches.at(start)
        taken = list(part)
        assert len(taken) == len(part) == part.stop - start
        found += taken
        start = part.stop
    return found


@pytest.mark.parametrize("steps", [1, 19, 20, 21, 100])
def test_batches_are_as_many_as_steps(steps):
    assert len(gone_through(lines(steps))) == steps


def test_a_pass_holds_each_row_once_and_two_passes_differ():
    rows = torch.arange(100)
    found = [batch[0] for batch in gone_through(Batches([rows], 20, seed=0, steps=10, round=3))]
    first, second = torch.cat(found[:5]), torch.cat(found[5:])
    assert torch.equal(first.sort().values, rows)
    assert torch.equal(second.sort().values, rows)
    assert not torch.equal(first, second)


def test_rows_left_over_sit_out_one_pass():
    found = [batch[0] for batch in gone_through(Batches([torch.arange(50)], 20, seed=0, steps=40))]
    assert {len(batch) for batch in found} == {20}
    assert all(len(torch.cat(found[i : i + 2]).unique()) == 40 for i in range(0, 40, 2))
    assert len(torch.cat(found).unique()) == 50


def test_fewer_rows_than_a_batch_are_the_batch():
    found = gone_through(Batches([torch.arange(7)], 20, seed=0, steps=3))
    assert all(torch.equal(batch[0].sort().values, torch.arange(7)) for batch in found)


def test_a_batch_depends_on_seed_rank_and_step_alone():
    batches = lines()
    backwards = [batches.batch(t)[0] for t in reversed(range(100))][::-1]
    assert all(torch.equal(a[0], b) for a, b in zip(gone_through(lines()), backwards, strict=True))
    later = gone_through(pickle.loads(pickle.dumps(batches)).at(40))
    assert all(torch.equal(a[0], b) for a, b in zip(later, backwards[40:], strict=True))
    parts = [batches.part(rank, 3).at(0).batch(3)[0] for rank in range(3)]
    assert {len(part) for part in parts} == {len(backwards[3]) // 3}
    assert torch.equal(torch.cat(parts), backwards[3][: len(backwards[3]) // 3 * 3])
    with pytest.raises(ConfigError, match="fewer devices"):
        batches.part(0, 200)
    assert not torch.equal(lines(seed=1).batch(3)[0], backwards[3])


def test_tensors_stay_row_by_row_together():
    x, y = lines().batch(17)
    assert torch.allclose(x @ SLOPES + 3, y)


def test_draw_chooses_the_rows():
    def draw(rng, count):
        return torch.randint(0, 5, (count,), generator=rng)

    batches = Batches([torch.arange(100)], 30, seed=0, steps=9, draw=draw)
    assert batches.batch(2)[0].shape == (30,)
    assert torch.equal(batches.batch(2)[0], batches.at(2).batch(2)[0])
    assert not torch.equal(batches.batch(2)[0], batches.batch(3)[0])
    assert torch.cat([batch[0] for batch in gone_through(batches)]).max() < 5


def test_batches_of_a_memory_map(tmp_path):
    array = np.memmap(tmp_path / "x", dtype=np.float32, mode="w+", shape=(60, 2))
    array[:] = np.arange(120).reshape(60, 2)
    found = [batch[0] for batch in gone_through(Batches([torch.from_numpy(array)], 20, seed=0, steps=3))]
    assert torch.equal(torch.cat(found).sort(0).values, torch.arange(120.0).reshape(60, 2))


@pytest.mark.parametrize("name", ["batch_size", "steps", "round"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True, "10", None])
def test_a_wrong_count_is_refused(name, value):
    with pytest.raises(ConfigError, match=name):
        Batches(data(), **{"batch_size": 10, "seed": 0, "steps": 10, name: value})


@pytest.mark.parametrize("tensors", [[], [torch.ones(0, 2)], [torch.ones(3), torch.ones(4)]])
def test_tensors_without_rows_or_of_different_lengths_are_refused(tensors):
    with pytest.raises(DataError, match="rows"):
        Batches(tensors, 10, seed=0, steps=10)


# budget


@pytest.mark.parametrize(
    ("max_time", "seconds"),
    [
        *[("90s", 90), ("2m", 120), ("1h", 3600), ("1h30m", 5400), ("1h 30m 5s", 5405), ("0.5m", 30), ("45", 45)],
        *[(2, 2), (0.5, 0.5), (np.float64(1.5), 1.5), (np.int64(90), 90), (Fraction(3, 2), 1.5), (None, math.inf)],
    ],
)
def test_times_are_read(max_time, seconds):
    assert Budget(1, max_time).seconds == seconds


@pytest.mark.parametrize("max_time", ["", "s", "1d", "2m1h", "-1s", "0s", 0, -1, math.nan, math.inf, 10**400, True])
def test_other_times_are_refused(max_time):
    with pytest.raises(ConfigError, match="max_time must be a time above 0"):
        Budget(1, max_time)


@pytest.mark.parametrize("name", ["steps", "patience"])
@pytest.mark.parametrize("value", [0, -3, 2.0, True, "7"])
def test_other_counts_are_refused(name, value):
    with pytest.raises(ConfigError, match=name):
        Budget(**{"steps": 10, name: value})


def test_numpy_counts_are_counts():
    assert Budget(np.int64(5), patience=np.int32(2)).steps == 5


# averages


def test_average_follows_its_formula():
    module, expected = nn.Linear(2, 1), None
    average = Average(module, 0.9)
    expected = module.weight.detach().clone()
    for step in range(200):
        with torch.no_grad():
            module.weight += 0.1
        average.update()
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * module.weight.detach()
    with average.swapped():
        assert torch.allclose(module.weight, expected, atol=1e-5)


def test_swapped_gives_the_raw_weights_and_buffers_back():
    module = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    average = Average(module, 0.99)
    module(torch.randn(8, 2, generator=torch.Generator().manual_seed(0)))
    with torch.no_grad():
        module[0].weight.fill_(5)
    average.update()
    raw = weights(module)
    with pytest.raises(RuntimeError, match="on the way"), average.swapped():  # noqa: PT012
        assert not torch.equal(module[0].weight, raw["0.weight"])
        assert torch.equal(module[1].running_mean, raw["1.running_mean"])
        module(torch.ones(8, 2))  # moves the statistics
        raise RuntimeError("on the way")
    assert all(torch.equal(raw[name], value) for name, value in module.state_dict().items() if "batches" not in name)


def test_average_goes_on_from_its_state():
    module = nn.Linear(2, 1)
    one = Average(module, 0.9)
    for _ in range(5):
        with torch.no_grad():
            module.weight += 1
        one.update()
    other = Average(module, 0.9)
    other.load_state_dict(copy.deepcopy(one.state_dict()))
    for average in (one, other):
        average.update()
    with one.swapped():
        first = weights(module)
    with other.swapped():
        assert same(first, module)
    with pytest.raises(ValueError, match="another module"):
        Average(nn.Linear(3, 1), 0.9).load_state_dict(one.state_dict())


def test_decay_zero_follows_the_weights():
    module = nn.Linear(2, 1)
    average = Average(module, 0.0)
    with torch.no_grad():
        module.weight.fill_(4)
    average.update()
    with average.swapped():
        assert torch.equal(module.weight, torch.full((1, 2), 4.0))


# train


def test_training_finds_the_optimum_and_tells_how():
    task = Line()
    history = train(task, lines(290), held=HELD, decay=0.9)
    assert torch.allclose(task.net.weight, SLOPES.T, atol=1e-3)
    assert torch.allclose(task.net.bias, torch.tensor([3.0]), atol=1e-3)
    assert [record["step"] for record in history] == [*range(20, 281, 20), 290]
    assert all(set(record) == {"step", "seconds", "loss", "score"} for record in history)
    assert all(type(value) in (int, float) for record in history for value in record.values())
    assert history[0]["loss"] > history[-1]["loss"]
    assert [record["seconds"] for record in history] == sorted(record["seconds"] for record in history)
    assert task.seen == list(range(290))
    assert not task.training
    assert all(weight.device.type == "cpu" and weight.grad is None for weight in task.parameters())


@pytest.mark.parametrize("steps", [1, 2, 20, 21])
def test_steps_are_exact(steps):
    task = Line()
    assert train(task, lines(steps))[-1]["step"] == steps
    assert task.seen == list(range(steps))


def test_training_is_what_a_loop_by_hand_does():
    task, hand = Duel(), Duel()
    batches = lines(50)
    train(task, batches, decay=0.0)
    pairs = hand.optimizers(50)

    def descend(number, loss):
        optimizer, scheduler = pairs[number]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()

    from gensynth.training.batches import seed_for

    for step in range(50):
        if step % 20 == 0:
            rng = torch.Generator().manual_seed(seed_for(0, "noise", 0, step // 20))
        hand.step(batches.batch(step), step, descend, rng)
    assert same(task, hand)


def test_where_somebody_listens_the_weights_are_the_same():
    from lightning.pytorch import Callback

    ends = []

    class Listener(Callback):
        def on_train_batch_end(self, *args):
            ends.append(1)

    one, other = Duel(), Duel()
    train(one, lines(50), held=HELD)
    train(other, lines(50), held=HELD, trainer_kwargs={"callbacks": [Listener()]})
    assert same(one, other)
    assert len(ends) == 50


def test_max_time_stops_after_the_step():
    train(Line(), lines(1))  # lightning is imported once
    task = Line(pause=0.05)
    began = time.monotonic()
    with pytest.warns(GensynthWarning, match="before the end of one round"):
        train(task, lines(10_000, round=1000), max_time="1s")
    assert 0.9 < time.monotonic() - began < 2
    assert 2 <= len(task.seen) <= 20
    task = Line()
    with pytest.warns(GensynthWarning, match="after 1 of 10000 steps"):
        train(task, lines(10_000), max_time=1e-6)
    assert task.seen == [0]


def test_the_time_that_scoring_takes_is_set_aside():
    class Slow(Line):
        def score(self, batches, rng):
            time.sleep(0.5)
            return super().score(batches, rng)

    train(Line(), lines(1))
    began = time.monotonic()
    history = train(Slow(pause=0.01), lines(10_000, round=5), held=HELD, max_time=1.2)
    assert time.monotonic() - began < 1.6
    assert len(history) <= 2


class Scripted(Line):
    """Scores as written, and the averages at each scoring."""

    def __init__(self, scores, **kw):
        super().__init__(**kw)
        self.scores, self.found, self.noise = list(scores), [], []

    def score(self, batches, rng):
        assert not self.training
        assert not torch.is_grad_enabled()
        self.found.append(weights(self))
        self.noise.append(torch.rand(1, generator=rng).item())
        return self.scores[len(self.found) - 1]


def test_the_best_averages_are_kept_and_patience_ends():
    task = Scripted([5, 3, 4, 3, 3.5, 1])
    history = train(task, lines(200), held=HELD, patience=3)
    assert [record["score"] for record in history] == [5, 3, 4, 3, 3.5]
    assert len(task.seen) == 100
    assert same(task, task.found[1])
    assert len(set(task.noise)) == 1


def test_without_patience_all_steps_are_done_and_the_best_kept():
    task = Scripted([5, 3, 4, 3, 3.5])
    assert len(train(task, lines(100), held=HELD)) == 5
    assert same(task, task.found[1])


def test_without_a_score_the_last_averages_are_kept():
    task = Line()
    history = train(task, lines(100), decay=0.5)
    assert "score" not in history[-1]
    raw = Line()
    train(raw, lines(100), decay=0.0)
    assert not same(task, raw)
    assert torch.allclose(task.net.weight, raw.net.weight, atol=0.02)


def test_held_batches_may_be_an_iterator():
    history = train(Line(), lines(60), held=iter(HELD))
    assert history[2]["score"] > 0


@pytest.mark.parametrize("decay", [-0.1, 1, 1.5])
def test_a_wrong_decay_is_refused(decay):
    with pytest.raises(ConfigError, match="decay"):
        train(Line(), lines(), decay=decay)


# losses that are not finite


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_ends_with_the_best_weights(value):
    def at(task):
        with torch.no_grad():
            task.net.bias.fill_(value)

    task, good = Line(at={50: at}), Line()
    with pytest.warns(GensynthWarning, match="not finite after step 50; the best weights before are kept"):
        history = train(task, lines(100), held=HELD)
    assert [record["step"] for record in history] == [20, 40]
    train(good, lines(40), held=HELD)
    assert same(task, good)
    assert task.seen[-1] == 50


def test_a_loss_that_is_not_finite_in_the_first_round_is_an_error():
    with pytest.raises(TrainingFailed, match="lower lr"):
        train(Line(at={5: spoil}), lines(100), held=HELD)


def test_too_high_a_rate_is_told():
    with pytest.raises(TrainingFailed, match="lower lr"):
        train(Line(lr=1e6), lines(100))


def test_weights_spoilt_by_the_last_step_of_a_round_are_not_kept():
    class Late(Line):
        def step(self, batch, index, descend, rng):
            values = super().step(batch, index, descend, rng)
            if index == 59:
                spoil(self)
            return values

    task, two = Late(), Line()
    with pytest.warns(GensynthWarning, match="not finite"):
        train(task, lines(100))
    train(two, lines(40))
    assert same(task, two)


def test_a_score_that_is_not_finite_ends_too():
    task = Scripted([2, 1, math.nan, 0])
    with pytest.warns(GensynthWarning, match="not finite"):
        assert len(train(task, lines(100), held=HELD)) == 2
    assert same(task, task.found[1])


# what is around


def surroundings():
    return {
        "torch": torch.get_rng_state().tolist(),
        "numpy": pickle.dumps(np.random.get_state()),  # noqa: NPY002
        "random": random.getstate(),
        "threads": torch.get_num_threads(),
        "gradients": torch.is_grad_enabled(),
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "filters": list(warnings.filters),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "benchmark": torch.backends.cudnn.benchmark,
        "environment": {name: value for name, value in os.environ.items() if not name.startswith("CUBLAS")},
        "levels": {name: logging.getLogger(name).level for name in ("", "lightning.pytorch", "lightning.fabric")},
        "handlers": [list(logging.getLogger(name).handlers) for name in ("", "lightning.pytorch")],
    }


class Rude(Line):
    """Changes what is global in each step."""

    def step(self, batch, index, descend, rng):
        torch.rand(3), np.random.rand(3), random.random()  # noqa: NPY002
        torch.set_num_threads(2)
        return super().step(batch, index, descend, rng)


@pytest.mark.parametrize("gradients", [True, False])
def test_what_is_global_is_left_as_found(gradients, tmp_path, monkeypatch, capfd):
    import lightning.pytorch  # noqa: F401 its import sets up its own loggers

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTORCH_NVML_BASED_CUDA_CHECK", "1")  # as the import of lightning does
    for name in ("lightning.pytorch", "lightning.fabric"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.INFO + 1)
    rude, broken = [Rude(), Rude(), Rude()], Duel(fail_at=25)
    with torch.set_grad_enabled(gradients):
        before = surroundings()
        train(rude.pop(), lines(30), held=HELD)
        assert surroundings() == before
        for switch in ("deterministic", "benchmark"):
            train(rude.pop(), lines(3), trainer_kwargs={switch: True})
            assert surroundings() == before
        with pytest.raises(RuntimeError, match="gone"):
            train(broken, lines(30))
        assert surroundings() == before
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_training_works_in_inference_mode_of_the_caller():
    task = Line()
    with torch.inference_mode():
        train(task, lines(200), decay=0.5)
        assert torch.is_inference_mode_enabled()
    assert torch.allclose(task.net.weight, SLOPES.T, atol=0.05)


COLD = """
import logging, random, sys, warnings
warnings.simplefilter("error")
import numpy as np, torch
import gensynth.training, gensynth.nn.task
sys.path.insert(0, "tests")
from test_training import Line, lines, surroundings
logging.basicConfig(level=logging.INFO, stream=sys.stdout)
task, before = Line(), surroundings()
root = logging.getLogger().handlers[:], logging.getLogger().level
gensynth.training.train(task, lines(30))
after = surroundings()
assert (logging.getLogger().handlers, logging.getLogger().level) == root
for name in ("torch", "numpy", "random", "threads", "gradients", "signals"):
    assert before[name] == after[name], name
"""
LAZY = """
import sys
import gensynth.training, gensynth.nn.task
print(*[name for name in sys.modules if name.partition(".")[0] in ("lightning", "pytorch_lightning")])
"""


def python(code):
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip(), done.stderr


def test_lightning_is_imported_when_training_begins():
    assert python(LAZY) == (0, "", "")


@pytest.mark.slow
def test_the_first_training_of_a_process_is_silent():
    assert python(COLD) == (0, "", "")


# Ctrl-C


def test_ctrl_c_ends_after_the_step_with_the_best_weights():
    before = signal.getsignal(signal.SIGINT)
    task = Scripted([5, 3, 4, 9, 9], at={70: interrupt})
    with pytest.warns(GensynthWarning, match="interrupted after step 71 of 100; the best weights so far are kept"):
        history = train(task, lines(100), held=HELD)
    assert task.seen[-1] == 70
    assert same(task, task.found[1])
    assert len(task.found) == 3
    assert [record["step"] for record in history] == [20, 40, 60, 71]
    assert not task.training
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(KeyboardInterrupt):
        interrupt(task)


def test_ctrl_c_before_a_score_keeps_the_averages_at_hand():
    task, ten = Line(at={9: interrupt}), Line()
    with pytest.warns(GensynthWarning, match="interrupted after step 10"):
        train(task, lines(100), held=HELD)
    train(ten, lines(10))
    assert same(task, ten)


def test_a_second_ctrl_c_breaks_off_at_once():
    def twice(task):
        interrupt(task)
        interrupt(task)
        pytest.fail("the second did nothing")

    before = signal.getsignal(signal.SIGINT)
    task = Line(at={30: twice})
    with pytest.raises(KeyboardInterrupt):
        train(task, lines(100))
    assert signal.getsignal(signal.SIGINT) is before
    assert task.seen[-1] == 30
    with pytest.raises(KeyboardInterrupt):
        interrupt(task)
    train(Line(), lines(5))


def test_a_keyboard_interrupt_of_a_callback_stays_one():
    from lightning.pytorch import Callback

    class Rash(Callback):
        def on_train_batch_end(self, *args):
            raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(Line(), lines(100), trainer_kwargs={"callbacks": [Rash()]})
    assert signal.getsignal(signal.SIGINT) is before


def test_an_ignored_ctrl_c_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        task = Line(at={3: interrupt})
        train(task, lines(10))
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(task.seen) == 10


def test_training_in_another_thread():
    task, found = Line(), []
    thread = threading.Thread(target=lambda: found.append(train(task, lines(40))))
    thread.start()
    thread.join()
    other = Line()
    train(other, lines(40))
    assert found[0][-1]["step"] == 40
    assert same(task, other)


# checkpoints


def straight_run():
    task = Duel()
    return task, train(task, lines(90), held=HELD)


def untimed(history):
    return [{name: value for name, value in record.items() if name != "seconds"} for record in history]


@pytest.mark.parametrize("fail_at", [20, 55, 89])
def test_a_broken_training_goes_on_bit_for_bit(tmp_path, fail_at):
    with pytest.raises(RuntimeError, match="the machine has gone"):
        train(Duel(fail_at=fail_at), lines(90), held=HELD, checkpoint_dir=tmp_path / "new" / "folder")
    task = Duel()
    with torch.no_grad():
        task.left[0].weight.fill_(9)  # what the task holds before does not matter
    history = train(task, lines(90), held=HELD, checkpoint_dir=tmp_path / "new" / "folder")
    straight, expected = straight_run()
    assert same(task, straight)
    assert untimed(history) == untimed(expected)
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == [NAME]


def test_an_interrupted_training_goes_on_bit_for_bit(tmp_path):
    one, other, straight = Line(at={39: interrupt}), Line(at={70: interrupt}), Line()
    for task in (one, other):
        with pytest.warns(GensynthWarning, match="interrupted"):
            train(task, lines(100), held=HELD, checkpoint_dir=tmp_path)
    assert other.seen[0] == 20  # step 40 was interrupted before it was scored
    task = Line()
    history = train(task, lines(100), held=HELD, checkpoint_dir=tmp_path)
    assert task.seen == list(range(60, 100))
    assert untimed(history) == untimed(train(straight, lines(100), held=HELD))
    assert same(task, straight)


def test_a_training_out_of_time_goes_on_bit_for_bit(tmp_path):
    calls, straight, task = 0, Line(), Line()
    while 99 not in task.seen:
        task, calls = Line(pause=0.01), calls + 1
        train(task, lines(100), held=HELD, checkpoint_dir=tmp_path, max_time=0.5)
    assert calls > 1
    train(straight, lines(100), held=HELD)
    assert same(task, straight)


def test_a_finished_training_returns_at_once(tmp_path):
    task, again = Line(), Line()
    history = train(task, lines(100), held=HELD, checkpoint_dir=tmp_path)
    began = time.monotonic()
    assert train(again, lines(100), held=HELD, checkpoint_dir=tmp_path) == history
    assert time.monotonic() - began < 1
    assert again.seen == []
    assert same(task, again)
    assert not again.training


def test_a_training_out_of_patience_is_finished_unless_given_more(tmp_path):
    scores = [5, 3, 4, 4, 4, 4, 2, 4, 4, 4]
    task, again = Scripted(scores), Scripted(scores)
    train(task, lines(200), held=HELD, checkpoint_dir=tmp_path, patience=2)
    train(again, lines(200), held=HELD, checkpoint_dir=tmp_path, patience=2)
    assert again.seen == []
    assert same(task, again)
    more = Scripted(scores[4:])
    assert len(train(more, lines(200), held=HELD, checkpoint_dir=tmp_path, patience=5)) == 10
    assert same(more, more.found[2])


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"fingerprint": "b"}, "data"),
        ({"seed": 1}, "seed 0, now 1"),
        ({"steps": 120}, "steps 100, now 120"),
        ({"round": 25}, "round 20, now 25"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(tmp_path, other, said):
    train(Line(), lines(100, fingerprint="a"), checkpoint_dir=tmp_path)
    with pytest.raises(ConfigError, match=rf"another training \({said}.*delete it to train from the beginning"):
        train(Line(), lines(**{"steps": 100, "fingerprint": "a", **other}), checkpoint_dir=tmp_path)
    with pytest.raises(ConfigError, match="parameters"):
        train(Duel(), lines(100, fingerprint="a"), checkpoint_dir=tmp_path)


class Hostile:
    def __reduce__(self):
        return (os.system, (f"touch {os.environ['HOSTILE']}",))


def test_a_hostile_checkpoint_is_refused_and_not_run(tmp_path, monkeypatch):
    mark = tmp_path / "was here"
    monkeypatch.setenv("HOSTILE", str(mark).replace(" ", "\\ "))
    for save in (lambda handle: pickle.dump(Hostile(), handle), lambda handle: torch.save({"a": Hostile()}, handle)):
        with open(tmp_path / NAME, "wb") as handle:
            save(handle)
        with pytest.raises(FormatError, match="damaged or no checkpoint of a training; delete it"):
            train(Line(), lines(10), checkpoint_dir=tmp_path)
    assert not mark.exists()


def test_a_damaged_or_foreign_checkpoint_is_refused(tmp_path):
    train(Line(), lines(30), checkpoint_dir=tmp_path)
    path = tmp_path / NAME
    whole = path.read_bytes()
    cuts = [0, 1, 10, 100, len(whole) // 2, len(whole) - 1]
    spoilt = [whole[:cut] for cut in cuts] + [b"x" * 1000, whole[:200] + b"\0" * 800 + whole[1000:]]
    for content in spoilt:
        path.write_bytes(content)
        with pytest.raises(FormatError, match=f"{NAME}.*delete it to train from the beginning"):
            train(Line(), lines(30), checkpoint_dir=tmp_path)
    for foreign in ([1], {"weights": {}}, Line().state_dict(), {"gensynth": 1}, {"gensynth": 2}, {"gensynth": "1"}):
        torch.save(foreign, path)
        with pytest.raises(FormatError, match=r"no checkpoint of a training|of format 2 and"):
            train(Line(), lines(30), checkpoint_dir=tmp_path)


def test_a_checkpoint_whose_parts_do_not_fit_is_refused(tmp_path):
    with pytest.raises(RuntimeError, match="gone"):
        train(Duel(fail_at=45), lines(90), checkpoint_dir=tmp_path)
    path = tmp_path / NAME
    state = torch.load(path, weights_only=True)
    for part, value in [("optimizers", []), ("weights", {}), ("average", {"steps": 1}), ("history", []), ("kept", {})]:
        torch.save({**state, part: value}, path)
        with pytest.raises(FormatError, match="does not fit this training"):
            train(Duel(), lines(90), checkpoint_dir=tmp_path)


def test_a_folder_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="checkpoint_dir"):
        train(Line(), lines(10), checkpoint_dir=tmp_path / "file")


KILLED = """
import sys
sys.path.insert(0, "tests")
import torch
from test_training import Duel, HELD, lines
from gensynth.training import train
folder, pause, out = sys.argv[1:]
task = Duel(pause=float(pause))
train(task, lines(90), held=HELD, checkpoint_dir=folder or None)
torch.save(task.state_dict(), out)
"""


@pytest.mark.slow
def test_a_killed_process_goes_on_bit_for_bit(tmp_path):
    env = os.environ | {"PYTHONPATH": str(ROOT)}

    def start(folder, pause, out):
        words = [sys.executable, "-c", KILLED, str(folder), str(pause), str(tmp_path / out)]
        return subprocess.Popen(words, cwd=ROOT, env=env)

    file = tmp_path / "run" / NAME
    process, until = start(tmp_path / "run", 0.05, "never"), time.monotonic() + 120
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.3)  # into the second round
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert torch.load(file, weights_only=True)["step"] < 90
    assert start(tmp_path / "run", 0, "resumed").wait() == 0
    assert start("", 0, "straight").wait() == 0
    assert not (tmp_path / "never").exists()
    resumed, straight = (torch.load(tmp_path / name, weights_only=True) for name in ("resumed", "straight"))
    assert same(dict(resumed), dict(straight))


# devices and Lightning's own settings


def test_devices_are_found_or_refused():
    assert find_device("cpu") == torch.device("cpu")
    assert find_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    for name in ("cuda:99", "tpu", "gpu", "", "cuda:x"):
        with pytest.raises(ConfigError, match=r"there is no device .*cpu"):
            find_device(name)
    with pytest.raises(ConfigError, match="GPUs are called 'cuda'"):
        find_device("gpu")
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match=r"there is no device 'cuda' for training here; there is .*cpu"):
            train(Line(), lines(10), device="cuda")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_training_on_a_gpu():
    task = Line()
    batches = Batches([tensor.cuda() for tensor in data()], 32, seed=0, steps=290)
    train(task, batches, held=HELD, decay=0.9, device="cuda")
    assert torch.allclose(task.net.weight, SLOPES.T, atol=1e-3)
    assert task.net.weight.device.type == "cpu"


@pytest.mark.parametrize("name", ["max_steps", "max_epochs", "max_time", "limit_train_batches", "fast_dev_run"])
def test_what_training_decides_is_refused(name):
    with pytest.raises(ConfigError, match=f"trainer_kwargs: {name} is not for Lightning here"):
        train(Line(), lines(10), trainer_kwargs={name: 1})


def test_unknown_or_wrong_settings_are_refused():
    with pytest.raises(ConfigError, match="no parameter 'precison'; did you mean 'precision'"):
        train(Line(), lines(10), trainer_kwargs={"precison": "bf16-mixed"})
    with pytest.raises(ConfigError, match="trainer_kwargs: "):
        train(Line(), lines(10), trainer_kwargs={"precision": "7-mixed"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"gradient_clip_val": "x"},
        {"gradient_clip_val": -1},
        {"gradient_clip_val": math.nan},
        {"gradient_clip_val": 1.0, "gradient_clip_algorithm": "zz"},
        {"gradient_clip_algorithm": 2},
        {"callbacks": [1]},
        {"callbacks": "x"},
    ],
    ids=str,
)
def test_wrong_settings_of_clipping_and_callbacks_are_refused_before_training(wrong):
    task = Line()
    with pytest.raises(ConfigError, match=rf"trainer_kwargs: ({'|'.join(wrong)}) must be"):
        train(task, lines(10), trainer_kwargs=wrong)
    assert not task.seen


@pytest.mark.parametrize("way", [{}, {"gradient_clip_algorithm": "value"}], ids=["norm", "value"])
def test_gradients_of_fused_optimizers_are_clipped_in_mixed_precision(way):
    class Fused(Line):
        def __init__(self, fused):
            super().__init__()
            self.fused = fused

        def optimizers(self, steps):
            return [(torch.optim.SGD(self.parameters(), self.lr, fused=self.fused), None)]

    fused, plain, start = Fused(True), Fused(False), Line()
    for task in (fused, plain):
        clipped = {"precision": "bf16-mixed", "gradient_clip_val": 0.01, **way}
        train(task, lines(5), decay=0.0, trainer_kwargs=clipped)
    moved = torch.cat([(weights(fused)[name] - value).flatten() for name, value in weights(start).items()])
    assert 0 < (moved.norm() if not way else moved.abs().max()) <= 5 * 0.05 * 0.01 + 1e-6
    assert all(torch.allclose(value, weights(plain)[name]) for name, value in weights(fused).items())


@pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
def test_gradients_that_carry_the_scale_of_float16_are_clipped_without_it(fused):
    net, scaler = nn.Linear(1, 1, bias=False), torch.amp.GradScaler("cpu", init_scale=1024.0)
    optimizer = torch.optim.SGD(net.parameters(), 1.0, fused=fused)
    start = net.weight.item()
    scaler.scale(0.25 * net.weight.sum()).backward()
    if not fused:
        scaler.unscale_(optimizer)  # as Lightning does
    Clip(0.5, "norm").cut(optimizer, scaler)
    scaler.step(optimizer)
    assert net.weight.item() == pytest.approx(start - 0.25)


def test_gradients_are_clipped_on_both_paths():
    from lightning.pytorch import Callback

    clipped = {"gradient_clip_val": 0.01}
    one, other, free = Line(), Line(), Line()
    train(one, lines(5), decay=0.0, trainer_kwargs=clipped)
    train(other, lines(5), decay=0.0, trainer_kwargs={**clipped, "callbacks": [Callback()]})
    train(free, lines(5), decay=0.0)
    assert same(one, other)
    start = Line()
    moved, unclipped = (
        math.sqrt(sum(((value - weights(start)[name]) ** 2).sum().item() for name, value in weights(task).items()))
        for task in (one, free)
    )
    assert moved <= 5 * 0.05 * 0.01 + 1e-6
    assert unclipped > 10 * moved


def test_mixed_precision_sees_the_weights_after_each_descent():
    class Twice(Line):
        def step(self, batch, index, descend, rng):
            losses = []
            for _ in range(2):
                made = self.net(batch[0])
                self.kind = made.dtype
                losses.append(((made.float() - batch[1]) ** 2).mean())
                descend(0, losses[-1])
            return {"first": losses[0].detach(), "second": losses[1].detach()}

    task = Twice()
    history = train(task, lines(5), trainer_kwargs={"precision": "bf16-mixed"})
    assert task.kind == torch.bfloat16
    assert history[0]["second"] < 0.95 * history[0]["first"]
    assert task.net.weight.dtype == torch.float32


@pytest.mark.parametrize("precision", ["64-true", "bf16-true"])
def test_a_task_comes_back_in_the_dtypes_it_came_in(precision, tmp_path):
    class Seen(Duel):
        def step(self, batch, index, descend, rng):
            self.kind = self.right.weight.dtype
            return super().step(batch, index, descend, rng)

    task, settings = Seen(), {"trainer_kwargs": {"precision": precision}, "checkpoint_dir": tmp_path}
    train(task, lines(20), held=HELD, **settings)
    assert task.kind != torch.float32
    assert {value.dtype for value in weights(task).values() if value.is_floating_point()} == {torch.float32}
    assert task.right(data()[0]).dtype == torch.float32
    again = Seen()
    train(again, lines(20), held=HELD, **settings)
    assert same(task, again)


# progress


def test_progress_is_one_line_on_standard_error(capsys):
    train(Line(pause=0.01), lines(60), held=HELD, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    parts = err.split("\r")
    assert 3 <= len(parts) <= 3 + 10 * 2
    assert "of 60 steps, loss " in parts[1]
    assert "left" in parts[1]
    assert parts[-1].startswith("training: 60 of 60 steps, loss")
    assert "score" in parts[-1]


@pytest.mark.parametrize("progress", [None, False])
def test_progress_is_silent_without_a_terminal(capsys, progress):
    train(Line(), lines(20), progress=progress)
    assert capsys.readouterr() == ("", "")


# rounds that are done again


class Shaky(Duel):
    """A duel that may go back; `spoilt` is asked at each step, before it, whether its loss is one too many."""

    retries, largest = 3, 1e4

    def __init__(self, spoilt, value=math.nan, **kw):
        super().__init__(**kw)
        self.spoilt, self.value, self.seen = spoilt, value, []

    def step(self, batch, index, descend, rng):
        self.seen.append(index)
        if not self.spoilt(self, index):
            return super().step(batch, index, descend, rng)
        descend(0, self.left(batch[0]).sum() * 0 + self.value)
        return {"left": torch.tensor(self.value)}


def once(at):
    return lambda task, index: index == at and task.seen.count(at) == 1


class Slowed(Duel):
    """A duel at half its rates from step 40 on."""

    def optimizers(self, steps):
        self.pairs = super().optimizers(steps)
        return self.pairs

    def step(self, batch, index, descend, rng):
        for optimizer, schedule in self.pairs if index == 40 else ():
            schedule.base_lrs = [rate / 2 for rate in schedule.base_lrs]
            optimizer.param_groups[0]["lr"] /= 2
        return super().step(batch, index, descend, rng)


@pytest.mark.parametrize("value", [math.nan, math.inf, -2e4])
def test_a_spoilt_round_is_done_again_at_half_the_rate(value):
    task = Shaky(once(47), value)
    with pytest.warns(GensynthWarning, match="1 times a loss was not finite, or beyond bounds") as said:
        history = train(task, lines(100), held=HELD)
    assert len(said) == 1
    assert task.seen == [*range(48), *range(40, 100)]
    assert [record["step"] for record in history] == [20, 40, 60, 80, 100]
    assert [record.get("rolled_back") for record in history] == [None, None, 1, None, None]
    assert history.ended == "steps"
    slow = Slowed()
    again = train(slow, lines(100), held=HELD)
    assert same(task, slow)
    assert [record["left"] for record in history] == [record["left"] for record in again]


def test_what_was_done_again_is_the_same_each_time_and_from_a_checkpoint(tmp_path):
    def made(**kw):
        task = Shaky(lambda task, index: index in (25, 47) and task.seen.count(index) == 1)
        with pytest.warns(GensynthWarning, match="unstable"):
            return task, train(task, kw.pop("batches", lines(100)), held=HELD, **kw)

    (whole, history), (again, _) = made(), made()
    assert same(whole, again)
    made(batches=lines(100, stop_after=60), checkpoint_dir=tmp_path)
    later, resumed = made(checkpoint_dir=tmp_path)
    assert later.seen[0] == 60
    assert same(whole, later)
    assert [record.get("rolled_back") for record in resumed] == [record.get("rolled_back") for record in history]


def test_a_task_killed_where_it_went_back_goes_on_the_same(tmp_path):
    whole = Shaky(once(47))
    with pytest.warns(GensynthWarning, match="unstable"):
        train(whole, lines(100), held=HELD)
    killed = Shaky(once(47), fail_at=55)
    with pytest.raises(RuntimeError, match="gone"):
        train(killed, lines(100), held=HELD, checkpoint_dir=tmp_path)
    later = Shaky(once(47))
    with pytest.warns(GensynthWarning, match="unstable"):
        train(later, lines(100), held=HELD, checkpoint_dir=tmp_path)
    assert later.seen[0] == 40
    assert same(whole, later)


def test_training_ends_where_going_back_does_not_help():
    task = Shaky(lambda task, index: index == 47)
    with pytest.warns(GensynthWarning, match="not finite after step 47; the best weights before are kept") as said:
        history = train(task, lines(100), held=HELD)
    assert len(said) == 1
    assert task.seen.count(47) == 1 + Shaky.retries
    assert history.ended == "spoilt"
    with pytest.raises(TrainingFailed, match="lower lr"):
        train(Shaky(lambda task, index: index == 3), lines(100), held=HELD)


def test_weights_that_are_found_spoilt_at_the_end_of_a_round_go_back_too():
    def spoils(task, index):
        if index == 59 and task.seen.count(59) == 1:
            with torch.no_grad():
                task.right.weight.fill_(math.nan)  # which no loss of this step sees
        return False

    task = Shaky(spoils)
    with pytest.warns(GensynthWarning, match="unstable"):
        history = train(task, lines(100), held=HELD)
    assert [record.get("rolled_back") for record in history] == [None, None, 1, None, None]
    assert all(bool(value.isfinite().all()) for value in task.state_dict().values())
