import shutil
import subprocess

import pytest

from pipeline.doctor.native import Import, import_modules, load_libraries

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of distributions, one of which is `fake` 1.0."""
    (tmp_path / "fake-1.0.dist-info").mkdir()
    (tmp_path / "fake-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: fake\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def compile_library(site, body):
    (site / "fake.c").write_text(f"#include <stdlib.h>\n#include <unistd.h>\n{body}\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", site / "fake.so", site / "fake.c"], check=True)


class TestLoadLibraries:
    def test_real_one(self):
        assert load_libraries({"pyfarmhash": "farmhash*.so"}) == {"pyfarmhash": None}

    def test_not_installed(self):
        assert load_libraries({"no-such-thing": "x.so"}) == {"no-such-thing": "not installed"}

    def test_half_installed(self, site):
        assert load_libraries({"fake": "fake*.so"}) == {"fake": "half installed: there is no fake*.so"}

    def test_torn_file(self, site):
        (site / "fake.so").write_bytes(b"\x7fELF torn")
        assert "file too short" in str(load_libraries({"fake": "fake*.so"})["fake"])

    @needs_compiler
    def test_symbol_of_a_newer_library(self, site):
        compile_library(site, "extern void not_there(void); void (*used)(void) = not_there;")
        assert "undefined symbol: not_there" in str(load_libraries({"fake": "fake*.so"})["fake"])

    @needs_compiler
    def test_crash(self, site):
        compile_library(site, "__attribute__((constructor)) static void begin(void) { abort(); }")
        assert load_libraries({"fake": "fake*.so"}) == {"fake": "crashed when loaded (SIGABRT)"}

    @needs_compiler
    def test_hang(self, site):
        compile_library(site, "__attribute__((constructor)) static void begin(void) { sleep(60); }")
        assert load_libraries({"fake": "fake*.so"}, seconds=0.3) == {"fake": "did not load within 0 s"}


class TestImportModules:
    @pytest.fixture
    def modules(self, tmp_path, monkeypatch):
        """Modules that import in every way there is."""
        bodies = {
            "good": "print('noise')",
            "bad": "raise ValueError('line one\\nline two')",
            "leaves": "raise SystemExit(0)",
            "crashes": "import os; os.abort()",
            "exits": "import os; os._exit(3)",
            "hangs": "import time; time.sleep(60)",
        }
        for name, body in bodies.items():
            (tmp_path / f"{name}_module.py").write_text(body)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def test_one_failure_does_not_hide_the_others(self, modules):
        names = [f"{name}_module" for name in ("crashes", "good", "bad", "exits", "leaves", "none")]
        results = import_modules(names)
        assert {name: result.problem for name, result in results.items()} == {
            "crashes_module": "crashed (SIGABRT)",
            "good_module": None,
            "bad_module": "ValueError: line one\nline two",
            "exits_module": "crashed (exit code 3)",
            "leaves_module": "SystemExit: 0",
            "none_module": "ModuleNotFoundError: No module named 'none_module'",
        }

    def test_a_hang_ends(self, modules):
        results = import_modules(["good_module", "hangs_module", "json"], seconds=2.0)
        assert results["hangs_module"] == Import(0.0, "not imported within 2 s")
        assert results["good_module"].problem is results["json"].problem is None
