"""The operators' command `foscao`: it looks at a hub from outside, and mends what people decide."""
