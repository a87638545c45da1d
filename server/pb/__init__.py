"""What protoc makes of `proto/`: never edited, made again by `make stubs`."""
