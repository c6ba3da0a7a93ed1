"""Compares what the station worked out in the shadow with what the old system did, to the piece and the cent."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from returns_station.domain.money import decimal
from returns_station.store.shadow_books import BookedReceipt, BookedRefund, BookedStock, Books, Numbers

WHOLE: Final = Fraction(1)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When the two agree well enough to switch: shares matched exactly, and how many pieces must have been compared."""

    units: Fraction = Fraction(995, 1000)
    money: Fraction = Fraction(999, 1000)
    pieces: int = 50


@dataclass(frozen=True, slots=True)
class ShadowDifference:
    """One thing on which the two do not agree."""

    code: str
    group: str
    """The return's number, or the order's where the old system knows no other."""
    sku: str | None
    families: frozenset[str]
    pieces: int
    ours: str
    theirs: str
    reference: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Score:
    """How far the two agree: pieces, and money by currency as (matched, of how much) in minor units."""

    pieces: int = 0
    matched: int = 0
    money: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def units_share(self) -> Fraction:
        """Share of pieces matched exactly; 1 of none."""
        return Fraction(self.matched, self.pieces) if self.pieces else WHOLE

    @property
    def money_share(self) -> Fraction:
        """Share of money matched exactly, in the currency where it is least; 1 of none."""
        return min((Fraction(part, all_) for part, all_ in self.money.values() if all_), default=WHOLE)

    def reasons(self, least: Thresholds) -> tuple[str, ...]:
        """Why it is too early to switch; none where it is not."""
        found = []
        if self.pieces < least.pieces:
            found.append(f"{self.pieces} pieces were compared, {least.pieces} are wanted")
        if self.units_share < least.units:
            found.append(
                f"{percent(self.units_share)} of the pieces match, {percent(least.units)} are wanted"
            )
        if self.money_share < least.money:
            found.append(
                f"{percent(self.money_share)} of the money matches, {percent(least.money)} is wanted"
            )
        return tuple(found)


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """The differences, the score of all, and that of each family; a return's money counts for each family in it."""

    differences: tuple[ShadowDifference, ...]
    score: Score
    families: Mapping[str, Score]
    waiting: int


def percent(share: Fraction) -> str:
    """A share as text, never rounded up to what it is not: "99.9%"."""
    tenths = int(share * 1000)
    return f"{tenths // 10}.{tenths % 10}%"


def compare_books(ours: Books, theirs: Books) -> ShadowReport:
    """Every difference between the two, each named once; receipts only where the old system's export has any."""
    groups = _Groups(ours, theirs)
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    found = list(_stock(groups, ours.stock, theirs.stock, tallies))
    found += _refunds(groups, ours, theirs, tallies)
    if theirs.receipts:
        found += _receipts(groups, ours.receipts, theirs.receipts)
    scores = {family: tally.score() for family, tally in sorted(tallies.items())}
    return ShadowReport(tuple(found), scores.pop("", Score()), scores, ours.waiting)


@dataclass(slots=True)
class _Tally:
    pieces: int = 0
    matched: int = 0
    money: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def score(self) -> Score:
        return Score(self.pieces, self.matched, {name: (m, a) for name, (m, a) in self.money.items()})


class _Groups:
    """Which return a row belongs to: by its number, or by its order where the old system has numbers of its own.

    Several of our returns of one order are one group where the old system names the order alone.
    """

    def __init__(self, ours: Books, theirs: Books) -> None:
        mine = {_bare(one.numbers.return_number): one.numbers for one in _rows(ours)}
        self._order_of = {number: _bare(numbers.order_number) for number, numbers in mine.items()}
        self._by_order: dict[str, set[str]] = defaultdict(set)
        for number, order in self._order_of.items():
            if order:
                self._by_order[order].add(number)
        self._joined = {
            order
            for one in _rows(theirs)
            if _bare(one.numbers.return_number) not in mine
            and len(self._by_order.get(order := _bare(one.numbers.order_number), ())) > 1
        }

    def of(self, numbers: Numbers) -> str:
        """The name of the group."""
        number, order = _bare(numbers.return_number), _bare(numbers.order_number)
        if number in self._order_of:
            order = self._order_of[number]
            return f"order {order}" if order in self._joined else number
        if order in self._joined:
            return f"order {order}"
        own = self._by_order.get(order)
        return next(iter(own)) if own else number or f"order {order}"


def _rows(books: Books) -> Iterator[BookedStock | BookedRefund | BookedReceipt]:
    yield from books.stock
    yield from books.refunds
    yield from books.receipts


def _bare(number: str | None) -> str:
    return (number or "").removeprefix("#")


# --- pieces -----------------------------------------------------------------------------------------------------------

_Where = tuple[str | None, str | None]
"""Disposition and place."""
_Fit = Callable[[_Where, _Where], bool]


def _stock(
    groups: _Groups, ours: Iterable[BookedStock], theirs: Iterable[BookedStock], tallies: dict[str, _Tally]
) -> Iterator[ShadowDifference]:
    sides: dict[tuple[str, str], tuple[list[BookedStock], list[BookedStock]]] = defaultdict(lambda: ([], []))
    for at, side in enumerate((ours, theirs)):
        for one in side:
            sides[groups.of(one.numbers), one.sku][at].append(one)
    for (group, sku), (mine, other) in sorted(sides.items()):
        pair = _Pair(group, sku, mine, other)
        differences = list(pair.differences())
        wrong = sum(one.pieces for one in differences)
        for family in ("", pair.family):
            tallies[family].pieces += pair.matched + wrong
            tallies[family].matched += pair.matched
        yield from differences


