"""Training and export of the network: the only place that imports TensorFlow and Keras."""
