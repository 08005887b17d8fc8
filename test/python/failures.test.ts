import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { isRunning } from '../helpers/process.js'
import { fixture, startPython } from '../helpers/python.js'
import { connectRaw, head } from '../helpers/raw.js'
import { until } from '../helpers/until.js'

const FAILURES = fixture('failures.py')

t.test('applications that break their contract', async t => {
  const server = await startPython(t, FAILURES, {
    expectErrors: [messages.applicationFailed, messages.pythonExited],
  })
  const client = new Client(t, server.target, { keepAlive: true })

  /** Asks for a page that fails with 500. @returns what the log says of it */
  const failure = async (path: string): Promise<string> => {
    const before = server.logged(messages.applicationFailed).length
    t.match(await client.get(path), { status: 500, body: 'Internal Server Error' }, path)
    const line = await server.log(messages.applicationFailed, { count: before + 1 })
    t.match(line, { method: 'GET', path: path.split('?')[0] }, 'the line names the request')
    t.match(await client.get('/ok'), { status: 200 }, 'the next request is served')
    return `${Object(line.err).message}\n${Object(line.err).stack}`
  }

  t.test('exceptions before the first byte', async t => {
    for (const moment of ['call', 'begun', 'iter', 'next']) {
      t.match(await failure(`/raises?${moment},ValueError`), /^as asked\nTraceback.*\n.*\n.*\nValueError: as asked$/s)
    }
    for (const name of ['Hostile', 'Own', 'KeyboardInterrupt', 'GeneratorExit', 'MemoryError', 'UnicodeError']) {
      t.match(await failure(`/raises?call,${name}`), /Traceback/)
    }
    t.match(await failure('/raises?call,StopIteration'), /StopIteration/)
    t.match(await failure('/raises?call,BrokenPipeError'), /BrokenPipeError/)
    t.match((await failure('/raises?call,Long')).length < 300_000, true, 'a long message is cut')
    t.notMatch(await failure('/raises?call,ValueError'), /child\.py/, 'our own frames are not shown')
    t.equal(server.pythons().length, 1)
    t.equal(server.everyPython.length, 1, 'all by one process')
  })

  t.test('exceptions after the first byte cut the connection', async t => {
    for (const name of ['ValueError', 'KeyboardInterrupt']) {
      const raw = await connectRaw(t, server.target)
      raw.write(head(`/raises?later,${name}`))
      t.notMatch(await raw.all(), /0\r\n\r\n$/)
      await server.log(({ msg, path }) => /after the head of the response/.test(msg) && path === '/raises')
      t.match(await client.get('/ok'), { status: 200 })
    }
    const raw = await connectRaw(t, server.target)
    raw.write(head('/too_late'))
    t.notMatch(await raw.all(), /0\r\n\r\n$/)
  })

  t.test('an exception in close() leaves the answer alone', async t => {
    const before = server.logged(messages.applicationFailed).length
    t.match(await client.get('/raises?close,ValueError'), { status: 200, body: 'piecepiece' })
    await server.log(messages.applicationFailed, { count: before + 1 })
  })

  t.test('what is no body', async t => {
    t.match(await failure('/returns?None'), /returned NoneType: wanted an iterable of bytes/)
    t.match(await failure('/returns?str'), /returned str: wanted an iterable of bytes/)
    t.match(await failure('/returns?bytes'), /returned bytes: wanted an iterable of bytes; \[body\] is one/)
    t.match(await failure('/returns?int'), /returned int: wanted/)
    t.match(await failure('/returns?class'), /returned type: wanted/)
    for (const name of ['strings', 'string-generator', 'dict']) {
      t.match(await failure(`/returns?${name}`), /the body of a response must be bytes, found str/)
    }
    t.match(await failure('/returns?ints'), /must be bytes, found int/)
    t.match(await failure('/coroutine'), /returned coroutine: .*; is it an ASGI application\?/)
  })

  t.test('what is no head', async t => {
    const said: Readonly<Record<string, RegExp>> = {
      'status-int': /illegal status: wanted a str such as "200 OK", found int/,
      'status-bytes': /illegal status: .* found bytes/,
      'status-text': /illegal status "OK"/,
      'status-low': /illegal status "099 Low"/,
      'status-informational': /illegal status "100 Continue"/,
      'status-lines': /illegal status or header '200 OK\\r\\nX-Evil: yes': it has a line break or NUL/,
      'headers-None': /NoneType/,
      'headers-text': /illegal header 't': wanted a tuple/,
      'header-text': /illegal header 'X-A: b': wanted a tuple \(name, value\)/,
      'header-three': /illegal header \('X-A', 'b', 'c'\): wanted a tuple/,
      'header-dict': /illegal header 'Content-Type': wanted a tuple/,
      'name-bytes': /illegal header name b'X-A': wanted str, found bytes/,
      'name-blank': /illegal header name "X A": wanted a token/,
      'name-empty': /illegal header name "": wanted a token/,
      'value-int': /illegal value of header Content-Length: wanted str, found int/,
      'value-None': /illegal value of header X-A: wanted str, found NoneType/,
      'value-lines': /illegal status or header 'b\\r\\nSet-Cookie: evil=1'/,
      'value-nul': /it has a line break or NUL/,
      'value-control': /illegal value of header X-A: it has a control character/,
      'value-unicode': /illegal status or header '5 \u20ac': it has a character above U\+00FF/,
      'value-long': /the head of the response has \d+ bytes: wanted at most/,
      'length-text': /illegal Content-Length "five": wanted digits/,
      'length-negative': /illegal Content-Length "-5"/,
      'length-superscript': /illegal Content-Length/,
      'length-two': /two Content-Length headers/,
    }
    for (const [name, expected] of Object.entries(said)) t.match(await failure(`/heads?${name}`), expected, name)
    t.match(await failure('/silent'), /the application did not call start_response/)
    t.match(await failure('/twice'), /start_response was called twice, the second time without exc_info/)
    t.match(await client.get('/swallows'), { status: 200, body: 'swallowed' })
    t.equal(server.everyPython.length, 1, 'all by one process')
  })

  t.test('what is printed', async t => {
    t.match(await client.get('/prints'), { status: 200, body: 'printed' })
    await server.stdout.wait(/printed/)
    await server.log(/^said$/)
    await server.log(/^by lines$/)
    t.match(await client.get('/mute'), { status: 200, body: 'mute' })
    t.match(await client.get('/ok'), { status: 200 })
  })
})

