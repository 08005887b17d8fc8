"""ASGI in a Python process of unicorn: many requests at once on one event loop.

child.py imports this file for an application that is one. Each request has a channel to itself, as there: the first
channels are the process's own, and each connection to a socket that it listens at is another one. Frames are those of
child.py. A WebSocket has these besides, to this process:
    R  with flag 2: a client asks for a WebSocket
    T  B  a message of text, of bytes
    K  the end: code (2), reason
and from it:
    A  accepted: subprotocol, headers
    H  before A, the response that denies it; after A, a message: its head says `text` or `bytes`
    K  as above
"""
import asyncio
import os
import socket
import struct
import sys
import tempfile
import threading
from collections import deque
from itertools import chain
from urllib.parse import unquote

from __main__ import (
    BEGIN, FILE, HEADER, LARGEST_HEAD, LARGEST_WISH, REQUEST, SIZE, WHOLE, ClientGone, FrontGone, format_error, kind_of,
)

WEBSOCKET = 2
CODE = struct.Struct('>H')
PEER = struct.Struct('3i')
# Text in front of the headers of a request.
LINE_PARTS = 10
LONGEST_TRACEBACK = 1 << 16
# What a WebSocket may have waiting for its application, in bytes; each message counts for some more.
MOST_WAITING, MESSAGE_COST = 1 << 18, 1 << 10
SENT_AT_ONCE = 1 << 16
MOST_IGNORED = 100
BACKLOG = 1024
# All that an abstract address may have: Node's releases differ about shorter ones.
ADDRESS_SIZE = 108
HTTP = {'version': '3.0', 'spec_version': '2.3'}
HTTP_EXTENSIONS = {'http.response.early_hint': {}}
if sys.platform == 'linux':
    HTTP_EXTENSIONS['http.response.pathsend'] = {}
WEBSOCKET_EXTENSIONS = {'websocket.http.response': {}}
NORMAL, GONE, FAILED = 1000, 1006, 1011


class Channel(asyncio.Protocol):
    """Frames on one socket, for one request at a time."""

    def __init__(self, server, is_trusted):
        self.server = server
        self.is_trusted = is_trusted
        self.transport = None
        self.buffer = bytearray()
        self.call = None
        self.written = []
        self.size = 0
        self.may_write = asyncio.Event()
        self.may_write.set()

    def connection_made(self, transport):
        self.transport = transport
        if self.is_trusted or is_front(transport.get_extra_info('socket'), self.server.front):
            self.server.channels.add(self)
        else:
            transport.abort()

    def connection_lost(self, error):
        self.may_write.set()
        if self.call is not None:
            self.call.leave(GONE, '')
        self.server.lost(self)

    def pause_writing(self):
        self.may_write.clear()

    def resume_writing(self):
        self.may_write.set()

    def data_received(self, data):
        buffer = self.buffer
        buffer += data
        start, size = 0, len(buffer)
        while size - start >= HEADER.size:
            kind, number, length = HEADER.unpack_from(buffer, start)
            end = start + HEADER.size + length
            if end > size:
                break
            payload = bytes(memoryview(buffer)[start + HEADER.size:end])
            start = end
            if kind == b'R':
                self.begin(number, payload)
            elif self.call is not None and number == self.call.number:
                self.call.hear(kind, payload)
        del buffer[:start]

    def begin(self, number, payload):
        flags, length = REQUEST.unpack_from(payload)
        start = REQUEST.size
        fields = payload[start:start + length].split(b'\0')
        if flags & WEBSOCKET:
            call = WebSocket(self, number)
        else:
            call = Request(self, number, payload[start + length:] if flags & WHOLE else None)
        scope = call.scope(fields, self.server.root_path)
        if self.server.state is not None:
            scope['state'] = self.server.state.copy()
        self.call = call
        call.task = asyncio.ensure_future(call.run(self.server.application, scope))

    def send(self, kind, number, *parts):
        self.write(HEADER.pack(kind, number, sum(map(len, parts))), *parts)

    def write(self, *parts):
        """What one turn of the loop writes leaves at its end, in one piece."""
        if not self.written:
            asyncio.get_running_loop().call_soon(self.flush)
        self.written += parts
        self.size += sum(map(len, parts))
        if self.size > SENT_AT_ONCE:
            self.flush()

    def flush(self):
        parts, self.written, self.size = self.written, [], 0
        if parts and not self.transport.is_closing():
            self.transport.write(b''.join(parts))

    async def drained(self):
        if not self.may_write.is_set():
            await self.may_write.wait()


