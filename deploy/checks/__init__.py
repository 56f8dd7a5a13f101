"""What is looked at in the files that an operator deploys with, one module per kind of file."""
