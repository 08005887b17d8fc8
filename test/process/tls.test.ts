import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import t from 'tap'
import { type Certificate, makeCertificate, openssl } from '../helpers/certificates.js'
import { requireCommand } from '../helpers/require-command.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'

requireCommand(['curl', '--version'])
const run = promisify(execFile)

const WSGI = `
export const application = async (environ, start) => {
  let size = 0
  for await (const chunk of environ['wsgi.input']) size += chunk.length
  start('200 OK', [['content-type', 'application/json']])
  const { HTTPS, SSL_PROTOCOL, SSL_TLS_SNI, SSL_CLIENT_VERIFY, SSL_CLIENT_S_DN, PATH_INFO } = environ
  if (PATH_INFO === '/large') return ['x'.repeat(3000000)]
  const own = { HTTPS, SSL_PROTOCOL, SSL_TLS_SNI, SSL_CLIENT_VERIFY, SSL_CLIENT_S_DN, size }
  return [JSON.stringify({ scheme: environ['wsgi.url_scheme'], ...own })]
}
`
const NODE = `
import { TLSSocket } from 'node:tls'
export const application = (req, res) => {
  const { encrypted, servername } = req.socket
  const isTls = req.socket instanceof TLSSocket
  let size = 0
  req.on('data', chunk => { size += chunk.length })
  req.on('end', () => {
    if (req.url === '/large') return res.end('x'.repeat(3000000))
    const subject = req.socket.getPeerCertificate().subject?.CN
    res.end(JSON.stringify({ encrypted, isTls, servername, size, subject }))
  })
}
`
const FETCH = 'export const application = { fetch: async request => Response.json({ url: request.url }) }'

const directory = shortDir(t)
const ca = makeCertificate(directory, { name: 'authority' })
const own = makeCertificate(directory, { name: 'localhost' })
const client = makeCertificate(directory, { name: 'client', by: ca })
const stranger = makeCertificate(directory, { name: 'stranger' })
const TLS = ['--certfile', own.cert, '--keyfile', own.key]

function portOf(server: Server): number {
  const [line] = server.logged(/^Listening at/)
  return Number(/:(\d+)[, ]/.exec(String(line?.msg).replace(/^.*?\d+\.\d+\.\d+\.\d+/, ''))?.[1])
}

async function curl(server: Server, path: string, args: readonly string[] = []): Promise<string> {
  const port = portOf(server)
  const { stdout } = await run('curl', ['-sS', '--cacert', own.cert, ...args, `https://localhost:${port}${path}`], {
    maxBuffer: 1e8,
  })
  return stdout
}

function asClient({ cert, key }: Certificate): string[] {
  return ['--cert', cert, '--key', key]
}

/** Sends bytes by plain TCP. @returns what comes until the server closes */
async function raw(server: Server, bytes: string): Promise<string> {
  const port = portOf(server)
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  let text = ''
  socket.on('data', part => {
    text += String(part)
  })
  socket.write(bytes)
  await once(socket, 'close')
  return text
}

