import { join } from 'node:path'
import t from 'tap'
import { fixture, startPython } from '../helpers/python.js'
import { startHaproxy } from '../helpers/reverse-proxies.js'
import { shortDir } from '../helpers/short-dir.js'
import { CLIENT, checkNode, checkReleases, checkUploads, clientOf, environAt, INVENTED, startAt } from './scene.js'

t.test('the files of config/deploy, in a real HAProxy', async t => {
  const node = await startAt(t, 'node')
  const wsgi = await startAt(t, 'wsgi')
  const both = await startAt(t, 'wsgi', '--proxy-protocol', 'auto')
  const sync = await startAt(t, 'wsgi', '--proxy-protocol', 'v2', '-k', 'sync')
  const pythonSocket = join(shortDir(t), 's')
  const binary = ['--proxy-protocol', 'v2', '--proxy-allow-from', '127.0.0.1']
  const python = await startPython(t, fixture('contract.py'), { bind: `unix:${pythonSocket}`, args: binary })
  const asgiSocket = join(shortDir(t), 's')
  await startPython(t, fixture('asgi.py'), { bind: `unix:${asgiSocket}`, args: binary })
  const file = 'haproxy/haproxy.cfg'
  const tcp = 'haproxy/haproxy-tcp.cfg'
  const [toNode, toWsgi, toV1, toV2, toSync, toPython, toAsgi] = await startHaproxy(
    t,
    { file, socket: node.socket },
    { file, socket: wsgi.socket },
    { file: tcp, socket: both.socket, replace: [['send-proxy-v2 proxy-v2-options crc32c', 'send-proxy']] },
    { file: tcp, socket: both.socket },
    { file: tcp, socket: sync.socket },
    { file: tcp, socket: pythonSocket },
    { file: tcp, socket: asgiSocket },
  )
  if (!toNode || !toWsgi || !toV1 || !toV2 || !toSync || !toPython || !toAsgi) throw new Error('not seven ports')
  await checkNode(t, toNode, node.server)
  await checkUploads(t, toWsgi)
  const environ = await environAt(t, toWsgi, INVENTED)
  t.match(environ, { REMOTE_ADDR: CLIENT, 'wsgi.url_scheme': 'http', HTTP_X_FORWARDED_FOR: CLIENT })
  t.notOk('HTTP_FORWARDED' in environ || 'HTTP_X_FORWARDED_HOST' in environ)
  for (const place of [toV1, toV2, toSync]) {
    const told = { REMOTE_ADDR: CLIENT, 'wsgi.url_scheme': 'http', PROXY_PORT: String(place.port) }
    t.match(await environAt(t, place, INVENTED), told)
  }
  const { body } = await clientOf(t, toPython).get('/environ', { headers: INVENTED })
  t.match(JSON.parse(body), { REMOTE_ADDR: CLIENT, PROXY_PORT: String(toPython.port), 'wsgi.url_scheme': 'http' })
  const scope = await clientOf(t, toAsgi).get('/scope', { headers: INVENTED })
  t.match(JSON.parse(scope.body), { scheme: 'http', client: [CLIENT, Number] })
  t.ok(python.pid)
  const places = [toNode, toWsgi, toV1, toV2, toSync]
  await checkReleases(t, places, [node.server, wsgi.server, both.server, sync.server])
})
