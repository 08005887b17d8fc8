import type { Test } from 'tap'
import { type Ask, Client, type Reply } from '../helpers/http.js'
import type { Target } from '../helpers/server-process.js'
import { SUPERUSER } from './example.js'

const BOUNDARY = 'part-of-a-form'
const TOKEN = /name="csrfmiddlewaretoken" value="(?<token>\w+)"/

export interface Upload {
  readonly name: string
  readonly content: string
}

/** A client that keeps its cookies, and sends the forms that it gets. */
export class Visitor {
  readonly #client: Client
  readonly #cookies = new Map<string, string>()

  constructor(t: Test, target: Target) {
    this.#client = new Client(t, target, { keepAlive: true })
  }

  async get(path: string, { headers, ...ask }: Ask = {}): Promise<Reply> {
    const Cookie = [...this.#cookies].map(cookie => cookie.join('=')).join('; ')
    const reply = await this.#client.get(path, { ...ask, headers: { ...headers, ...(Cookie && { Cookie }) } })
    for (const cookie of reply.headers['set-cookie'] ?? []) {
      const [name = '', value = ''] = cookie.split(';', 1)[0]?.split('=') ?? []
      this.#cookies.set(name, value)
    }
    return reply
  }

  /** The token of the form at this path. */
  async token(path: string): Promise<string> {
    return TOKEN.exec((await this.get(path)).body)?.groups?.token ?? ''
  }

  /** Gets the form at this path, and sends it with these fields. */
  async submit(path: string, fields: Readonly<Record<string, string>>, headers: Ask['headers'] = {}): Promise<Reply> {
    const token = await this.token(path)
    const body = new URLSearchParams({ csrfmiddlewaretoken: token, ...fields }).toString()
    const type = { 'Content-Type': 'application/x-www-form-urlencoded' }
    return this.get(path, { method: 'POST', headers: { ...type, ...headers }, body })
  }

  /** The same with a file, as a browser sends it. */
  async upload(
    path: string,
    fields: Readonly<Record<string, string>>,
    { name, content }: Upload,
    headers: Ask['headers'] = {},
  ): Promise<Reply> {
    const all = { csrfmiddlewaretoken: await this.token(path), ...fields }
    const parts = Object.entries(all).map(([field, value]) => part(`name="${field}"`, value))
    const body = [...parts, part(`name="file"; filename="${name}"`, content), `--${BOUNDARY}--\r\n`].join('')
    const type = { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` }
    return this.get(path, { method: 'POST', headers: { ...type, ...headers }, body })
  }

  logIn(): Promise<Reply> {
    return this.submit('/admin/login/', { ...SUPERUSER, next: '/admin/' })
  }
}

function part(disposition: string, content: string): string {
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`
}
