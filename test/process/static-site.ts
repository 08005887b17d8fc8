import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { testdir } from '../helpers/at-end.js'
import { connectRaw } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

export const CSS = 'body { color: green }\n'.repeat(40)
export const PAGE = '<!doctype html><p>é</p>\n'
export const LARGE = Buffer.alloc(3 * 2 ** 20, 'line of a large file\n')

export const APP = `
export function wsgi(environ, startResponse) {
  startResponse('200 OK', [['X-From', 'application']])
  return [environ.REQUEST_METHOD + ' ' + environ.PATH_INFO]
}
export const fetch = request => new Response(new URL(request.url).pathname, { headers: { 'X-From': 'application' } })
export function node(req, res) {
  res.setHeader('X-From', 'application')
  res.end(req.url)
}
`

/** A site with everything that can be in one. @returns its directory, which is the server's working directory */
export function site(t: Test): string {
  const cwd = testdir(t, { 'app.js': APP, secret: 'not for clients' })
  const file = (name: string, content: string | Buffer): void => writeFileSync(join(cwd, name), content)
  for (const name of ['public', 'public/docs', 'public/.git', 'public/empty', 'more']) mkdirSync(join(cwd, name))
  file('public/a.css', CSS)
  file('public/a.css.br', brotliCompressSync(CSS))
  file('public/a.css.gz', gzipSync(CSS))
  file('public/main.55e7cbb9ba48.js', 'export {}')
  file('public/app-DiwrgTda.js', 'export {}')
  file('public/docs/index.html', PAGE)
  file('public/.git/config', 'secret')
  file('public/sp ace+é.txt', 'space')
  file('public/none.txt', '')
  file('public/large.bin', LARGE)
  file('more/only.txt', 'more')
  file('favicon.ico', 'icon')
  symlinkSync('../secret', join(cwd, 'public/leaving'))
  symlinkSync('..', join(cwd, 'public/up'))
  symlinkSync('a.css', join(cwd, 'public/link.css'))
  execFileSync('mkfifo', [join(cwd, 'public/pipe')])
  return cwd
}

export const MAPPED = [
  '--static',
  '/static=./public',
  '--static',
  '/static=more',
  '--static',
  '/favicon.ico=favicon.ico',
]

export function serveSite(t: Test, face: string, ...args: readonly string[]): Promise<Server> {
  const log = ['--access-logfile', 'access.log', '--access-logformat', '%(m)s %(U)s %(s)s %(B)s']
  return startServer(t, { cwd: site(t), spec: `app:${face}`, args: ['--interface', face, ...MAPPED, ...log, ...args] })
}

/** The head and the body of a response, with its bytes as characters. */
export async function ask(t: Test, server: Server, request: string): Promise<{ head: string; body: string }> {
  const raw = await connectRaw(t, server.target)
  raw.write(request.replace('\r\n\r\n', '\r\nHost: a\r\nConnection: close\r\n\r\n'))
  const text = await raw.all()
  const end = text.indexOf('\r\n\r\n')
  return { head: text.slice(0, end), body: text.slice(end + 4) }
}

export const get = (path: string, ...fields: readonly string[]): string =>
  [`GET ${path} HTTP/1.1`, ...fields, '', ''].join('\r\n')
export const statusOf = (head: string): number => Number(head.slice(9, 12))
export const field = (head: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)$`, 'mi').exec(head)?.[1]?.trim()