t.test('wsgi, on both engines', async t => {
  for (const engine of ['native', 'node']) {
    const args = [...TLS, '--interface', 'wsgi', '--http-engine', engine, '--access-logfile', '-']
    const server = await startServer(t, { app: WSGI, args })
    t.match(server.logged(/^Listening at: https:/).length, 1, `${engine}: the address says so`)
    const answer = JSON.parse(await curl(server, '/'))
    t.match(answer, { scheme: 'https', HTTPS: 'on', SSL_PROTOCOL: 'TLSv1.3', SSL_TLS_SNI: 'localhost' })
    t.equal(answer.SSL_CLIENT_VERIFY, 'NONE')
    const body = ['--data-binary', `@${process.execPath}`, '-H', 'Expect:']
    const { size } = JSON.parse(await curl(server, '/', body))
    t.ok(size > 1e7, 'a large body')
    t.equal((await curl(server, '/large')).length, 3_000_000, 'a large answer')
    t.match(await curl(server, '/', ['--tls-max', '1.2']), /TLSv1\.2/)
    const twice = await curl(server, '/', ['-w', '%{num_connects}', `${'https://localhost:'}${portOf(server)}/`])
    t.match(twice, /1.*0$/s, 'the connection is kept')
    t.match(await raw(server, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*plain HTTP request/)
  }
})

t.test('node and fetch', async t => {
  const node = await startServer(t, { app: NODE, args: [...TLS, '--interface', 'node'] })
  t.match(JSON.parse(await curl(node, '/', ['-d', 'abc'])), {
    encrypted: true,
    isTls: true,
    servername: 'localhost',
    size: 3,
  })
  t.equal((await curl(node, '/large')).length, 3_000_000)
  const fetch = await startServer(t, { app: FETCH, args: TLS })
  t.match(JSON.parse(await curl(fetch, '/a?b')), { url: /^https:\/\/localhost:\d+\/a\?b$/ })
})

t.test('certificates of clients, in a sync worker too', async t => {
  const required = ['--ca-certs', ca.cert, '--cert-reqs', 'required']
  const sync = await startServer(t, { app: WSGI, args: [...TLS, ...required, '-k', 'sync'] })
  const answer = JSON.parse(await curl(sync, '/', asClient(client)))
  t.match(answer, { SSL_CLIENT_VERIFY: 'SUCCESS', SSL_CLIENT_S_DN: 'CN=client,O=Test' })
  await t.rejects(curl(sync, '/'), 'none')
  await t.rejects(curl(sync, '/', asClient(stranger)), 'one of a stranger')

  const optional = await startServer(t, {
    app: NODE,
    args: [...TLS, '--ca-certs', ca.cert, '--cert-reqs', '1', '--interface', 'node'],
  })
  t.equal(JSON.parse(await curl(optional, '/', asClient(client))).subject, 'client')
  t.equal(JSON.parse(await curl(optional, '/')).subject, undefined)
  await t.rejects(curl(optional, '/', asClient(stranger)), 'one of a stranger')
})

t.test('a client that stops in its handshake holds nothing up, and is closed', async t => {
  const args = [...TLS, '-k', 'sync', '--handshake-timeout', '1s', '--log-level', 'debug']
  const server = await startServer(t, { app: WSGI, args })
  const silent = raw(server, '\x16\x03\x01')
  t.match(await curl(server, '/'), /https/)
  t.equal(await silent, '')
  await server.log(/^TLS handshake failed/)
})

t.test('one listener with TLS, another without', async t => {
  const args = ['--bind', 'http://127.0.0.1:0', ...TLS]
  const server = await startServer(t, { app: WSGI, bind: 'https://127.0.0.1:0', args })
  const [line] = server.logged(/^Listening at/)
  t.match(line?.msg, /https:\/\/127\.0\.0\.1:\d+, http:\/\/127\.0\.0\.1:\d+ /)
  const plain = /(http:\S+) /.exec(String(line?.msg))?.[1] ?? ''
  t.match(await (await fetch(plain)).json(), { scheme: 'http' })
  t.match(await curl(server, '/'), /"https"/)
})

t.test('sessions go on in other workers', async t => {
  const server = await startServer(t, { app: WSGI, workers: 4, args: TLS })
  const host = `127.0.0.1:${portOf(server)}`
  const session = `${directory}/session`
  const asked = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  for (const version of ['-tls1_2', '-tls1_3']) {
    const base = ['s_client', '-connect', host, '-quiet', '-ign_eof', version]
    openssl([...base, '-sess_out', session], asked)
    let reused = 0
    for (let i = 0; i < 10; i++) {
      const said = openssl(['s_client', '-connect', host, '-ign_eof', version, '-sess_in', session], asked)
      if (/^Reused, /m.test(said)) reused++
    }
    t.equal(reused, 10, version)
  }
})