class Call:
    """What requests and WebSockets have in common."""

    def __init__(self, channel, number):
        self.channel = channel
        self.number = number
        self.task = None
        # Wakes receive().
        self.news = asyncio.Event()
        # The client has gone, or wants no more.
        self.is_gone = False
        # What the application has to send next.
        self.state = None
        # Of the response: until it is sent, and for hooks after that.
        self.unsent_head = self.head = None

    def scope(self, fields, root_path):
        method, version, scheme, path, query, client, client_port, server, server_port, mount = map(
            bytes.decode, fields[:LINE_PARTS], LATIN)
        root_path = mount.rstrip('/') if mount else root_path
        # The front's clients, and proxies, send it with the mount point or without; ASGI has it in.
        if root_path and path != root_path and not path.startswith(root_path + '/'):
            path = root_path + path
        return {
            'asgi': HTTP,
            'http_version': version,
            'server': (server, int(server_port)) if server else None,
            'client': (client, int(client_port or 0)) if client else None,
            'scheme': scheme,
            'method': method,
            'root_path': root_path,
            'path': unquote(path),
            'raw_path': path.encode('latin-1'),
            'query_string': query.encode('latin-1'),
            'headers': [(name.lower(), value) for name, value in zip(*[iter(fields[LINE_PARTS:])] * 2)],
        }

    async def run(self, application, scope):
        server = self.channel.server
        kind = b'Z'
        try:
            await application(scope, self.receive, self.send)
            self.returned()
        except BaseException as error:
            if isinstance(error, (SystemExit, KeyboardInterrupt)):
                server.code = getattr(error, 'code', 1)
                kind = b'Q'
            if not (self.is_gone and is_from_client(error)):
                self.raised(error)
        self.channel.call = None
        self.channel.send(kind, self.number)
        server.answered()

    def raised(self, error):
        text = format_error(error)
        if len(text) > LONGEST_TRACEBACK:
            text = '%s\n...\n%s' % (text[:LONGEST_TRACEBACK // 2], text[-LONGEST_TRACEBACK // 2:])
        self.channel.send(b'!', self.number, text.encode('utf-8', 'backslashreplace'))

    def start_response(self, message):
        self.head = self.unsent_head = head_bytes(message)
        self.state = self.send_body

    async def send_body(self, message, kind):
        """The body of a response: whole, or the first piece of it with the head, or another piece."""
        body = as_bytes(message.get('body', b''), 'body')
        is_last = not message.get('more_body', False)
        channel = self.channel
        if self.unsent_head is not None:
            head, self.unsent_head = self.unsent_head, None
            size = REQUEST.size + len(head) + len(body)
            channel.write(BEGIN.pack(b'H', self.number, size, WHOLE if is_last else 0, len(head)), head, body)
        else:
            if body:
                channel.send(b'D', self.number, body)
            if is_last:
                channel.send(b'E', self.number)
        if is_last:
            self.responded()
        await channel.drained()

    async def send(self, message):
        kind = message['type']
        if self.state is None:
            raise RuntimeError('the application sent %r after its response was complete' % kind)
        await self.state(message, kind)


LATIN = ('latin-1',) * LINE_PARTS


class Request(Call):
    """One request over HTTP."""

    def __init__(self, channel, number, body):
        super().__init__(channel, number)
        self.state = self.send_start
        # Pieces that have not been received yet.
        self.pieces = deque(() if body is None else (body,))
        # All of the body is here. The front has been asked for a piece.
        self.is_whole = body is not None
        self.is_asked = False
        self.has_ended = False
        self.is_taken = None
        # Messages since the client has gone.
        self.ignored = 0

    def scope(self, fields, root_path):
        return {'type': 'http', **super().scope(fields, root_path), 'extensions': HTTP_EXTENSIONS.copy()}

    async def run(self, application, scope):
        hooks = self.channel.server.hooks
        if hooks is None:
            return await super().run(application, scope)

        async def attended(scope, receive, send):
            hooks.before(self, scope)
            await application(scope, receive, send)

        await super().run(attended, scope)
        self.channel.flush()
        hooks.after(self, scope)

    def hear(self, kind, payload):
        if kind == b'D' or kind == b'E':
            self.is_asked = False
            self.is_whole = kind == b'E'
            self.pieces.append(payload)
        elif kind == b'X':
            return self.leave(GONE, '')
        elif self.is_taken is not None:
            self.is_taken.set_result(kind == b'O')
            self.is_taken = None
        self.news.set()

    def leave(self, code, reason):
        self.is_gone = True
        self.news.set()
        if self.is_taken is not None:
            self.is_taken.set_result(True)
            self.is_taken = None

    async def receive(self):
        while not self.is_gone and not self.has_ended:
            if self.pieces:
                body = self.pieces.popleft()
                return {'type': 'http.request', 'body': body, 'more_body': not self.is_whole or bool(self.pieces)}
            if not self.is_whole and not self.is_asked:
                self.is_asked = True
                self.channel.send(b'W', self.number, SIZE.pack(LARGEST_WISH))
            self.news.clear()
            await self.news.wait()
        return {'type': 'http.disconnect'}

    async def send(self, message):
        if not self.is_gone:
            return await super().send(message)
        # What is sent to a client that has gone goes nowhere, as the specification says. An application that looks for
        # nothing and sends on must neither hold the loop nor do so for ever.
        self.ignored += 1
        if self.ignored > MOST_IGNORED:
            raise ClientGone('the client has gone, and %d messages were sent to it since' % MOST_IGNORED)
        await asyncio.sleep(0)

    async def send_start(self, message, kind):
        if kind == 'http.response.start':
            self.start_response(message)
        elif kind == 'http.response.early_hint':
            links = [(b'link', link) for link in message['links']]
            self.channel.send(b'L', self.number, joined(b'', links))
        else:
            raise unexpected(kind, 'http.response.start')

    async def send_body(self, message, kind):
        if kind == 'http.response.pathsend' and self.unsent_head is not None:
            return await self.send_path(message['path'])
        if kind != 'http.response.body':
            raise unexpected(kind, 'http.response.body')
        await super().send_body(message, kind)

    async def send_path(self, path):
        """The front sends a file of which it is given the descriptor."""
        with open(path, 'rb') as file:
            fields = FILE.pack(file.fileno(), 0, os.fstat(file.fileno()).st_size)
            self.is_taken = asyncio.get_running_loop().create_future()
            self.channel.send(b'F', self.number, fields, self.unsent_head)
            if not await self.is_taken:
                raise OSError('the server cannot open %r' % path)
        self.unsent_head = None
        self.responded()

    def responded(self):
        self.state = None
        self.has_ended = True
        self.news.set()

    def returned(self):
        if self.state is not None and not self.is_gone:
            wanted = 'http.response.start' if self.state == self.send_start else 'the end of the body'
            raise RuntimeError('the application returned before it had sent %s' % wanted)


class WebSocket(Call):
    """One WebSocket, from the handshake on."""

    def __init__(self, channel, number):
        super().__init__(channel, number)
        self.state = self.send_handshake
        self.messages = deque([({'type': 'websocket.connect'}, 0)])
        # Bytes in them.
        self.waiting = 0

    def scope(self, fields, root_path):
        scope = {'type': 'websocket', **super().scope(fields, root_path), 'extensions': WEBSOCKET_EXTENSIONS.copy()}
        del scope['method']
        scope['scheme'] = 'wss' if scope['scheme'] == 'https' else 'ws'
        offered = b','.join(value for name, value in scope['headers'] if name == b'sec-websocket-protocol')
        scope['subprotocols'] = [name.strip() for name in offered.decode('latin-1').split(',') if name.strip()]
        return scope

    def hear(self, kind, payload):
        if kind == b'T':
            self.add({'type': 'websocket.receive', 'text': payload.decode()}, len(payload))
        elif kind == b'B':
            self.add({'type': 'websocket.receive', 'bytes': payload}, len(payload))
        elif kind == b'K':
            self.leave(CODE.unpack_from(payload)[0], payload[CODE.size:].decode())
        elif kind == b'X':
            self.leave(GONE, '')

    def add(self, message, size):
        size += MESSAGE_COST
        self.messages.append((message, size))
        self.waiting += size
        if self.waiting > MOST_WAITING:
            self.channel.transport.pause_reading()
        self.news.set()

    def leave(self, code, reason):
        if self.is_gone:
            return
        self.is_gone = True
        self.messages.append(({'type': 'websocket.disconnect', 'code': code, 'reason': reason}, 0))
        self.news.set()

    async def receive(self):
        while not self.messages:
            self.news.clear()
            await self.news.wait()
        # Once it has been disconnected, it stays so.
        if self.is_gone and len(self.messages) == 1:
            return self.messages[0][0]
        message, size = self.messages.popleft()
        if self.waiting > MOST_WAITING >= self.waiting - size:
            self.channel.transport.resume_reading()
        self.waiting -= size
        return message

    async def send(self, message):
        kind = message['type']
        if not self.is_gone:
            await super().send(message)
        elif kind != 'websocket.close':
            raise ClientGone('the client has gone: %s was not sent' % kind)

    async def send_handshake(self, message, kind):
        if kind == 'websocket.accept':
            self.channel.send(b'A', self.number, accept_bytes(message))
            self.state = self.send_message
        elif kind == 'websocket.close':
            self.close(message)
        elif kind == 'websocket.http.response.start':
            self.start_response(message)
        else:
            raise unexpected(kind, 'websocket.accept, websocket.close or websocket.http.response.start')

    async def send_body(self, message, kind):
        if kind != 'websocket.http.response.body':
            raise unexpected(kind, 'websocket.http.response.body')
        await super().send_body(message, kind)

    def responded(self):
        self.state = None
        self.leave(GONE, '')

    async def send_message(self, message, kind):
        if kind == 'websocket.close':
            return self.close(message)
        if kind != 'websocket.send':
            raise unexpected(kind, 'websocket.send or websocket.close')
        text = message.get('text')
        if text is not None:
            head, data = b'text', text.encode()
        else:
            head, data = b'bytes', as_bytes(message.get('bytes'), 'bytes')
        size = REQUEST.size + len(head) + len(data)
        self.channel.write(BEGIN.pack(b'H', self.number, size, WHOLE, len(head)), head, data)
        await self.channel.drained()

    def close(self, message):
        code = message.get('code')
        code = NORMAL if code is None else code
        self.channel.send(b'K', self.number, CODE.pack(code), (message.get('reason') or '').encode())
        self.state = None
        self.leave(code, '')

    def returned(self):
        if self.state == self.send_message and not self.is_gone:
            self.close({})
        elif self.state is not None and not self.is_gone:
            raise RuntimeError('the application returned before it had accepted or closed the WebSocket')


class Lifespan:
    """
    What the application does before its first request and after its last one. It need not know of this, unless `mode`
    is `on`; with `off` it is not asked.
    """

    def __init__(self, application, control, mode):
        self.control = control
        self.is_wanted = mode == 'on'
        self.state = {}
        self.messages = asyncio.Queue()
        # Whether the present step, start-up or shutdown, is done; and how it failed.
        self.done = asyncio.Event()
        self.failure = None
        self.has_begun = False
        self.has_ended = mode == 'off'
        if not self.has_ended:
            scope = {'type': 'lifespan', 'asgi': HTTP, 'state': self.state}
            self.task = asyncio.ensure_future(self.run(application, scope))

    async def run(self, application, scope):
        try:
            await application(scope, self.messages.get, self.send)
            if self.is_wanted and not self.has_begun and self.failure is None:
                self.failure = 'the application has no lifespan, which --lifespan on asks for'
        except BaseException as error:
            if self.has_begun or (self.is_wanted and self.failure is None):
                self.failure = format_error(error)
            elif self.failure is None:
                self.control.send(type='log', level='debug', text='the application has no lifespan: %s: %s' % (
                    kind_of(error), error))
        self.has_ended = True
        self.done.set()

    async def send(self, message):
        kind = message['type']
        step = 'shutdown' if self.has_begun else 'startup'
        if kind == 'lifespan.%s.failed' % step:
            self.failure = message.get('message') or 'the application sent %s' % kind
        elif kind == 'lifespan.%s.complete' % step:
            self.has_begun = True
        else:
            raise unexpected(kind, 'lifespan.%s.complete or lifespan.%s.failed' % (step, step))
        self.done.set()

    async def step(self, name):
        """Has the application start or shut down. Returns how that failed, None if it did not."""
        if self.has_ended:
            return self.failure
        self.done.clear()
        self.messages.put_nowait({'type': 'lifespan.' + name})
        await self.done.wait()
        return self.failure

    async def start(self):
        failure = await self.step('startup')
        if failure is None:
            return
        lines = failure.strip().splitlines() or ['']
        is_traceback = len(lines) > 1
        self.control.send(type='failed', kind='exception', text='its start-up failed: %s' % lines[-1],
                          **({'traceback': failure} if is_traceback else {}))
        sys.stdout.flush()
        os._exit(4)

    async def shut_down(self):
        failure = await self.step('shutdown') if self.has_begun else None
        if failure is not None:
            self.control.send(type='log', level='error', text='the shutdown of the application failed', traceback=failure)


class Server:
    """Runs the requests of all channels on one loop."""

    def __init__(self, application, settings, surroundings):
        control, files, hooks = surroundings
        self.application = application
        self.root_path = settings['rootPath']
        self.lifespan = settings['lifespan']
        # Those of requests, if there are any.
        self.hooks = hooks
        self.front = settings['front']
        self.control = control
        self.files = files
        self.channels = set()
        # What the lifespan leaves for requests; None if there is no lifespan.
        self.state = None
        # Of SystemExit.
        self.code = None
        self.is_idle = None

    async def serve(self, sockets, ready):
        """Returns when the front has closed all channels."""
        loop = asyncio.get_running_loop()
        lifespan = Lifespan(self.application, self.control, self.lifespan)
        await lifespan.start()
        self.state = lifespan.state if lifespan.has_begun else None
        self.is_idle = asyncio.Event()
        listening = listen()
        listener = await loop.create_unix_server(lambda: Channel(self, False), sock=listening, backlog=BACKLOG)
        for sock in sockets:
            sock.setblocking(False)
            await loop.connect_accepted_socket(lambda: Channel(self, True), sock)
        loop.add_reader(self.control.sock.fileno(), self.hear)
        ready(threading.current_thread(), address=os.fsdecode(listening.getsockname()))
        await self.is_idle.wait()
        listener.close()
        await lifespan.shut_down()
        loop.remove_reader(self.control.sock.fileno())

    def hear(self):
        """The front wants to know whether the loop turns."""
        data = self.control.sock.recv(SENT_AT_ONCE)
        if not data:
            os._exit(0)
        self.control.send(type='pong')

    def lost(self, channel):
        self.channels.discard(channel)
        if not self.channels:
            self.is_idle.set()

    def answered(self):
        if self.files is not None:
            self.files.report()


def listen():
    """A socket that only this user's processes reach. On Linux it has no file, which nobody would remove after a kill."""
    sock = socket.socket(socket.AF_UNIX)
    if sys.platform == 'linux':
        name = '\0unicorn-%d-%s' % (os.getpid(), os.urandom(ADDRESS_SIZE).hex())
        sock.bind(name[:ADDRESS_SIZE])
    else:
        sock.bind(os.path.join(tempfile.mkdtemp(prefix='unicorn-'), 'channels'))
    sock.setblocking(False)
    return sock


def is_front(sock, front):
    if sys.platform != 'linux':
        return True
    pid, _, _ = PEER.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size))
    return pid == front