t.test('applications that do away with their process', async t => {
  const server = await startPython(t, FAILURES, {
    args: ['--restart-backoff', '1ms..1ms', '--graceful-timeout', '1s', '--timeout', '3s'],
    expectErrors: [messages.applicationFailed, messages.pythonExited, messages.pythonHangs],
  })
  const client = new Client(t, server.target, { keepAlive: true })

  /** The process that serves now is replaced. */
  const replaced = async (action: () => Promise<unknown>): Promise<Record<string, unknown>> => {
    const { pid } = await client.get('/ok')
    const before = server.logged(messages.pythonExited).length
    await action()
    const line = await server.log(messages.pythonExited, { count: before + 1 })
    t.match(line, { pythonPid: pid })
    const next = await client.get('/ok')
    t.equal(next.status, 200, 'the next request is served')
    t.not(next.pid, pid)
    return line
  }

  t.test('SystemExit: the request is answered, and the process leaves', async t => {
    const line = await replaced(async () => t.match(await client.get('/raises?call,SystemExit'), { status: 500 }))
    t.match(line, { reason: 'exited', exitCode: 3 })
    await replaced(async () => t.match(await client.get('/raises?close,SystemExit'), { status: 200 }))
  })

  t.test('os._exit, closed descriptors, and bytes on the channel', async t => {
    const ends = { '/exits': 'exited', '/hangs_up': 'exited', '/scribbles': 'crashed' }
    for (const [path, reason] of Object.entries(ends)) {
      const line = await replaced(async () => t.match(await client.get(path), { status: 502 }, path))
      t.match(line, { requests: [{ method: 'GET', path }], reason })
    }
  })

  t.test('ended by the kernel', async t => {
    const ends = { '/shrinks': ['crashed', 'SIGBUS'], '/forbids': ['killed-outside', 'SIGKILL'] }
    for (const [path, [reason, signal]] of Object.entries(ends)) {
      const line = await replaced(async () => t.match(await client.get(path), { status: 502 }, path))
      t.match(line, { requests: [{ method: 'GET', path }], reason, signal })
      if (signal === 'SIGBUS') t.match(Object(line.err).stack, /Bus error[\s\S]* in shrinks/)
    }
  })

  t.test('what a process says of its end', async t => {
    await server.log(/^The application has closed descriptors that are not its own: its process ends/)
    await server.log(/^close\(\) was called/)
    t.equal(server.logged(/^Traceback/).length, 0)
  })

  t.test('a close() that hangs', async t => {
    const line = await replaced(async () => {
      t.match(await client.get('/stuck'), { status: 200, body: 'answered' }, 'its client has the answer')
      t.match(await client.get('/ok'), { status: 200 }, 'what waits behind it is run by the next process')
      await server.log(messages.pythonHangs)
    })
    t.match(line, { reason: 'hung' })
    t.match(server.logged(messages.pythonHangs), [{ path: '/stuck' }])
  })

  t.test('forks', async t => {
    t.match(await client.get('/forks'), { status: 200, body: 'parent 0' })
    t.match(await client.get('/forks?exit'), { status: 200, body: 'parent 5' })
    t.match(await client.get('/forks?raise'), { status: 200, body: 'parent 1' })
    const { body } = await client.get('/leaves_child')
    t.match(await client.get('/ok'), { status: 200 })
    process.kill(Number(body))
    await until('it is gone', () => !isRunning(Number(body)))
  })

  t.test('a signal handler that raises while an answer is sent', async t => {
    const line = await replaced(async () => {
      const raw = await connectRaw(t, server.target)
      raw.socket.pause()
      raw.write(head('/alarmed'))
      await server.log(messages.pythonExited, { count: server.logged(messages.pythonExited).length + 1 })
      raw.socket.resume()
      t.notMatch(await raw.all(), /0\r\n\r\n$/)
    })
    t.match(line, { reason: 'exited' })
  })

  t.test('threads that never end', async t => {
    t.match(await client.get('/threads'), { status: 200 })
    t.match(await client.get('/ok'), { status: 200 }, 'the next request is served')
    client.close()
    t.match(await server.stop(), { code: 0, signal: null })
    const [line] = server.logged(/^Python process killed .* it did not end in time, it is at \S*threading\.py:\d+ in /)
    t.ok(line, 'the log says what it waited for')
  })
})
