"""The parts of the station's screen; each draws itself from one value and never changes its size by what it shows."""
