"""Reads a config file of Gunicorn's for the arbiter.

It is started in the directory that unicorn was started in, with the file's location (a path, or `python:MODULE`), and
on descriptor 3 an object of JSON: the names of settings and hooks that are of interest, and what comes first in
sys.path. There it writes what it has found. Only the standard library is used, of Python 3.8 and later.
"""
import importlib
import importlib.machinery
import importlib.util
import json
import os
import socket
import sys
import traceback

CHANNEL = 3
HERE = os.path.dirname(os.path.abspath(__file__))


def load(location):
    """The names that the file defines, as Gunicorn runs it: as the module __config__."""
    if location.startswith('python:'):
        return vars(importlib.import_module(location[len('python:'):]))
    loader = importlib.machinery.SourceFileLoader('__config__', location)
    spec = importlib.util.spec_from_file_location('__config__', location, loader=loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules['__config__'] = module
    spec.loader.exec_module(module)
    return vars(module)


def prepare_path(path):
    """What the application would find first; this folder holds nothing for users."""
    sys.path[:] = path + [entry for entry in sys.path if os.path.abspath(entry or '.') != HERE]


def plain(value):
    """The value as JSON can hold it."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return repr(value)


def failure(error):
    """The traceback, without the frames of this file and of importlib."""
    shown = traceback.TracebackException(type(error), error, error.__traceback__)
    frames = [frame for frame in shown.stack if frame.filename != __file__ and 'importlib' not in frame.filename]
    shown.stack = traceback.StackSummary.from_list(frames)
    return {'error': '%s: %s' % (type(error).__name__, error), 'traceback': ''.join(shown.format())}


def read(location, wanted):
    try:
        found = load(location)
    except BaseException as error:
        return failure(error)
    return {
        'values': {name: plain(found[name]) for name in wanted['settings'] if name in found},
        'hooks': [name for name in wanted['hooks'] if callable(found.get(name))],
    }


def main():
    channel = socket.socket(fileno=CHANNEL)
    os.set_inheritable(CHANNEL, False)
    with channel, channel.makefile('rw', encoding='utf-8') as lines:
        wanted = json.loads(lines.readline())
        prepare_path(wanted['path'])
        json.dump(read(sys.argv[1], wanted), lines)
        lines.write('\n')


if __name__ == '__main__':
    main()
