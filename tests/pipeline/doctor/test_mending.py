from dataclasses import replace

from pipeline.doctor.mending import reinstall, system_packages


def test_system_packages(healthy):
    assert system_packages(healthy, apt="g++", dnf="gcc-c++") == "sudo apt-get install g++"
    assert system_packages(replace(healthy, superuser=True), apt="g++", dnf="gcc-c++") == "apt-get install g++"
    assert system_packages(replace(healthy, packager="dnf"), apt="g++", dnf="gcc-c++") == "sudo dnf install gcc-c++"
    assert "g++" in system_packages(replace(healthy, packager=None), apt="g++", dnf="gcc-c++")


def test_reinstall_from_elsewhere_names_the_checkout(healthy, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    stamp = healthy.checkout / ".venv/.slipway-install"
    assert reinstall(healthy, "tfx") == f"rm {stamp} && make -C {healthy.checkout} install"


def test_reinstall_quotes_a_checkout_with_a_blank(healthy, tmp_path):
    checkout = tmp_path / "my code"
    assert reinstall(replace(healthy, checkout=checkout, prefix=checkout / ".venv"), "tfx") == (
        "rm 'my code/.venv/.slipway-install' && make -C 'my code' install"
    )


def test_reinstall_of_an_environment_made_with_another_name(healthy, tmp_path):
    assert reinstall(replace(healthy, prefix=tmp_path / "env"), "tfx") == (
        f"rm env/.slipway-install && make install VENV={tmp_path / 'env'}"
    )


def test_a_python_that_the_install_step_did_not_make_is_left_alone(healthy, tmp_path):
    facts = replace(healthy, prefix=tmp_path / "usr", stamp=None)
    for damaged in (False, True):
        assert reinstall(facts, "tfx", damaged=damaged) == "make install && .venv/bin/slipway doctor"


def test_damaged_files_are_written_again(healthy, tmp_path):
    assert reinstall(healthy, "tfx", damaged=True) == "rm -rf .venv && make install"
    assert reinstall(replace(healthy, prefix=tmp_path / "env"), "tfx", damaged=True) == (
        f"rm -rf env && make install VENV={tmp_path / 'env'}"
    )
    assert reinstall(replace(healthy, checkout=None), "tfx", damaged=True) == (
        ".venv/bin/python -m pip install --force-reinstall --no-deps tfx==1.21.0"
    )


def test_installed_copy_without_anything_needs_the_locks(healthy):
    assert "make install" in reinstall(replace(healthy, checkout=None, installed={}, stamp=None), "tfx")
