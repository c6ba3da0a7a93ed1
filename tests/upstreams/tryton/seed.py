"""Makes a Tryton 8.2 database from a world in JSON: company, places, products, customers, and orders that are shipped,
invoiced and in part returned. Runs under Tryton's own Python, in its process; the product never imports any of this.

usage: TRYTOND_CONFIG=trytond.conf seed.py DATABASE < world.json > seed.json

The world has `products`, `customers`, `orders`, `locations` in the shape of docs/import.md, and in addition an order's
`tax_rate` and a location's `waste`. What is printed has the REST key and the ids.
"""

import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

MODULES = ("sale", "stock", "stock_lot", "account_invoice_stock", "product_measurements")
DATABASE, CONFIG = sys.argv[1], os.environ["TRYTOND_CONFIG"]
_BATCH = 40
"""Products a call: SQLite's parser gives up on the check that codes are unique among a few hundred new ones."""


def activate() -> None:
    """The database with its modules."""
    with tempfile.TemporaryDirectory() as folder:
        password = Path(folder, "password")
        password.write_text("admin-Passw0rd!")
        admin = Path(sys.executable).with_name("trytond-admin")
        command = [admin, "-c", CONFIG, "-d", DATABASE, "--email", "root@example.com", "-u", *MODULES]
        environ = {**os.environ, "TRYTONPASSFILE": str(password)}
        subprocess.run([*command, "--activate-dependencies"], env=environ, check=True, stdout=sys.stderr)


def found_company() -> tuple[int, dict[str, int]]:
    """A company that keeps its books in pounds and knows euros; its id and that of its accounts."""
    from proteus import Model
    from proteus import config as proteus_config
    from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
    from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences
    from trytond.modules.company.tests.tools import create_company, get_company

    proteus_config.set_trytond(DATABASE, user="admin", config_file=CONFIG)
    currency = Model.get("currency.currency")
    made = []
    for code, name, rate in (("GBP", "Pound", "1"), ("EUR", "Euro", "1.25")):
        one = currency(name=name, symbol=code, code=code, digits=2, rounding=Decimal("0.01"))
        one.rates.new(date=dt.date(2000, 1, 1), rate=Decimal(rate))
        one.save()
        made.append(one)
    create_company(currency=made[0])
    company = get_company()
    create_chart(company)
    year = create_fiscalyear(company, dt.datetime.now(dt.UTC).date())
    set_fiscalyear_invoice_sequences(year).click("create_period")
    return company.id, {name: one.id for name, one in get_accounts(company).items()}


