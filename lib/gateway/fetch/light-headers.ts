import { BoundedCache } from '../bounded-cache.js'
import { isToken } from '../wire/header-rules.js'
import { inherit, NativeHeaders } from './native.js'

/** Names as they are compared. They come from the application: a few, again and again. */
const lowered = new BoundedCache<string>(name => {
  if (!isToken(name)) throw new TypeError(`illegal header name ${JSON.stringify(name)}`)
  return name.toLowerCase()
})

/** The headers of a request: looked up where node:http has them, until something more is asked for than single values. */
export class LightHeaders {
  readonly #raw: readonly string[]
  #native: Headers | undefined

  /** @param raw  names and values in turn */
  constructor(raw: readonly string[]) {
    this.#raw = raw
  }

  static native(headers: LightHeaders): Headers {
    headers.#native ??= headersFrom(headers.#raw)
    return headers.#native
  }

  /** From now on `native` has the values. */
  static adopt(headers: LightHeaders, native: Headers): void {
    headers.#native = native
  }

  get(name: string): string | null {
    return this.#native === undefined ? this.#find(lowered.get(String(name))) : this.#native.get(name)
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  /** Values of one name are joined as the Fetch Standard says ("get, decode..."); Cookie as in RFC 6265, section 4.2.1. */
  #find(name: string): string | null {
    const raw = this.#raw
    let found: string | null = null
    for (let i = 0; i < raw.length; i += 2) {
      const key = raw[i]
      if (key === undefined || key.length !== name.length || key.toLowerCase() !== name) continue
      const value = raw[i + 1] ?? ''
      found = found === null ? value : `${found}${name === 'cookie' ? '; ' : ', '}${value}`
    }
    return found
  }
}

inherit(LightHeaders, NativeHeaders, LightHeaders.native)
Object.defineProperty(LightHeaders.prototype, 'constructor', { value: NativeHeaders })

/** @param fields  names and values in turn; throws a TypeError where one is illegal */
export function headersFrom(fields: readonly string[]): Headers {
  const headers = new NativeHeaders()
  for (let i = 0; i + 1 < fields.length; i += 2) headers.append(fields[i] ?? '', fields[i + 1] ?? '')
  return headers
}
