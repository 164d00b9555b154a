"""open-inference/1: predictions, by the Open Inference Protocol."""
