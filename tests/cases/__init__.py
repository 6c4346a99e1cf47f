"""Inputs as people have them, one folder for each kind, and what a harvest of each must give (`expected.toml`)."""
