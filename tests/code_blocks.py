"""The code that a page of the docs shows, and what it gives."""

import ast
import re
from typing import Any


def code_blocks(text: str) -> list[tuple[str, str]]:
    """Language and code of each block, in order."""
    return re.findall(r"^```(\w+)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def run_python(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the blocks of Python in order, in one namespace as a notebook does.

    Gives by its code what each block shows, which is what its last expression gives; and all names.
    """
    shown: dict[str, Any] = {}
    names: dict[str, Any] = {}
    for language, code in code_blocks(text):
        if language == "python":
            body = ast.parse(code)
            last = body.body.pop() if isinstance(body.body[-1], ast.Expr) else None
            exec(compile(body, "<docs>", "exec"), names)
            if isinstance(last, ast.Expr):
                shown[code] = eval(compile(ast.Expression(last.value), "<docs>", "eval"), names)
    return shown, names
