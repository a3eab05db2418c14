"""The doctor says what is wrong, and goes on, whatever is broken."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from helpers import doctor as module
from tools.stored import ROOT


def lines(monkeypatch, **environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return {line.name: line for line in module.doctor()}


@pytest.fixture
def machine(monkeypatch):
    """A machine with memory and disk enough, whatever this one has."""
    memory = SimpleNamespace(available=2.5e9, total=16e9)
    disk = SimpleNamespace(free=1.5e9, total=500e9)
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: disk)
    return SimpleNamespace(memory=memory, disk=disk)


def test_all_is_fine_here(monkeypatch, machine):
    found = lines(monkeypatch)
    assert list(found) == list(module.CHECKS)
    assert {name: line.text for name, line in found.items() if not line.ok} == {}
    assert found["memory"].text == "2.5 of 16.0 GB free"
    assert found["disk"].text == "1.5 GB free"


def test_a_full_machine(monkeypatch, machine):
    machine.memory.available, machine.disk.free = 1.9e9, 0.9e9
    found = lines(monkeypatch)
    assert {name for name, line in found.items() if not line.ok} == {"memory", "disk"}
    assert found["memory"].text.startswith("1.9 of 16.0 GB free, 2 are needed")
    assert found["disk"].text.startswith("0.9 GB free: free some")


def test_both_forms_hold_every_line(monkeypatch):
    monkeypatch.setitem(module.CHECKS, "Python", lambda: "<3 & more>")
    found = module.doctor()
    assert len(repr(found).splitlines()) >= len(module.CHECKS)
    page = found._repr_html_()
    assert page.count("<tr>") == len(module.CHECKS)
    assert "&lt;3 &amp; more&gt;" in page


def test_names_no_folder_of_this_machine(monkeypatch):
    """Its lines are stored in the welcome notebook."""
    assert str(ROOT) not in repr(module.doctor())


@pytest.mark.parametrize(
    "package, subject",
    [("torchvision", "torchvision"), ("d2l", "d2l"), ("ipywidgets", "widgets")],
)
def test_a_missing_package(monkeypatch, package, subject):
    def version(name):
        if name == package:
            raise module.importlib.metadata.PackageNotFoundError(name)
        return genuine(name)

    genuine = module.importlib.metadata.version
    monkeypatch.setattr(module.importlib.metadata, "version", version)
    found = lines(monkeypatch)
    assert not found[subject].ok
    assert f"{package} is not installed: {module.RUN}" in found[subject].text
    assert found["torch"].ok


@pytest.mark.parametrize(("threads", "fine"), [(2, True), (3, False)])
def test_more_threads_than_cores(monkeypatch, threads, fine):
    """Only the physical cores count: two threads of one core share it."""
    monkeypatch.setattr("psutil.cpu_count", lambda logical=True: 4 if logical else 2)
    monkeypatch.setattr("torch.get_num_threads", lambda: threads)
    line = lines(monkeypatch)["threads"]
    assert line.ok == fine
    assert line.text.startswith(f"training uses {threads} of 2 cores")
    assert ("set fewer" in line.text) != fine


def test_parts_that_do_not_belong_together(monkeypatch):
    genuine = module.version_of
    monkeypatch.setattr(
        module, "version_of", lambda n: "7.8.1" if n == "ipywidgets" else genuine(n)
    )
    assert "ipywidgets 7.8.1, expected 8.x" in lines(monkeypatch)["widgets"].text


def test_missing_lab_extension(monkeypatch, tmp_path):
    monkeypatch.setattr(module.sys, "prefix", str(tmp_path))
    assert "extension" in lines(monkeypatch)["widgets"].text


@pytest.mark.parametrize("value", ["two", "0", "-1", ""])
def test_threads_that_are_no_number(monkeypatch, value):
    line = lines(monkeypatch, COURSE_THREADS=value)["threads"]
    assert not line.ok
    assert f"COURSE_THREADS={value!r}" in line.text


def test_a_device_that_is_not_there(monkeypatch):
    line = lines(monkeypatch, COURSE_DEVICE="gpu")["torch"]
    assert line.text.startswith("COURSE_DEVICE='gpu' cannot be used")
    assert "remove" not in line.text


def test_a_variable_that_stops_the_import():
    """No package is to blame, so none is to be installed anew."""
    command = [sys.executable, str(ROOT / "helpers" / "doctor.py")]
    kept = os.environ | {"COURSE_THREADS": "auto", "PYTHONSAFEPATH": "1"}
    done = subprocess.run(command, env=kept, capture_output=True, text=True)
    wrong = [line for line in done.stdout.splitlines() if line.startswith("CHECK")]
    assert done.returncode == 1
    assert {line.split()[1] for line in wrong} >= {"helpers", "threads"}
    sentence = "COURSE_THREADS='auto': set it to 1, 2, ... or unset it"
    assert sentence in " ".join(done.stdout.split())
    assert "remove" not in done.stdout and "reinstall" not in done.stdout


def test_data_folder_that_is_not_there(monkeypatch, tmp_path):
    line = lines(monkeypatch, COURSE_DATA=str(tmp_path / "nowhere"))["data"]
    assert not line.ok
    assert "digits fine" in line.text
    assert "nowhere" in line.text


def test_real_data_are_found(monkeypatch, tmp_path):
    from helpers.data.real import SETS

    folder = tmp_path / SETS["fashion_mnist"].folder
    folder.mkdir(parents=True)
    for file in SETS["fashion_mnist"].files:
        (folder / file.name).touch()
    line = lines(monkeypatch, COURSE_DATA=str(tmp_path))["data"]
    assert line.ok
    assert f"fashion_mnist: {module.short(tmp_path)}" in line.text
    (folder / file.name).unlink()
    line = lines(monkeypatch, COURSE_DATA=str(tmp_path))["data"]
    assert line.ok and line.text.endswith(
        "not fetched, nor needed to begin: fashion_mnist, mnist, hymenoptera, hotdog "
        f"(`{module.MAKE} data DATA=<name>`)"
    )
    shown = module.Lines([line])._repr_html_()
    assert f"<code>{module.MAKE} data DATA=&lt;name&gt;</code>" in shown
    (tmp_path / "hymenoptera/hymenoptera_data").mkdir(parents=True)
    line = lines(monkeypatch, COURSE_DATA=str(tmp_path))["data"]
    assert f"hymenoptera: {module.short(tmp_path)}" in line.text


@pytest.mark.parametrize("package", ["torchvision", "d2l", "anywidget", "torch"])
def test_as_a_script_where_a_package_is_broken(tmp_path, package):
    """`make doctor` works where `import helpers` does not, and names the culprit."""
    (tmp_path / f"{package}.py").write_text("raise ImportError('half installed')")
    code = (
        f"import runpy, sys; sys.path[0:0] = ['', {str(tmp_path)!r}];"
        f"sys.argv = ['doctor']; sys.path[0] = {str(ROOT / 'helpers')!r};"
        f"runpy.run_path({str(ROOT / 'helpers' / 'doctor.py')!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    subject = "widgets" if package == "anywidget" else package
    broken = [line.split()[1] for line in done.stdout.splitlines() if "CHECK" in line]
    assert subject in broken
    assert "Python" not in broken
    looked_at = {line[7:19].strip() for line in done.stdout.splitlines()}
    assert looked_at >= set(module.CHECKS), "it went on to the last"
    assert "half installed" in done.stdout
