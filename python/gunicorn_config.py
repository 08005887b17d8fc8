"""A config file of Gunicorn's: read for the arbiter, and its hooks, in a worker or in a process of their own.

Started as a program, in the directory that unicorn was started in, it serves the arbiter: its argument is the file's
location (a path, or `python:MODULE`), and descriptor 3 has objects of JSON, one a line. The first one says what is
wanted. `read` is answered with settings and the names of hooks; after `serve`, each line is a call of a hook, answered
when that has returned. child.py loads this file as a module. Only the standard library is used, of Python 3.8 and later.
"""
import ctypes
import importlib
import inspect
import json
import os
import signal
import socket
import sys
import traceback
import types

CHANNEL = 3
PR_SET_PDEATHSIG = 1
HERE = os.path.abspath(__file__)
# Older files take fewer.
POST_REQUEST_ARGUMENTS = 4, 3, 2


def load(location):
    """The names that the file defines, as Gunicorn runs it: as the module __config__."""
    if location.startswith('python:'):
        return vars(importlib.import_module(location[len('python:'):]))
    module = types.ModuleType('__config__')
    module.__file__ = location
    sys.modules['__config__'] = module
    # Not by a loader of importlib: that would take a file for unchanged that was written twice within a second.
    with open(location, 'rb') as file:
        exec(compile(file.read(), location, 'exec'), vars(module))
    return vars(module)


class Refused(Exception):
    """Something in the file that cannot be taken: what was found, and what is wanted."""


def hook_of(names, name):
    """A hook of the file: a function, or as Gunicorn takes it too, the dotted name of one. None if there is none."""
    found = names.get(name)
    if isinstance(found, str) and '.' in found:
        module, _, attribute = found.rpartition('.')
        found = getattr(importlib.import_module(module), attribute)
    if found is not None and not callable(found):
        raise Refused('%s: found %r, wanted a function, or the dotted name of one' % (name, found))
    return found


def check_hook(names, name, parameters):
    """Whether the file has that hook. @param parameters  what it is called with, as text"""
    hook = hook_of(names, name)
    count = parameters.count(',') + 1
    counts = POST_REQUEST_ARGUMENTS if name == 'post_request' else (count,)
    if hook is not None and not any(takes(hook, each) for each in counts):
        raise Refused('%s: found a function of %s, wanted one of (%s)' % (name, inspect.signature(hook), parameters))
    return hook is not None


def takes(hook, count):
    """Whether a hook can be called with so many arguments."""
    try:
        inspect.signature(hook).bind(*range(count))
    except TypeError:
        return False
    except ValueError:
        # It does not tell.
        pass
    return True


def failure(error):
    """The traceback, without the frames of this file and of importlib."""
    shown = traceback.TracebackException(type(error), error, error.__traceback__)
    frames = [frame for frame in shown.stack if frame.filename != __file__ and 'importlib' not in frame.filename]
    shown.stack = traceback.StackSummary.from_list(frames)
    return {'error': '%s: %s' % (type(error).__name__, error), 'traceback': ''.join(shown.format())}


class Log:
    """What hooks write to the error log: Gunicorn's logger, as far as hooks use it."""

    def __init__(self, send):
        self.send = send

    def log(self, level, text, *args, exc_info=None, **options):
        if not isinstance(level, str):
            level = 'error' if level >= 40 else 'warning' if level >= 30 else 'info' if level >= 20 else 'debug'
        text = str(text)
        if args:
            text = text % (args[0] if len(args) == 1 and isinstance(args[0], dict) else args)
        error = sys.exc_info()[1] if exc_info else None
        self.send(type='log', level=level, text=text, **({'traceback': failure(error)['traceback']} if error else {}))

    def debug(self, text, *args, **options):
        self.log('debug', text, *args, **options)

    def info(self, text, *args, **options):
        self.log('info', text, *args, **options)

    def warning(self, text, *args, **options):
        self.log('warning', text, *args, **options)

    warn = warning

    def error(self, text, *args, **options):
        self.log('error', text, *args, **options)

    def exception(self, text, *args, **options):
        self.log('error', text, *args, **{'exc_info': True, **options})

    def critical(self, text, *args, **options):
        self.log('critical', text, *args, **options)

    fatal = critical


