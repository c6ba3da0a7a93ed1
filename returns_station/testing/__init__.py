"""For tests, ours and those of other connectors: the contract suite, the reference upstream, and what stands in for devices."""
