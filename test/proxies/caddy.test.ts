import t from 'tap'
import { startCaddy } from '../helpers/reverse-proxies.js'
import { root } from '../helpers/root.js'
import { run } from '../helpers/run.js'
import { CLIENT, checkNode, checkReleases, checkUploads, environAt, INVENTED, startAt } from './scene.js'

t.test('the Caddyfile of config/deploy, in a real Caddy', async t => {
  const node = await startAt(t, 'node')
  const wsgi = await startAt(t, 'wsgi')
  const file = 'caddy/Caddyfile'
  const [toNode, toWsgi] = await startCaddy(t, { file, socket: node.socket }, { file, socket: wsgi.socket })
  if (!toNode || !toWsgi) throw new Error('not two ports')
  await checkNode(t, toNode, node.server)
  await checkUploads(t, toWsgi)
  const environ = await environAt(t, toWsgi, INVENTED)
  t.match(environ, {
    REMOTE_ADDR: CLIENT,
    'wsgi.url_scheme': 'http',
    HTTP_X_FORWARDED_FOR: CLIENT,
    HTTP_X_FORWARDED_HOST: `${toWsgi.host}:${toWsgi.port}`,
  })
  const invented = ['HTTP_FORWARDED', 'HTTP_X_FORWARDED_PORT', 'HTTP_X_FORWARDED_PREFIX'].filter(
    name => name in environ,
  )
  t.same(invented, [], 'what a client invents does not arrive')
  await checkReleases(t, [toNode, toWsgi], [node.server, wsgi.server])
})

t.test('the Caddyfile as it is', async t => {
  const command = [
    'caddy',
    'adapt',
    '--validate',
    '--config',
    `${root}config/deploy/caddy/Caddyfile`,
    '--adapter',
    'caddyfile',
  ]
  await t.resolves(run(command, { cwd: '/' }))
})
