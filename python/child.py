"""A Python process of unicorn: loads a WSGI application and runs the requests that its front sends.

The front is a Node process. It has the clients' connections, reads each request to its end, and sends it by one of the
channels: a socket pair for each thread. Descriptors: 3 control (a line of JSON for each message), 4 dump (stacks of hangs
and crashes), 5 and up the channels. Only the standard library is used, of Python 3.8 and later.

A frame is kind (1 byte), request number (4), length (4), payload; numbers are big-endian. To this process:
    R  a request: flags (1 byte; 1: the body is all here), length of the environ (4), environ, body
    D  E  the answer to W: a piece of the body, or its end
    O  N  the answer to F: the front has opened the file, or could not
    X  nobody wants the answer any more
and from it:
    H  flags (1 byte; 1: the answer is whole), length of the head (4), head, first bytes of the body
    D  E  more of the body, its end
    W  wants at most so many bytes (4) of the request's body
    L  early hints
    F  the rest of the body is in a file: descriptor (4), offset (8), length (8)
    !  the application raised: the traceback
"""
import ctypes
import faulthandler
import io
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
import traceback
from urllib.parse import unquote_to_bytes

CONTROL, DUMP, FIRST_CHANNEL = 3, 4, 5
HEADER = struct.Struct('>cII')
REQUEST = struct.Struct('>BI')
FILE = struct.Struct('>IQQ')
SIZE = struct.Struct('>I')
WHOLE = 1
SMALLEST_WISH, LARGEST_WISH = 1 << 18, 1 << 20
READ_SIZE = 1 << 16
PR_SET_PDEATHSIG = 1
# A real-time signal: USR1, USR2 and ABRT belong to applications and their libraries.
DUMP_SIGNAL = 40 if sys.platform == 'linux' else signal.SIGUSR2


class FrontGone(Exception):
    """The channel has ended: this process is to leave."""


class ClientGone(OSError):
    """The client went away before it had sent the whole request body. Django makes its UnreadablePostError of it."""


class Channel:
    """Frames on one socket, for one thread."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b''
        self.start = 0
        self.poll = select.poll()
        self.poll.register(sock, select.POLLIN)
        # A request that came while another one was running.
        self.early = None

    def _fill(self):
        piece = self.sock.recv(READ_SIZE)
        if not piece:
            raise FrontGone
        self.buffer = self.buffer[self.start:] + piece if self.start < len(self.buffer) else piece
        self.start = 0

    def _take(self, size):
        left = len(self.buffer) - self.start
        if left >= size:
            start = self.start
            self.start += size
            return self.buffer[start:self.start]
        parts = [self.buffer[self.start:]]
        self.buffer, self.start = b'', 0
        missing = size - left
        while missing:
            piece = self.sock.recv(max(missing, READ_SIZE))
            if not piece:
                raise FrontGone
            if len(piece) > missing:
                self.buffer, piece = piece[missing:], piece[:missing]
            parts.append(piece)
            missing -= len(piece)
        return b''.join(parts)

    def receive(self):
        """The next frame: kind, request number, payload."""
        if len(self.buffer) - self.start < HEADER.size:
            while len(self.buffer) - self.start < HEADER.size:
                self._fill()
        kind, number, length = HEADER.unpack_from(self.buffer, self.start)
        self.start += HEADER.size
        return kind, number, self._take(length) if length else b''

    def request(self):
        """The next request, or None when the front wants no more of this channel."""
        if self.early:
            early, self.early = self.early, None
            return early
        try:
            while True:
                kind, number, payload = self.receive()
                # An X is late, if its request is over.
                if kind == b'R':
                    return number, payload
        except FrontGone:
            return None

    def answer_to(self, number):
        """The front's answer to a W or F of this request."""
        while True:
            kind, about, payload = self.receive()
            if kind == b'R':
                self.early = about, payload
            elif about == number:
                return kind, payload

    def is_unwanted(self, number):
        """Whether an X for this request has come. Does not block."""
        while len(self.buffer) > self.start or self.poll.poll(0):
            kind, about, payload = self.receive()
            if kind == b'R':
                self.early = about, payload
            elif kind == b'X' and about == number:
                return True
        return False

    def send(self, kind, number, *parts):
        size = 0
        for part in parts:
            size += len(part)
        header = HEADER.pack(kind, number, size)
        if size == 0:
            return self.sock.sendall(header)
        sent = self.sock.sendmsg((header, *parts))
        if sent < HEADER.size + size:
            rest = b''.join((header, *parts)) if size < READ_SIZE else None
            if rest is not None:
                self.sock.sendall(memoryview(rest)[sent:])
            else:
                self._send_rest((header, *parts), sent)

    def _send_rest(self, parts, sent):
        """Sends without joining what may be large."""
        for part in parts:
            if sent >= len(part):
                sent -= len(part)
            else:
                self.sock.sendall(memoryview(part)[sent:])
                sent = 0


