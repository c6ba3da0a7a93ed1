"""What the demonstration's upstream holds, in sentences."""

from returns_station.demo.world import World
from returns_station.domain.money import Money


def told(world: World) -> list[str]:
    """What arrived upstream so far, a sentence each, in the order of kinds."""
    stock = [
        f"{row['quantity']} × {row['sku']} in {row['container'] or row['location']}, {row['disposition']}."
        for row in world.upstream.movements()
    ]
    money = [
        f"refund of {Money(int(str(row['amount_minor'])), str(row['currency']))} for order {row['order_number']}."
        for row in world.upstream.refunds()
    ]
    return stock + money


def holdings(world: World) -> list[str]:
    """A closing summary of what the upstream holds."""
    lines = told(world)
    return [f"The upstream holds {len(lines)} effects of this shift:", *(f"  {line}" for line in lines[-12:])]
