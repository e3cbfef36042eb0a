"""The plan of the house, as tables: which room stands on which storey, who may import whom, who sees a page.

A reader learns the house from this file; a change that breaks the plan fails here first.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from mailer.app import DOORS, create_app
from mailer.config import load

ROOT = Path(__file__).parent.parent

#: From the roof down. A room imports only from storeys below its own; rooms on one line
#: do not import each other.
STOREYS: tuple[frozenset[str], ...] = tuple(
    frozenset(line.split())
    for line in """
    app cli seeds proof bootstrap
    core
    runtime dashboard reports agents compat
    campaigns automations transactional webhooks exports bulk_changes
    segments
    tracking bounces
    delivery
    composing
    signup
    consent
    events
    audience
    catcher
    web api
    accounts
    signals jobs bulk driver
    db current broker patience
    config columns sqlite
    rendering delivery.engine bounces.parsers
    lib
    errors
    """.strip().splitlines()
)

#: Storeys whose rooms may import others of the same line: the frame of a page and of an
#: API call are used side by side, ``cli`` offers what ``seeds`` plants and ``proof`` measures
#: on what ``seeds`` makes.
NEIGHBOURS = frozenset(
    {
        *(("api", "web"), ("app", "seeds"), ("seeds", "app")),
        *(("cli", "app"), ("cli", "seeds"), ("cli", "proof"), ("proof", "app"), ("proof", "seeds")),
    }
)

#: The frames of a page and of a call: any door may use them, those of ``accounts`` too, on
#: which the frames themselves stand.
FRAMES = frozenset({"web", "api"})

#: Neither Flask nor a database: values in, values out.
PURE = frozenset({"lib", "errors", "rendering", "delivery.engine", "bounces.parsers"})
NOT_IN_PURE = frozenset({"flask", "flask_sqlalchemy", "sqlalchemy", "dramatiq"})

#: Files of a package, from the ground up; verbs are all the others.
ROOMS = ("GROUND", "models", "queries", "VERB", "forms", "DOOR")
#: Vocabulary that models themselves are written in.
GROUND_FILES = frozenset({"designs", "roles", "verdicts", "agents", "conditions", "letter"})
DOOR_FILES = frozenset({"views", "api", "public"})

#: Who may import Flask besides doors, forms and the frames.
FLASK_IS_AT_HOME = frozenset({"app", "core", "cli", "web", "api", "db", "current"})
FLASK_EXTENSIONS = re.compile(r"^(flask|flask_login|flask_security|flask_wtf|apiflask)(\.|$)")
FLASK_GUESTS = {
    "accounts.models": "a user is Flask-Security's UserMixin",
    "accounts.security": "hangs Flask-Security into the application",
    "proof.click_server": "a plain page of Flask's is what clicks are measured by",
    "proof.bare_route": "is the least that a route of Flask can cost",
}

#: Every route that needs neither session nor key, one by one; ``public.py`` holds nothing else.
PUBLIC_ROUTES: frozenset[str] = frozenset(
    {
        "/",
        "/api/reference",
        "/api/v1/openapi.json",
        "/confirm/<token>",
        "/confirm/<token>/again",
        "/healthz",
        "/hooks/<hook_id>",
        "/invitations/<token>",
        "/llms.txt",
        "/m/<name>",
        "/orders",
        "/p/<token>",
        "/p/<token>/data",
        "/p/<token>/details",
        "/p/<token>/erase",
        "/p/<token>/leave",
        "/p/<token>/pause",
        "/p/<token>/resume",
        "/r/<token>",
        "/r/<token>/comments",
        "/r/<token>/mail",
        "/readyz",
        "/s/<form_id>",
        "/s/<form_id>/kiosk",
        "/s/<form_id>/kiosk/check",
        "/s/<form_id>/kiosk/end",
        "/s/<form_id>/kiosk/sign-ups",
        "/s/<form_id>/kiosk/worker.js",
        "/s/<form_id>/thanks",
        "/u/<token>",
        "/u/<token>/undo",
        "/u/<token>/why",
        "/v/<token>",
        "/welcome/<token>",
    }
)

NAMES_THAT_MEAN_NOTHING = frozenset({"services", "utils", "helpers", "manager", "misc", "common", "util"})


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the product, by its dotted name below ``mailer``."""
    for path in sorted((ROOT / "mailer").rglob("*.py")):
        parts = path.relative_to(ROOT / "mailer").with_suffix("").parts
        if parts[0] in {"migrations", "frontend", "static"} or parts == ("__init__",):
            continue
        yield ".".join(part for part in parts if part != "__init__"), path


MODULES = dict(modules())


def room_of(module: str) -> str:
    """The room on the plan that a module belongs to."""
    for depth in (2, 1):
        room = ".".join(module.split(".")[:depth])
        if any(room in storey for storey in STOREYS):
            return room
    return module.split(".")[0]


def storey_of(room: str) -> int:
    return next(height for height, storey in enumerate(STOREYS) if room in storey)


def is_door(module: str) -> bool:
    """Whether a module is a door, or a part of one that outgrew a file."""
    return bool(DOOR_FILES & set(module.split(".")))


@cache
def imports_of(path: Path) -> list[tuple[str, bool]]:
    """The modules that a file imports, and whether it does so inside a function."""
    return list(_imports_in(path))


