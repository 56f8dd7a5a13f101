"""The rooms of `foscao doctor`: each looks at one side of a running hub and yields findings."""
