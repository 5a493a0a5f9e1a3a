"""The house: which room may use which, and what a laptop without Linux can use."""
