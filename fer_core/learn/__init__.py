"""Training and export of the network: the only place in ferbeam that imports TensorFlow and Keras."""
