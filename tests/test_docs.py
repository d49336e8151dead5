"""The documentation says what the code does: settings, targets, states, links, commands."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT

PACKAGES = ("dashboard", "hits", "qualifications", "workers", "marketplace")
SETTINGS = ROOT / "docs" / "settings.md"
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: Set by programs for their children, not by people.
NOT_FOR_PEOPLE = {"DJANGO_SETTINGS_MODULE", "MAKELEVEL"}
READERS = {"port_from_environment"}


def variables_read(source: str) -> set[str]:
    """Names of environment variables a source reads by `env(...)`, `env.str(...)`, `os.environ` or `getenv`."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = ast.unparse(node.func)
            is_reader = (
                called == "env"
                or called.startswith("env.")
                or called in ("os.environ.get", "os.getenv", "os.environ.setdefault", *READERS)
            )
            if is_reader and isinstance(node.args[0].value, str):
                names.add(node.args[0].value)
        elif (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and ast.unparse(node.value) == "os.environ"
        ):
            names.add(node.slice.value)
    return {name for name in names if re.fullmatch("[A-Z][A-Z0-9_]*", str(name))}


def code_variables() -> set[str]:
    names = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            names |= variables_read(path.read_text())
    return names - NOT_FOR_PEOPLE


def documented(section: str) -> set[str]:
    """Variables in the tables of docs/settings.md; `section` is "tests" or "product"."""
    product, _, tests = SETTINGS.read_text().partition("\n## Tests\n")
    return set(re.findall(r"^\| `([A-Z_]+)` \|", tests if section == "tests" else product, re.MULTILINE))


def test_every_variable_the_code_reads_is_documented_and_nothing_else():
    assert documented("product") == code_variables()


def test_every_variable_of_the_tests_is_documented_and_nothing_else():
    read = set()
    for path in (ROOT / "tests").rglob("*.py"):
        read |= variables_read(path.read_text())
    read |= set(re.findall(r"\$\{(TEST_\w+)", (ROOT / ".ci" / "test").read_text()))
    assert documented("tests") <= read
    assert read - code_variables() - NOT_FOR_PEOPLE - {"DJANGO_ALLOW_ASYNC_UNSAFE", "PATH"} <= documented("tests")


def test_the_example_names_every_variable_and_sets_none():
    text = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^# ([A-Z_]+)=", text, re.MULTILINE)) == code_variables()
    assert not re.search(r"^[A-Z_]+=", text, re.MULTILINE)


def test_a_variable_that_is_read_is_seen():
    source = (
        'env("A"); env.int("B", default=1); os.environ["C"]; os.environ.get("D"); port_from_environment("E", 1); '
        'other("F"); {}["G"]'
    )
    assert variables_read(source) == {"A", "B", "C", "D", "E"}


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_every_make_target_in_the_documentation_exists():
    mentioned = {
        (path.name, target)
        for path in DOCUMENTS
        for target in re.findall(r"(?:`|^|\n)(?:[A-Z_]+=\S+ )*make ([a-z]+)", path.read_text())
    }
    assert {name for name, _ in mentioned} >= {"README.md", "CONTRIBUTING.md"}
    assert not [pair for pair in mentioned if pair[1] not in make_targets()]


def test_every_make_target_explains_itself():
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"make ([a-z]+) ", shown)) == make_targets()


def test_every_manage_command_in_the_documentation_exists():
    known = {
        path.stem
        for package in PACKAGES
        for path in (ROOT / package / "management" / "commands").glob("*.py")
        if path.stem != "__init__"
    }
    known |= {"check", "migrate", "createsuperuser", "changepassword", "collectstatic", "shell", "makemigrations"}
    mentioned = {
        command
        for path in DOCUMENTS
        if "decisions" not in path.parts
        for command in re.findall(r"manage\.py ([a-z_]+)", path.read_text())
    }
    assert mentioned <= known


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(path: Path):
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_named_in_the_documentation_exists(path: Path):
    """Paths in backticks below one of our folders, unless they are patterns or lie in the data folder."""
    named = re.findall(r"`((?:dashboard|hits|workers|marketplace|tests|docs|templates)/[\w./-]+)`", path.read_text())
    assert not [name for name in named if not (ROOT / name).exists()]


def test_the_states_of_a_command_are_those_of_the_code():
    from dashboard.management.commands.command_states import BLOCK, generated

    block = BLOCK.search((ROOT / "docs" / "commands.md").read_text())
    assert block
    assert block[0] == generated(), "docs/commands.md is behind the code: make docs"


def test_every_state_has_its_followers_declared():
    from dashboard.commands import TRANSITIONS
    from dashboard.models import State

    assert set(TRANSITIONS) == set(State)
    reachable = {State.PROPOSED, State.QUEUED}
    while True:
        further = reachable | {after for state in reachable for after in TRANSITIONS[state]}
        if further == reachable:
            break
        reachable = further
    assert reachable == set(State), "a state nothing leads to"


def test_every_control_path_is_documented_and_nothing_else():
    source = (ROOT / "marketplace" / "control.py").read_text()
    paths = set(re.findall(r'^    "([a-z-]+)": \{"', source, re.MULTILINE))
    text = (ROOT / "docs" / "marketplace-control.md").read_text()
    assert paths == set(re.findall(r"^\| .*?/control/([a-z-]+)` \|", text, re.MULTILINE))


def test_every_decision_is_in_the_list():
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"^- \[(.+)\]\((.+)\)$", (folder / "README.md").read_text(), re.MULTILINE)
    assert [name for _, name in listed] == [path.name for path in sorted(folder.glob("0*.md"))]
    for title, name in listed:
        assert (folder / name).read_text().startswith(f"# {title}\n")


def test_the_entry_points_answer_help():
    for command in ("run", "demo", "command_states"):
        done = subprocess.run(
            [sys.executable, "manage.py", command, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
