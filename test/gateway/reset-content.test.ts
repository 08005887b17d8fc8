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
