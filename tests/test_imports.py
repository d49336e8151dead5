"""Who may import whom, by the tables in CONTRIBUTING.md: what people read is what is enforced."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("dashboard", "hits", "qualifications", "workers", "marketplace")
#: In dashboard/ these stay primitives although their names stand in the table of layers.
DASHBOARD_PRIMITIVES = {"models", "commands", "querysets", "money", "text"}
PURE = ("marketplace.documents", "marketplace.policies")


def table(name: str, text: str | None = None) -> list[list[str]]:
    """The rows of the table between `<!-- name -->` and `<!-- /name -->`, its head left out."""
    text = (ROOT / "CONTRIBUTING.md").read_text() if text is None else text
    block = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    assert block, f"CONTRIBUTING.md has no table {name}"
    lines = [line for line in block[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


LAYERS = [row[0] for row in table("layers")]
LAYER_OF = {name: layer for layer, files, _ in table("layers") for name in re.findall(r"`(\w+)`", files)}
MAY_IMPORT = {
    re.findall(r"`(\w+)`", package)[0]: set(re.findall(r"`(\w+)`", targets))
    for package, targets, _ in table("packages")
}


@dataclass(frozen=True)
class Import:
    """`module` (a file of ours) imports `target` (dotted) at `line`."""

    module: str
    target: str
    line: int


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_in(source: str, module: str, *, is_package: bool = False) -> Iterator[Import]:
    """Every import in `source`, wherever it stands: inside functions, under TYPE_CHECKING, by import_module("…")."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")
                parents = parents[: len(parents) - node.level + is_package]
                base = ".".join([*parents, base] if base else parents)
            for alias in node.names:
                yield Import(module, f"{base}.{alias.name}", node.lineno)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                yield Import(module, node.args[0].value, node.lineno)


def all_imports() -> list[Import]:
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                name = module_name(path)
                found += imports_in(path.read_text(), name, is_package=path.name == "__init__.py")
    return found


def layer_of(module: str) -> str:
    """The layer of a module of the dashboard's side: "primitives", one of LAYERS, or "" where the table lacks it."""
    package, _, rest = module.partition(".")
    first = rest.partition(".")[0]
    if package == "dashboard" and (first in DASHBOARD_PRIMITIVES or first not in LAYER_OF):
        return "primitives"
    if not first:
        return "primitives"  # the package itself, an empty __init__
    return LAYER_OF.get(first, "")


def rank(layer: str) -> int:
    return -1 if layer == "primitives" else LAYERS.index(layer)


def broken_rule(found: Import) -> str:
    """The rule an import breaks, as a sentence, or ""."""
    package = found.module.partition(".")[0]
    target_package = found.target.partition(".")[0]
    if target_package in ("boto3", "botocore") and package != "marketplace" and found.module != "dashboard.mturk":
        return "only dashboard/mturk.py talks to MTurk"
    if is_pure(found.module) and (
        target_package == "django" or (target_package in PACKAGES and not is_pure(found.target))
    ):
        return "marketplace.documents and marketplace.policies are pure"
    if target_package not in PACKAGES:
        return ""
    if target_package == "marketplace" and package != "marketplace":
        return "" if is_pure(found.target) else "of marketplace only documents and policies may be imported"
    if package == "marketplace":
        return "" if target_package == package else "marketplace imports none of the others"

    layer, target_layer = layer_of(found.module), layer_of(found.target)
    if not layer or not target_layer:
        unknown = found.target if layer else found.module
        return f"{unknown} is in no layer: put its name into the table of CONTRIBUTING.md"
    if target_package not in MAY_IMPORT[package]:
        if package != "dashboard" or layer not in ("tasks", "forms", "views", "entry"):
            return f"{package} does not import {target_package}"
    elif (
        package in ("qualifications", "workers")
        and target_package not in ("dashboard", package)
        and (rank(target_layer) > rank("rows"))
    ):
        return f"of {target_package} only documents and rows are for {package}"
    if rank(target_layer) > rank(layer):
        return f"the {layer} layer does not import the {target_layer} layer"
    return ""


def is_pure(module: str) -> bool:
    return any(module == pure or module.startswith(pure + ".") for pure in PURE)


def test_every_import_follows_the_tables():
    broken = [
        f"{found.module}:{found.line} imports {found.target}: {rule}"
        for found in all_imports()
        if (rule := broken_rule(found))
    ]
    assert not broken, "\n".join(broken)


def test_every_file_has_a_layer():
    homeless = [
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        if package != "marketplace"
        for path in (ROOT / package).rglob("*.py")
        if "migrations" not in path.parts and not layer_of(module_name(path))
    ]
    assert not homeless, f"put these names into the table of layers in CONTRIBUTING.md: {homeless}"


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("hits.views", "from workers import models"),
        ("hits.models", "def f():\n    from workers.models import Worker"),
        ("hits.models", "import hits.views"),
        ("hits.sync", "from hits import actions"),
        ("hits.actions", "from .views import page"),
        ("hits.actions", "from hits.tasks import pull"),
        ("workers.views", "from hits.views import page"),
        ("workers.models", "from qualifications.models import Panel"),
        ("qualifications.actions", "from workers.actions import pay_bonus"),
        ("dashboard.permissions", "from hits.models import HIT"),
        ("dashboard.commands", "from dashboard.views import home"),
        ("dashboard.commands", "import importlib\nimportlib.import_module('hits.sync')"),
        ("dashboard.views", "from marketplace.models import Hit"),
        ("hits.sync", "import boto3"),
        ("hits.sync", "from botocore.exceptions import ClientError"),
        ("marketplace.crowd", "from hits.models import HIT"),
        ("marketplace.operations.hits", "import dashboard.money"),
        ("marketplace.documents.answers", "from django.conf import settings"),
        ("marketplace.documents.answers", "from marketplace import models"),
        ("hits.utils", "from hits import models"),
    ],
)
def test_a_forbidden_import_is_found(module: str, source: str):
    assert any(broken_rule(found) for found in imports_in(source, module))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("hits.views", "from hits import actions, models\nfrom dashboard.permissions import check_role"),
        ("hits.answers.parse", "from marketplace.documents import parse_answers"),
        ("workers.sync", "from hits.models import Assignment"),
        ("dashboard.tasks", "from hits import sync"),
        ("dashboard.urls", "import hits.urls"),
        ("dashboard.mturk", "import boto3"),
        ("marketplace.notifications", "import boto3"),
        ("hits.forms", "from .models import HIT"),
    ],
)
def test_an_allowed_import_passes(module: str, source: str):
    assert [broken_rule(found) for found in imports_in(source, module)] == [""] * len(list(imports_in(source, module)))
