"""What goes out and comes in: the outbox delivered once and in order, the upstream's feeds pulled by
cursor."""
