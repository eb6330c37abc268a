"""setup.py as Beam's `--setup_file`: a source distribution that installs, and that leaves the locked stack alone."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path, **options) -> str:
    answer = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False, **options
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    copy = tmp_path_factory.mktemp("sdist") / "project"
    left_out = shutil.ignore_patterns(".*", "*.egg-info", "build", "dist", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=left_out)
    (copy / "schemas" / "made_up").mkdir()
    (copy / "schemas" / "made_up" / "schema.pbtxt").write_text('feature { name: "x" type: INT }\n')
    run(sys.executable, "setup.py", "--quiet", "sdist", "--dist-dir", "made", cwd=copy)
    (archive,) = (copy / "made").glob("tfx_slipway-*.tar.gz")
    return archive


def test_the_installed_distribution_holds_packages_schemas_and_the_command(sdist, tmp_path):
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
    run(*pip, "--no-deps", "--no-build-isolation", "--target", site, sdist, cwd=tmp_path)

    code = "import pipeline.config, components.errors, schemas, local_runner, kubeflow.spec; print(schemas.__path__[0])"
    schemas = Path(run(sys.executable, "-c", code, cwd=tmp_path, env={"PYTHONPATH": str(site)}).strip())

    assert schemas == site / "schemas"
    assert (schemas / "made_up" / "schema.pbtxt").exists()
    assert {path.parent.name for path in (ROOT / "schemas").glob("*/schema.pbtxt")} <= {
        path.parent.name for path in schemas.glob("*/schema.pbtxt")
    }
    assert (site / "bin" / "slipway").exists()
    assert not (site / "tests").exists()


def test_a_worker_with_the_lock_installed_installs_nothing_else(sdist, tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-index", "--no-build-isolation"]

    said = run(*pip, "--dry-run", sdist, cwd=tmp_path)

    (line,) = [line for line in said.splitlines() if line.startswith("Would install")]
    assert line == "Would install tfx-slipway-0.1.0"
