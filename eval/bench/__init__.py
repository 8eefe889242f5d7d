"""Speed and size, measured: the service beside what else could be built, and by the size of the corpus."""
