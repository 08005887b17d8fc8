import t from 'tap'
import { startNginx } from '../helpers/reverse-proxies.js'
import { CLIENT, checkNode, checkReleases, checkUploads, environAt, INVENTED, startAt } from './scene.js'

t.test('the site of config/deploy, in a real nginx', async t => {
  const node = await startAt(t, 'node')
  const wsgi = await startAt(t, 'wsgi')
  const lines = await startAt(t, 'wsgi', '--proxy-protocol', 'v1')
  const file = 'nginx/shop.conf'
  const [toNode, toWsgi, toLines] = await startNginx(t, {
    http: [
      { file, socket: node.socket },
      { file, socket: wsgi.socket, replace: [[/\bshop(?=[; ]|_conn)/, 'other']] },
    ],
    stream: [{ file: 'nginx/shop-stream.conf', socket: lines.socket }],
  })
  if (!toNode || !toWsgi || !toLines) throw new Error('not three ports')
  await checkNode(t, toNode, node.server)
  await checkUploads(t, toNode)
  await checkUploads(t, toWsgi)
  const environ = await environAt(t, toWsgi, INVENTED)
  t.match(environ, { REMOTE_ADDR: CLIENT, 'wsgi.url_scheme': 'http', HTTP_X_FORWARDED_FOR: CLIENT })
  t.notOk('HTTP_FORWARDED' in environ || 'HTTP_X_FORWARDED_HOST' in environ, 'what a client invents does not arrive')
  t.match(await environAt(t, toLines, INVENTED), {
    REMOTE_ADDR: CLIENT,
    'wsgi.url_scheme': 'http',
    PROXY_PROTOCOL: 'TCP4',
    PROXY_PORT: String(toLines.port),
  })
  await checkReleases(t, [toNode, toWsgi, toLines], [node.server, wsgi.server, lines.server])
})
