import type { InterfaceName } from '../../config/interfaces.js'
import type { Application, ApplicationHost } from './application.js'
import { loadModuleApplication } from './module-application.js'

/** A kind of application, such as modules of one language. */
interface Kind {
  /** Reports whether `spec` names an application of this kind. */
  matches(spec: string, host: ApplicationHost): boolean
  load: typeof loadApplication
}

/** Which Python runs it was found out once, by the arbiter. Most workers never need it: it is loaded when wanted. */
const PYTHON: Kind = {
  matches: (_, { python }) => python !== undefined,
  load: async (...args) => {
    const { loadPythonApplication } = await import('./python/python-application.js')
    return loadPythonApplication(...args)
  },
}

/** The kind of what matches no other kind, so that its error names the files that were looked for. */
const MODULE: Kind = { matches: () => true, load: loadModuleApplication }

/** The first kind that matches loads the application. */
const KINDS: readonly Kind[] = [PYTHON, MODULE]

/**
 * Loads the application and makes it ready to be called.
 * @param spec  the setting `app`
 * @param name  the setting `interface`
 * @throws UnicornError with exit code 4 if it is not found, does not load, fit its interface, or become ready
 */
export function loadApplication(spec: string, name: InterfaceName, host: ApplicationHost): Promise<Application> {
  const kind = KINDS.find(({ matches }) => matches(spec, host)) ?? MODULE
  return kind.load(spec, name, host)
}
