"""Programs of others, unmodified: clients and workers with old releases of ArmoniK's library."""
