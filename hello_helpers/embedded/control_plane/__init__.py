"""The control plane: ArmoniK's public gRPC services, one module each. It knows no pods."""