def head_bytes(message):
    """Status and headers as they cross the channel: NULs between them."""
    status = message['status']
    if not isinstance(status, int):
        raise TypeError('illegal status: wanted an int such as 200, found %s' % kind_of(status))
    return joined(b'%d' % status, message.get('headers', ()))


def accept_bytes(message):
    subprotocol = message.get('subprotocol') or ''
    return joined(subprotocol.encode('latin-1'), message.get('headers', ()))


def joined(first, headers):
    headers = list(headers)
    try:
        head = b'\0'.join((first, *chain.from_iterable(headers)))
        is_legal = head.count(b'\0') == 2 * len(headers) and b'\n' not in head and b'\r' not in head
    except TypeError:
        is_legal = False
    if not is_legal:
        refuse(headers)
    if len(head) > LARGEST_HEAD:
        raise ValueError('the head of the response has %d bytes: wanted at most %d' % (len(head), LARGEST_HEAD))
    return head


def refuse(headers):
    """Says what is wrong with headers."""
    for field in headers:
        if not isinstance(field, (tuple, list)) or len(field) != 2:
            raise TypeError('illegal header %r: wanted a pair [name, value]' % (field,))
        for part in field:
            if not isinstance(part, bytes):
                raise TypeError('illegal header %r: wanted bytes, found %s' % (field, kind_of(part)))
            if set(part) & set(b'\r\n\0'):
                raise ValueError('illegal header %r: it has a line break or NUL' % (field,))
    raise ValueError('illegal headers %r' % (headers,))


