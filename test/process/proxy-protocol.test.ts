import t from 'tap'
import { accessLine, accessLines, JSON_ACCESS_LOG } from '../helpers/access-lines.js'
import { connectRaw } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'

const APP = `
export const application = (environ, start) => {
  start('200 OK', [])
  return [environ.REMOTE_ADDR]
}
`
const LINE = 'PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n'
const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`

for (const engine of ['native', 'node']) {
  t.test(`a sync worker on the engine ${engine} is held by no proxy that is slow with its header`, async t => {
    const args = ['-k', 'sync', '--proxy-protocol', 'v1', '--http-engine', engine, ...JSON_ACCESS_LOG]
    const server = await startServer(t, { app: APP, args })
    const slow = await Promise.all(
      ['', 'PROXY', LINE, LINE].map(async bytes => {
        const raw = await connectRaw(t, server.target)
        raw.write(bytes)
        return raw
      }),
    )
    const quick = await connectRaw(t, server.target)
    quick.write(LINE + request('/quick'))
    t.match(await quick.all(), /^HTTP\/1\.1 200 .*192\.0\.2\.1$/s)
    slow[2]?.write(request('/slow'))
    t.match(await slow[2]?.all(), /^HTTP\/1\.1 200 .*192\.0\.2\.1$/s, 'nor is it lost')
    t.equal((await accessLine(server, '/slow')).remoteAddress, '192.0.2.1')
    const bad = await connectRaw(t, server.target)
    bad.write(request('/bad'))
    t.match(await bad.all(), /^HTTP\/1\.1 400 /)
    await server.stop()
    const ends = await Promise.all(slow.map(raw => raw.all()))
    t.same([ends[0], ends[3]], ['', ''], 'those that wait are closed when the server stops')
    t.same(
      accessLines(server)
        .filter(({ status }) => status === 400)
        .map(line => line.remoteAddress),
      ['127.0.0.1'],
    )
  })
}
