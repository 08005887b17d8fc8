import type { ServerResponse } from 'node:http'
import t from 'tap'
import type { Application } from '../../lib/gateway/wsgi/types.js'
import { nodeTest, serve } from './serve.js'

const twice = 'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const EMPTY =
  /^HTTP\/1\.1 205 Reset Content\r\n(?:(?!\r\n\r\n)[\s\S])*Content-Length: 0\r\n(?:(?!\r\n\r\n)[\s\S])*\r\n\r\nHTTP\/1\.1 200 OK/i

t.test('205 has no content, whatever the application says (RFC 9110, section 15.3.6)', async t => {
  const bodies: Record<string, () => Iterable<string>> = {
    'a list': () => ['body'],
    'a generator': function* () {
      yield 'body'
    },
    nothing: () => [],
  }
  for (const [name, body] of Object.entries(bodies)) {
    for (const fields of [[], [['Content-Length', '24']]] as [string, string][][]) {
      const app: Application = ({ PATH_INFO }, startResponse) => {
        startResponse(PATH_INFO === '/next' ? '200 OK' : '205 Reset Content', PATH_INFO === '/next' ? [] : fields)
        return PATH_INFO === '/next' ? ['next'] : body()
      }
      const server = await serve(t, app)
      const text = await server.exchange(twice)
      t.match(text, EMPTY, name)
      t.equal(text.match(/content-length/gi)?.length, 2, name)
    }
  }
  const answer = ({ url }: Request): Response =>
    url.endsWith('/next')
      ? new Response('next')
      : new Response(null, { status: 205, headers: { 'Content-Length': '24' } })
  const server = await serve(t, { fetch: answer }, { interface: 'fetch' })
  t.match(await server.exchange(twice), EMPTY, 'fetch')
})

nodeTest(t, 'statuses without a body, through the node interface', 'it has responses of node:http', async t => {
  const page = { 'Content-Length': '24', 'X-A': '1' }
  const ways: Record<string, (res: ServerResponse, status: number) => unknown> = {
    body: (res, status) => res.writeHead(status).end('body'),
    implicit: (res, status) => Object.assign(res, { statusCode: status }).end('body'),
    written: (res, status) => Object.assign(res, { statusCode: status }).write('body') && res.end(),
    length: (res, status) => res.writeHead(status, 'Fine', page).end(),
    list: (res, status) => res.writeHead(status, ['Content-Length', '24']).end('body'),
    set: (res, status) => res.writeHead(status, Object.assign(res.setHeader('Content-Length', 24) && {}, page)).end(),
    chunked: (res, status) => res.writeHead(status, { 'Transfer-Encoding': 'chunked' }).end('body'),
    flushed: (res, status) => res.writeHead(status).flushHeaders() ?? res.end('body'),
  }
  const app = ({ url = '' }: { url?: string }, res: ServerResponse): void => {
    const [, way = '', status] = url.split('/')
    if (way === 'next') res.end('next')
    else ways[way]?.(res, Number(status))
  }
  const server = await serve(t, app, { interface: 'node' })
  for (const way of Object.keys(ways)) {
    for (const status of [204, 205]) {
      const text = await server.exchange(twice.replace('GET / ', `GET /${way}/${status} `))
      const [first = '', next = ''] = text.split(/(?=HTTP\/1\.1 200)/)
      t.match(first, new RegExp(`^HTTP/1\\.1 ${status} `), way)
      const framing = first.match(/^(?:content-length|transfer-encoding): .*/gim)?.join() ?? ''
      const end = first.slice(first.indexOf('\r\n\r\n') + 4)
      const wanted =
        status === 204 ? ' ' : framing.startsWith('T') ? 'Transfer-Encoding: chunked 0\r\n\r\n' : 'Content-Length: 0 '
      t.equal(`${framing} ${end}`, wanted, `${way} ${status}`)
      // Node closes behind a 204 for which chunks were announced.
      if (status === 205 || way !== 'chunked') t.match(next, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nnext$/, way)
    }
  }
})

nodeTest(t, 'early hints of the node interface', 'it has responses of node:http', async t => {
  const failures: unknown[] = []
  const app = (_: unknown, res: ServerResponse): void => {
    const link = '</a>; rel=preload'
    const hints: Record<string, string | string[]>[] = [
      { link, 'x-a': 'b\r\nX-Evil: 1' },
      { link, 'x-a\r\nX-Evil: 1\r\nx': 'b' },
      { link, 'x-a': ['b', 'c\r\nX-Evil: 1'] },
      { link: '</a\r\nX-Evil: 1>; rel=preload' },
      { link: [link, '</a>;\r\nX-Evil:1; rel=preload'] },
    ]
    for (const each of hints) {
      try {
        res.writeEarlyHints(each)
      } catch (error) {
        failures.push(error)
      }
    }
    res.writeEarlyHints({ link, 'x-good': 'yes' })
    res.end('ok')
  }
  const server = await serve(t, app, { interface: 'node' })
  const text = await server.exchange('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  t.equal(failures.length, 5)
  t.notMatch(text, /evil/i)
  t.match(text, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>; rel=preload\r\nx-good: yes\r\n\r\nHTTP\/1\.1 200 OK/)
})
