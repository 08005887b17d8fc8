/** What `import ... from 'unicorn/worker'` gives: the types that a worker class of your own is written with. */
export type { Requests, Takeover } from './http/engine.js'
export type { Answer, BodySource, Connection, Exchange, Peer } from './http/exchange.js'
export type { RequestHead } from './http/head.js'
export type { HttpPolicy } from './http/policy.js'
export type { Refusal } from './http/refusal.js'
export type { Admission, AdmissionClass, AdmissionHost, AdmissionTraits } from './worker/admission/admission.js'

// The base classes of the first versions: a module that still imports one gets an error that says what to write.
export const Worker = replaced('Worker')
export const AsyncWorker = replaced('AsyncWorker')
export const SyncWorker = replaced('SyncWorker')

const WANTED =
  "a class that implements Admission: constructor(host), wants(), request(exchange); host.create('async') makes the server's own, to be wrapped"

/** A class that throws when it is extended or constructed. */
function replaced(name: string): new () => object {
  const refuse = (): never => {
    throw new TypeError(`'unicorn/worker' has no class ${name} any more: wanted ${WANTED} (docs/worker-classes.md)`)
  }
  return new Proxy(class {}, { get: refuse, construct: refuse })
}
