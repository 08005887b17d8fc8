import { ExitCode, UnicornError } from './errors.js'

/** What `import ... from 'unicorn/worker'` gives: the types that a worker class of your own is written with. */
export type { Requests, Takeover } from './http/engine.js'
export type { Answer, BodySource, Connection, Exchange, Peer } from './http/exchange.js'
export type { RequestHead } from './http/head.js'
export type { HttpPolicy } from './http/policy.js'
export type { Refusal } from './http/refusal.js'
export type { Admission, AdmissionClass, AdmissionHost } from './worker/admission/admission.js'

// Base classes of the first versions. A module that imports one links, and learns what to write instead.
export const Worker = replaced('Worker')
export const AsyncWorker = replaced('AsyncWorker')
export const SyncWorker = replaced('SyncWorker')

/** A class that throws when it is extended or made. */
function replaced(name: string): new () => never {
  const refuse = (): never => {
    const wanted =
      "a class that implements Admission: constructor(host), wants(), request(exchange); host.create('async', host) makes the server's own"
    throw new UnicornError(
      `'unicorn/worker' has no class ${name} any more: wanted ${wanted} (docs/worker-classes.md)`,
      { found: name, wanted },
      ExitCode.workerBoot,
    )
  }
  return new Proxy(class {}, { get: refuse, construct: refuse }) as new () => never
}
