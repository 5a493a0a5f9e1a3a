"""Unit tests of the embedded ArmoniK."""