class Seed:
    """Everything below works in one transaction, many records at once: a thousand clicks would take minutes."""

    def __init__(self, company: int, accounts: dict[str, int], world: dict[str, Any]) -> None:
        from trytond.pool import Pool

        self.get = Pool().get
        self.company, self.accounts, self.world = company, accounts, world
        self.places: dict[str, Any] = {}
        self.products: dict[str, Any] = {}
        self.parties: dict[str, Any] = {}
        self.taxes: dict[str, Any] = {}
        self.sales: dict[str, Any] = {}

    def one(self, model: str, *domain: Any) -> Any:
        """The record that answers the domain."""
        return self.get(model).search(list(domain), limit=1)[0]

    def book(self) -> None:
        """Where the cents go that an invoice in another currency leaves over."""
        settings = self.get("account.configuration")(1)
        settings.currency_exchange_debit_account = self.accounts["expense"]
        settings.currency_exchange_credit_account = self.accounts["revenue"]
        settings.save()

    # --- places, products, customers ----------------------------------------------------------------------------------

    def locate(self) -> None:
        """Places below the warehouse's storage, or beside it where they are for waste."""
        location = self.get("stock.location")
        self.places = {
            code: self.one("stock.location", ("code", "=", code)) for code in ("WH", "STO", "IN", "CUS")
        }
        for row in self.world["locations"]:
            waste = bool(row.get("waste"))
            kind = {"type": "lost_found"} if waste else {"type": "storage", "parent": self.places["STO"]}
            self.places[row["code"]] = location(name=row["code"], code=row["code"], **kind)
        location.save([one for one in self.places.values() if one.id is None])
        house = self.places["WH"]
        house.waste_locations = [
            self.places[row["code"]] for row in self.world["locations"] if row.get("waste")
        ]
        house.save()

    def stock_products(self) -> None:
        """Every product of the world, a thousand of each in the storage."""
        category, template = self.get("product.category"), self.get("product.template")
        goods = category(name="Accounting", accounting=True, customer_taxes=[])
        goods.account_expense, goods.account_revenue = self.accounts["expense"], self.accounts["revenue"]
        goods.save()
        rows = self.world["products"]
        kinds = {
            kind: category(name=kind) for kind in sorted({row["type"] for row in rows if row.get("type")})
        }
        category.save(list(kinds.values()))
        templates = [self._template(row, goods, kinds) for row in rows]
        for start in range(0, len(templates), _BATCH):
            template.save(templates[start : start + _BATCH])
        self.products = {one.products[0].suffix_code: one.products[0] for one in templates}
        inventory, line = self.get("stock.inventory"), self.get("stock.inventory.line")
        kept = [one for one in self.products.values() if one.template.type == "goods"]
        count = inventory(location=self.places["STO"], empty_quantity="keep", company=self.company)
        count.lines = [line(product=product, quantity=1000) for product in kept]
        count.save()
        inventory.confirm([count])

    def _template(self, row: dict[str, Any], goods: Any, kinds: dict[str, Any]) -> Any:
        product, identifier = self.get("product.product"), self.get("product.identifier")
        unit = self.one("product.uom", ("name", "=", "Unit"))
        codes = [code if isinstance(code, str) else code["gtin"] for code in row.get("gtins", ())]
        one = product(suffix_code=row["sku"], cost_price=Decimal(1))
        one.identifiers = [identifier(type=None, code=code) for code in codes]
        made = self.get("product.template")(
            name=row.get("title") or row["sku"], default_uom=unit, sale_uom=unit
        )
        made.type = row.get("kind", "goods")
        made.salable, made.list_price, made.account_category = True, Decimal(1), goods
        made.categories = [kinds[row["type"]]] if row.get("type") else []
        if row.get("weight_grams"):
            made.weight, made.weight_uom = (
                float(row["weight_grams"]),
                self.one("product.uom", ("symbol", "=", "g")),
            )
        made.products = [one]
        return made

    def invite(self) -> None:
        """A party with an address for every customer, numbered as the world numbers it."""
        party, address = self.get("party.party"), self.get("party.address")
        term = self.get("account.invoice.payment_term")(name="Now")
        term.lines = [self.get("account.invoice.payment_term.line")(type="remainder")]
        term.save()
        numbers = {row["number"] for row in self.world["customers"]}
        numbers |= {row["customer"] for row in self.world["orders"] if row.get("customer")}
        for number in sorted(numbers | {"BLIND"}):
            one = party(name=f"Customer {number}", code=number, addresses=[address(city="London")])
            one.customer_payment_term, one.account_receivable = term, self.accounts["receivable"]
            self.parties[number] = one
        party.save(list(self.parties.values()))

    # --- orders -------------------------------------------------------------------------------------------------------

    def sell(self) -> None:
        """Every order, sold, shipped and invoiced; then what came back of it."""
        sale = self.get("sale.sale")
        self.sales = {row["number"]: self._sale(row) for row in self.world["orders"]}
        sales = list(self.sales.values())
        sale.save(sales)
        self._through(sales)
        self._ship()
        returns = [made for row in self.world["orders"] if (made := self._return(row))]
        sale.save(returns)
        self._through(returns)
        back = self.get("stock.shipment.out.return")
        coming = back.search([("state", "=", "draft")])
        back.receive(coming)
        back.do(coming)

    def _sale(self, row: dict[str, Any]) -> Any:
        party = self.parties[row.get("customer") or "BLIND"]
        sold = self.get("sale.sale")(company=self.company, party=party, reference=row["number"])
        sold.currency = self.one("currency.currency", ("code", "=", row.get("currency", "GBP")))
        sold.invoice_address = sold.shipment_address = party.addresses[0]
        sold.warehouse, sold.payment_term = self.places["WH"], party.customer_payment_term
        sold.invoice_method = sold.shipment_method = "order"
        if row.get("placed_at"):
            sold.sale_date = dt.datetime.fromisoformat(row["placed_at"]).date()
        taxes = [self._tax(row["tax_rate"])] if row.get("tax_rate") else []
        sold.lines = [self._line(line, line["quantity"], taxes) for line in row["lines"]]
        if Decimal(row.get("shipping") or 0):
            sold.lines = [
                *sold.lines,
                self._line({"sku": "SHIPPING", "unit_price": row["shipping"]}, 1, taxes),
            ]
        return sold

    def _line(self, row: dict[str, Any], quantity: int, taxes: list[Any]) -> Any:
        product = self.products[row["sku"]]
        line = self.get("sale.line")(
            type="line", product=product, unit=product.default_uom, quantity=quantity
        )
        line.unit_price, line.taxes = Decimal(row.get("unit_price") or 0), taxes
        return line

    def _return(self, row: dict[str, Any]) -> Any | None:
        came = [line for line in row["lines"] if line.get("returned")]
        if not came:
            return None
        sold = self._sale({**row, "shipping": "0", "placed_at": None})
        sold.reference, sold.origin = f"EARLIER-{row['number']}", self.sales[row["number"]]
        taxes = [self._tax(row["tax_rate"])] if row.get("tax_rate") else []
        sold.lines = [self._line(line, -line["returned"], taxes) for line in came]
        return sold

    def _tax(self, rate: str) -> Any:
        if rate not in self.taxes:
            tax = self.get("account.tax")(name=f"Tax {rate}", description=f"Tax {rate}", type="percentage")
            tax.rate, tax.company = Decimal(rate), self.company
            tax.invoice_account = tax.credit_note_account = self.accounts["tax"]
            tax.save()
            self.taxes[rate] = tax
        return self.taxes[rate]

    def _through(self, sales: list[Any]) -> None:
        sale = self.get("sale.sale")
        sale.quote(sales)
        sale.confirm(sales)
        sale.process([one for one in sales if one.state == "confirmed"])

    def _ship(self) -> None:
        out = self.get("stock.shipment.out")
        tracking = {sold.id: row for row, sold in zip(self.world["orders"], self.sales.values(), strict=True)}
        going = out.search([("state", "in", ["draft", "waiting"])])
        for shipment in going:
            row = tracking[shipment.outgoing_moves[0].origin.sale.id]
            shipment.reference = (row.get("tracking") or [f"TRK-{row['number']}"])[0]
        out.save(going)
        out.wait([one for one in going if one.state == "draft"])
        for step in (out.assign_force, out.pick, out.pack, out.do):
            step(going)

    # --- the station's own user ---------------------------------------------------------------------------------------

    def admit(self) -> str:
        """A user with just the groups a station needs, and its key."""
        group, user = self.get("res.group"), self.get("res.user")
        mine = user(name="Returns station", login="returns", password="r3turns-Station!")
        mine.groups = group.search([("name", "in", ["Sales", "Stock", "Accounting"])])
        mine.companies, mine.company = [self.company], self.company
        mine.save()
        application = self.get("res.user.application")
        key = application(user=mine, application="rest")
        key.save()
        application.validate_([key]) if hasattr(application, "validate_") else None
        return str(key.key)

    def told(self, key: str) -> dict[str, Any]:
        """What a test needs to know: the key, and the ids of everything by its number."""
        orders = {}
        for row in self.world["orders"]:
            sold = self.sales[row["number"]]
            lines = dict(
                zip(
                    (line["line_id"] for line in row["lines"]), (line.id for line in sold.lines), strict=False
                )
            )
            orders[row["number"]] = {"id": sold.id, "number": sold.number, "lines": lines}
        ids = {"locations": self.places, "products": self.products, "customers": self.parties}
        named = {kind: {code: one.id for code, one in found.items()} for kind, found in ids.items()}
        return {"database": DATABASE, "key": key, "company": self.company, "orders": orders, **named}


