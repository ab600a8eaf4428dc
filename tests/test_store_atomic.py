"""An output is the old one or the whole new one, whatever happens."""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import resource
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gensynth.errors import ConfigError, FormatError, GensynthError
from gensynth.store import atomic, atomic_folder, atomic_write, check_output, json_text, read_json, write_json
from gensynth.store.beside import hidden, swap

ROOT = Path(__file__).resolve().parents[1]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def put(path, content=b"new", **options):
    with atomic_write(path, **options) as handle:
        handle.write(content)


def test_file_appears_whole_at_the_end(tmp_path):
    with atomic_write(tmp_path / "out") as handle:
        handle.write(b"half")
        handle.flush()
        assert not (tmp_path / "out").exists()
        assert all(name.startswith(".") for name in names(tmp_path))
    assert (tmp_path / "out").read_bytes() == b"half"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, SystemExit])
@pytest.mark.parametrize("there", [True, False])
def test_an_interrupt_leaves_what_was_there(tmp_path, error, there):
    if there:
        (tmp_path / "out").write_bytes(b"old")

    def work():
        with atomic_write(tmp_path / "out", overwrite=True) as handle:
            handle.write(b"half")
            raise error

    with pytest.raises(error):
        work()
    assert names(tmp_path) == (["out"] if there else [])
    assert not there or (tmp_path / "out").read_bytes() == b"old"


def test_nothing_is_overwritten_unasked(tmp_path):
    (tmp_path / "out").write_bytes(b"old")
    with pytest.raises(ConfigError, match="exists; add --overwrite to replace it"):
        put(tmp_path / "out")
    put(tmp_path / "out", overwrite=True)
    assert (tmp_path / "out").read_bytes() == b"new"


def test_a_file_that_appears_meanwhile_is_kept(tmp_path):
    def work():
        with atomic_write(tmp_path / "out") as handle:
            handle.write(b"mine")
            (tmp_path / "out").write_bytes(b"theirs")

    with pytest.raises(ConfigError, match="exists"):
        work()
    assert (tmp_path / "out").read_bytes() == b"theirs"
    assert names(tmp_path) == ["out"]


def test_a_file_system_without_links(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    put(tmp_path / "out")
    assert names(tmp_path) == ["out"]


def test_refusals_name_the_place(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match=r"the folder '.*none' for 'out' does not exist"):
        check_output(tmp_path / "none" / "out")
    with pytest.raises(ConfigError, match="is a folder"):
        put(tmp_path, overwrite=True)
    with pytest.raises(ConfigError, match="name of the output is empty"):
        check_output("")
    with pytest.raises(ConfigError, match=r"name is too long|File name too long"):
        put(tmp_path / ("x" * 300))
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"does not exist|Not a directory"):
        check_output(tmp_path / "file" / "out")
    check_output("-")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ConfigError, match="cannot be written"):
        check_output(tmp_path / "out")


def test_a_refusal_by_the_system_is_a_sentence(tmp_path, monkeypatch):
    real = os.open

    def refuse(path, flags, *more, **options):
        if flags & os.O_CREAT:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, flags, *more, **options)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ConfigError, match=r"'.*out' cannot be written: Permission denied"):
        put(tmp_path / "out")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_refuses(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigError, match="refuses it"):
        put(tmp_path / "out")
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, monkeypatch, code):
    def full(_):
        raise OSError(code, "full")

    (tmp_path / "old").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    for name in ("new", "old"):
        with pytest.raises(GensynthError, match="no space left to write"):
            put(tmp_path / name, overwrite=True)
    with pytest.raises(GensynthError, match="no space left"), atomic_folder(tmp_path / "folder") as folder:
        (folder / "a").touch()
    assert names(tmp_path) == ["old"]
    assert (tmp_path / "old").read_bytes() == b"old"


