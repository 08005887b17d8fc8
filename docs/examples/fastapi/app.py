"""
A FastAPI application. From this folder:

    unicorn app:app --workers 3
"""

import hashlib

from fastapi import FastAPI, HTTPException, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel

app = FastAPI(title='An example')


@app.on_event('startup')
async def open_all():
    """What a process opens before its first request, such as a pool of connections."""
    print('opened')


@app.on_event('shutdown')
async def close_all():
    """After its last one."""
    print('closed')


class Note(BaseModel):
    text: str


@app.put('/echo')
async def echo(note: Note):
    """A body that is checked: without a text the answer is 422."""
    return note


@app.get('/items/{number}')
def item(number: int):
    """Not async, so it runs in a thread."""
    if number < 1:
        raise HTTPException(404, 'items begin at 1')
    return {'number': number}


@app.post('/digest')
async def digest(request: Request):
    """Reads an upload piece by piece, however long it is."""
    size, sha = 0, hashlib.sha256()
    async for piece in request.stream():
        size += len(piece)
        sha.update(piece)
    return {'size': size, 'sha256': sha.hexdigest()}


@app.get('/count/{last}')
async def count(last: int):
    """Streams a line at a time."""

    async def lines():
        for number in range(1, last + 1):
            yield '%d\n' % number

    return StreamingResponse(lines(), media_type='text/plain')


@app.get('/source')
async def source():
    return FileResponse(__file__, media_type='text/x-python')


@app.websocket('/shout')
async def shout(socket: WebSocket):
    await socket.accept()
    try:
        while True:
            await socket.send_text((await socket.receive_text()).upper())
    except WebSocketDisconnect:
        pass
