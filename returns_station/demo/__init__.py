"""The demonstration: real sample data, a reference upstream, a simulated scanner, and a day's parcels to work through."""
