"""The checks of `ferbeam verify`: what a finished OUTPUT must hold."""