class Part:
    """An object with attributes, as hooks get it."""

    def __init__(self, **attributes):
        self.__dict__.update(attributes)


class Settings(Part):
    """`cfg`, by Gunicorn's names."""


class Arbiter(Part):
    """`server`: pid, cfg, log, address, num_workers."""


class Worker(Part):
    """`worker`: pid, ppid, age, cfg, log; in the worker itself also nr, alive, aborted."""

    def __repr__(self):
        return '<Worker %s>' % self.pid


class Request(Part):
    """`req`: method, path, uri, query, fragment, version, headers, remote_addr, scheme."""


class Response(Part):
    """`resp`: status, status_code, headers."""


def request_of(environ):
    """@param environ  of WSGI, or the scope of ASGI"""
    if 'asgi' in environ:
        return request_of_scope(environ)
    headers = [(name[5:].replace('_', '-'), value) for name, value in environ.items() if name.startswith('HTTP_')]
    for name in ('CONTENT_TYPE', 'CONTENT_LENGTH'):
        if name in environ:
            headers.append((name.replace('_', '-'), environ[name]))
    uri = environ.get('RAW_URI', '')
    return Request(
        method=environ['REQUEST_METHOD'],
        path=environ.get('SCRIPT_NAME', '') + environ['PATH_INFO'],
        uri=uri,
        query=environ.get('QUERY_STRING', ''),
        fragment='',
        version=tuple(map(int, environ['SERVER_PROTOCOL'][5:].split('.'))),
        headers=headers,
        remote_addr=(environ.get('REMOTE_ADDR'), environ.get('REMOTE_PORT')),
        scheme=environ['wsgi.url_scheme'],
    )


def request_of_scope(scope):
    path, query = scope['raw_path'].decode('latin-1'), scope['query_string'].decode('latin-1')
    return Request(
        method=scope['method'],
        path=scope['path'],
        uri='%s?%s' % (path, query) if query else path,
        query=query,
        fragment='',
        version=tuple(map(int, scope['http_version'].split('.'))),
        headers=[(name.decode('latin-1').upper(), value.decode('latin-1')) for name, value in scope['headers']],
        remote_addr=scope['client'] or ('', 0),
        scheme=scope['scheme'],
    )


def response_of(head):
    """@param head  status, and names and values in turn; None if there was none"""
    status, *fields = (head or b'500 Internal Server Error').decode('latin-1').split('\0')
    code = status.partition(' ')[0]
    return Response(
        status=status,
        status_code=int(code) if code.isdigit() else 0,
        headers=list(zip(fields[::2], fields[1::2])),
    )


