/** What a module exports, by name. */
export type Exports = Readonly<Record<string, unknown>>
