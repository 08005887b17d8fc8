"""A configuration of Gunicorn: what was imported is kept out of the garbage collector, whose marks would copy it."""
import gc


def when_ready(server):
    gc.freeze()