class _Pair:
    """One SKU of one return, in both books."""

    def __init__(self, group: str, sku: str, ours: list[BookedStock], theirs: list[BookedStock]) -> None:
        self._group, self._sku = group, sku
        self._ours, self._theirs = _pieces(ours), _pieces(theirs)
        self._counts = (self._ours.total(), self._theirs.total())
        self.family = (ours or theirs)[0].family
        self._name = ", ".join(sorted({one.name for one in theirs})) or None
        self.matched = sum(n for _, _, n in self._take(_fits))

    def differences(self) -> Iterator[ShadowDifference]:
        for same in (_same_disposition, _any):
            for ours, theirs, count in self._take(same):
                code = "unit.place" if _same_disposition(ours, theirs) else "unit.disposition"
                yield self._say(code, count, _words(ours), _words(theirs))
        here, there = self._ours.total(), self._theirs.total()
        if here or there:
            mine, other = (str(count) for count in self._counts)
            code = "unit.only_here" if other == "0" else "unit.only_there" if mine == "0" else "unit.quantity"
            yield self._say(code, here + there, mine, other)

    def _take(self, fits: _Fit) -> list[tuple[_Where, _Where, int]]:
        """Pairs off pieces that fit, and how many of each; what is said most exactly goes first."""
        taken = []
        for theirs in sorted(self._theirs, key=lambda where: (where.count(None), str(where))):
            for ours in sorted(self._ours, key=str):
                count = min(self._ours[ours], self._theirs[theirs])
                if count and fits(ours, theirs):
                    self._ours[ours] -= count
                    self._theirs[theirs] -= count
                    taken.append((ours, theirs, count))
        return taken

    def _say(self, code: str, count: int, ours: str, theirs: str) -> ShadowDifference:
        what = f"{count} of {self._sku}" if code in ("unit.place", "unit.disposition") else self._sku
        sentence = f"Return {self._group}, {what}: {ours} here, {theirs} in the old system."
        families = frozenset({self.family})
        return ShadowDifference(
            code, self._group, self._sku, families, count, ours, theirs, self._name, sentence
        )


def _fits(ours: _Where, theirs: _Where) -> bool:
    return _same_disposition(ours, theirs) and theirs[1] in (None, ours[1])


def _same_disposition(ours: _Where, theirs: _Where) -> bool:
    return theirs[0] in (None, ours[0])


def _any(ours: _Where, theirs: _Where) -> bool:
    return True


def _pieces(stock: Iterable[BookedStock]) -> Counter[_Where]:
    found: Counter[_Where] = Counter()
    for one in stock:
        found[one.disposition, one.place] += one.quantity
    return found


def _words(where: _Where) -> str:
    return " at ".join(part for part in where if part) or "somewhere"


# --- money and receipts -----------------------------------------------------------------------------------------------


def _refunds(
    groups: _Groups, ours: Books, theirs: Books, tallies: dict[str, _Tally]
) -> Iterator[ShadowDifference]:
    kinds: dict[str, set[str]] = defaultdict(set)
    for one in (*ours.stock, *theirs.stock):
        kinds[groups.of(one.numbers)].add(one.family)
    sums: dict[str, tuple[Counter[str], Counter[str]]] = defaultdict(lambda: (Counter(), Counter()))
    names: dict[str, list[str]] = defaultdict(list)
    for at, side in enumerate((ours.refunds, theirs.refunds)):
        for refund in side:
            group = groups.of(refund.numbers)
            sums[group][at][refund.currency] += refund.amount_minor
            kinds[group] |= refund.families
            if at:
                names[group].append(refund.name)
    for group, (mine, other) in sorted(sums.items()):
        _tally_money(tallies, kinds[group], mine, other)
        families, reference = frozenset(kinds[group]), ", ".join(names[group]) or None
        for code, here, there in _money(mine, other):
            sentence = f"Return {group}: {here} given back here, {there} in the old system."
            yield ShadowDifference(code, group, None, families, 0, here, there, reference, sentence)


def _tally_money(
    tallies: dict[str, _Tally], families: Iterable[str], mine: Counter[str], other: Counter[str]
) -> None:
    for family in ("", *families):
        for currency in {*mine, *other}:
            held = tallies[family].money[currency]
            held[0] += mine[currency] if mine[currency] == other[currency] else 0
            held[1] += max(mine[currency], other[currency])


def _money(mine: Counter[str], other: Counter[str]) -> Iterator[tuple[str, str, str]]:
    if mine and other and not set(mine) & set(other):
        yield "money.currency", _amounts(mine), _amounts(other)
        return
    for currency in sorted({*mine, *other}):
        if mine[currency] == other[currency]:
            continue
        here, there = (f"{decimal(side[currency], currency)} {currency}" for side in (mine, other))
        only = "money.only_there" if currency not in mine else "money.only_here"
        yield ("money.amount" if currency in mine and currency in other else only), here, there


def _amounts(side: Counter[str]) -> str:
    return ", ".join(f"{decimal(minor, currency)} {currency}" for currency, minor in sorted(side.items()))


def _receipts(
    groups: _Groups, ours: Iterable[BookedReceipt], theirs: Iterable[BookedReceipt]
) -> Iterator[ShadowDifference]:
    mine = {groups.of(one.numbers): one for one in ours}
    other = {groups.of(one.numbers): one for one in theirs}
    for group in sorted({*mine} ^ {*other}):
        here = group in mine
        words = ("received", "not received") if here else ("not received", "received")
        sentence = f"Return {group}: {words[0]} here, {words[1]} in the old system."
        code = "receipt.only_here" if here else "receipt.only_there"
        name = None if here else other[group].name
        yield ShadowDifference(code, group, None, frozenset(), 0, *words, name, sentence)
