/** The fields by which the server decides which request it is, and where its body ends. */
export type DecidingField = 'content-length' | 'content-type' | 'host' | 'transfer-encoding' | 'upgrade'

/** What the header fields of a request say to the server itself, noted on the one walk over them. */
export class FieldFacts {
  /** The first value of each. */
  hostField: string | undefined = undefined
  contentLength: string | undefined = undefined
  contentType: string | undefined = undefined
  transferEncoding: string | undefined = undefined
  upgrade: string | undefined = undefined
  /** The name of a field of which there may be one, and are more. */
  repeated: string | undefined = undefined

  /** @param name  as it was sent */
  note(field: DecidingField, name: string, value: string): void {
    switch (field) {
      case 'host':
        if (this.hostField === undefined) this.hostField = value
        else this.repeated = name
        break
      case 'content-type':
        if (this.contentType === undefined) this.contentType = value
        else this.repeated = name
        break
      case 'content-length':
        if (this.contentLength === undefined) this.contentLength = value
        else this.repeated = name
        break
      case 'upgrade':
        this.upgrade ??= value
        break
      case 'transfer-encoding':
        this.transferEncoding ??= value
    }
  }
}

/** @param fields  names and values in turn, as they were sent */
export function factsOf(fields: readonly string[]): FieldFacts {
  const facts = new FieldFacts()
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const field = decidingField(name)
    if (field !== undefined) facts.note(field, name, fields[i + 1] ?? '')
  }
  return facts
}

/** Lengths are compared first, since few names need to be looked at then. */
export function decidingField(name: string): DecidingField | undefined {
  switch (name.length) {
    case 4:
      return ifNamed(name, 'host')
    case 7:
      return ifNamed(name, 'upgrade')
    case 12:
      return ifNamed(name, 'content-type')
    case 14:
      return ifNamed(name, 'content-length')
    case 17:
      return ifNamed(name, 'transfer-encoding')
    default:
      return undefined
  }
}

/** The last letter is compared first: names of one length seldom have it in common. */
function ifNamed(name: string, field: DecidingField): DecidingField | undefined {
  const last = field.length - 1
  const isCandidate = (name.charCodeAt(last) | 0x20) === field.charCodeAt(last)
  return isCandidate && name.toLowerCase() === field ? field : undefined
}
