"""What a template declares by using it: the values that a program sends along, ``{{ variables.order }}``."""

from jinja2 import nodes

from mailer.rendering.language import ENVIRONMENT, VARIABLES, path_of

_WITH_DEFAULT = frozenset({"default", "d"})


def declared(*sources: str) -> dict[str, bool]:
    """Return the names that follow ``variables.`` in checked sources, and whether each has to be given.

    One has to be when it is shown somewhere without a ``default``; one that is only asked
    about (``{% if variables.note %}``) or shown where it was asked about need not be.
    """
    found: dict[str, bool] = {}
    for source in sources:
        _walk(ENVIRONMENT.parse(source), frozenset(), found)
    return dict(sorted(found.items()))


def _walk(node: nodes.Node, optional: frozenset[str], found: dict[str, bool]) -> None:
    name = _name_of(node)
    if name is not None:
        found[name] = found.get(name, False) or name not in optional
        return
    if isinstance(node, nodes.Filter) and node.name in _WITH_DEFAULT and node.node is not None:
        optional |= _names_in(node.node)
    if isinstance(node, nodes.If | nodes.CondExpr):
        optional |= _names_in(node.test)
    if isinstance(node, nodes.For):
        # Nothing to go through is no mistake.
        optional |= _names_in(node.iter)
    for child in node.iter_child_nodes():
        _walk(child, optional, found)


def _names_in(node: nodes.Node) -> frozenset[str]:
    name = _name_of(node)
    if name is not None:
        return frozenset({name})
    return frozenset().union(*map(_names_in, node.iter_child_nodes()))


def _name_of(node: nodes.Node) -> str | None:
    path = path_of(node) if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem) else None
    if path is None or not path.startswith(VARIABLES):
        return None
    return path.removeprefix(VARIABLES).partition(".")[0]
