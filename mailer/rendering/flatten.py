"""A template's tree made flat: each path one plain variable, each address constants and a token.

What depends on no reader is worked out, so that what is left is what has to be asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import nodes
from jinja2.visitor import NodeTransformer
from markupsafe import escape

from mailer.rendering.filters import IN_LANGUAGE
from mailer.rendering.language import ENVIRONMENT, ESCAPE, LINK_URL, LOOP, TURNS, link_number, path_of
from mailer.rendering.loops import steps_in

#: No path, but what loops may still do.
BUDGET: Final = ""


@dataclass(frozen=True)
class Address:
    """How an address begins and ends that has one reader's token in it.

    :param token: the name of the value that holds the token
    """

    prefix: str
    token: str
    suffix: str = ""


#: By the name in a tag, such as ``unsubscribe_url``; ``link_url`` has the link's number for a suffix.
Addresses = tuple[tuple[str, Address], ...]
#: Values that are the same for all readers, by path.
Fixed = tuple[tuple[str, str], ...]


class Flatten(NodeTransformer):
    """Turns each path of a tree, such as ``subscriber.fields.city``, into one plain variable.

    What is put out into HTML is escaped by a filter of its own, and nothing else is.

    :ivar paths: by variable
    :ivar tokens: variables that are tokens
    """

    def __init__(self, addresses: Mapping[str, Address], fixed: Mapping[str, str]) -> None:
        self.is_html = self.has_loops = False
        self.paths: dict[str, str] = {}
        self.tokens: set[str] = set()
        #: What each loop around calls its value, and ``loop``, by the names that the program has for them.
        self._scope: dict[str, str] = {}
        self._addresses, self._fixed = addresses, fixed
        self._names: dict[str, str] = {}

    def visit_Output(self, node: nodes.Output) -> nodes.Output:
        """Spell out the addresses that end in a token, and escape the rest."""
        children: list[nodes.Expr] = []
        for child in node.nodes:
            if isinstance(child, nodes.TemplateData):
                children.append(child)
            else:
                children += self._spelled_out(child) or [self._put_out(self.visit(child))]
        node.nodes = children
        return node

    def visit_If(self, node: nodes.If) -> nodes.Node | list[nodes.Node]:
        """Keep one branch where the answer is the same for all readers."""
        # An address that is made of a token is always there.
        is_address = isinstance(node.test, nodes.Name) and node.test.name in self._addresses
        self.generic_visit(node)
        if is_address:
            return node.body
        if node.elif_:
            return node
        try:
            return node.body if worth(node.test) else node.else_
        except nodes.Impossible:
            return node

    def visit_For(self, node: nodes.For) -> nodes.Node:
        """Let a loop count its turns, and give what it calls its value a name that no path has."""
        self.has_loops = True
        assert isinstance(node.target, nodes.Name)
        # What is gone through is looked up outside of the loop.
        values, steps = self.visit(node.iter), nodes.Const(steps_in(node.body))
        budget = self._variable(BUDGET)
        otherwise = [self._visited(child) for child in node.else_]
        outer, depth = self._scope, len(self._scope)
        self._scope = {**outer, node.target.name: f"item{depth}", LOOP: f"loop{depth}"}
        body = [self._visited(child) for child in node.body]
        names = [nodes.Name(self._scope[name], "store") for name in (node.target.name, LOOP)]
        self._scope = outer
        return nodes.For(
            nodes.Tuple(names, "store"),
            nodes.Filter(values, TURNS, [budget, steps], [], None, None, lineno=node.lineno),
            [each for some in body for each in some],
            [each for some in otherwise for each in some],
            None,
            False,
            lineno=node.lineno,
        )

    def visit_Filter(self, node: nodes.Filter) -> nodes.Filter:
        """Tell the reader's language to a filter that writes in it."""
        self.generic_visit(node)
        if node.name in IN_LANGUAGE:
            paths = {"locale": "subscriber.locale"}
            if node.name == "date":
                paths["zone"] = "subscriber.time_zone"
            told: list[Any] = [
                nodes.Keyword(keyword, self._variable(path)) for keyword, path in paths.items()
            ]
            node.kwargs = [*node.kwargs, *told]
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:
        """Call ``link_url`` when the variable is looked up."""
        return self._variable(f"{LINK_URL}({link_number(node)})")

    def visit_Name(self, node: nodes.Name) -> nodes.Expr:
        """Look a path up."""
        path = path_of(node)
        assert path is not None
        head, *inner = path.split(".")
        if head in self._scope:
            value: nodes.Expr = nodes.Name(self._scope[head], "load", lineno=node.lineno)
            for key in inner:
                value = nodes.Getattr(value, key, "load", lineno=node.lineno)
            return value
        if path in self._fixed:
            return nodes.Const(self._fixed[path], lineno=node.lineno)
        return self._variable(path)

    visit_Getattr = visit_Getitem = visit_Name

    def _visited(self, node: nodes.Node) -> list[nodes.Node]:
        seen = self.visit(node)
        return seen if isinstance(seen, list) else [seen]

    def _put_out(self, node: nodes.Expr) -> nodes.Expr:
        if not self.is_html:
            return node
        return nodes.Filter(node, ESCAPE, [], [], None, None, lineno=node.lineno)

    def _spelled_out(self, node: nodes.Expr) -> list[nodes.Expr] | None:
        name, number = "", ""
        if isinstance(node, nodes.Call):
            name, number = LINK_URL, str(link_number(node))
        elif isinstance(node, nodes.Name):
            name = node.name
        address = self._addresses.get(name)
        if address is None:
            return None
        prefix = str(escape(address.prefix)) if self.is_html else address.prefix
        token = self._variable(address.token)
        self.tokens.add(token.name)
        return [nodes.TemplateData(prefix), token, nodes.TemplateData(address.suffix + number)]

    def _variable(self, path: str) -> nodes.Name:
        name = self._names.setdefault(path, f"v{len(self._names)}")
        self.paths[name] = path
        return nodes.Name(name, "load", lineno=1)


def worth(node: Any) -> Any:
    """Return the value of an expression that has the same one for all readers.

    :raises nodes.Impossible: it has not
    """
    node.set_environment(ENVIRONMENT)
    return node.as_const()
