// Nothing is called here by name: a process that loads this library before the C library has a wrong clock.
