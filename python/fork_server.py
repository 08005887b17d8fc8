"""The fork server of `--preload`: it has imported the application, and forks the processes that run it.

It never runs a request and never starts a thread. The front connects to its abstract socket, once for each socket of a
process; the kernel says that it is the front, and nothing of that lies in a file system.
"""
import gc
import os
import signal
import socket
import struct
import sys
import threading

# What a connection begins with: the age of its process, and its place there.
HELLO = struct.Struct('>IH')
CREDENTIALS = struct.Struct('3i')
BACKLOG = 4096


class ForkServer:
    def __init__(self, control, settings):
        self.control = control
        self.front = settings['front']
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind('\0' + settings['forks'])
        self.listener.listen(BACKLOG)
        self.forks = set()

    def serve(self):
        """Forks whenever the front asks for it. Returns in the process that was forked, with its age and sockets."""
        warn_of_what_is_shared(self.control, {self.control.sock.fileno(), self.listener.fileno()})
        gc.collect()
        # The collector would write to all objects, and so copy their pages into each process.
        gc.freeze()
        previous = signal.signal(signal.SIGCHLD, self.reap)
        self.control.send(type='ready', pid=os.getpid(), threads=[])
        while True:
            line = self.control.lines.readline()
            if not line:
                # As in a process that serves, atexit runs.
                sys.exit(0)
            age, sockets = self.gather(**self.control.parse(line))
            flush()
            pid = os.fork()
            if pid == 0:
                signal.signal(signal.SIGCHLD, previous)
                self.listener.close()
                return age, sockets
            for sock in sockets:
                sock.close()
            self.forks.add(pid)
            self.control.send(type='forked', age=age, pid=pid)
            # It may have ended before it was known.
            self.reap()

    def gather(self, age, count):
        """The connections that are meant for a process, in their order."""
        sockets = [None] * count
        while None in sockets:
            sock, _ = self.listener.accept()
            if self.is_from_front(sock):
                number, place = HELLO.unpack(sock.recv(HELLO.size, socket.MSG_WAITALL))
                # Others are left over from one that was given up.
                if number == age:
                    sockets[place] = sock
        return age, sockets

    def is_from_front(self, sock):
        credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        return CREDENTIALS.unpack(credentials)[0] == self.front

    def reap(self, *_):
        """Tells the front which of the processes have ended. Those that the application starts are not touched."""
        for pid in list(self.forks):
            try:
                ended, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                # The application has done so itself.
                ended, status = pid, 0
            if ended:
                self.forks.discard(pid)
                self.control.send(type='ended', pid=pid, **ending_of(status))


def ending_of(status):
    if os.WIFEXITED(status):
        return {'exitCode': os.WEXITSTATUS(status), 'signal': None}
    number = os.WTERMSIG(status)
    try:
        return {'exitCode': None, 'signal': signal.Signals(number).name}
    except ValueError:
        return {'exitCode': None, 'signal': 'SIG%d' % number}


def flush():
    """What is buffered would be written by each process."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def warn_of_what_is_shared(control, own):
    threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if threads:
        control.send(type='warning', text=(
            'the application started threads while it was imported, which run in no process that is forked from it, and'
            ' may hold locks there: %s; start them in post_fork or at the first request' % ', '.join(threads)
        ))
    closed = close_connections_of_django()
    if closed:
        control.send(type='warning', text=(
            'the application opened connections to databases while it was imported, which are closed, since all'
            ' processes would have the same: %s' % ', '.join(closed)
        ))
    peers = peers_of_sockets(own)
    if peers:
        control.send(type='warning', text=(
            'the application opened connections while it was imported, and all processes have the same ones: %s; open'
            ' them in post_fork or at the first request' % ', '.join(peers)
        ))


def close_connections_of_django():
    connections = getattr(sys.modules.get('django.db'), 'connections', None)
    closed = []
    try:
        for connection in connections.all():
            if connection.connection is not None:
                connection.close()
                closed.append(connection.alias)
    except Exception:
        # There is no Django, or it is not configured.
        pass
    return closed


def peers_of_sockets(own):
    """The other ends of connections that are open."""
    peers = []
    for name in os.listdir('/proc/self/fd'):
        fd = int(name)
        if fd <= 2 or fd in own:
            continue
        try:
            with socket.socket(fileno=os.dup(fd)) as sock:
                peer = sock.getpeername()
        except OSError:
            continue
        if isinstance(peer, tuple):
            peers.append('%s:%s' % peer[:2])
        elif peer:
            peers.append(peer if isinstance(peer, str) else peer.decode('utf-8', 'replace'))
    return sorted(peers)
