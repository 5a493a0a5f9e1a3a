"""Tests of hello_helpers.wire, against a real gRPC server in this process."""
