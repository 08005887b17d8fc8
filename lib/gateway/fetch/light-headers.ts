import type { RequestHead } from '../../http/head.js'
import { BoundedCache } from '../../sys/bounded-cache.js'
import { isToken } from '../wire/header-rules.js'
import { inherit, NativeHeaders } from './native.js'

/** Names in lower case. Applications look up few names, again and again. */
const lowered = new BoundedCache<string>(name => {
  if (!isToken(name)) throw new TypeError(`illegal header name ${JSON.stringify(name)}`)
  return name.toLowerCase()
})

/** The headers of a request, looked up in its head until the handler asks for more than single values. */
export class LightHeaders {
  readonly #head: RequestHead
  #native: Headers | undefined

  constructor(head: RequestHead) {
    this.#head = head
  }

  static native(headers: LightHeaders): Headers {
    headers.#native ??= headersFrom(headers.#head.fields)
    return headers.#native
  }

  /** Takes the values from `native` from now on. */
  static adopt(headers: LightHeaders, native: Headers): void {
    headers.#native = native
  }

  get(name: string): string | null {
    return this.#native === undefined ? (this.#head.field(lowered.get(String(name))) ?? null) : this.#native.get(name)
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }
}

inherit(LightHeaders, NativeHeaders, LightHeaders.native)
Object.defineProperty(LightHeaders.prototype, 'constructor', { value: NativeHeaders })

/** @throws TypeError if a name or a value is illegal */
export function headersFrom(fields: readonly string[]): Headers {
  const headers = new NativeHeaders()
  for (let i = 0; i + 1 < fields.length; i += 2) headers.append(fields[i] ?? '', fields[i + 1] ?? '')
  return headers
}