class RawBody(io.RawIOBase):
    """A request body that the front holds, read piece by piece."""

    def __init__(self, call):
        super().__init__()
        self.call = call
        self.rest = b''
        self.ended = False

    def readable(self):
        return True

    def readinto(self, target):
        if self.call is None:
            raise OSError('wsgi.input was read after the response had ended')
        if not self.rest:
            if self.ended:
                return 0
            self.rest = self._next(len(target))
        size = min(len(target), len(self.rest))
        target[:size] = self.rest[:size]
        self.rest = self.rest[size:]
        return size

    def _next(self, size):
        call = self.call
        wish = min(max(size, SMALLEST_WISH), LARGEST_WISH)
        call.channel.send(b'W', call.number, SIZE.pack(wish))
        kind, payload = call.channel.answer_to(call.number)
        if kind == b'X':
            call.unwanted = True
            self.ended = True
            raise ClientGone('the client went away before it had sent the whole request body')
        self.ended = kind == b'E'
        return memoryview(payload)

    def stop(self):
        self.call = None


class Errors:
    """wsgi.errors: sys.stderr, flushed with each write."""

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError('wsgi.errors takes str, not %s' % type(text).__name__)
        sys.stderr.write(text)
        sys.stderr.flush()

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        sys.stderr.flush()


class FileWrapper:
    """wsgi.file_wrapper. A class, since applications ask by isinstance."""

    def __init__(self, filelike, blksize=8192):
        self.filelike = filelike
        self.blksize = blksize
        if hasattr(filelike, 'close'):
            self.close = filelike.close

    def __iter__(self):
        size = max(self.blksize, READ_SIZE)
        while True:
            data = self.filelike.read(size)
            if not data:
                return
            yield data

    def __getitem__(self, key):
        data = self.filelike.read(self.blksize)
        if data:
            return data
        raise IndexError


class Breach(Exception):
    """The application breaks its contract with the server (PEP 3333)."""


def head_text(status, headers):
    """Status and headers as they cross the channel."""
    if type(status) is not str:
        raise Breach('illegal status: wanted a str such as "200 OK", found %s' % kind_of(status))
    parts = [status]
    for field in headers:
        try:
            name, value = field
        except (TypeError, ValueError):
            raise Breach('illegal header %r: wanted a tuple (name, value)' % (field,)) from None
        if not isinstance(name, str):
            raise Breach('illegal header name %r: wanted str, found %s' % (name, kind_of(name)))
        if not isinstance(value, str):
            raise Breach('illegal value of header %s: wanted str, found %s' % (name, kind_of(value)))
        parts.append(name)
        parts.append(value)
    text = '\0'.join(parts)
    if '\r' in text or '\n' in text or text.count('\0') != len(parts) - 1:
        bad = next(part for part in parts if '\r' in part or '\n' in part or '\0' in part)
        raise Breach('illegal status or header %r: it has a line break or NUL' % bad)
    try:
        return text.encode('latin-1')
    except UnicodeEncodeError:
        bad = next(part for part in parts if not part.isascii() and max(part) > '\xff')
        raise Breach('illegal status or header %r: it has a character above U+00FF' % bad) from None


def kind_of(value):
    return type(value).__name__


def content_length(headers):
    for name, value in headers:
        if len(name) == 14 and name.lower() == 'content-length':
            return int(value) if value.isdigit() else -1
    return -1


