"""Tests of Hello ArmoniK."""
