import { cpSync, realpathSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t from 'tap'
import { testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { connectRaw } from '../helpers/raw.js'
import { root } from '../helpers/root.js'
import { run } from '../helpers/run.js'
import { startServer } from '../helpers/server.js'

/** A build takes 7 seconds on two idle cores, in milliseconds. */
const BUILD_LIMIT = 300_000

const next = `${root}node_modules/next/dist/bin/next`

/**
 * Builds the example as its users do, but for the directory that Next takes as the root of all: it must have the
 * packages below it, wherever they are installed.
 * @returns the directory of the standalone `server.js`
 */
async function build(directory: string): Promise<string> {
  cpSync(`${root}docs/examples/nextjs`, directory, { recursive: true, filter: path => !path.includes('/.next') })
  const top = commonAncestor(realpathSync(directory), realpathSync(`${root}node_modules`))
  renameSync(join(directory, 'next.config.mjs'), join(directory, 'example.config.mjs'))
  const text = `import example from './example.config.mjs'
const top = ${JSON.stringify(top)}
export default { ...example, outputFileTracingRoot: top, turbopack: { root: top } }`
  writeFileSync(join(directory, 'next.config.mjs'), text)
  await run([process.execPath, next, 'build'], { cwd: directory, env: { NEXT_TELEMETRY_DISABLED: '1', CI: '1' } })
  const standalone = join(directory, '.next/standalone', relative(top, realpathSync(directory)))
  cpSync(join(directory, 'public'), join(standalone, 'public'), { recursive: true })
  cpSync(join(directory, '.next/static'), join(standalone, '.next/static'), { recursive: true })
  return standalone
}

function commonAncestor(one: string, other: string): string {
  return `${other}/`.startsWith(`${one}/`) || one === '/' ? one : commonAncestor(dirname(one), other)
}

t.setTimeout(BUILD_LIMIT)

t.test("Next's standalone server over two workers", { timeout: BUILD_LIMIT }, async t => {
  const cwd = await build(testdir(t, {}))
  const server = await startServer(t, { cwd, spec: 'server.js', workers: 2 })
  const old = server.workers()
  const slow = await connectRaw(t, server.target)
  const body = '{"slow":true}'
  slow.write(`POST /api/hello HTTP/1.1\r\nHost: test\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`)
  await slow.until(/100 Continue/)
  server.signal('SIGHUP')
  await server.log(messages.drains)
  slow.write(body)
  t.match(await slow.all(), /HTTP\/1.1 201 Created\r\n[\s\S]*"slow":true/, 'what runs is answered')
  await gone(...old)

  const client = new Client(t, server.target, { keepAlive: true })

  const page = await client.get('/')
  t.match(page, { status: 200, body: /<h1>Hello from worker/ })
  const asset = /"(\/_next\/static\/[^"]+\.js)"/.exec(page.body)?.[1] ?? 'none'
  t.match(await client.get(asset), { status: 200, headers: { 'content-type': /javascript/ }, reused: true })
  t.match(await client.get('/robots.txt'), { status: 200, body: /^User-agent/, reused: true })
  t.match(await client.get('/nowhere'), { status: 404, body: /This page could not be found/ })
  t.ok(server.workers().includes(JSON.parse((await client.get('/api/hello')).body).worker))
  const posted = await client.get('/api/hello', { method: 'POST', body: '{"say":"hi"}' })
  t.match(posted, { status: 201, body: /"body":{"say":"hi"}}$/ })

  t.same(await server.stop(), { code: 0, signal: null })
  t.same(server.logged(/closed its server/), [], 'Next closes it because TERM came')
  // It ends itself then, as a process that TERM has ended.
  const exits = server.logged(messages.exited).map(({ exitCode, reason }) => `${exitCode} ${reason}`)
  t.same(exits, ['143 reloaded', '143 reloaded', '143 retired', '143 retired'])
  t.same(server.stdout.all(/⨯|error/i), [])
})
