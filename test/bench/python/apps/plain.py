"""Without a framework: what a server itself costs."""
import time

BODY = b'Hello, world!'
LARGE = b'x' * 1_000_000


def application(environ, start_response):
    """`/` is small, `/large` has 1 MB, and `/200` sleeps for 200 ms and holds its thread meanwhile."""
    name = environ['PATH_INFO'][1:]
    if name.isdecimal():
        time.sleep(int(name) / 1000)
    body = LARGE if name == 'large' else BODY
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(body)))])
    return [body]


START = {
    'type': 'http.response.start',
    'status': 200,
    'headers': [(b'content-type', b'text/plain'), (b'content-length', b'13')],
}
END = {'type': 'http.response.body', 'body': BODY}


async def asgi(scope, receive, send):
    """The small answer, for servers of ASGI."""
    if scope['type'] != 'http':
        raise ValueError('only HTTP is served')
    await send(START)
    await send(END)
