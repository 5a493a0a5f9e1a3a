"""The 91 statements about ArmoniK's behaviour, each a test that any endpoint can be held to."""
