"""The pages that a server shows: what an address asks for, and the page that answers."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlencode, urlsplit

from components.errors import UsageError
from pipeline.home import Home
from pipeline.lineage import Store
from pipeline.report.comparison import comparison
from pipeline.report.index import index
from pipeline.report.material import Material
from pipeline.report.page import page

INDEX, RUN, COMPARE = "/", "/run", "/compare"
RELOAD = 5
"""Seconds after which a page of a run that goes on is read anew."""

_ON_A_PAGE = 50


class Views:
    """The pages of one store; each answer reads it anew.

    Args:
        store: Where the store is; None is the home's.
        home: The home.
    """

    def __init__(self, store: str | None, home: Home) -> None:
        self._store, self._home = store, home

    def answer(self, target: str) -> str | None:
        """Returns the page of an address such as `/run?id=NAME`; None where there is none.

        Args:
            target: Path and query, as a browser sends them.

        Raises:
            UsageError: There is no such run, or too few to be compared, or no store.
        """
        parts = urlsplit(target)
        asked = parse_qs(parts.query)
        if parts.path not in (INDEX, RUN, COMPARE):
            return None
        # A run that has not come to its first node has not made the store yet.
        if parts.path == INDEX and self._store is None and not self._home.metadata_db.exists():
            return index([], link, self._place, reload=RELOAD)
        with Store.open(self._place) as store:
            if parts.path == INDEX:
                return self._index(store, asked)
            return self._run(store, asked) if parts.path == RUN else self._comparison(store, asked)

    @property
    def _place(self) -> str:
        return self._store or str(self._home.metadata_db)

    def _index(self, store: Store, asked: Mapping[str, Sequence[str]]) -> str:
        found = store.runs(limit=_ON_A_PAGE + 1, before=_one(asked, "before"))
        shown = [Material(store, run, self._home) for run in found[:_ON_A_PAGE]]
        older = f"{INDEX}?{urlencode({'before': shown[-1].run.id})}" if len(found) > _ON_A_PAGE else None
        return index(shown, link, self._place, compare=COMPARE, older=older, reload=RELOAD)

    def _run(self, store: Store, asked: Mapping[str, Sequence[str]]) -> str:
        material = Material(store, store.run(_one(asked, "id") or ""), self._home)
        return page(material, index=INDEX, reload=RELOAD)

    def _comparison(self, store: Store, asked: Mapping[str, Sequence[str]]) -> str:
        names = list(dict.fromkeys(asked.get("run", ())))
        if len(names) < 2:
            raise UsageError("Two or more runs can be compared.", received=f"{len(names)}", fix="Choose more of them.")
        of = [Material(store, store.run(name), self._home) for name in names]
        return comparison(of, index=INDEX, hrefs=[link(name) for name in names])


def link(run: str) -> str:
    """Returns the address of the page of a run."""
    return f"{RUN}?{urlencode({'id': run}, errors='surrogatepass')}"


def _one(asked: Mapping[str, Sequence[str]], name: str) -> str | None:
    return next(iter(asked.get(name, ())), None)