class WorkerHooks:
    """The hooks of one worker, in its process."""

    def __init__(self, settings, send):
        # Last, as the application's own directory comes before it.
        if settings['directory'] not in sys.path:
            sys.path.append(settings['directory'])
        names = load(settings['location'])
        self.hooks = {name: hook_of(names, name) for name in settings['names']}
        self.log = Log(send)
        cfg = Settings(**settings['cfg'])
        facts = settings['server']
        self.server = Arbiter(cfg=cfg, log=self.log, **facts)
        self.worker = Worker(
            pid=os.getpid(), ppid=facts['pid'], age=settings['age'], cfg=cfg, log=self.log, nr=0, alive=True, aborted=False
        )
        self.requests = {}
        post = self.hooks.get('post_request')
        self.post_arguments = next((count for count in POST_REQUEST_ARGUMENTS if post is None or takes(post, count)), 4)
        self.has_exited = False

    def has(self, name):
        return self.hooks.get(name) is not None

    def run(self, name, *args):
        hook = self.hooks.get(name)
        if hook is not None:
            hook(*args)

    def attempt(self, name, *args):
        """Runs a hook whose failure changes nothing."""
        try:
            self.run(name, *args)
        except Exception:
            self.log.exception('Hook %s failed', name)

    def post_fork(self):
        self.run('post_fork', self.server, self.worker)

    def post_worker_init(self):
        self.run('post_worker_init', self.worker)

    def attends(self):
        """Whether requests are of interest."""
        return self.has('pre_request') or self.has('post_request')

    def before(self, call, environ):
        self.worker.nr += 1
        request = self.requests[id(call)] = request_of(environ)
        self.run('pre_request', self.worker, request)

    def after(self, call, environ):
        request = self.requests.pop(id(call))
        self.attempt('post_request', *(self.worker, request, environ, response_of(call.head))[:self.post_arguments])

    def interrupted(self, number, frame):
        """The server stops quickly."""
        if self.worker.alive:
            self.worker.alive = False
            self.attempt('worker_int', self.worker)
            self.leave(0)

    def aborted(self, number, frame):
        """A request of this worker hangs."""
        self.worker.alive = False
        self.worker.aborted = True
        self.attempt('worker_abort', self.worker)
        self.leave(1)

    def leave(self, code):
        self.exit()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    def exit(self):
        if not self.has_exited:
            self.has_exited = True
            self.worker.alive = False
            self.attempt('worker_exit', self.server, self.worker)


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


def read(location, wanted):
    try:
        found = load(location)
        return {
            'values': {name: plain(found[name]) for name in wanted['settings'] if name in found},
            'hooks': [name for name, parameters in wanted['hooks'].items() if check_hook(found, name, parameters)],
        }
    except Refused as error:
        return {'refused': str(error)}
    except BaseException as error:
        return failure(error)


class ArbiterHooks:
    """The hooks of the arbiter, in a process of their own."""

    def __init__(self, location, wanted, calls, answers):
        self.calls = calls
        self.answers = answers
        self.log = Log(self.send)
        self.cfg = Settings(**wanted['cfg'])
        self.names = load(location)

    def send(self, **message):
        self.answers.write(json.dumps(message) + '\n')
        self.answers.flush()

    def serve(self):
        for line in self.calls:
            call = json.loads(line)
            try:
                hook_of(self.names, call['hook'])(*self.arguments(call))
                self.send(type='done', id=call['id'])
            except BaseException as error:
                self.send(type='done', id=call['id'], **failure(error))

    def arguments(self, call):
        server = Arbiter(cfg=self.cfg, log=self.log, **call['server'])
        worker = call.get('worker')
        if worker is not None:
            return server, Worker(ppid=server.pid, cfg=self.cfg, log=self.log, **worker)
        return (server, *call['others'])


def die_with_arbiter():
    if sys.platform == 'linux':
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def stay_until_the_end():
    """Signals for the whole group or the whole service are the arbiter's: this process ends when the arbiter does."""
    for name in ('SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'):
        signal.signal(getattr(signal, name), lambda number, frame: None)


def main():
    location = sys.argv[1]
    die_with_arbiter()
    channel = socket.socket(fileno=CHANNEL)
    os.set_inheritable(CHANNEL, False)
    with channel, channel.makefile('r', encoding='utf-8') as lines, channel.makefile('w', encoding='utf-8') as answers:
        wanted = json.loads(lines.readline())
        # What the application would find first; this folder holds nothing for users.
        sys.path[:] = wanted['path'] + [entry for entry in sys.path if os.path.abspath(entry or '.') != os.path.dirname(HERE)]
        if wanted['type'] == 'read':
            answers.write(json.dumps(read(location, wanted)) + '\n')
            return
        stay_until_the_end()
        if hasattr(sys.stdout, 'reconfigure'):
            sys.stdout.reconfigure(line_buffering=True)
        ArbiterHooks(location, wanted, lines, answers).serve()


if __name__ == '__main__':
    main()
