"""What `bench_transforms` is made of."""