class Call:
    """One request, from its environ to close()."""

    __slots__ = ('channel', 'number', 'status', 'headers', 'head_sent', 'left', 'unwanted', 'ended', 'has_body')

    def __init__(self, channel, number):
        self.channel = channel
        self.number = number
        self.status = None
        self.headers = None
        self.head_sent = False
        # Bytes that the head has announced and that are still to come; -1 if it has announced none.
        self.left = -1
        self.unwanted = False
        self.ended = False
        # Whether the client sees a body: not with HEAD, 204 and 304.
        self.has_body = True

    def start_response(self, status, headers, exc_info=None):
        if exc_info:
            try:
                if self.head_sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.headers is not None:
            raise Breach('start_response was called twice, the second time without exc_info')
        self.headers = headers
        self.status = head_text(status, headers)
        return self.write

    def write(self, data):
        if type(data) is not bytes:
            data = self.checked(data)
        if data and not self.ended:
            self.send(data)

    def checked(self, data):
        if isinstance(data, bytes):
            return data
        if isinstance(data, (bytearray, memoryview)):
            return bytes(data)
        raise Breach('the body of the response must be bytes, found %s' % kind_of(data))

    def send(self, data, is_last=False):
        """Sends a chunk, before the first one the head."""
        if self.unwanted or self.ended:
            return
        if self.head_sent:
            self.channel.send(b'D', self.number, data)
        else:
            self.begin(data, is_last)
            return
        if self.left >= 0:
            self.left -= len(data)
            if self.left <= 0:
                self.end()

    def begin(self, data, is_last):
        if self.status is None:
            raise Breach('the application did not call start_response')
        self.head_sent = True
        self.left = content_length(self.headers)
        is_last = is_last or 0 <= self.left <= len(data) or not self.has_body
        head = self.status
        prefix = REQUEST.pack(WHOLE if is_last else 0, len(head))
        self.ended = is_last
        if self.left >= 0:
            self.left -= len(data)
        self.channel.send(b'H', self.number, prefix, head, data)

    def end(self):
        """Ends the answer. Each request ends with one frame that says so, wanted or not: its channel is free then."""
        if self.ended:
            return
        if self.head_sent or self.unwanted:
            self.ended = True
            self.channel.send(b'E', self.number)
        else:
            self.begin(b'', True)

    def answer(self, result):
        """Sends what the application returned."""
        if type(result) is FileWrapper and self.send_file(result):
            return
        if type(result) in (list, tuple) and len(result) <= 1:
            data = result[0] if result else b''
            self.send(data if type(data) is bytes else self.checked(data), True)
            # Without an announced length, one chunk is the whole body.
            self.end()
            return
        is_first = True
        for data in result:
            if type(data) is not bytes:
                data = self.checked(data)
            if not data:
                continue
            if not is_first and self.channel.is_unwanted(self.number):
                self.unwanted = True
            if self.unwanted or (self.ended and not self.has_body):
                break
            self.send(data)
            is_first = False
        self.end()

    def send_file(self, wrapper):
        """Lets the front send a regular file. False if that cannot be, and the file is to be read here."""
        if self.status is None or self.head_sent or not self.has_body:
            return False
        try:
            fd = wrapper.filelike.fileno()
            offset = wrapper.filelike.tell()
            size = os.fstat(fd).st_size - offset
            if sys.platform != 'linux' or not os.path.isfile('/proc/self/fd/%d' % fd):
                return False
        except Exception:
            return False
        announced = content_length(self.headers)
        length = max(0, size if announced < 0 else min(size, announced))
        self.channel.send(b'F', self.number, FILE.pack(fd, offset, length), self.status)
        kind, _ = self.channel.answer_to(self.number)
        if kind == b'X':
            self.unwanted = True
        elif kind == b'N':
            return False
        self.head_sent = self.ended = True
        return True

    def early_hints(self, headers):
        if not self.head_sent and not self.unwanted:
            self.channel.send(b'L', self.number, head_text('', headers))

    def fail(self, text):
        """Sends the traceback. After the end of the answer, nothing but the log changes by it."""
        self.channel.send(b'!', self.number, text.encode('utf-8', 'backslashreplace'))
        self.ended = True


class Server:
    """Runs the requests of the channels."""

    def __init__(self, application, base, root_path):
        self.application = application
        self.base = base
        self.root_path = root_path
        self.leaving = False

    def serve(self, channel):
        try:
            while not self.leaving:
                request = channel.request()
                if request is None:
                    return
                self.run(channel, *request)
                request = None
        except (BrokenPipeError, ConnectionResetError, FrontGone):
            # The front is gone, or has given up this process.
            return

    def run(self, channel, number, payload):
        flags, length = REQUEST.unpack_from(payload)
        start = REQUEST.size
        environ = self.base.copy()
        items = iter(payload[start:start + length].decode('latin-1').split('\0'))
        environ.update(zip(items, items))
        call = Call(channel, number)
        raw = None
        if flags & WHOLE:
            environ['wsgi.input'] = io.BytesIO(payload[start + length:])
        else:
            raw = RawBody(call)
            environ['wsgi.input'] = io.BufferedReader(raw, READ_SIZE)
        self.set_path(environ)
        environ['wsgi.early_hints'] = call.early_hints
        call.has_body = environ['REQUEST_METHOD'] != 'HEAD'
        payload = items = None
        try:
            self.call(call, environ)
        except FrontGone:
            raise
        except BaseException as error:
            self.failed(call, error)
        finally:
            if raw is not None:
                raw.stop()

    def set_path(self, environ):
        """PATH_INFO crosses as it was sent: decoded before, it could have put names into the environ."""
        path = environ['PATH_INFO']
        if '%' in path:
            path = unquote_to_bytes(path).decode('latin-1')
        root = self.root_path
        if root and (path == root or path.startswith(root + '/')):
            path = path[len(root):]
        environ['SCRIPT_NAME'] = root
        environ['PATH_INFO'] = path

    def call(self, call, environ):
        result = None
        try:
            result = self.application(environ, call.start_response)
            call.answer(result)
        finally:
            close = getattr(result, 'close', None)
            if close is not None:
                close()

    def failed(self, call, error):
        if call.unwanted:
            return call.end()
        if isinstance(error, (BrokenPipeError, ConnectionResetError)) and not is_open(call.channel):
            raise FrontGone
        call.fail(format_error(error))
        # It asked for the end of its process. It has it when its request has been answered.
        if isinstance(error, SystemExit):
            self.leaving = True


def is_open(channel):
    """Whether the front still holds its end of the channel."""
    return not any(event & (select.POLLHUP | select.POLLERR) for _, event in channel.poll.poll(0))


HERE = __file__


def format_error(error):
    """The traceback, without the frames of this file and of importlib above the application's."""
    return ''.join(traceback.format_exception(type(error), error, own_frames_off(error.__traceback__)))


def own_frames_off(tb):
    """The traceback from the first frame of the application on; None if all frames are the server's."""
    while tb is not None and is_own(tb.tb_frame.f_code.co_filename):
        tb = tb.tb_next
    return tb


def is_own(name):
    return name == HERE or name.startswith('<frozen importlib') or os.sep + 'importlib' + os.sep in name


class Control:
    """Messages to the front. Threads may send, and signal handlers."""

    def __init__(self, sock):
        self.sock = sock
        self.lines = sock.makefile('r', encoding='utf-8')

    def receive(self):
        line = self.lines.readline()
        if not line:
            os._exit(0)
        return json.loads(line)

    def send(self, **message):
        try:
            self.sock.sendall(json.dumps(message).encode() + b'\n')
        except OSError:
            # Nobody is there any more who would want to know.
            os._exit(0)


def die_with_front(front):
    if sys.platform == 'linux':
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != front:
        os._exit(0)


def prepare_signals(control):
    """What a terminal or a service manager sends to the whole group must not end a request."""
    for name in ('SIGINT', 'SIGQUIT', 'SIGHUP'):
        # A handler, since SIG_IGN would be inherited by what the application starts.
        signal.signal(getattr(signal, name), lambda number, frame: None)
    signal.signal(signal.SIGTERM, lambda number, frame: control.send(type='term'))


def prepare_descriptors(count):
    for fd in range(CONTROL, FIRST_CHANNEL + count):
        os.set_inheritable(fd, False)


def main():
    control = Control(socket.socket(fileno=CONTROL))
    settings = control.receive()
    die_with_front(settings['front'])
    threads = settings['threads']
    prepare_descriptors(threads)
    dump = open(DUMP, 'wb', buffering=0)
    faulthandler.enable(dump)
    faulthandler.register(DUMP_SIGNAL, dump, all_threads=True)
    prepare_signals(control)
    if hasattr(sys.stdout, 'reconfigure'):
        sys.stdout.reconfigure(line_buffering=True)
    channels = [socket.socket(fileno=FIRST_CHANNEL + i) for i in range(threads)]
    os.register_at_fork(after_in_child=lambda: close_all([control.sock, *channels]))
    sys.path[:] = settings['path'] + [entry for entry in sys.path if entry != os.path.dirname(os.path.abspath(__file__))]
    application = load(settings['app'], control)
    base = {
        'wsgi.version': (1, 0),
        'wsgi.multithread': threads > 1,
        'wsgi.multiprocess': settings['multiprocess'],
        'wsgi.run_once': False,
        'wsgi.input_terminated': True,
        'wsgi.errors': Errors(),
        'wsgi.file_wrapper': FileWrapper,
        'SERVER_SOFTWARE': settings['software'],
    }
    server = Server(application, base, settings['rootPath'])
    others = [threading.Thread(target=server.serve, args=(Channel(sock),)) for sock in channels[1:]]
    for other in others:
        other.start()
    control.send(
        type='ready',
        version='.'.join(map(str, sys.version_info[:3])),
        threads=[thread.native_id for thread in (threading.main_thread(), *others)],
    )
    server.serve(Channel(channels[0]))
    for other in others:
        other.join()


def close_all(sockets):
    """In a fork of the application's: the front would wait for its end."""
    for sock in sockets:
        sock.close()


def load(spec, control):
    """The application. Reports what is wrong with it, and leaves."""
    module, _, attribute = spec.partition(':')
    try:
        target = import_module(module)
        return find(target, attribute)
    except SystemExit as error:
        fail(control, 'exit', 'it called sys.exit(%r) while it was imported' % (error.code,), error)
    except Problem as problem:
        fail(control, problem.kind, str(problem), None, **problem.details)
    except BaseException as error:
        fail(control, 'exception', '%s: %s' % (type(error).__name__, error), error, **details_of(error))


class Problem(Exception):
    def __init__(self, kind, text, **details):
        super().__init__(text)
        self.kind = kind
        self.details = details


def import_module(name):
    if name.endswith('.py'):
        directory, base = os.path.split(os.path.abspath(name))
        sys.path.insert(0, directory)
        name = base[:-3]
    __import__(name)
    return sys.modules[name]


def find(module, expression):
    names = [expression] if expression else ['application', 'app']
    for name in names:
        if name.isidentifier():
            if hasattr(module, name):
                target = getattr(module, name)
                break
        else:
            target = evaluate(module, name)
            break
    else:
        known = sorted(name for name, value in vars(module).items() if callable(value) and not name.startswith('_'))
        raise Problem('attribute', '%s has no %s' % (module.__name__, ' or '.join(names)), known=known[:20])
    if not callable(target):
        raise Problem('not-callable', '%s:%s is no callable, but %s' % (module.__name__, names[0], kind_of(target)))
    return target


def evaluate(module, expression):
    """`name.of.it`, or a factory with literals: `create("x", debug=True)`."""
    import ast

    try:
        tree = ast.parse(expression.strip(), mode='eval').body
    except SyntaxError:
        raise Problem('attribute', 'cannot read %r: wanted a name, or a call with literals' % expression) from None
    args, kwargs, is_call = [], {}, isinstance(tree, ast.Call)
    if is_call:
        try:
            args = [ast.literal_eval(arg) for arg in tree.args]
            kwargs = {keyword.arg: ast.literal_eval(keyword.value) for keyword in tree.keywords}
        except ValueError:
            raise Problem('attribute', 'cannot read %r: arguments must be literals' % expression) from None
        tree = tree.func
    names = []
    while isinstance(tree, ast.Attribute):
        names.append(tree.attr)
        tree = tree.value
    if not isinstance(tree, ast.Name):
        raise Problem('attribute', 'cannot read %r: wanted a name, or a call with literals' % expression)
    target = module
    for name in [tree.id, *reversed(names)]:
        if not hasattr(target, name):
            raise Problem('attribute', '%s has no %s' % (kind_of(target) if names else module.__name__, name))
        target = getattr(target, name)
    return target(*args, **kwargs) if is_call else target


def details_of(error):
    details = {}
    if isinstance(error, ModuleNotFoundError) and error.name:
        details['missing'] = error.name
    return details


def fail(control, kind, text, error, **details):
    shown = format_error(error) if error is not None else None
    control.send(type='failed', kind=kind, text=text, traceback=shown, executable=sys.executable, **details)
    sys.stdout.flush()
    os._exit(4)


if __name__ == '__main__':
    main()