def main() -> None:
    """The whole seed."""
    world = json.load(sys.stdin)
    activate()
    company, accounts = found_company()
    print(json.dumps(fill(company, accounts, world), indent=1))


def fill(company: int, accounts: dict[str, int], world: dict[str, Any]) -> dict[str, Any]:
    """Everything of the world; what to tell of it."""
    from trytond.transaction import Transaction

    with Transaction().start(DATABASE, 1, context={"company": company, "_skip_warnings": True}):
        seed = Seed(company, accounts, world)
        seed.book()
        seed.locate()
        seed.stock_products()
        seed.invite()
        seed.sell()
        told = seed.told(seed.admit())
        Transaction().commit()
    post(company)
    return told


def post(company: int) -> None:
    """Every invoice: in a transaction of its own, begun again with the locks that Tryton finds it needs."""
    from trytond.pool import Pool
    from trytond.transaction import Transaction, TransactionError

    locks: dict[str, Any] = {}
    while True:
        context = {"company": company, "_skip_warnings": True}
        with Transaction().start(DATABASE, 1, context=context, **locks) as transaction:
            invoice = Pool().get("account.invoice")
            try:
                invoice.post(invoice.search([("state", "=", "draft")]))
                # What a shipment and an invoice leave to a queue is done here: nobody works it off.
                sale = Pool().get("sale.sale")
                sale.process(sale.search([("state", "=", "processing")]))
                transaction.commit()
                return
            except TransactionError as error:
                transaction.rollback()
                error.fix(locks)


if __name__ == "__main__":
    main()
