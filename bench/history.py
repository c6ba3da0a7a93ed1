"""A million finished returns behind a station, made by bulk SQL: the rows a real return leaves, without the sessions."""

import time
from pathlib import Path
from typing import Any, Final

from returns_station.store.engine import driver

# One return each: {i} is its number. Ids are shorter than the real UUIDs, so that a million returns stay below 3 GB;
# the trees are as deep, for their fan-out is decided by the rows of the station's own work as well.
_DAY: Final = "strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', 1700000000 + i * 30, 'unixepoch')"
_ID: Final = "printf('%06x', i)"
_DECISION: Final = '{"disposition":"return_to_stock","needs_human":false,"policy":"default-1","reasons":["grade_a","sealed"]}'
_TABLES: Final[tuple[tuple[str, str, str], ...]] = (
    ("sales_order", "id,merchant,source,number,currency,placed_at,prices_include_tax,shipping_minor",
     f"'so'||{_ID},'candles','csv','HO-'||{_ID},'GBP',{_DAY},1,390"),
    ("order_line", ("id,order_id,merchant,line_id,product_id,sku,title,quantity,unit_price_minor,discount_minor,tax_minor,"
     "returned_before"),
     f"'ol'||{_ID},'so'||{_ID},'candles','1','duck','85123A','Rubber duck, admiral',1,255,0,0,0"),
    ("order_serial", "order_line_id,serial", f"'ol'||{_ID},'SN'||{_ID}"),
    ("payment", "id,order_id,merchant,reference,captured_minor,refunded_minor",
     f"'pa'||{_ID},'so'||{_ID},'candles','PAY'||{_ID},645,0"),
    ("authorization", "id,merchant,site,source,number,return_type,order_id,order_number,created_at,timing,means,shorted",
     f"'au'||{_ID},'candles','leeds','csv','HR-'||{_ID},'rma','so'||{_ID},'HO-'||{_ID},{_DAY},'after_inspection','refund',0"),
    ("return_line", "id,authorization_id,merchant,order_line_id,product_id,sku,expected,short,reason",
     f"'rl'||{_ID},'au'||{_ID},'candles','ol'||{_ID},'duck','85123A',1,0,'unwanted'"),
    ("parcel", "id,plate,merchant,site,return_type,scanned,returns,arrival,work,opened_by,tracked,opened_at,closed_at",
     (f"'pc'||{_ID},'P02'||{_ID},'candles','leeds','rma','TR'||{_ID},'[\"au'||{_ID}||'\"]','received','closed','w-1',1,"
     f"{_DAY},{_DAY}")),
    ("return_unit", ("id,merchant,site,parcel_id,return_id,return_line_id,order_id,order_line_id,product_id,product_type,sku,"
     "title,quantity,lpn,serial,identity,reception,inspection,acceptance,placement,answers,grade,packaging,disposition,"
     "decision,location,graded_by,put_by,settlement_id"),
     (f"'un'||{_ID},'candles','leeds','pc'||{_ID},'au'||{_ID},'rl'||{_ID},'so'||{_ID},'ol'||{_ID},'duck','default','85123A',"
     f"'Rubber duck, admiral',1,'L02'||{_ID},'SN'||{_ID},'matched','received','inspected','accepted','put','[]','grade_a',"
     f"'factory_sealed','return_to_stock','{_DECISION}','BIN-1','w-1','w-1','se'||{_ID}")),
    ("settlement", ("id,merchant,site,return_id,parcel_id,order_id,currency,amount_minor,shipping_minor,fee_minor,state,timing,"
     "means,reasons,payment_reference"),
     (f"'se'||{_ID},'candles','leeds','au'||{_ID},'pc'||{_ID},'so'||{_ID},'GBP',255,0,0,'released','after_inspection','refund',"
     f"'[]','PAY'||{_ID}")),
    ("allocation", "settlement_id,unit_id,merchant,order_line_id,quantity,amount_minor",
     f"'se'||{_ID},'un'||{_ID},'candles','ol'||{_ID},1,255"),
    ("event", "sequence,id,station,epoch,type,v,at,worker_id,parcel_id,unit_id,device,body,hash",
     (f"i,'ev'||{_ID},'02',1,'unit.placed',1,{_DAY},'w-1','pc'||{_ID},'un'||{_ID},'gun',"
     f"CAST('{{\"type\":\"unit.placed\",\"units\":[{{\"id\":\"un'||{_ID}||'\",\"sku\":\"85123A\",\"location\":\"BIN-1\"}}]}}' "
     "AS BLOB),randomblob(32)")),
    ("raw_input", "sequence,device,kind,raw,at,parcel_id,signal,reply",
     f"i,'gun','scan',CAST('TR'||{_ID} AS BLOB),{_DAY},'pc'||{_ID},'accepted','{{\"v\":1,\"type\":\"reply\"}}'"),
    ("outbox", ("id,target,type,merchant,site,return_id,ordinal,parcel_id,unit_id,state,body,created_at,attempts,unknown,sent_at,"
     "settled_at"),
     (f"'ox'||{_ID},'wms','returns.stock','candles','leeds','au'||{_ID},1,'pc'||{_ID},'un'||{_ID},'acknowledged',"
     f"'{{\"sku\":\"85123A\",\"quantity\":1}}',{_DAY},1,0,{_DAY},{_DAY}")),
    ("print_job", "id,kind,unit_id,parcel_id,site,model,state,reprint,asked_at",
     f"'pj'||{_ID},'unit','un'||{_ID},'pc'||{_ID},'leeds','{{}}','printed',0,{_DAY}"),
)  # fmt: skip
_NAMES: Final = (
    ("order", "HO-", "so"),
    ("rma", "HR-", "au"),
    ("lpn", "L02", "un"),
    ("plate", "P02", "pc"),
    ("serial", "SN", "ol"),
    ("tracking", "TR", "au"),
)
SCANNED: Final = ("tracking", "rma", "order", "serial", "lpn")


def code(kind: str, number: int) -> str:
    """What is printed on return `number` for a kind of name."""
    prefix = next(prefix for name, prefix, _ in _NAMES if name == kind)
    return f"{prefix}{number:06x}"


def fill(path: Path, returns: int) -> float:
    """Writes returns 1 … `returns` into the database at `path`, which nobody else has open; seconds it took."""
    start = time.perf_counter()
    connection = driver().module.connect(str(path), isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TEMP TABLE n (i INTEGER PRIMARY KEY)")
    connection.execute(
        "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ?) INSERT INTO n SELECT i FROM c",
        (returns,),
    )
    for table, columns, values in _TABLES:
        _insert(connection, f"INSERT INTO {table} ({columns}) SELECT {values} FROM n")
    for kind, prefix, ref in _NAMES:
        _insert(
            connection,
            "INSERT INTO scannable (value, kind, ref, merchant, factor) "
            f"SELECT '{prefix}'||{_ID}, '{kind}', '{ref}'||{_ID}, 'candles', 1 FROM n",
        )
    connection.close()
    return time.perf_counter() - start


def _insert(connection: Any, statement: str) -> None:
    connection.execute("BEGIN")
    connection.execute(statement)
    connection.execute("COMMIT")