def test_a_device_that_is_full_and_a_file_that_grows_too_large(tmp_path):
    with pytest.raises(GensynthError, match="no space left to write '/dev/full'"):
        put("/dev/full")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    try:
        with pytest.raises(GensynthError, match="could not be written: File too large"):
            put(tmp_path / "out", bytes(1 << 20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == []


def test_other_errors_pass_unchanged(tmp_path):
    def work():
        with atomic_write(tmp_path / "out"):
            Path(tmp_path / "none" / "input").read_bytes()

    with pytest.raises(FileNotFoundError):
        work()


def test_modes_are_those_of_open_and_of_what_is_replaced(tmp_path):
    old = os.umask(0o027)
    try:
        put(tmp_path / "new")
        with atomic_folder(tmp_path / "folder") as folder:
            (folder / "a").touch()
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o750
    (tmp_path / "new").chmod(0o604)
    put(tmp_path / "new", overwrite=True)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o604


def test_links_are_followed_and_devices_written_to(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "file")
    put(tmp_path / "link")
    put(tmp_path / "link", b"newer", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "file").read_bytes() == b"newer"
    put("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_folder_is_replaced_whole(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    with pytest.raises(ConfigError, match="exists"), atomic_folder(tmp_path / "out"):
        pass
    with atomic_folder(tmp_path / "out", overwrite=True) as folder:
        (folder / "new").touch()
        assert names(tmp_path / "out") == ["old"]
    assert names(tmp_path / "out") == ["new"]
    assert names(tmp_path) == ["out"]


def test_folder_comes_back_when_the_rename_fails(tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    real = os.rename
    calls = []

    def fail_once(source, target):
        calls.append(source)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(atomic, "swap", lambda *_: False)  # a disk that cannot
    monkeypatch.setattr(os, "rename", fail_once)
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / "out", overwrite=True) as folder:
        (folder / "new").touch()
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["old"]


def test_folders_change_places_in_one_step_where_the_disk_can(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / name / f"in {name}").mkdir(parents=True)
    if not swap(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this disk cannot swap folders")
    assert (names(tmp_path / "a"), names(tmp_path / "b")) == (["in b"], ["in a"])
    monkeypatch.setattr(os, "rename", None)
    with atomic_folder(tmp_path / "a", overwrite=True) as folder:
        (folder / "new").touch()
    assert (names(tmp_path), names(tmp_path / "a")) == (["a", "b"], ["new"])
    assert not swap(tmp_path / "a", tmp_path / "none")


WRITE = """
import sys
from gensynth.store import {how}
with {how}(sys.argv[1]) as made:
    made.flush() if hasattr(made, "flush") else (made / "half").touch()
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["atomic_write", "atomic_folder"])
def test_what_a_killed_process_left_is_deleted_by_the_next_writer(tmp_path, how):
    words = [sys.executable, "-c", WRITE.format(how=how), str(tmp_path / "out")]
    writers = [subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) for _ in range(2)]
    assert {writer.stdout.readline() for writer in writers} == {b"writing\n"}
    writers[0].kill()
    writers[0].wait()
    assert len(names(tmp_path)) == 2
    (tmp_path / ".other.123.tmp").touch()
    (left,) = (name for name in names(tmp_path) if name != ".other.123.tmp" and not _held(tmp_path / name))
    with getattr(atomic, how)(tmp_path / "out"):
        assert left not in names(tmp_path)
        assert len(names(tmp_path)) == 3  # what this writes, what another process writes, what is of another name
    writers[1].kill()
    for writer in writers:
        writer.communicate()
    with getattr(atomic, how)(tmp_path / "out", overwrite=True):
        pass
    assert names(tmp_path) == [".other.123.tmp", "out"]


def _held(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def test_leftovers_of_other_hosts_and_odd_ones_stay(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    link = hidden(tmp_path / "out")
    link.symlink_to(tmp_path / "file")
    monkeypatch.setattr(platform, "node", lambda: "another")
    other = hidden(tmp_path / "out")
    other.touch()
    monkeypatch.undo()
    put(tmp_path / "out")
    assert {link.name, other.name, "file", "out"} == set(names(tmp_path))


def test_a_disk_without_locks(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    left = hidden(tmp_path / "out")
    left.touch()
    put(tmp_path / "out")
    assert names(tmp_path) == [left.name, "out"]


def test_folder_interrupted_leaves_nothing(tmp_path):
    def work():
        with atomic_folder(tmp_path / "out") as folder:
            (folder / "a").write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert names(tmp_path) == []


def test_folders_that_are_never_replaced(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="is a file"), atomic_folder(tmp_path / "file", overwrite=True):
        pass
    (tmp_path / "work" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work" / "deep")
    with pytest.raises(ConfigError, match="holds the current folder"), atomic_folder(tmp_path / "work", overwrite=True):
        pass


def test_json_is_sorted_the_same_each_time_and_read_back(tmp_path):
    obj = {"b": np.float64(0.5), "a": [np.int64(1), np.bool_(True), None, "ü"], "c": np.arange(2)}
    write_json(tmp_path / "x.json", obj)
    assert (tmp_path / "x.json").read_text(encoding="utf-8") == json_text(dict(reversed(obj.items())))
    assert read_json(tmp_path / "x.json") == {"a": [1, True, None, "ü"], "b": 0.5, "c": [0, 1]}
    with pytest.raises(ConfigError, match="exists"):
        write_json(tmp_path / "x.json", {})
    with pytest.raises(TypeError, match="set cannot be written as JSON"):
        write_json(tmp_path / "y.json", {"a": {1}})
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(FormatError, match="a JSON list, not an object"):
        read_json(tmp_path / "list.json")
    assert names(tmp_path) == ["list.json", "x.json"]
