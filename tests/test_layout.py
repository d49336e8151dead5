"""What the tree looks like: names, sizes, and nothing of one machine in it."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("dashboard", "hits", "qualifications", "workers", "marketplace")
LONGEST = 450  # lines; "about 400" with room for the last function
SHAPELESS = {"utils", "util", "core", "common", "helpers", "services", "misc", "signals"}


def committed_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def code_files() -> list[Path]:
    return [
        path
        for package in (*PACKAGES, "tests")
        for path in (ROOT / package).rglob("*.py")
        if "migrations" not in path.parts
    ]


def test_no_file_is_too_long_to_read():
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in code_files()
        if (lines := len(path.read_text().splitlines())) > LONGEST
    }
    assert not long, f"split these by noun into a folder of the same name: {long}"


def test_no_module_is_named_for_nothing():
    shapeless = [path.relative_to(ROOT).as_posix() for path in code_files() if path.stem in SHAPELESS]
    assert not shapeless, f"put their functions where their noun lives: {shapeless}"


def test_every_template_compiles():
    """Also those that no other test renders, such as an error page. The marketplace's are compiled with its tags."""
    from django.template.loader import get_template

    templates = sorted((ROOT / "templates").rglob("*.html")) + sorted((ROOT / "templates").rglob("*.txt"))
    assert templates
    for path in templates:
        if path.relative_to(ROOT / "templates").parts[0] == "marketplace":
            continue
        get_template(path.relative_to(ROOT / "templates").as_posix())


def test_nothing_of_one_machine_or_registry_is_committed():
    anywhere = re.compile(r"/home/\w+/|/Users/\w+/|/r[o]ot/")
    in_pins = re.compile(r"file:///|https?://|--(extra-)?index[-]url|\"resolved[\"]:")
    found = []
    for path in committed_files():
        if path == Path(__file__) or "vendor" in path.parts:
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        is_pins = path.name.startswith("requirements") or path.name.endswith("-lock.json")
        found += [
            f"{path.relative_to(ROOT)}: {match[0]}"
            for telltale in ((anywhere, in_pins) if is_pins else (anywhere,))
            for match in telltale.finditer(text)
        ]
    assert not found


def test_every_requirement_is_pinned_with_hashes():
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        entries = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert entries
        assert all(re.match(r"[a-z0-9.\[\],_-]+==\S+", entry) for entry in entries), name
        blocks = re.split(r"\n(?=\S)", text.strip())
        without = [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block]
        assert not [line for line in without if not line.startswith("#")], name


def test_no_private_data_folder_or_secret_is_committed():
    names = [path.relative_to(ROOT).as_posix() for path in committed_files()]
    assert not [name for name in names if name.startswith(("var/", ".venv/")) or name == ".env"]
    assert not [name for name in names if name.endswith((".sqlite3", ".pem", ".key"))]
