import { type FieldFacts, factsOf } from './field-facts.js'
import { parseTarget, type Target } from './target.js'

/** Characters of a path that a line of the log has room for. */
const LONGEST_PATH = 200

/** What the head of a request says, apart from its header fields. */
type RequestLine = { readonly [Part in 'method' | 'url']?: string | undefined } & { readonly httpVersion: string }

/** What a parser that looks at the bytes itself knows about header fields. */
export interface KnownFields {
  readonly facts: FieldFacts
  /** Their names in an environ. */
  readonly keys: readonly string[]
  /** No two of these names are the same, as far as that is known. */
  readonly areDistinct: boolean
}

/** The head of a request: the one place where request line and header fields are looked at. */
export class RequestHead {
  readonly method: string
  /** The request target as it was sent. */
  readonly url: string
  /** `1.1`, `1.0` or `2.0` */
  readonly httpVersion: string
  /** Names and values in turn, as they were sent. */
  readonly fields: readonly string[]
  readonly #facts: FieldFacts
  readonly #keys: readonly string[] | undefined
  /** No two fields have the same name in an environ: it is known then, and need not be looked for. */
  readonly areDistinct: boolean
  #target: Target | undefined

  /** @param known  what the parser has found out about the fields, so that they need not be looked at again */
  constructor({ method = '', url = '', httpVersion }: RequestLine, fields: readonly string[], known?: KnownFields) {
    this.method = method
    this.url = url
    this.httpVersion = httpVersion
    this.fields = fields
    this.#facts = known?.facts ?? factsOf(fields)
    this.#keys = known?.keys
    this.areDistinct = known?.areDistinct === true
  }

  /** The first value of each; what these say matters to the server itself. */
  get contentLength(): string | undefined {
    return this.#facts.contentLength
  }

  get transferEncoding(): string | undefined {
    return this.#facts.transferEncoding
  }

  get upgrade(): string | undefined {
    return this.#facts.upgrade
  }

  get hostField(): string | undefined {
    return this.#facts.hostField
  }

  /** The name of a field of which there may be one, and are more. */
  get repeated(): string | undefined {
    return this.#facts.repeated
  }

  /** The value of a field by its name in lower case; values of equal names are joined (RFC 9110, section 5.3). */
  field(name: string): string | undefined {
    const { fields } = this
    let found: string | undefined
    for (let i = 0; i < fields.length; i += 2) {
      const key = fields[i]
      if (key?.length !== name.length || key.toLowerCase() !== name) continue
      const value = fields[i + 1] ?? ''
      // Cookies as in RFC 6265, section 4.2.1.
      found = found === undefined ? value : `${found}${name === 'cookie' ? '; ' : ', '}${value}`
    }
    return found
  }

  /** All header fields by their names in lower case, as `field` gives them. */
  get headers(): Readonly<Record<string, string>> {
    const names = new Set(this.fields.filter((_, i) => i % 2 === 0).map(name => name.toLowerCase()))
    return Object.fromEntries([...names].map(name => [name, this.field(name) ?? '']))
  }

  /**
   * Calls `visit` with each header field. A loop of the caller's own would be no faster.
   * @param visit  `key` is the field's name in an environ, if the parser knows it
   * @param state  passed on
   */
  forEach<State>(visit: (state: State, name: string, value: string, key?: string) => void, state: State): void {
    const { fields } = this
    const keys = this.#keys
    for (let i = 0; i < fields.length; i += 2) visit(state, fields[i] ?? '', fields[i + 1] ?? '', keys?.[i >> 1])
  }

  /** The parts of the request target. */
  target(): Target {
    this.#target ??= parseTarget(this.url)
    return this.#target
  }

  /** What the client calls this server: the authority of the absolute form, else Host (RFC 9112, section 3.2.2). */
  host(): string {
    return this.target().authority || this.hostField || ''
  }

  get hasHost(): boolean {
    return this.hostField !== undefined
  }

  /** Bytes of the body: 0 without a body, infinite if only its end tells. */
  get bodyLength(): number {
    if (this.transferEncoding !== undefined) return Number.POSITIVE_INFINITY
    return this.contentLength === undefined ? 0 : Number(this.contentLength) || 0
  }

  /** Whether a body follows of which no length is announced. */
  get isUnmeasured(): boolean {
    return this.bodyLength === Number.POSITIVE_INFINITY
  }

  /** Whether a response with this status has a body (RFC 9110, sections 6.4.1 and 15.3.6). */
  allowsBody(status: number): boolean {
    return this.method !== 'HEAD' && status !== 204 && status !== 205 && status !== 304
  }

  /** For logs: without the query, which may hold what no log should. */
  get path(): string {
    return this.url.split('?', 1)[0]?.slice(0, LONGEST_PATH) ?? ''
  }
}
