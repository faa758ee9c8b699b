"""How templates are read. Here only what makes them quick: what they say is in templates/."""

from collections.abc import MutableMapping
from types import FunctionType, MethodType
from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, Macro
from markupsafe import Markup, _escape_inner, escape


def init_app(app: Flask) -> None:
    """Before anything asks for app.jinja_env."""
    app.jinja_environment = OneSetOfNames


def written(value: Any) -> str:
    """What stands in the page for a value: `escape(value)` as plain text. Jinja makes a Markup of each, in two calls of
    Python, only to put them together to one text: of a page with 4,000 values that was 1.5 of its 20 ms.
    """
    kind = type(value)
    if kind is str:
        return _escape_inner(value)
    if kind is Markup:
        return value
    if kind is int:
        return str(value)
    return escape(value)


class PlainText(CodeGenerator):
    """Templates write values by `written`."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
            return
        self.write("environment.written(")
        if finalize.src is not None:
            self.write(finalize.src)


class DirectCalls(Context):
    """Macros, functions and methods are called at once, where Jinja first looks twice through what it calls for whether
    that wants the context: of a list with 300 cells 0.2 ms. Whatever does want it goes Jinja's way.
    """

    def call(self, called: Any, /, *args: Any, **named: Any) -> Any:
        kind = type(called)
        if kind is Macro:
            args = (self.eval_ctx, *args)
        elif kind not in (FunctionType, MethodType) or hasattr(called, "jinja_pass_arg"):
            return super().call(called, *args, **named)
        named.pop("_block_vars", None)  # as Jinja's own does: what loops and blocks have set is for who takes a context
        named.pop("_loop_vars", None)
        try:
            return called(*args, **named)
        except StopIteration:
            return super().call(_stop)


def _stop() -> None:
    raise StopIteration


class OneSetOfNames(Environment):
    """All templates share one dictionary of global names. Jinja lays an empty one of its own over it for each, so that
    every import of a macro goes through a ChainMap name by name: 1 ms of a page that imports thirty.
    """

    code_generator_class = PlainText
    context_class = DirectCalls
    written = staticmethod(written)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals
