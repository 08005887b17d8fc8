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
    F  the body is in a file: descriptor (4), offset (8), length (8), head
    !  the application raised: the traceback
    C  the application broke its contract, and the answer goes on: what it did
    Z  the request has ended, with its close(): the thread is free for the next one
    Q  the same, and this process leaves
"""
import signal


def ignore(number, frame):
    """A handler, since SIG_IGN would be inherited by what the application starts."""


# First of all: what a terminal or a service manager sends to the whole group must end neither a request nor an import.
for name in ('SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'):
    signal.signal(getattr(signal, name), ignore)
    # No call that waits in C has to be made again.
    signal.siginterrupt(getattr(signal, name), False)

import ast
import ctypes
import difflib
import errno
import faulthandler
import functools
import io
import json
import os
import socket
import stat
import struct
import sys
import threading
import traceback
from itertools import chain
# By name: an application may replace them in their modules, as gevent does.
from select import POLLIN, poll
from threading import Lock
from types import CoroutineType, GeneratorType
from urllib.parse import unquote_to_bytes

CONTROL, DUMP, FIRST_CHANNEL = 3, 4, 5
HEADER = struct.Struct('>cII')
REQUEST = struct.Struct('>BI')
BEGIN = struct.Struct('>cIIBI')
FILE = struct.Struct('>IQQ')
SIZE = struct.Struct('>I')
WHOLE = 1
SMALLEST_WISH, LARGEST_WISH = 1 << 18, 1 << 20
READ_SIZE = 1 << 16
# Less than sendmsg takes at once.
MOST_PARTS = 1000
LARGEST_HEAD = 1 << 20
LONGEST_TRACEBACK = 1 << 16
LONGEST_CHAIN = 100
PR_SET_PDEATHSIG = 1
CO_VARARGS, CO_COROUTINE = 0x04, 0x80
# A real-time signal: USR1, USR2 and ABRT belong to applications and their libraries.
DUMP_SIGNAL = 40 if sys.platform == 'linux' else signal.SIGUSR2
# At this one a thread writes its own stack alone.
STACK_SIGNAL = 42 if sys.platform == 'linux' else None
# The server stops quickly: INT and QUIT come from a terminal too, for the whole group.
QUIT_SIGNAL = 41 if sys.platform == 'linux' else signal.SIGUSR1


class FrontGone(BaseException):
    """The channel has ended, or this process has lost it: it is to leave. No `except Exception` may swallow that."""


class ClientGone(OSError):
    """The client went away before it had its answer. Django makes its UnreadablePostError of it."""


class Channel:
    """Frames on one socket, for one thread."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b''
        self.start = 0
        self.poll = poll()
        self.poll.register(sock, POLLIN)
        # An application may call write() in another thread.
        self.lock = Lock()
        # A request that came while another one was running.
        self.early = None
        # True within a frame. What a signal handler raises there loses bytes of it, and the channel with them.
        self.is_receiving = self.is_sending = False

    @property
    def is_broken(self):
        # Another thread may be sending at this moment, and that is to be waited for.
        with self.lock:
            return self.is_receiving or self.is_sending

    def _received(self, receive, argument):
        """What a method of the socket gives."""
        try:
            got = receive(argument)
        except OSError as error:
            raise_unless_gone(error)
        if not got:
            raise FrontGone
        return got

    def _take(self, size, target=None):
        """So many bytes, as bytes or in a bytearray; in a part of the memoryview `target` if most of them are to come."""
        start = self.start
        left = len(self.buffer) - start
        if left >= size:
            self.start += size
            return self.buffer[start:self.start]
        whole = bytearray(size) if target is None or len(target) < size else target[:size]
        whole[:left] = self.buffer[start:]
        self.buffer, self.start = b'', 0
        with memoryview(whole) as view:
            while left < size:
                left += self._received(self.sock.recv_into, view[left:])
        return whole

    def receive(self, target=None):
        """The next frame: kind, request number, payload. A piece of a body may lie in `target`, a memoryview."""
        if self.is_receiving:
            raise FrontGone
        self.is_receiving = True
        while len(self.buffer) - self.start < HEADER.size:
            rest = self.buffer[self.start:]
            self.buffer, self.start = rest + self._received(self.sock.recv, READ_SIZE), 0
        kind, number, length = HEADER.unpack_from(self.buffer, self.start)
        self.start += HEADER.size
        payload = self._take(length, target if kind == b'D' else None) if length else b''
        self.is_receiving = False
        return kind, number, payload

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

    def end_requests(self):
        """No further request is taken: its thread ends with the one that it has."""
        try:
            self.sock.shutdown(socket.SHUT_RD)
        except OSError:
            # The application has closed it.
            pass

    def answer_to(self, number, target=None):
        """The front's answer to a W or F of this request; see `receive`."""
        while True:
            kind, about, payload = self.receive(target)
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
        self.write(HEADER.pack(kind, number, sum(map(len, parts))), *parts)

    def write(self, *parts):
        """Sends parts of frames. What is small leaves in one call, what is large is not copied."""
        with self.lock:
            if self.is_sending:
                raise FrontGone
            self.is_sending = True
            try:
                if sum(map(len, parts)) <= READ_SIZE or len(parts) > MOST_PARTS:
                    self.sock.sendall(b''.join(parts))
                else:
                    self._send_rest(parts, self.sock.sendmsg(parts))
            except OSError as error:
                raise_unless_gone(error)
            self.is_sending = False

    def _send_rest(self, parts, sent):
        for part in parts:
            if sent < len(part):
                self.sock.sendall(memoryview(part)[sent:])
            sent = max(0, sent - len(part))


def raise_unless_gone(error):
    """FrontGone for what the system says of the socket; what a signal handler raised within the call, as it is."""
    if error.errno is None:
        raise error
    raise FrontGone(error.errno) from None


class Input(io.BytesIO):
    """wsgi.input with a body that came with its request."""

    def close(self):
        """Stays open: a reader that was put around it closes it with itself."""


class LongInput(io.BufferedReader):
    """wsgi.input with a body that the front holds."""

    def close(self):
        """Stays open, as Input."""


class RawBody(io.RawIOBase):
    """A request body that the front holds, read piece by piece."""

    def __init__(self, call):
        super().__init__()
        self.call = call
        self.rest = b''
        self.has_ended = False

    def readable(self):
        return True

    def readinto(self, target):
        if not self.rest:
            piece = self._next(len(target), memoryview(target))
            if type(piece) is memoryview:
                # It was received in its place.
                return len(piece)
            self.rest = memoryview(piece)
        size = min(len(target), len(self.rest))
        target[:size] = self.rest[:size]
        self.rest = self.rest[size:]
        return size

    def readall(self):
        parts = [self.rest]
        self.rest = b''
        while not self.has_ended:
            parts.append(self._next(LARGEST_WISH))
        return b''.join(parts)

    def _next(self, size, target=None):
        """The next bytes, none at the end: in `target`, a memoryview, if they come in one piece that it has room for."""
        call = self.call
        if call is None:
            raise OSError('wsgi.input was read after the request had ended')
        if self.has_ended:
            return b''
        if not call.unwanted:
            wish = min(max(size, SMALLEST_WISH), LARGEST_WISH)
            call.channel.send(b'W', call.number, SIZE.pack(wish))
            kind, payload = call.channel.answer_to(call.number, target)
            call.unwanted = kind == b'X'
        if call.unwanted:
            raise ClientGone('the client went away before it had its answer')
        self.has_ended = kind == b'E'
        return payload


class Errors:
    """wsgi.errors: sys.stderr, flushed with each write."""

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError('wsgi.errors takes str, not %s' % kind_of(text))
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


def up_to(size, chunks):
    """The first `size` bytes of the chunks: a file may have more than is asked of it."""
    for data in chunks:
        yield data[:size]
        size -= len(data)
        if size <= 0:
            return


def plain_file(filelike):
    """The regular file that `filelike` reads, byte for byte; None if that cannot be told: a GzipFile has a fileno too."""
    tempfile = sys.modules.get('tempfile')
    if tempfile and type(filelike) is tempfile._TemporaryFileWrapper:
        filelike = filelike.file
    inner = getattr(filelike, 'file', None)
    # Django's File reads by the method of the file in it.
    if inner is not None and getattr(filelike, 'read', None) == getattr(inner, 'read', inner):
        return plain_file(inner)
    raw = filelike.raw if type(filelike) in (io.BufferedReader, io.BufferedRandom) else filelike
    is_plain = type(raw) is io.FileIO and stat.S_ISREG(os.fstat(raw.fileno()).st_mode)
    return filelike if is_plain else None


def head_text(status, headers):
    """Status and headers as they cross the channel: NULs between them."""
    try:
        text = '\0'.join((status, *chain.from_iterable(headers)))
        is_legal = text.count('\0') == 2 * len(headers) and '\n' not in text and '\r' not in text
    except TypeError:
        is_legal = False
    if not is_legal:
        refuse_head(status, headers)
    if len(text) > LARGEST_HEAD:
        raise ValueError('the head of the response has %d bytes: wanted at most %d' % (len(text), LARGEST_HEAD))
    try:
        return text.encode('latin-1')
    except UnicodeEncodeError as error:
        # The part that it is in.
        bad = text[text.rfind('\0', 0, error.start) + 1:].partition('\0')[0]
        raise ValueError('illegal status or header %r: it has a character above U+00FF' % bad) from None


def refuse_head(status, headers):
    """Says what is wrong with a status or headers."""
    if not isinstance(status, str):
        raise TypeError('illegal status: wanted a str such as "200 OK", found %s' % kind_of(status))
    for field in headers:
        if not isinstance(field, (tuple, list)) or len(field) != 2:
            raise TypeError('illegal header %r: wanted a tuple (name, value)' % (field,))
        name, value = field
        if not isinstance(name, str):
            raise TypeError('illegal header name %r: wanted str, found %s' % (name, kind_of(name)))
        if not isinstance(value, str):
            raise TypeError('illegal value of header %s: wanted str, found %s' % (name, kind_of(value)))
    bad = next(text for text in (status, *chain.from_iterable(headers)) if set(text) & {'\r', '\n', '\0'})
    raise ValueError('illegal status or header %r: it has a line break or NUL' % bad)


def kind_of(value):
    return type(value).__name__


def content_length(headers):
    """What the headers announce, -1 if nothing."""
    for name, value in headers:
        if len(name) == 14 and name.lower() == 'content-length':
            value = value.strip(' \t')
            return int(value) if value.isdecimal() else -1
    return -1


class Call:
    """One request, from its environ to the end of its answer."""

    __slots__ = ('channel', 'number', 'head', 'length', 'head_sent', 'left', 'unwanted', 'ended', 'freed', 'lost',
                 'is_head', 'overflowed')

    def __init__(self, channel, number):
        self.channel = channel
        self.number = number
        # Status and headers as they are sent; None before start_response.
        self.head = None
        # Bytes of the body that the headers announce, and how many are still to come; -1 if they announce none.
        self.length = -1
        self.left = -1
        self.head_sent = False
        # Nobody waits for the answer any more.
        self.unwanted = False
        # All of the answer was sent.
        self.ended = False
        # The front was told that this thread is free: nothing may be sent any more.
        self.freed = False
        # Its channel is gone, or of no use any more.
        self.lost = False
        self.is_head = False
        self.overflowed = False

    def start_response(self, status, headers, exc_info=None):
        if exc_info:
            try:
                if self.head_sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.head is not None:
            raise RuntimeError('start_response was called twice, the second time without exc_info')
        headers = list(headers)
        self.head = head_text(status, headers)
        self.length = content_length(headers)
        return self.write

    def write(self, data):
        if self.freed:
            raise RuntimeError('write() was called after the request had ended')
        data = checked(data)
        if data:
            self.send(data)

    def send(self, data):
        """Sends a chunk, before the first one the head."""
        if self.unwanted:
            return
        if self.ended:
            return self.overflow()
        if not self.head_sent:
            return self.begin((data,), len(data), False)
        self.channel.send(b'D', self.number, data)
        if self.left >= 0:
            self.left -= len(data)
            if self.left <= 0:
                self.end()

    def begin(self, chunks, size, is_all, tail=b''):
        """Sends the head with the first bytes of the body. With HEAD they are not sent, but counted."""
        if self.head is None:
            raise RuntimeError('the application did not call start_response')
        self.head_sent = True
        self.ended = is_all or 0 <= self.length <= size or self.is_head
        self.left = self.length - size if self.length >= 0 else -1
        head = self.head
        if self.is_head:
            if is_all and size and self.length < 0:
                head += b'\0Content-Length\0%d' % size
            chunks, size = (), 0
        flags = WHOLE if self.ended else 0
        prefix = BEGIN.pack(b'H', self.number, REQUEST.size + len(head) + size, flags, len(head))
        self.channel.write(prefix, head, *chunks, tail)

    def end(self, tail=b''):
        """Ends the answer."""
        if self.ended:
            return
        if self.head_sent or self.unwanted:
            self.ended = True
            self.channel.write(HEADER.pack(b'E', self.number, 0), tail)
        else:
            self.begin((), 0, True, tail)

    def free(self, kind=b'Z'):
        """Ends the request: the front may send the next one."""
        if not self.freed:
            self.freed = True
            self.channel.send(kind, self.number)

    def answer(self, result):
        """Sends what the application returned."""
        kind = type(result)
        if kind is list or kind is tuple:
            self.answer_at_once([checked(data) for data in result])
        elif kind is FileWrapper:
            self.answer_with_file(result)
        elif isinstance(result, (str, bytes, bytearray)) or not is_iterable(kind):
            raise TypeError('the application returned %s: wanted an iterable of bytes%s' % (kind_of(result), hint(result)))
        elif self.answer_by_chunks(result):
            # Its close() has nothing left to do.
            if kind is GeneratorType and not self.ended:
                return self.end_freeing()
            self.end()

    def answer_at_once(self, chunks):
        """The body is here, and there is nothing to close: answer and end are sent together."""
        if self.head_sent:
            for data in chunks:
                self.write(data)
            return self.end()
        if self.head is not None:
            self.freed = True
        self.begin(chunks, sum(map(len, chunks)), True, HEADER.pack(b'Z', self.number, 0))

    def end_freeing(self):
        self.freed = self.head is not None
        self.end(HEADER.pack(b'Z', self.number, 0))

    def answer_by_chunks(self, result):
        """Sends each chunk before the next one is asked for. Returns whether there was an end to them."""
        is_first = True
        for data in result:
            data = checked(data)
            if not is_first and not self.unwanted:
                self.unwanted = self.channel.is_unwanted(self.number)
            is_first = False
            if data:
                self.send(data)
            if self.unwanted or (self.is_head and self.ended):
                self.end()
                return False
        return True

    def answer_with_file(self, wrapper):
        if not self.send_file(wrapper):
            self.answer_by_chunks(wrapper if self.length < 0 else up_to(self.length, wrapper))
            self.end()

    def send_file(self, wrapper):
        """Lets the front send a regular file. False if that cannot be, and the file is to be read here."""
        if self.head is None or self.head_sent or sys.platform != 'linux':
            return False
        try:
            file = plain_file(wrapper.filelike)
            if file is None:
                return False
            if type(file) is io.BufferedRandom:
                file.flush()
            fd, offset = file.fileno(), file.tell()
            size = max(0, os.fstat(fd).st_size - offset)
        except (OSError, ValueError, AttributeError):
            return False
        if self.length >= 0:
            size = min(size, self.length)
        if self.is_head:
            self.begin((), size, True)
            return True
        if self.unwanted:
            return True
        self.channel.send(b'F', self.number, FILE.pack(fd, offset, size), self.head)
        kind, _ = self.channel.answer_to(self.number)
        if kind == b'N':
            return False
        self.unwanted = kind == b'X'
        self.head_sent = self.ended = True
        return True

    def overflow(self):
        if not self.is_head and not self.overflowed:
            self.overflowed = True
            self.channel.send(b'C', self.number, b'the body is longer than its Content-Length: the rest is not sent')

    def early_hints(self, headers):
        if not self.head_sent and not self.unwanted and not self.freed:
            self.channel.send(b'L', self.number, head_text('', list(headers)))

    def fail(self, text):
        """Sends the traceback. After the end of the answer, nothing but the log changes by it."""
        if len(text) > LONGEST_TRACEBACK:
            text = '%s\n...\n%s' % (text[:LONGEST_TRACEBACK // 2], text[-LONGEST_TRACEBACK // 2:])
        self.ended = True
        self.channel.send(b'!', self.number, text.encode('utf-8', 'backslashreplace'))


def checked(data):
    """A chunk of a body as bytes."""
    if type(data) is bytes:
        return data
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    raise TypeError('the body of a response must be bytes, found %s' % kind_of(data))


def is_iterable(kind):
    return hasattr(kind, '__iter__') or hasattr(kind, '__getitem__')


def hint(result):
    if isinstance(result, CoroutineType):
        result.close()
        return '; is it an ASGI application?'
    return '; [body] is one' if isinstance(result, bytes) else ''


class Server:
    """Runs the requests of the channels."""

    def __init__(self, application, base, root_path):
        self.application = application
        self.base = base
        self.root_path = root_path
        self.channels = []
        self.is_leaving = False
        # Of SystemExit.
        self.code = None
        # This process was forked by the application, and is none of the front's.
        self.is_fork = False
        os.register_at_fork(after_in_child=self.forked)

    def forked(self):
        self.is_fork = True

    def serve(self, channel):
        self.channels.append(channel)
        try:
            while not self.is_leaving:
                request = channel.request()
                if request is None:
                    return
                self.run(channel, *request)
                request = None
        except FrontGone:
            return

    def run(self, channel, number, payload):
        flags, length = REQUEST.unpack_from(payload)
        start = REQUEST.size
        environ = self.base.copy()
        items = iter(payload[start:start + length].decode('latin-1').split('\0'))
        environ.update(zip(items, items))
        self.set_path(environ)
        call = Call(channel, number)
        call.is_head = environ['REQUEST_METHOD'] == 'HEAD'
        raw = None
        if flags & WHOLE:
            environ['wsgi.input'] = Input(payload[start + length:])
        else:
            raw = RawBody(call)
            environ['wsgi.input'] = LongInput(raw, READ_SIZE)
        environ['wsgi.early_hints'] = call.early_hints
        payload = items = result = None
        try:
            result = self.application(environ, call.start_response)
            call.answer(result)
        except BaseException as error:
            self.failed(call, error)
        if not call.freed:
            self.close(call, result)
        if raw is not None:
            # An application that keeps it must not read what is another request's.
            raw.call = None

    def set_path(self, environ):
        """PATH_INFO crosses as it was sent: decoded before, it could have put names into the environ."""
        path = environ['PATH_INFO']
        if '%' in path:
            path = unquote_to_bytes(path.encode('latin-1')).decode('latin-1')
        # A proxy may have said another one.
        root = environ.setdefault('SCRIPT_NAME', self.root_path)
        if root and (path == root or path.startswith(root + '/')):
            path = path[len(root):]
        environ['PATH_INFO'] = path

    def close(self, call, result):
        """What is left to do when the answer was sent. The request ends after that: it may take its time, or hang."""
        try:
            close = getattr(result, 'close', None)
            if close is not None:
                close()
        except BaseException as error:
            self.failed(call, error)
        if call.lost:
            raise FrontGone
        if self.is_leaving:
            call.free(b'Q')
        else:
            call.free()

    def failed(self, call, error):
        if self.is_fork:
            leave_fork(error)
        if isinstance(error, FrontGone) or call.channel.is_broken:
            self.is_leaving = True
            for channel in self.channels:
                channel.end_requests()
            call.ended = call.lost = True
            if not isinstance(error, FrontGone):
                sys.stderr.write('The application was interrupted within the server: its process ends.\n' + format_error(error))
            elif error.args == (errno.EBADF,):
                sys.stderr.write('The application has closed descriptors that are not its own: its process ends.\n')
            return
        # It asked for the end of its process. It has it when its request has been answered.
        if isinstance(error, SystemExit):
            self.is_leaving = True
            self.code = error.code
        if call.unwanted and is_from_client(error):
            call.end()
        else:
            call.fail(format_error(error))
        # If that came while the end was sent, it may not have been: a second one does no harm.
        call.freed = False


class AttendedServer(Server):
    """Does something before and after each request: Gunicorn's hooks, and a look at what was imported."""

    def __init__(self, application, base, root_path, attendants):
        super().__init__(self.begin, base, root_path)
        self.attended = application
        self.attendants = attendants
        # What each thread runs, with its environ.
        self.calls = {}

    def begin(self, environ, start_response):
        call = start_response.__self__
        self.calls[threading.get_ident()] = call, environ
        for attendant in self.attendants:
            attendant.before(call, environ)
        return self.attended(environ, start_response)

    def run(self, channel, number, payload):
        super().run(channel, number, payload)
        call, environ = self.calls.pop(threading.get_ident(), (None, None))
        if call is not None:
            for attendant in self.attendants:
                attendant.after(call, environ)


def is_from_client(error):
    """Whether the application failed since its client has gone."""
    for _ in range(LONGEST_CHAIN):
        if error is None or isinstance(error, ClientGone):
            return error is not None
        error = error.__cause__ or error.__context__
    return False


def leave_fork(error):
    """Ends a process that the application forked, and that has come back to the server."""
    code = 0
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
    elif not isinstance(error, FrontGone):
        code = 1
        sys.stderr.write(format_error(error))
    sys.stderr.flush()
    sys.stdout.flush()
    os._exit(code)


FOLDER = os.path.dirname(__file__)
IMPORT_MODULE = os.path.join('importlib', '__init__.py')


def format_error(error):
    """The traceback, without the frames of this file and of importlib."""
    try:
        shown = traceback.TracebackException(type(error), error, error.__traceback__)
        take_own_frames_off(shown)
        return ''.join(shown.format())
    except BaseException as second:
        return '%s: it cannot be shown: %s was raised by that\n' % (kind_of(error), kind_of(second))


def take_own_frames_off(shown):
    """Of the exception, and of those that led to it."""
    shown.stack = traceback.StackSummary.from_list([frame for frame in shown.stack if not is_own(frame.filename)])
    for other in (shown.__cause__, shown.__context__, *(getattr(shown, 'exceptions', None) or ())):
        if other is not None:
            take_own_frames_off(other)


def is_own(name):
    return os.path.dirname(name) == FOLDER or name.startswith('<frozen importlib') or name.endswith(IMPORT_MODULE)


class Control:
    """Messages to the front. Threads may send, and signal handlers."""

    def __init__(self, sock):
        self.sock = sock
        self.lines = sock.makefile('r', encoding='utf-8')

    def receive(self):
        line = self.lines.readline()
        if not line:
            os._exit(0)
        return self.parse(line)

    def parse(self, line):
        return json.loads(line)

    def send(self, **message):
        try:
            self.sock.sendall(json.dumps(message).encode() + b'\n')
        except OSError:
            # Nobody is there any more who would want to know.
            os._exit(0)


def die_with(parent):
    """Has the kernel end this process when its parent is gone, whatever it does then."""
    if sys.platform == 'linux':
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # It may have been gone before.
    if os.getppid() != parent:
        os._exit(0)


def dump_to(dump, threads):
    """Writes the stacks of a crash, and of a hang at DUMP_SIGNAL, which needs no interpreter that turns."""
    faulthandler.enable(dump)
    faulthandler.register(DUMP_SIGNAL, dump, all_threads=dumps_all(threads))
    if STACK_SIGNAL:
        faulthandler.register(STACK_SIGNAL, dump, all_threads=False)


def dumps_all(threads):
    """
    Whether the signal has all threads dumped, and not only the one that gets it. Stacks of running threads are read
    without a lock, by which Python crashes now and then; and the requests that do not hang are to be answered.
    """
    return threads == 1 or sys.platform != 'linux'


def tell_of_term(control):
    """TERM comes from outside: the front knows better ways. An application that handles it itself has it."""
    if signal.getsignal(signal.SIGTERM) is ignore:
        signal.signal(signal.SIGTERM, lambda number, frame: control.send(type='term'))


def prepare_descriptors(count):
    for fd in range(CONTROL, FIRST_CHANNEL + count):
        os.set_inheritable(fd, False)


def main():
    control = Control(socket.socket(fileno=CONTROL))
    settings = control.receive()
    die_with(settings['front'])
    threads = settings['threads']
    channels = [] if settings['forks'] else [socket.socket(fileno=FIRST_CHANNEL + i) for i in range(threads)]
    prepare_descriptors(len(channels))
    dump_to(open(DUMP, 'wb', buffering=0), threads)
    control.send(type='importing')
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, 'reconfigure'):
            stream.reconfigure(line_buffering=True)
    sys.path[:] = settings['path'] + [entry for entry in sys.path if entry != os.path.dirname(os.path.abspath(__file__))]
    if settings['forks']:
        application = load(settings['app'], control, files_of(settings, control))
        control, channels = fork(control, settings)
    close_in_forks([control.sock, *channels])
    hooks = load_hooks(settings['hooks'], control)
    files = files_of(settings, control)
    if not settings['forks']:
        application = load(settings['app'], control, files)
    run_boot_hook(hooks, 'post_worker_init', control)

    def described(thread):
        # In a fork, Python before 3.12 still has the number that the thread had before.
        number = os.getpid() if thread is threading.main_thread() else thread.native_id
        asked = None if dumps_all(settings['threads']) else number
        return {'ident': '%x' % thread.ident, 'asked': asked, 'id': number}

    def ready(*threads, **more):
        control.send(
            type='ready',
            version='.'.join(map(str, sys.version_info[:3])),
            pid=os.getpid(),
            threads=[described(thread) for thread in threads],
            **more,
        )
        tell_of_term(control)

    version = 0 if settings['interface'] == 'wsgi' else asgi_version(application)
    if version or settings['interface'] == 'asgi':
        attendant = hooks if hooks is not None and hooks.attends() else None
        code = own_module('asgi').serve(application, version, settings, (control, channels, files, attendant, ready))
        if hooks is not None:
            hooks.exit()
        sys.exit(code)
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
    attendants = [each for each in (files, hooks) if each is not None and each.attends()]
    if attendants:
        server = AttendedServer(application, base, settings['rootPath'], attendants)
    else:
        server = Server(application, base, settings['rootPath'])
    others = [threading.Thread(target=server.serve, args=(Channel(sock),)) for sock in channels[1:]]
    for other in others:
        other.start()
    ready(threading.main_thread(), *others)
    server.serve(Channel(channels[0]))
    for other in others:
        other.join()
    if server.is_fork:
        leave_fork(FrontGone())
    if hooks is not None:
        hooks.exit()
    sys.exit(server.code)


def fork(control, settings):
    """Serves forks with this process, which has imported the application. Returns in each of them."""
    parent = os.getpid()
    age, sockets = own_module('fork_server').ForkServer(control, settings).serve()
    die_with(parent)
    control.sock.detach()
    os.close(CONTROL)
    control = Control(sockets.pop(0))
    # The old one is closed with its last reference.
    dump_to(open(sockets.pop(0).detach(), 'wb', buffering=0), settings['threads'])
    control.send(type='importing')
    for fd in (1, 2)[:len(sockets) - settings['threads']]:
        os.dup2(sockets.pop(0).detach(), fd)
    if settings['hooks']:
        settings['hooks']['age'] = age
    return control, sockets


def files_of(settings, control):
    if not settings['reload']:
        return None
    # A file of bytecode counts as fresh if its source was written again within a second.
    sys.dont_write_bytecode = True
    return own_module('loaded_files').LoadedFiles(control.send)


def load_hooks(settings, control):
    """Gunicorn's hooks of a worker, if there are any; post_fork has run then."""
    if settings is None:
        return None
    try:
        hooks = own_module('gunicorn_config').WorkerHooks(settings, control.send)
    except BaseException as error:
        fail(control, 'hook', 'the config file %s: %s: %s' % (settings['location'], kind_of(error), error), error)
    if hooks.has('worker_int') or hooks.has('worker_exit'):
        signal.signal(QUIT_SIGNAL, hooks.interrupted)
    if hooks.has('worker_abort'):
        signal.signal(signal.SIGABRT, hooks.aborted)
    run_boot_hook(hooks, 'post_fork', control)
    return hooks


def run_boot_hook(hooks, name, control):
    if hooks is None:
        return
    try:
        getattr(hooks, name)()
    except BaseException as error:
        fail(control, 'hook', 'the hook %s: %s: %s' % (name, kind_of(error), error), error)


def own_module(name):
    """A module of this folder, which is not in sys.path. It is wanted by few servers."""
    import importlib.util

    spec = importlib.util.spec_from_file_location('unicorn_' + name, os.path.join(FOLDER, name + '.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def close_in_forks(sockets):
    """In forks of the application's: the front would wait for their end."""
    os.register_at_fork(after_in_child=lambda: close_all(sockets))


def close_all(sockets):
    for sock in sockets:
        # close() would wait for the reader of the control channel.
        fd = sock.detach()
        if fd >= 0:
            os.close(fd)


def load(spec, control, files):
    """The application. Reports what is wrong with it, and leaves."""
    module, _, attribute = spec.partition(':')
    try:
        application = find(import_module(module), attribute)
        import_urls(control)
        if files is not None:
            files.report()
        return application
    except BaseException as error:
        if files is not None:
            files.failed(error)
        not_loaded(control, error)


def import_urls(control):
    """
    Imports the URLs of a Django project, and with them its views, which Django does with the first request. So a mistake
    there is found before the processes that served until now leave, and forks share what was imported. A database that
    does not answer is no mistake of theirs: Django tries again with each request until it does.
    """
    if 'django.core.handlers.base' not in sys.modules:
        return
    from django.conf import settings
    from django.db.utils import Error
    root = getattr(settings, 'ROOT_URLCONF', None)
    try:
        if isinstance(root, str):
            __import__(root)
    except Exception as error:
        if not isinstance(error, Error) and not isinstance(error.__cause__, Error):
            raise
        text = 'the URLs of the project were not imported, and will be with a request: %s: %s' % (kind_of(error), error)
        control.send(type='log', level='warning', text=text, traceback=format_error(error))


def not_loaded(control, error):
    if isinstance(error, Problem):
        fail(control, error.kind, str(error), None, **error.details)
    if isinstance(error, SystemExit):
        fail(control, 'exit', 'it called sys.exit(%r) while it was imported' % (error.code,), error)
    fail(control, 'exception', '%s: %s' % (kind_of(error), error), error, **details_of(error))


class Problem(Exception):
    def __init__(self, kind, text, **details):
        super().__init__(text)
        self.kind = kind
        self.details = details


def import_module(name):
    if name.endswith('.py'):
        name = name_of_file(name)
    __import__(name)
    return sys.modules[name]


def name_of_file(path):
    """The module's name. A file of a package is imported by its whole name, so that its relative imports work."""
    path = os.path.abspath(path)
    if not os.path.isfile(path):
        raise Problem('module', 'there is no file %s' % path)
    directory, base = os.path.split(path)
    names = [] if base == '__init__.py' else [base[:-3]]
    while os.path.isfile(os.path.join(directory, '__init__.py')):
        directory, package = os.path.split(directory)
        names.insert(0, package)
    if directory not in sys.path:
        sys.path.insert(0, directory)
    return '.'.join(names)


def find(module, expression):
    names = [expression] if expression else ['application', 'app']
    for name in names:
        if not name.isidentifier():
            target = evaluate(module, name)
            break
        if hasattr(module, name):
            target = getattr(module, name)
            break
    else:
        raise missing_attribute(module, module.__name__, names)
    if not callable(target):
        raise Problem(
            'not-callable',
            '%s:%s cannot be called: wanted a WSGI or ASGI application, found %s' % (module.__name__, name, kind_of(target)),
        )
    return target


def asgi_version(application):
    """The version of ASGI that an application is made for, by its arguments; 0 if it may be WSGI, which has two."""
    bound = 0
    while isinstance(application, functools.partial):
        bound += len(application.args)
        application = application.func
    is_class = isinstance(application, type)
    function = application.__init__ if is_class else application
    if not hasattr(function, '__code__'):
        function = function.__call__
    bound += is_class or hasattr(function, '__self__')
    code = getattr(function, '__code__', None)
    if code is None or is_coroutine(function):
        return 3 if code else 0
    most = code.co_argcount - bound
    least = most - len(function.__defaults__ or ())
    if least <= 2 <= most or code.co_flags & CO_VARARGS:
        return 0
    return 3 if least <= 3 <= most else 2 if most == 1 else 0


def is_coroutine(function):
    """Whether it is one, below its decorators."""
    while hasattr(function, '__wrapped__'):
        function = function.__wrapped__
    return bool(getattr(function, '__code__', None) and function.__code__.co_flags & CO_COROUTINE)


def missing_attribute(owner, shown, names):
    known = sorted(name for name, value in vars(owner).items() if callable(value) and not name.startswith('_'))
    near = difflib.get_close_matches(names[0], known, 3)
    return Problem('attribute', '%s has no %s' % (shown, ' or '.join(names)), known=near or known[:20])


def evaluate(module, expression):
    """`name.of.it`, or a factory with literals: `create("x", debug=True)`."""
    unreadable = 'cannot read %r: wanted a name, or a call of one with literals' % expression
    try:
        tree = ast.parse(expression.strip(), mode='eval').body
        args, kwargs, is_call = [], {}, isinstance(tree, ast.Call)
        if is_call:
            args = [ast.literal_eval(arg) for arg in tree.args]
            kwargs = {keyword.arg: ast.literal_eval(keyword.value) for keyword in tree.keywords}
            tree = tree.func
    except (SyntaxError, ValueError):
        raise Problem('attribute', unreadable) from None
    names = []
    while isinstance(tree, ast.Attribute):
        names.insert(0, tree.attr)
        tree = tree.value
    if not isinstance(tree, ast.Name) or None in kwargs:
        raise Problem('attribute', unreadable)
    target, shown = module, module.__name__
    for name in [tree.id, *names]:
        if not hasattr(target, name):
            raise missing_attribute(target, shown, [name]) if hasattr(target, '__dict__') else Problem(
                'attribute', '%s has no %s' % (shown, name))
        target, shown = getattr(target, name), '%s.%s' % (shown, name)
    if not is_call:
        return target
    if not callable(target):
        raise Problem('not-callable', '%s cannot be called: wanted a factory, found %s' % (shown, kind_of(target)))
    return target(*args, **kwargs)


def details_of(error):
    details = {'settings': os.environ.get('DJANGO_SETTINGS_MODULE')}
    if isinstance(error, ModuleNotFoundError) and error.name:
        parent = sys.modules.get(error.name.rpartition('.')[0])
        details['missing'] = error.name
        details['searched'] = list(getattr(parent, '__path__', ()))
    return details


def fail(control, kind, text, error, **details):
    shown = format_error(error) if error is not None else None
    control.send(type='failed', kind=kind, text=text, traceback=shown, **details)
    sys.stdout.flush()
    os._exit(4)


if __name__ == '__main__':
    main()
