"""`python -m returns_station` is the same as `returns-station`."""

from returns_station.entry import main

main()
