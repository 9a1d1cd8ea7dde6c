"""Read `providers/<id>.yaml` as `Provider`.

Row 3. It must not know endpoints or contracts, nor how a protocol works: `pentaprism.exchange` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..types import Provider, Submission
from .node import Node

__all__ = ["BODIES", "read_provider", "read_submission"]

BODIES = ("json", "multipart")
"""How a body may be written."""

RuleCheck = Callable[[Node, str], bool]


def read_provider(provider_id: str, node: Node, check_rule: RuleCheck) -> Provider:
    """A provider's file; rules that `check_rule` turns down are left out."""
    auth, submit = node.section("auth"), node.section("submit")
    return Provider(
        id=provider_id,
        name=node.text("name"),
        homepage=node.text("homepage"),
        protocol=node.text("protocol"),
        auth_header=auth.text("header"),
        auth_scheme=auth.optional("scheme", str),
        env=auth.text("env"),
        method=submit.choice("method", ("POST", "PUT"), "POST"),
        submit_url=submit.text("url"),
        body=submit.choice("body", BODIES, "json"),
        envelope=submit.optional("envelope", str),
        headers=_read_headers(submit),
        hosts=node.texts("hosts"),
        returns=node.choice("returns", ("url", "b64_json", "bytes"), "url"),
        bills=node.optional("bills", dict, {}),
        reserved=node.texts("reserved"),
        rules=_read_rules(node, check_rule),
    )


def read_submission(node: Node, provider: Provider, endpoint_id: str) -> Submission:
    """How an endpoint is called: an endpoint's `submit:`, where it has one, over its provider's."""
    body = node.choice("body", BODIES, provider.body)
    if body == "multipart" and provider.envelope is not None:
        node.report("bad-submit", f"a form has no envelope, and {provider.id} puts its bodies under one", "body")
    return Submission(
        method=provider.method,
        url=node.text("url", provider.submit_url).replace("{endpoint}", endpoint_id),
        body=body,
        envelope=provider.envelope,
        headers=provider.headers,
    )


def _read_headers(submit: Node) -> Mapping[str, str]:
    headers = {}
    for name, value in submit.child("headers").items():
        if isinstance(value.data, str):
            headers[name] = value.data
        else:
            submit.report("wrong-type", f"the header {name!r} must be a string", "headers", name)
    return headers


def _read_rules(node: Node, check_rule: RuleCheck) -> Mapping[str, Any]:
    """A provider states one rule for a parameter, or several of which the first that fits an endpoint counts."""
    rules = {}
    for parameter, rule in node.child("rules").items():
        stated = list(rule.entries()) if isinstance(rule.data, list) else [rule]
        if not stated:
            rule.report("bad-rule", "a list of rules holds at least one")
        usable = [check_rule(one, parameter) for one in stated]
        if usable and all(usable):
            rules[parameter] = rule.data
    return rules
