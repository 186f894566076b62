"""What `import ferbeam` offers; imported by `ferbeam` alone, and light until it is used."""
