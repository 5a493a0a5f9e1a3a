"""Tests of what only the embedded ArmoniK promises: durability, scale, being hard to break."""
