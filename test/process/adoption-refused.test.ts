import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { spawnServer, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

/** A server that answers with the worker's pid. */
const CJS = `const http = require('node:http')
const server = http.createServer((req, res) => res.end(String(process.pid)))
`

interface Refusal {
  readonly name: string
  readonly content: string
  readonly says: RegExp
}

const REFUSED: readonly Refusal[] = [
  {
    name: 'two ports',
    content: `${CJS}server.listen(3000)\nhttp.createServer().listen(3001)`,
    says: /app\.cjs listens at port 3000 and at port 3001, and unicorn serves one of them: name the export .*FILE:EXPORT/,
  },
  {
    name: 'two ports, of which the script catches the second',
    content: `${CJS}server.listen(3000)\ntry { http.createServer().listen('/x.sock') } catch {}`,
    says: /listens at port 3000 and at \/x\.sock, and/,
  },
  {
    name: 'any free port twice',
    content: `${CJS}server.listen(0)\nhttp.createServer().listen(0)`,
    says: /listens at any free port and at any free port, and/,
  },
  {
    name: 'TLS',
    content: `require('node:https').createServer({}).listen(3000)`,
    says: /app\.cjs listens with a server of node:https: unicorn serves HTTP\/1 without TLS, so create it with node:http/,
  },
  {
    name: 'HTTP/2',
    content: `require('node:http2').createServer().listen(3000)`,
    says: /a server of node:http2: unicorn serves HTTP\/1/,
  },
  {
    name: 'HTTP/2 with TLS',
    content: `require('node:http2').createSecureServer().listen(3000)`,
    says: /a server of node:http2: unicorn serves HTTP\/1/,
  },
  {
    name: 'nothing, and exports something else',
    content: 'exports.aplication = 1\nexports.other = 2',
    says: /no export "application": it exports aplication, .*other, and no http\.Server listens; did you mean "aplication"\?/,
  },
  {
    name: 'nothing, and exports nothing',
    content: '',
    says: /app\.cjs has no export "application": it exports nothing, and no http\.Server listens; export it, or let its server listen$/,
  },
  {
    name: 'nothing, since import.meta.main is not set',
    content: '// if (import.meta.main) server.listen(3000)',
    says: /and no http\.Server listens; import\.meta\.main is not set under unicorn: .* argv\[1\]/,
  },
  { name: 'and dies', content: `${CJS}server.listen(3000)\nthrow new Error('on purpose')`, says: /on purpose/ },
  {
    name: 'nothing, as a promise is rejected that nobody waits for',
    content: "Promise.reject(new Error('on purpose'))\nsetInterval(() => {}, 1000)",
    says: /^Application failed to load: app\.cjs: on purpose$/,
  },
  {
    name: 'nothing, after a while',
    content: 'setTimeout(() => {}, 50)',
    says: /has no export "application": .*, and no http\.Server listens/,
  },
]

for (const { name, content, says } of REFUSED) {
  t.test(`a script that listens at ${name} is refused with 4, at once`, async t => {
    const options = { files: { 'app.cjs': content }, spec: 'app.cjs', expectErrors: [/./] }
    const server = spawnServer(t, { ...options, args: ['--boot-timeout', '0'] })
    t.same(await server.ended(), { code: 4, signal: null })
    t.match(server.logged(messages.appLoadFailed)[0]?.msg, says)
  })
}

t.test('a script that neither exports nor listens, and does not end either: what was waited for', async t => {
  const files = { 'app.cjs': 'setInterval(() => {}, 1000)' }
  const server = spawnServer(t, { files, spec: 'app.cjs', args: ['--boot-timeout', '2s'], expectErrors: [/./] })
  t.same(await server.ended(), { code: 3, signal: null })
  const why =
    /not ready within 2000 ms \(--boot-timeout\), since app\.cjs exports no application, and no http\.Server of it has called listen\(\)/
  t.match(server.logged(messages.bootFailed), [{ msg: why }])
})

for (const [name, code] of [
  ['wsgi', /wanted a function \(environ, startResponse\)/],
  ['fetch', /fetch/],
] as const) {
  t.test(`--interface ${name} does not fit a script that listens`, async t => {
    const files = { 'app.cjs': `${CJS}server.listen(3000)` }
    const server = spawnServer(t, { files, spec: 'app.cjs', args: ['--interface', name], expectErrors: [/./] })
    t.same(await server.ended(), { code: 4, signal: null })
    t.match(server.logged(messages.appLoadFailed)[0]?.msg, code)
  })
}

t.test('--interface node does', async t => {
  const files = { 'app.cjs': `${CJS}server.listen(3000)` }
  const server = await startServer(t, { files, spec: 'app.cjs', args: ['--interface', 'node'] })
  t.equal((await new Client(t, server.target).get()).pid, server.worker())
})

t.test('--check-config', async t => {
  const check = async (content: string, code: number): Promise<Server> => {
    const options = { files: { 'app.cjs': content }, spec: 'app.cjs', args: ['--check-config'] }
    const server = spawnServer(t, { ...options, expectErrors: code === 0 ? [] : [/./] })
    t.same(await server.exit, { code, signal: null })
    return server
  }
  const good = await check(`${CJS}server.listen(3000, () => console.log(server.address().address.length))`, 0)
  t.same(
    good.logged(({ level }) => level === 'error'),
    [],
  )
  await check(`${CJS}server.listen(3000)\nhttp.createServer().listen(3001)`, 4)
  await check('', 4)
})