def _imports_in(path: Path) -> Iterator[tuple[str, bool]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in inside
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                is_module = full.removeprefix("mailer.") in MODULES
                yield full if is_module else str(node.module), id(node) in inside


def of_each(things: Iterable[Any]) -> Callable[[Callable[[Any], None]], Callable[[], None]]:
    """Ask one test about many things, and tell of all that fail: a case for each took a minute."""

    def asked(test: Callable[[Any], None]) -> Callable[[], None]:
        # Not ``functools.wraps``: pytest would look through it, and ask for the argument.
        def of_all() -> None:
            found = []
            for thing in things:
                try:
                    test(thing)
                except AssertionError as error:
                    found.append(f"{thing}: {error}")
            assert not found, "\n".join(found)

        of_all.__name__ = test.__name__
        return of_all

    return asked


def ours(imported: str) -> str | None:
    return imported.removeprefix("mailer.") if imported.startswith("mailer.") else None


@of_each(MODULES)
def test_every_module_belongs_to_a_room_on_the_plan(module: str):
    assert any(room_of(module) in storey for storey in STOREYS), "it stands on no storey of STOREYS"
    assert not NAMES_THAT_MEAN_NOTHING & set(module.split(".")), "a file is named for what it does"


def test_the_map_in_the_readme_names_every_room():
    _, _, house = (ROOT / "README.md").read_text(encoding="utf-8").partition("## A map of the house")
    named = {name for row in re.findall(r"^\| (`.*?) \|", house, re.MULTILINE) for name in row.split("`")}

    missing = {module.split(".")[0] for module in MODULES} - named
    assert not missing, "a newcomer looks there first: give each a row"


@of_each(MODULES)
def test_imports_point_down(module: str):
    room = room_of(module)
    for imported, _ in imports_of(MODULES[module]):
        assert not imported.startswith(("workers", "tests", "wsgi")), f"{module} imports {imported}"
        target = ours(imported)
        if target is None or room_of(target) == room:
            continue
        other = room_of(target)
        is_below = storey_of(other) > storey_of(room) or (is_door(module) and other in FRAMES)
        assert is_below or (room, other) in NEIGHBOURS, (
            f"{module} imports {target}, but “{other}” does not stand below “{room}” (STOREYS): "
            "ring a signal or ask for a job instead, or move what both need further down"
        )


@of_each([name for name in MODULES if room_of(name) in PURE])
def test_pure_rooms_know_neither_flask_nor_a_database(module: str):
    for imported, _ in imports_of(MODULES[module]):
        assert imported.split(".")[0] not in NOT_IN_PURE, f"{module} imports {imported}"


def floor_of(name: str) -> int:
    if name in DOOR_FILES:
        return ROOMS.index("DOOR")
    if name in GROUND_FILES:
        return ROOMS.index("GROUND")
    return ROOMS.index(name) if name in ROOMS else ROOMS.index("VERB")


@of_each([name for name in MODULES if "." in name and "." not in room_of(name)])
def test_inside_a_package_doors_stand_on_verbs_and_verbs_on_models(module: str):
    # A file that became a folder stands on the floor that it stood on.
    package, name = module.split(".")[:2]
    for imported, _ in imports_of(MODULES[module]):
        target = ours(imported)
        if target is None or room_of(target) != package or "." not in target:
            continue
        other = target.split(".")[1]
        if other == name:
            continue
        assert floor_of(other) <= floor_of(name), f"{module} imports {target}"
        assert not (name in DOOR_FILES and other in DOOR_FILES), (
            f"one door imports another: {module}, {target}"
        )


@of_each(MODULES)
def test_only_doors_forms_and_frames_import_flask(module: str):
    name = module.rpartition(".")[2]
    if room_of(module) in FLASK_IS_AT_HOME or is_door(module) or name == "forms" or module in FLASK_GUESTS:
        return
    for imported, _ in imports_of(MODULES[module]):
        assert not FLASK_EXTENSIONS.match(imported), f"{module} imports {imported}"


@of_each(MODULES)
def test_no_import_hides_in_a_function_to_dodge_a_cycle(module: str):
    for imported, is_inside in imports_of(MODULES[module]):
        assert not (is_inside and ours(imported) and room_of(module) not in {"app", "cli"}), (
            f"{module} imports {imported} inside a function"
        )


@of_each(MODULES)
def test_only_config_reads_the_environment(module: str):
    if module in {"config", "bootstrap"}:
        return  # the bootstrap only hands it on to npm
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        reads = isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
        assert not reads, f"{module} reads the environment"


def test_every_door_is_hung_in_app():
    doors = {f"mailer.{name}" for name in MODULES if name.rpartition(".")[2] in DOOR_FILES and "." in name}

    assert doors == set(DOORS)


def test_the_file_of_a_route_says_who_may_call_it(tmp_path: Path):
    app = create_app(load({"MAILER_DATA_DIR": str(tmp_path)}))
    open_routes = set()
    for rule in app.url_map.iter_rules():
        module = app.view_functions[rule.endpoint].__module__
        if not module.startswith("mailer."):
            continue
        kind = next((part for part in module.split(".")[2:] if part in DOOR_FILES), None)
        if kind == "views":
            blueprints = rule.endpoint.split(".")[:-1]
            outer = [".".join(blueprints[:depth]) for depth in range(1, len(blueprints) + 1)]
            names = {guard.__name__ for name in outer for guard in app.before_request_funcs.get(name, [])}
            assert names & {"_enter_workspace", "_require_sign_in"}, f"{rule} asks for no session"
        elif kind == "public":
            open_routes.add(str(rule.rule))

    assert open_routes == PUBLIC_ROUTES


@of_each(sorted((ROOT / "workers").rglob("*.py")))
def test_workers_call_verbs_and_hold_no_logic_of_their_own(path: Path):
    for imported, _ in imports_of(path):
        assert not FLASK_EXTENSIONS.match(imported), f"{path.name} imports {imported}"
