"""The full-screen terminal: what to scan next, large; what became of the last scan; what is known of parcel and unit."""
