"""Reads the CSS of a mail: rules of style sheets and what style attributes declare."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import tinycss2

#: What a style sheet may hold before reading it would take longer than anybody waits.
_LONGEST: Final = 512 * 1024


@dataclass(frozen=True)
class Declaration:
    """``name: value``; the name in lower case."""

    name: str
    value: str
    is_important: bool = False


@dataclass(frozen=True)
class Rule:
    """What a style sheet declares for a selector.

    :param conditions: the at-rules around it, from outside in, such as ``@media (width < 600px)``
    """

    selector: str
    declarations: tuple[Declaration, ...]
    conditions: tuple[str, ...] = ()

    @property
    def is_dark(self) -> bool:
        """Whether it is for those who read on a dark screen."""
        return any("prefers-color-scheme" in one and "dark" in one for one in self.conditions)


@dataclass(frozen=True)
class AtRule:
    """An at-rule by its keyword and what stands before its block."""

    keyword: str
    prelude: str


@lru_cache(maxsize=4096)
def declarations(style: str) -> tuple[Declaration, ...]:
    """Return what a ``style`` attribute or the block of a rule declares; what cannot be read is left out."""
    return tuple(_declared(tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True)))


@lru_cache(maxsize=64)
def style_sheet(text: str) -> tuple[tuple[Rule, ...], tuple[AtRule, ...]]:
    """Return the rules and the at-rules of a style sheet."""
    rules: list[Rule] = []
    at_rules: list[AtRule] = []
    nodes = tinycss2.parse_stylesheet(text[:_LONGEST], skip_comments=True, skip_whitespace=True)
    _read(nodes, (), rules, at_rules)
    return tuple(rules), tuple(at_rules)


def _read(
    nodes: Iterable[Any], conditions: tuple[str, ...], rules: list[Rule], at_rules: list[AtRule]
) -> None:
    for node in nodes:
        if node.type == "qualified-rule":
            content = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
            selector = tinycss2.serialize(node.prelude).strip()
            rules.append(Rule(selector, tuple(_declared(content)), conditions))
            at_rules.extend(AtRule("nesting", "") for inner in content if inner.type == "qualified-rule")
        elif node.type == "at-rule":
            prelude = " ".join(tinycss2.serialize(node.prelude).split())
            at_rules.append(AtRule(node.lower_at_keyword, prelude))
            if node.content is not None and node.lower_at_keyword in {"media", "supports", "layer"}:
                inside = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
                _read(inside, (*conditions, f"@{node.lower_at_keyword} {prelude.lower()}"), rules, at_rules)


def _declared(nodes: Iterable[Any]) -> Iterator[Declaration]:
    for node in nodes:
        if node.type == "declaration":
            value = re.sub(r"\s+", " ", tinycss2.serialize(node.value)).strip()
            yield Declaration(node.lower_name, value, node.important)
