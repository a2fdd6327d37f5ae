"""What a walk over a module collects, whichever tree it walks: its functions and classes, each with the scope it stands in."""

from __future__ import annotations

from collections.abc import Sequence

from flaskglobals_lint import facts
from flaskglobals_lint.extract.scopes import LAMBDA, Bindings, Kind, Scope


class Collected:
    """The definitions so far; ``scope`` is where the walk stands."""

    def __init__(self) -> None:
        self.scope = Scope(Kind.MODULE, "", None, Bindings(set(), set(), set()))
        self._functions: list[facts.Function] = []
        self._classes: list[facts.Class] = []
        self._qualnames: dict[str, int] = {}

    def qualify(self, name: str) -> str:
        """The qualified name of a definition that stands here, made unique."""
        owner = self.scope.frame.qualname
        path = f"{owner}.{name}" if owner else name
        count = self._qualnames[path] = self._qualnames.get(path, 0) + 1
        return path if count == 1 else f"{path}#{count}"

    def function(
        self,
        name: str,
        inner: Scope,
        parameters: tuple[facts.Parameter, ...],
        body: tuple[facts.Statement, ...],
        place: facts.Place,
        decorators: tuple[facts.Expression, ...] = (),
        returns: facts.Expression | None = None,
        is_async: bool = False,
    ) -> None:
        """A function that stands here, with the scope of its body."""
        self._functions.append(
            facts.Function(
                qualname=inner.qualname,
                name=name,
                parameters=parameters,
                decorators=decorators,
                returns=returns,
                body=body,
                is_async=is_async,
                is_generator=inner.is_generator,
                function=self.scope.enclosing_function(),
                cls=self.scope.enclosing_class(),
                globals=tuple(sorted(inner.globals)),
                place=place,
            )
        )

    def lambda_(
        self, inner: Scope, parameters: tuple[facts.Parameter, ...], value: facts.Return, place: facts.Place
    ) -> facts.Lambda:
        """A lambda that stands here, with the scope of what it returns."""
        self.function(LAMBDA, inner, parameters, (value,), place)
        return facts.Lambda(inner.qualname, place)

    def cls(
        self,
        name: str,
        qualname: str,
        arguments: Sequence[facts.Argument],
        decorators: tuple[facts.Expression, ...],
        body: tuple[facts.Statement, ...],
        place: facts.Place,
    ) -> None:
        """A class that stands here; ``arguments`` are its bases and keywords."""
        self._classes.append(
            facts.Class(
                qualname=qualname,
                name=name,
                bases=tuple([_base(arg) for arg in arguments if arg.keyword is None and arg.star < 2]),
                keywords=tuple([arg for arg in arguments if arg.keyword is not None or arg.star == 2]),
                decorators=decorators,
                body=body,
                function=self.scope.enclosing_function(),
                cls=self.scope.enclosing_class(),
                place=place,
            )
        )

    def whole(self, body: tuple[facts.Statement, ...]) -> facts.Module:
        """The facts of the whole module but for its comments; functions and classes in the order of the text."""
        functions = sorted(self._functions, key=lambda function: function.pos)
        classes = sorted(self._classes, key=lambda cls: cls.pos)
        return facts.Module(body, tuple(functions), tuple(classes), (), None)


def _base(arg: facts.Argument) -> facts.Expression:
    return facts.Starred(arg.value) if arg.star else arg.value
