"""Tests of single modules of the course wing; the ArmoniK they meet is a fake."""
