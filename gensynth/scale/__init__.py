"""Past the memory of one machine: tables that are read a part at a time, and work that is spread over a cluster."""