def as_bytes(value, name):
    if type(value) is bytes:
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    raise TypeError('%s must be bytes, found %s' % (name, kind_of(value)))


def unexpected(kind, wanted):
    return RuntimeError('the application sent %r: wanted %s' % (kind, wanted))


def is_from_client(error):
    """Whether the application failed since its client has gone. Frameworks have their own names for that."""
    seen = 0
    while error is not None and seen < 100:
        if isinstance(error, (ClientGone, FrontGone, asyncio.CancelledError)) or 'Disconnect' in kind_of(error):
            return True
        error = error.__cause__ or error.__context__
        seen += 1
    return False


def new_loop():
    """A loop by uvloop, if that is installed."""
    try:
        import uvloop
    except ImportError:
        uvloop = None
    # Before Python 3.10, what the application made while it was imported belongs to a loop already.
    loop = uvloop.new_event_loop() if uvloop else asyncio.new_event_loop() if sys.version_info >= (3, 10) else (
        asyncio.get_event_loop())
    asyncio.set_event_loop(loop)
    return loop


def serve(application, version, settings, surroundings):
    """Serves until the front wants no more. Returns the code of SystemExit, if the application has raised that."""
    control, sockets, files, hooks, ready = surroundings
    loop = new_loop()
    application = single_call(application) if version == 2 else application
    server = Server(application, settings, (control, files, hooks))
    try:
        loop.run_until_complete(server.serve(sockets, ready))
    finally:
        end(loop)
    return server.code


def single_call(application):
    """As the third version of ASGI has it."""
    async def call(scope, receive, send):
        await application(scope)(receive, send)

    return call


def end(loop):
    """Ends what the application has left running, as asyncio.run() does."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    if hasattr(loop, 'shutdown_default_executor'):
        loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
