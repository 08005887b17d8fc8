import { request } from 'node:https'
import { join } from 'node:path'
import t from 'tap'
import { makeCertificate } from '../helpers/certificates.js'
import { startHaproxy } from '../helpers/reverse-proxies.js'
import { shortDir } from '../helpers/short-dir.js'
import { CLIENT, environAt, INVENTED, startAt } from './scene.js'

const directory = shortDir(t)
const own = makeCertificate(directory, { name: 'localhost' })

/** @returns the environ, by TLS that ends in the server @param from  an address of this machine */
function secureEnviron(place: { host: string; port: number }, from: string): Promise<Record<string, string>> {
  const options = { ...place, localAddress: from, rejectUnauthorized: false, headers: INVENTED, agent: false }
  return new Promise((resolve, reject) => {
    const asked = request(options, res => {
      let text = ''
      res.setEncoding('utf8').on('data', part => {
        text += part
      })
      res.on('end', () => resolve(JSON.parse(text)))
    })
    asked.on('error', reject).end()
  })
}

t.test('a real HAProxy sends its header before a handshake: its own, and that of its client', async t => {
  const socket = join(directory, 's')
  const tls = ['--bind', `https://unix:${socket}`, '--certfile', own.cert, '--keyfile', own.key]
  await startAt(t, 'wsgi', ...tls, '--proxy-protocol', 'v2')
  const file = 'haproxy/haproxy-tcp.cfg'
  const v2 = 'send-proxy-v2 proxy-v2-options crc32c'
  const [reencrypted, passed] = await startHaproxy(
    t,
    { file, socket, replace: [[v2, `ssl verify none check check-ssl ${v2}`]] },
    { file, socket },
  )
  if (!reencrypted || !passed) throw new Error('not two ports')
  const told = (port: number) => ({
    REMOTE_ADDR: CLIENT,
    HTTPS: 'on',
    'wsgi.url_scheme': 'https',
    PROXY_PORT: `${port}`,
  })
  t.match(await environAt(t, reencrypted, INVENTED), told(reencrypted.port), 'HAProxy speaks TLS')
  t.match(await secureEnviron(passed, CLIENT), told(passed.port), 'the client speaks TLS')
})
