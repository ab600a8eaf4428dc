"""What `bench_deep.py` does: the trained generators of tables beside CTGAN and TVAE."""
