"""What runs ferbeam beyond one machine: clusters, worker pools, worker images."""
