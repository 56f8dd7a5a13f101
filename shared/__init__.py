"""What every process stands on: errors, callers, events, the push engine, the bus, code lists."""
