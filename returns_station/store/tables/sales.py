"""What was sold, to whom and for how much: merchants, customers, products, orders, payments."""

from typing import ClassVar

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


class Merchant(SQLModel, table=True):
    """Whose goods these are."""

    id: str = Field(primary_key=True)
    name: str
    currency: str | None = None


class Subject(SQLModel, table=True):
    """Personal data of a customer or a worker, apart from everything else; erasing deletes the row and its salt."""

    id: str = Field(primary_key=True)
    kind: str
    ref: str = Field(index=True)
    salt: bytes = Field(sa_type=LargeBinary)
    body: str


class Customer(SQLModel, table=True):
    """A customer by outside number; name and address are in `subject`."""

    __table_args__: ClassVar = (UniqueConstraint("merchant", "source", "number"),)
    id: str = Field(primary_key=True)
    merchant: str
    source: str
    number: str
    segment: str | None = None


class CustomerHistory(SQLModel, table=True):
    """What an upstream knows of a customer's trade in all: for supervisors and rules, never for the one who grades.

    NULL is a fact that the upstream does not have. Money is in minor units of `currency`.
    """

    __tablename__ = "customer_history"
    customer_id: str = Field(primary_key=True)
    orders: int | None = None
    pieces_bought: int | None = None
    pieces_returned: int | None = None
    spent_minor: int | None = None
    returned_minor: int | None = None
    currency: str | None = None
    first_order_at: str | None = None
    updated_at: str


class Product(SQLModel, table=True):
    """Product master. `components` is a JSON list of names, `images` one of https links.

    `family` groups products for the cut-over; `vendor_terms` is what the vendor takes back, in words.
    """

    __table_args__: ClassVar = (UniqueConstraint("merchant", "source", "sku"),)
    id: str = Field(primary_key=True)
    merchant: str
    source: str
    sku: str
    title: str
    type: str = "default"
    serial_tracked: bool = False
    lot_tracked: bool = False
    expiry_tracked: bool = False
    hazard: str | None = None
    components: str = "[]"
    weight_grams: int | None = None
    family: str | None = None
    images: str = Field(default="[]", sa_column_kwargs={"server_default": "[]"})
    vendor_terms: str | None = None


class ProductCode(SQLModel, table=True):
    """A GTIN of a product; `factor` is how many pieces that trade item holds (case GTIN → 12)."""

    merchant: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    product_id: str = Field(index=True)
    factor: int = 1


class SalesOrder(SQLModel, table=True):
    """A sale. NULL money is a missing fact, never zero."""

    __tablename__ = "sales_order"
    __table_args__: ClassVar = (UniqueConstraint("merchant", "source", "number"),)
    id: str = Field(primary_key=True)
    merchant: str
    source: str
    number: str
    currency: str | None = None
    placed_at: str | None = None
    customer_id: str | None = None
    prices_include_tax: bool | None = None
    shipping_minor: int | None = None


class OrderLine(SQLModel, table=True):
    """A line of a sale; `returned_before` counts pieces that came back elsewhere, before this station."""

    __tablename__ = "order_line"
    __table_args__: ClassVar = (UniqueConstraint("order_id", "line_id"),)
    id: str = Field(primary_key=True)
    order_id: str = Field(index=True)
    merchant: str
    line_id: str
    product_id: str | None = None
    sku: str
    title: str = ""
    quantity: int
    unit_price_minor: int | None = None
    discount_minor: int | None = None
    tax_minor: int | None = None
    delivered_at: str | None = None
    returned_before: int = 0


class OrderSerial(SQLModel, table=True):
    """A serial number that was shipped with an order line."""

    __tablename__ = "order_serial"
    order_line_id: str = Field(primary_key=True)
    serial: str = Field(primary_key=True)


class Payment(SQLModel, table=True):
    """Money taken for an order, and money that went back outside this station."""

    __table_args__: ClassVar = (UniqueConstraint("order_id", "reference"),)
    id: str = Field(primary_key=True)
    order_id: str = Field(index=True)
    merchant: str
    reference: str
    captured_minor: int | None = None
    refunded_minor: int | None = None
