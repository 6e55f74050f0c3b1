"""Teach the network: sample lists, drawing, distortion, the run, and its measures."""
