import { ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http'

const { writeEarlyHints } = ServerResponse.prototype
type Hints = Parameters<typeof writeEarlyHints>[0]

/** Refuses what would end a field of `103 Early Hints` early, as Node does from 24 on, and for links in no version. */
function checked(this: ServerResponse, hints: Hints, ...others: []): void {
  for (const [name, value] of Object.entries(hints ?? {})) {
    validateHeaderName(name)
    for (const each of [value].flat()) validateHeaderValue(name, each)
  }
  Reflect.apply(writeEarlyHints, this, [hints, ...others])
}

/** From now on every response of this process checks the names and values of early hints as those of any other head. */
export function checkEarlyHints(): void {
  ServerResponse.prototype.writeEarlyHints = checked
}
