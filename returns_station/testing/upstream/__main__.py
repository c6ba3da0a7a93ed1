"""`python -m returns_station.testing.upstream`: the reference upstream from a shell."""

import argparse
import os
import sys
from pathlib import Path

from returns_station.errors import StationError
from returns_station.testing.upstream.process import SECRET_ENV, TOKEN_ENV
from returns_station.testing.upstream.serve import serve


def main() -> int:
    """Exit 0 after a signal, 2 when it could not start."""
    asked = _arguments()
    secret = os.environ.get(SECRET_ENV, "")
    if not secret:
        print(
            f"The environment variable {SECRET_ENV} is empty; it holds the signing secret.", file=sys.stderr
        )
        return 2
    try:
        serve(
            asked.db,
            asked.host,
            asked.port,
            asked.fault,
            secret,
            asked.seed,
            token=os.environ.get(TOKEN_ENV) or None,
            ready_file=asked.ready_file,
        )
    except StationError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m returns_station.testing.upstream", description=__doc__)
    parser.add_argument("--db", type=Path, required=True, help="its SQLite file, made if missing")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--fault", default="", help="such as drop-every=2,delay=0.5")
    parser.add_argument("--seed", type=Path, help="folder with products.jsonl, orders.jsonl and so on")
    parser.add_argument("--ready-file", type=Path, help="gets the JSON line with the URL once it serves")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
