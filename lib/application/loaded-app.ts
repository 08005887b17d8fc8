/** What a module gives to serve: an export, or the server that it listens with. */
export interface Found {
  readonly value: unknown
  /** Dotted, `default` for the default export, `listen()` for a server that listens by itself. */
  readonly exportName: string
}

/** The application as its module gave it. */
export interface LoadedApp extends Found {
  /** Absolute path of the module. */
  readonly file: string
  /** The setting `app`. */
  readonly spec: string
  /** What the module exports to be called at the end of a drain. */
  readonly shutdown?: (() => unknown) | undefined
}
