"""RNN, CNN and CRNN side by side: the study behind the choice of network."""
