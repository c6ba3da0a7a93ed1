"""What a company's own people do in Tryton beside the station, by their own rights: sales of every kind, products that
are retired or tracked by lot, another warehouse, another company. Runs under Tryton's own Python on a served database.

usage: TRYTOND_CONFIG=trytond.conf office.py DATABASE < {"act": NAME, …} > what it made, as JSON
"""

import datetime as dt
import json
import sys
from decimal import Decimal
from typing import Any

from seed import DATABASE, Seed, post

_LONG_AGO = dt.date(2000, 1, 1)


class Office(Seed):
    """The seeded world found again; a line may name its `pack` (pieces), a price below nothing, or no product (`text`)."""

    def find(self) -> None:
        """Everything by its code."""
        self.places = {one.code: one for one in self.get("stock.location").search([("code", "!=", None)])}
        self.products = {one.code: one for one in self.get("product.product").search([])}
        self.parties = {one.code: one for one in self.get("party.party").search([("code", "!=", None)])}

    def _line(self, row: dict[str, Any], quantity: int, taxes: list[Any]) -> Any:
        if "text" in row:
            line = self.get("sale.line")(type="line", description=row["text"], quantity=quantity)
            line.unit_price, line.taxes = Decimal(row["unit_price"]), taxes
            return line
        line = super()._line(row, quantity, taxes)
        if "pack" in row:
            line.unit = self._pack(row["pack"])
        return line

    def _pack(self, pieces: int) -> Any:
        """A unit of so many pieces."""
        one = self.one("product.uom", ("name", "=", "Unit"))
        pack = self.get("product.uom")(name=f"Pack of {pieces}", symbol=f"p{pieces}", category=one.category)
        pack.factor, pack.rate, pack.rounding, pack.digits = float(pieces), round(1 / pieces, 12), 1.0, 0
        pack.save()
        return pack

    def _tax(self, rate: str) -> Any:
        """A tax of several parts where the rate is a sum, as 0.10+0.05: a tax without a rate, its parts below it."""
        parts = [super(Office, self)._tax(part) for part in rate.split("+")]
        if len(parts) == 1:
            return parts[0]
        tax = self.get("account.tax")(name=rate, description=rate, type="none", company=self.company)
        tax.childs = parts
        tax.save()
        return tax

    # --- acts ---------------------------------------------------------------------------------------------------------

    def sells(self, order: dict[str, Any]) -> dict[str, Any]:
        """A sale that is shipped; ids of its lines."""
        self._currencies()
        self.world = {"orders": [order]}
        self.sell()
        sold = self.sales[order["number"]]
        return {"id": sold.id, "lines": [line.id for line in sold.lines]}

    def _currencies(self) -> None:
        """Currencies that the company may sell in, with the digits ISO 4217 gives them. Always all of them: a server
        keeps what it read of a currency, and a database that is put back gives the same ids again."""
        currency, rate = self.get("currency.currency"), self.get("currency.currency.rate")
        for code, digits in {"JPY": 0, "KWD": 3}.items():
            if not currency.search([("code", "=", code)]):
                one = currency(name=code, symbol=code, code=code, digits=digits)
                one.rounding, one.rates = (
                    Decimal(1).scaleb(-digits),
                    [rate(date=_LONG_AGO, rate=Decimal(2))],
                )
                one.save()

    def retires(self, sku: str) -> None:
        """A product that is sold no more."""
        one = self.products[sku]
        one.active = one.template.active = False
        one.template.save()
        one.save()

    def tracks(self, sku: str) -> None:
        """A product whose every move needs a lot."""
        template = self.products[sku].template
        template.lot_required = [name for name, _ in type(template).lot_required.selection]
        template.save()

    def builds(self, code: str) -> dict[str, Any]:
        """A second warehouse; the codes of its places begin with its own."""
        location = self.get("stock.location")
        kinds = {"input_location": "storage", "output_location": "storage", "storage_location": "storage"}
        ends = {
            name: location(name=f"{code} {name}", code=f"{code}-{name[:3].upper()}", type=kind)
            for name, kind in kinds.items()
        }
        location.save(list(ends.values()))
        house = location(name=code, code=code, type="warehouse", **ends)
        house.save()
        return {"id": house.id}

    def founds(self, name: str) -> dict[str, Any]:
        """A second company, which the station's user sees as well."""
        party, user = self.get("party.party"), self.get("res.user")
        owner = party(name=name)
        owner.save()
        company = self.get("company.company")(party=owner, currency=self.one("currency.currency"))
        company.save()
        (mine,) = user.search([("login", "=", "returns")])
        mine.companies, mine.company_filter = [*mine.companies, company], "all"
        mine.save()
        return {"id": company.id}

    def drafts(self, told: dict[str, Any]) -> dict[str, Any]:
        """A sale of a company with a reference, not confirmed."""
        sale, party = self.get("sale.sale"), self.parties["BLIND"]
        one = sale(company=told["company"], party=party, reference=told["reference"])
        one.currency = self.one("currency.currency")
        one.save()
        return {"id": one.id}


def main() -> None:
    """One act."""
    from trytond.pool import Pool
    from trytond.transaction import Transaction

    Pool.start()
    Pool(DATABASE).init()
    told = json.load(sys.stdin)
    company = told["company"]
    with Transaction().start(DATABASE, 1, context={"company": company, "_skip_warnings": True}):
        office = Office(company, {}, {})
        office.accounts = {"tax": office.one("account.tax").invoice_account.id}
        office.find()
        made = getattr(office, told["act"])(told["with"])
        Transaction().commit()
    if told["act"] == "sells":
        post(company)
    print(json.dumps(made))


if __name__ == "__main__":
    main()
